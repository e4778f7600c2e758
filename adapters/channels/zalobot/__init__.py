"""Citizens' chats with a bot of the Zalo Bot Platform: plain text, no phone number, the citizen writes first."""

from adapters.channels.zalobot.channel import check, open  # noqa: A004 - the name every adapter offers
from adapters.channels.zalobot.settings import Settings

__all__ = ["Settings", "check", "open"]
