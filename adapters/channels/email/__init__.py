"""E-mail over SMTP: notices to staff, and documents as attachments. Why so: `docs/adr/0013`."""

from adapters.channels.email.channel import check, open  # noqa: A004 - the name every adapter offers
from adapters.channels.email.settings import Settings

__all__ = ["Settings", "check", "open"]
