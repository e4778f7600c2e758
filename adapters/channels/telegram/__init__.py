"""Telegram: sends through the Bot API, and polls it for what citizens write. Why so: `docs/adr/0004`."""

from adapters.channels.telegram.channel import open  # noqa: A004 - the word that all adapters share
from adapters.channels.telegram.checking import check
from adapters.channels.telegram.settings import Settings

__all__ = ["Settings", "check", "open"]
