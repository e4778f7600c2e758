"""The message centre itself: takes submits, settles them in time, and keeps what its clients have yet to take."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.codec import Place, ShortMessage
from adapters.channels.sms_smpp.concatenation import opened
from adapters.simulators.smsc.agenda import Agenda
from adapters.simulators.smsc.alphabet import read
from adapters.simulators.smsc.course import COURSES, Course, bent
from adapters.simulators.smsc.dialect import receipt, response_id
from adapters.simulators.smsc.fates import Fates
from adapters.simulators.smsc.faults import Fault, Faults, Kind
from adapters.simulators.smsc.inward import Inward
from adapters.simulators.smsc.journal import Journal
from adapters.simulators.smsc.mailbox import Delivery, Mailbox, Round
from adapters.simulators.smsc.phones import Phones
from adapters.simulators.smsc.register import Register, Submitted
from adapters.simulators.smsc.settings import Settings

_SHOWN = {"DELIVRD": "delivered", "UNDELIV": "undelivered", "EXPIRED": "expired"}


class Link(Protocol):
    """A client's connection, as the centre handles it."""

    def drop(self) -> None:
        """Cuts it without a word."""
        ...

    def freeze(self) -> None:
        """From now on nothing on it is read or answered."""
        ...


class Reply(NamedTuple):
    """How to answer a submit."""

    course: Course
    message_id: str


