"""SMS over SMPP 3.4, our own client: `Settings`, `open`, and `check` for one trial bind."""

from adapters.channels.sms_smpp.channel import check, open  # noqa: A004 - the name every adapter offers
from adapters.channels.sms_smpp.settings import Settings

__all__ = ["Settings", "check", "open"]
