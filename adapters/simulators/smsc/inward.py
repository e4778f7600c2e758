"""Citizens' messages on their way to a client: their parts as deliver_sm bodies, and whose mailbox gets them."""

import asyncio
import itertools
import struct
import time
from collections.abc import Callable

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.codec import Place, ShortMessage, encode_short_message
from adapters.simulators.smsc.alphabet import written
from adapters.simulators.smsc.dialect import UNHEARD_OF
from adapters.simulators.smsc.journal import Journal
from adapters.simulators.smsc.mailbox import Delivery, Mailbox
from adapters.simulators.smsc.settings import Settings
from bot.model.clock import utc_now
from bot.model.ids import id_maker

_SUBSCRIBER = (1, 1)
_SHORT_CODE = (3, 0)


class Inward:
    """They go to the account that bound last; while nobody ever has, they wait."""

    def __init__(self, settings: Settings, journal: Journal, mailbox: Callable[[str], Mailbox]) -> None:
        self._settings = settings
        self._journal = journal
        self._mailbox = mailbox
        self._latest: str | None = None
        self._unrouted: list[Delivery] = []
        self._new_id = id_maker(utc_now)
        self._references = itertools.cycle(range(256))

    def bound(self, account: str) -> None:
        """The account takes deliveries."""
        self._latest = account
        for delivery in self._unrouted:
            self._mailbox(account).put(delivery)
        self._unrouted.clear()

    def write(self, sender: str, to: str, text: str) -> tuple[str, asyncio.Future[None]]:
        """A citizen writes to a short code. Returns the message's id, and what is done when all is acknowledged."""
        message_id = self._new_id()
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        bodies = self._bodies(sender, to, text)
        left = len(bodies)

        def taken() -> None:
            nonlocal left
            left -= 1
            if not left and not acknowledged.done():
                acknowledged.set_result(None)

        self._journal.note("mo", time.time(), **{"from": sender}, to=to, text=text, message_id=message_id, parts=left)
        for body in bodies:
            self._put(Delivery(body, "mo", message_id, taken))
        return message_id, acknowledged

    def _put(self, delivery: Delivery) -> None:
        if self._latest is None:
            self._unrouted.append(delivery)
        else:
            self._mailbox(self._latest).put(delivery)

    def _bodies(self, sender: str, to: str, text: str) -> list[bytes]:
        """The parts that a phone would send."""
        coding, parts = written(text, self._settings.alphabet)
        total = len(parts)
        if total > 1:
            reference = next(self._references)
            parts = [
                struct.pack(">6B", 5, 0, 3, reference, total, number) + part for number, part in enumerate(parts, 1)
            ]
        message = ShortMessage(
            source=Place(*_SUBSCRIBER, sender.lstrip("+")),
            destination=Place(*_SHORT_CODE, to),
            octets=b"",
            esm_class=spec.UDH_INDICATOR if total > 1 else 0,
            data_coding=coding,
            tlvs=UNHEARD_OF if self._settings.unknown_tlvs else {},
        )
        return [encode_short_message(message._replace(octets=part)) for part in parts]
