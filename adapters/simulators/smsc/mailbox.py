"""Deliveries to the accounts, kept until they are taken: receipts and citizens' messages."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.framing import pdu
from adapters.simulators.smsc.journal import Journal
from adapters.simulators.smsc.settings import Settings


@dataclass(slots=True)
class Delivery:
    """A deliver_sm body on its way to the client."""

    body: bytes
    kind: Literal["receipt", "mo"]
    message_id: str
    taken: Callable[[], None] | None = None
    """Called when the client has answered ESME_ROK."""
    tries: int = 0


class Mailbox:
    """What one account has yet to take; whichever of its links has room gets the next."""

    def __init__(self) -> None:
        self._waiting: deque[Delivery] = deque()
        self._rounds: list[Callable[[], None]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, delivery: Delivery, *, first: bool = False) -> None:
        if first:
            self._waiting.appendleft(delivery)
        else:
            self._waiting.append(delivery)
        for go in self._rounds:
            go()

    def next(self) -> Delivery | None:
        return self._waiting.popleft() if self._waiting else None

    def open(self, go: Callable[[], None]) -> None:
        """A link takes deliveries from now on; `go` makes it look."""
        self._rounds.append(go)
        go()

    def close(self, go: Callable[[], None]) -> None:
        self._rounds.remove(go)


class Round:
    """The deliveries of one link that wait for their responses, as many as its window allows."""

    def __init__(
        self, mailbox: Mailbox, settings: Settings, journal: Journal, *, link: int, write: Callable[[bytes], None]
    ) -> None:
        self._mailbox = mailbox
        self._settings = settings
        self._journal = journal
        self._link = link
        self._write = write
        self._loop = asyncio.get_running_loop()
        self._sequence = 0
        self._waiting: dict[int, tuple[Delivery, float]] = {}
        mailbox.open(self.go)

    def go(self) -> None:
        """Fills the window."""
        while len(self._waiting) < self._settings.deliver_window and (delivery := self._mailbox.next()):
            self._sequence += 1
            delivery.tries += 1
            self._waiting[self._sequence] = (delivery, self._loop.time() + self._settings.answer_timeout)
            self._note("sent", delivery, self._sequence, tries=delivery.tries)
            self._write(pdu(spec.DELIVER_SM, self._sequence, delivery.body))

    def answered(self, sequence: int, status: int) -> None:
        """A response; what was refused comes again later."""
        delivery, _ = self._waiting.pop(sequence, (None, 0.0))
        if delivery is None:
            return
        self._note("taken" if status == spec.OK else "refused", delivery, sequence, status=status)
        if status != spec.OK:
            self._loop.call_later(self._settings.repeat_after, self._mailbox.put, delivery)
        elif delivery.taken:
            delivery.taken()
        self.go()

    def repeat_overdue(self) -> None:
        """What was not answered in time goes to the end of the queue. The oldest stand first."""
        now = self._loop.time()
        for sequence, (delivery, deadline) in list(self._waiting.items()):
            if deadline > now:
                break
            del self._waiting[sequence]
            self._mailbox.put(delivery)

    def end(self) -> None:
        """The link is gone: what it did not answer is delivered again, in the same order."""
        self._mailbox.close(self.go)
        for delivery, _ in reversed(self._waiting.values()):
            self._mailbox.put(delivery, first=True)
        self._waiting.clear()

    def _note(self, event: str, delivery: Delivery, sequence: int, **facts: int) -> None:
        self._journal.note(
            f"{delivery.kind}_{event}",
            time.time(),
            link=self._link,
            seq=sequence,
            message_id=delivery.message_id,
            **facts,
        )
