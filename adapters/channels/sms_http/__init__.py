"""SMS over the HTTP APIs of providers: `Settings` and `VARIANTS` (each provider's own), `open`, and `check`."""

from collections.abc import Mapping

from adapters.channels.sms_http.channel import check, open  # noqa: A004 - the name every adapter offers
from adapters.channels.sms_http.providers import PROVIDERS
from adapters.channels.sms_http.settings import HttpSettings as Settings

VARIANTS: Mapping[str, type[Settings]] = {name: provider.settings_class for name, provider in PROVIDERS.items()}
"""The settings of a table by its word after `provider =`."""

__all__ = ["VARIANTS", "Settings", "check", "open"]
