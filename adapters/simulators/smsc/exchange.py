"""The message centre itself: takes submits, settles them in time, and keeps what its clients have yet to take."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.codec import Place, ShortMessage
from adapters.channels.sms_smpp.concatenation import Part, opened
from adapters.simulators.smsc.agenda import Agenda
from adapters.simulators.smsc.fates import Fate, Fates, final_state, refusal
from adapters.simulators.smsc.journal import Journal
from adapters.simulators.smsc.mailbox import Delivery, Mailbox, Round
from adapters.simulators.smsc.phones import Phones
from adapters.simulators.smsc.settings import Settings
from adapters.simulators.smsc.wire import mo_bodies, receipt_body, text_of
from bot.model.clock import utc_now
from bot.model.ids import id_maker


@dataclass(frozen=True, slots=True)
class Submitted:
    """A part that was taken and waits for its fate."""

    account: str
    message: ShortMessage
    part: Part | None
    text: str
    message_id: str
    state: str
    taken_at: float


@dataclass(frozen=True, slots=True)
class Reply:
    """How to answer a submit. `status` is None for no answer at all."""

    status: int | None
    message_id: str = ""
    drop: bool = False
    """The link falls now."""


class Exchange:
    """Everything that outlives a link. Times in seconds since 1970."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self.settings = settings
        self.journal = journal
        self.phones = Phones()
        self.mailboxes: dict[str, Mailbox] = {}
        self.links: dict[int, Callable[[], None]] = {}
        """What drops each link, by its number."""
        self.counts: Counter[str] = Counter()
        self._fates = Fates()
        self._ids = itertools.count(int(time.time()) * 1_000_000_000)
        self._new_mo_id = id_maker(utc_now)
        self._links_made = itertools.count(1)
        self._receiving: list[str] = []
        self._unrouted: list[Delivery] = []
        self._references = itertools.cycle(range(256))
        self._agenda = Agenda(self._settle)

    # Links

    def next_link(self) -> int:
        return next(self._links_made)

    def mailbox(self, account: str) -> Mailbox:
        return self.mailboxes.setdefault(account, Mailbox())

    def round(self, account: str, link: int, write: Callable[[bytes], None]) -> Round:
        """A link that takes deliveries; citizens' messages go to the account that bound last."""
        if account in self._receiving:
            self._receiving.remove(account)
        self._receiving.append(account)
        for delivery in self._unrouted:
            self.mailbox(account).put(delivery)
        self._unrouted.clear()
        return Round(self.mailbox(account), self.settings, self.journal, link=link, write=write)

    def drop_links(self) -> int:
        """Cuts every connection. Returns how many there were."""
        dropped = len(self.links)
        for drop in list(self.links.values()):
            drop()
        return dropped

    # Towards the phones

    def submit(self, account: str, link: int, sequence: int, message: ShortMessage, *, throttle: bool) -> Reply:
        """Takes or refuses a part. Raises `ProtocolError` for a header that lies about its length."""
        part, octets = opened(message)
        fate = Fate.THROTTLED if throttle else self._fates.of(message, part, octets)
        status = refusal(fate)
        swallowed = fate is Fate.SWALLOWED
        message_id = "" if status or swallowed else self._new_id()
        text, encoding = text_of(message.data_coding, octets)
        now = time.time()
        self.counts["throttled" if status == spec.THROTTLED else "rejected" if status else "accepted"] += not swallowed
        answered = None if swallowed or fate is Fate.DROPPED else status
        if self.journal.writes:
            facts = {"from": message.source.digits, "to": message.destination.digits, "text": text}
            self.journal.note(
                "submit",
                now,
                link=link,
                seq=sequence,
                **facts,
                encoding=encoding,
                udh=message.octets[: -len(octets) or None].hex() if part else None,
                umr=int.from_bytes(message.tlvs.get(spec.TAG_USER_MESSAGE_REFERENCE, b"")),
                reference=_vendor_value(message),
                status=answered,
                message_id=message_id,
            )
        if message_id:
            taken = Submitted(account, message, part, text, message_id, final_state(fate), now)
            self._plan(taken, fate)
        return Reply(answered, message_id, drop=fate is Fate.DROPPED)

    def _plan(self, taken: Submitted, fate: Fate) -> None:
        if fate is Fate.SILENT:
            self._show(taken, "accepted")
        elif fate is Fate.HASTY:
            self._settle(taken, first=True)
        else:
            delay = self.settings.slow_delay if fate is Fate.SLOW else self.settings.delay
            self._agenda.put(taken.taken_at + delay, taken)

    def _settle(self, taken: Submitted, *, first: bool = False) -> None:
        """The phone has it or will never have it; the sender is told where it asked to be."""
        self._show(taken, {"DELIVRD": "delivered", "UNDELIV": "undelivered", "EXPIRED": "expired"}[taken.state])
        if taken.message.registered_delivery & 1:
            body = receipt_body(self.settings, taken.message, taken.message_id, taken.state, taken.text, taken.taken_at)
            self.mailbox(taken.account).put(Delivery(body, "receipt", taken.message_id), first=first)

    def _show(self, taken: Submitted, state: str) -> None:
        message = taken.message
        self.phones.show_part(
            number_of(message.destination), message.source.digits, taken.text, taken.part, state=state, at=time.time()
        )

    # From the phones

    def write_back(self, sender: str, to: str, text: str) -> tuple[str, asyncio.Future[None]]:
        """A citizen writes to a short code. Returns the message's id, and what is done when all is acknowledged."""
        message_id = self._new_mo_id()
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        bodies = mo_bodies(sender, to, text, reference=next(self._references))
        left = len(bodies)

        def taken() -> None:
            nonlocal left
            left -= 1
            if not left and not acknowledged.done():
                acknowledged.set_result(None)

        self.phones.show(sender, sender, text, state="sent", at=time.time())
        self.journal.note("mo", time.time(), **{"from": sender}, to=to, text=text, message_id=message_id, parts=left)
        for body in bodies:
            delivery = Delivery(body, "mo", message_id, taken)
            if self._receiving:
                self.mailbox(self._receiving[-1]).put(delivery)
            else:
                self._unrouted.append(delivery)
        return message_id, acknowledged

    def _new_id(self) -> str:
        number = next(self._ids)
        return f"{number:X}" if self.settings.ids == "hex" else str(number)

    def close(self) -> None:
        self._agenda.close()


def number_of(place: Place) -> str:
    """`+84…` for a subscriber; short codes as they are."""
    return f"+{place.digits.lstrip('+')}" if len(place.digits) > 8 else place.digits


def _vendor_value(message: ShortMessage) -> str:
    """The client's own id, in whatever vendor parameter it travels."""
    return next((value.decode("latin-1") for tag, value in message.tlvs.items() if tag in spec.VENDOR_TAGS), "")
