"""The way to Zalo, over connections that all calls of one account share."""

from contextlib import AbstractAsyncContextManager

from adapters.channels.zalo.settings import Settings
from adapters.http import Caller, calling, trust


def connected(settings: Settings) -> AbstractAsyncContextManager[Caller]:
    """A caller whose connections are opened when they are needed. Raises `ConfigError` for a bad `ca_file`."""
    return calling(
        window=settings.window,
        connect_timeout=settings.connect_timeout,
        response_timeout=settings.response_timeout,
        proxy=settings.proxy,
        tls=trust(settings.ca_file),
    )