class Exchange:
    """Everything that outlives a link. Times in seconds since 1970."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self.settings = settings
        self.journal = journal
        self.phones = Phones()
        self.register = Register()
        self.mailboxes: dict[str, Mailbox] = {}
        self.links: dict[int, Link] = {}
        """By number, from connection to end."""
        self.counts: Counter[str] = Counter()
        self.faults = Faults(journal)
        self.faults.began, self.faults.ended = self._fault_began, self._fault_ended
        self._inward = Inward(settings, journal, self.mailbox)
        self._frozen: list[Link] = []
        self._held_back: list[tuple[str, Delivery]] = []
        """Receipts, and the accounts that will get them."""
        self._fates = Fates()
        self._numbers = itertools.count(time.time_ns())
        self._links_made = itertools.count(1)
        self._agenda: Agenda[Callable[[], None]] = Agenda(lambda act: act())

    # Links

    def next_link(self) -> int:
        return next(self._links_made)

    def mailbox(self, account: str) -> Mailbox:
        return self.mailboxes.setdefault(account, Mailbox())

    def round(self, account: str, link: int, write: Callable[[bytes], None]) -> Round:
        """The deliveries of a link that takes them."""
        self._inward.bound(account)
        return Round(self.mailbox(account), self.settings, self.journal, link=link, write=write)

    def drop_links(self) -> int:
        """Cuts every connection. Returns how many there were."""
        dropped = list(self.links.values())
        for link in dropped:
            link.drop()
        return len(dropped)

    def _fault_began(self, fault: Fault) -> None:
        if fault.kind is Kind.DOWN:
            self.drop_links()
        elif fault.kind is Kind.HALF_OPEN:
            self._frozen = list(self.links.values())
            for link in self._frozen:
                link.freeze()

    def _fault_ended(self, fault: Fault) -> None:
        if fault.kind is Kind.HALF_OPEN:
            for link in self._frozen:
                link.drop()
            self._frozen = []
        elif fault.kind is Kind.HELD_RECEIPT:
            for account, delivery in self._held_back:
                self.mailbox(account).put(delivery)
            self._held_back = []

    # Towards the phones

    def submit(
        self, account: str, link: int, sequence: int, message: ShortMessage, *, throttle: bool, doom: Fault | None
    ) -> Reply:
        """Takes or refuses a part. `throttle`: it is too much by the agreement; `doom`: the link is about to fall.
        Raises `ProtocolError` for a header that lies about its length."""
        part, octets = opened(message)
        header = message.octets[: len(message.octets) - len(octets)]
        faults = [doom] if doom else self.faults.striking()
        course = Course(spec.THROTTLED, taken=False) if throttle else COURSES[self._fates.of(message, part, octets)]
        for fault in faults:
            course = bent(course, fault)
        text, encoding = read(message.data_coding, octets, self.settings.alphabet, header=len(header))
        number = next(self._numbers)
        message_id = response_id(number, self.settings) if course.taken else ""
        submitted = Submitted(account, message, part, text, number, message_id, course, time.time())
        self._count(course)
        if self.journal.writes:
            udh = header.hex() if part and header else None
            kinds = [fault.kind for fault in faults]
            self._note(submitted, link=link, seq=sequence, encoding=encoding, udh=udh, faults=kinds)
        if course.taken:
            self._plan(submitted)
        return Reply(course, message_id)

    def _note(self, submitted: Submitted, **facts: object) -> None:
        message, part = submitted.message, submitted.part
        self.journal.note(
            "submit",
            submitted.at,
            **{"from": message.source.digits},
            to=message.destination.digits,
            text=submitted.text,
            part=(part.number, part.total) if part else None,
            umr=int.from_bytes(message.tlvs.get(spec.TAG_USER_MESSAGE_REFERENCE, b"")),
            reference=_vendor_value(message),
            status=submitted.course.status,
            message_id=submitted.message_id,
            **facts,
        )

    def _count(self, course: Course) -> None:
        if course.taken:
            self.counts["accepted"] += 1
        elif course.status is not None:
            self.counts["throttled" if course.status == spec.THROTTLED else "rejected"] += 1

    def _plan(self, taken: Submitted) -> None:
        self.register.enter(taken)
        if not taken.course.settles:
            self._show(taken, "accepted")
        elif taken.course.hasty:
            self._settle(taken, first=True)
        else:
            delay = self.settings.slow_delay if taken.course.slow else self.settings.delay
            if self.settings.intermediate and taken.message.registered_delivery:
                self._agenda.put(taken.at + delay / 2, partial(self._announce, taken))
            self._agenda.put(taken.at + delay, partial(self._settle, taken))

    def _announce(self, taken: Submitted) -> None:
        body = receipt(self.settings, taken, final=False)
        self.mailbox(taken.account).put(Delivery(body, "receipt", taken.message_id))

    def _settle(self, taken: Submitted, *, first: bool = False) -> None:
        """The phone has it or will never have it; the sender is told where it asked to be."""
        self._show(taken, _SHOWN[taken.course.state])
        self.register.settle(taken)
        if taken.message.registered_delivery & 1:
            for _ in range(taken.course.receipts):
                delivery = Delivery(receipt(self.settings, taken), "receipt", taken.message_id)
                if self.faults.active(Kind.HELD_RECEIPT):
                    self._held_back.append((taken.account, delivery))
                else:
                    self.mailbox(taken.account).put(delivery, first=first)

    def _show(self, taken: Submitted, state: str) -> None:
        message = taken.message
        self.phones.show_part(
            number_of(message.destination), message.source.digits, taken.text, taken.part, state=state, at=time.time()
        )

    # From the phones

    def write_back(self, sender: str, to: str, text: str) -> tuple[str, asyncio.Future[None]]:
        """A citizen writes to a short code. Returns the message's id, and what is done when all is acknowledged."""
        self.phones.show(sender, sender, text, state="sent", at=time.time())
        return self._inward.write(sender, to, text)

    def close(self) -> None:
        self.faults.end_all()
        self._agenda.close()


def number_of(place: Place) -> str:
    """`+84…` for a subscriber; short codes as they are."""
    return f"+{place.digits.lstrip('+')}" if len(place.digits) > 8 else place.digits


def _vendor_value(message: ShortMessage) -> str:
    """The client's own id, in whatever vendor parameter it travels."""
    return next((value.decode("latin-1") for tag, value in message.tlvs.items() if tag in spec.VENDOR_TAGS), "")
