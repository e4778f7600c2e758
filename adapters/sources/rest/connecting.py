"""Connections to the API: whom we trust, and through which proxy."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession, ClientTimeout, CookieJar, TCPConnector, encode_basic_auth

from adapters.sources.rest.settings import Settings
from bot.model.errors import SourceError


@asynccontextmanager
async def session_for(settings: Settings) -> AsyncIterator[ClientSession]:
    """A session whose connections are opened when they are needed. Raises `SourceError` for an unusable ca_file."""
    connector = TCPConnector(limit=settings.detail.at_once if settings.detail else 2, ssl=_trust(settings))
    # Software behind a load balancer keeps a session on one machine by a cookie, also where it is called by number.
    async with ClientSession(
        connector=connector,
        cookie_jar=CookieJar(unsafe=True),
        headers={"User-Agent": "motcua-bot", "Accept": "application/json"},
        timeout=ClientTimeout(total=None),  # an attempt has its own end, redirects included
    ) as session:
        yield session


def _trust(settings: Settings) -> ssl.SSLContext | bool:
    if not settings.verify_tls:
        return False
    if settings.ca_file is None:
        return True
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(settings.ca_file)
    except OSError as error:
        raise SourceError(
            f"ca_file {settings.ca_file}: không đọc được chứng thư. / no certificates can be read from it."
        ) from error
    return context


def proxy_headers(settings: Settings) -> dict[str, str] | None:
    """aiohttp makes Proxy-Authorization of it, in the tunnel's request or in the plain one, and changes the dict."""
    if settings.proxy_login is None:
        return None
    user, _, password = settings.proxy_login.get_secret_value().partition(":")
    return {"Authorization": encode_basic_auth(user, password)}
