"""Makes of a message in the outbox what providers need: sender, parts, the registered template and its values."""

import re
from collections.abc import Mapping

from adapters.channels.sms_http.provider import Outgoing
from adapters.channels.sms_http.settings import HttpSettings
from bot.model.message import ChannelDown, OutboxItem, Rejected, Situation
from bot.model.registered import Registered
from bot.model.sms import encoding_of, nfc, segment

_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
_MOST_PARTS = 255


class Composer:
    """One channel's sender name and registered templates."""

    def __init__(self, channel: str, settings: HttpSettings) -> None:
        self._settings = settings
        self._registered = settings.registered_at(channel)

    def outgoing(self, item: OutboxItem) -> Outgoing | Rejected | ChannelDown:
        """The message, or why it does not leave; nothing was sent then."""
        if item.address.scheme != "sms" or not _NUMBER.fullmatch(item.address.value):
            return Rejected("the address is not an international number")
        sender = item.sender or self._settings.sender
        if not sender:
            return ChannelDown("chưa khai sender của kênh / no sender is configured")
        text = nfc(item.text)
        parts = len(segment(text).parts)
        if not text or parts > _MOST_PARTS:
            return Rejected(f"the text needs {parts} parts, more than {_MOST_PARTS}" if text else "the text is empty")
        registered = self._registered.of(item)
        values = self._values(item.situation, text, registered)
        if isinstance(values, Rejected):
            return values
        return Outgoing(
            id=item.id,
            phone=item.address.value,
            text=text,
            accented=encoding_of(text) == "UCS-2",
            parts=parts,
            sender=sender,
            template=registered.id if registered else "",
            values=values,
            situation=item.situation.value,
            lane=item.lane.value,
        )

    def _values(self, situation: Situation, text: str, registered: Registered | None) -> Mapping[int, str] | Rejected:
        """The registered places of the text. The outbox has looked already; what a carrier refuses costs the channel
        its name, so it is looked at here again, where it leaves."""
        if registered is None:
            missing = self._settings.templates_required and situation not in self._settings.free_text
            return Rejected(f"no registered template for {situation}") if missing else {}
        values = registered.pattern.values(text)
        return Rejected(f"the text does not fit the registered template for {situation}") if values is None else values
