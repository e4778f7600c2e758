"""Asks the SMSC, with query_sm, about messages whose receipt stays away (SMPP 3.4, section 4.8).

Memory only: what was accepted before a restart is not asked about.
"""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.framing import Frame, ProtocolError
from adapters.channels.sms_smpp.inbox import Heard, Inbox
from adapters.channels.sms_smpp.pool import Pool
from adapters.channels.sms_smpp.receipt import meaning_of
from bot.model.clock import Clock
from bot.model.message import DeliveryState, Receipt

log = logging.getLogger(__name__)

_TIMES = 3
"""How often the SMSC is asked about one message, each time after twice the wait of the time before."""
_PAUSE = 0.25
"""Seconds between two questions: at most four a second."""
_MOST = 20_000
"""Messages that may wait to be asked about; the oldest gives way."""


@dataclass(frozen=True, slots=True)
class Question:
    """A part that was accepted."""

    item_id: str
    message_id: str
    """As the SMSC wrote it."""
    source: codec.Place
    due: float
    """Seconds of the event loop."""


class Inquiry:
    """`seconds` after acceptance it asks for the first time; 0 for never."""

    def __init__(self, channel: str, inbox: Inbox, clock: Clock, *, seconds: float) -> None:
        self._channel = channel
        self._inbox = inbox
        self._clock = clock
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        # By how often it was asked, then by reference; in each the waits are equal, so the oldest is due first.
        self._waiting: tuple[OrderedDict[str, Question], ...] = tuple(OrderedDict() for _ in range(_TIMES))

    def accepted(self, item_id: str, message_id: str, reference: str, source: codec.Place) -> None:
        """A part was accepted. `reference` is its id as our receipts have it."""
        if self._seconds and message_id:
            due = self._loop.time() + self._seconds
            self._waiting[0][reference] = Question(item_id, message_id, source, due)
            if sum(map(len, self._waiting)) > _MOST:
                oldest = next(waiting for waiting in reversed(self._waiting) if waiting)
                oldest.popitem(last=False)

    def settled(self, reference: str) -> None:
        """Its final receipt has come."""
        for waiting in self._waiting:
            waiting.pop(reference, None)

    async def run(self, pool: Pool) -> None:
        """Until cancelled, or until the SMSC says that it does not know the command."""
        while self._seconds:
            await asyncio.sleep(min(_PAUSE, self._seconds))
            if (session := pool.session) and (due := self._due()):
                times, reference, question = due
                body = codec.encode_query(codec.Query(question.message_id, question.source))
                self._take(times, reference, question, await session.ask(spec.QUERY_SM, body))

    def _due(self) -> tuple[int, str, Question] | None:
        """Takes out the next message to ask about, with how often it was asked."""
        now = self._loop.time()
        for times, waiting in enumerate(self._waiting):
            reference = next(iter(waiting), None)
            if reference is not None and waiting[reference].due <= now:
                return times, reference, waiting.pop(reference)
        return None

    def _take(self, times: int, reference: str, question: Question, answer: Frame | None) -> None:
        if answer and (answer.command == spec.GENERIC_NACK or answer.status == spec.INVALID_COMMAND):
            log.warning("the SMSC does not know query_sm: it is not asked any more")
            self._seconds = 0
            for waiting in self._waiting:
                waiting.clear()
        elif receipt := self._receipt(reference, question, answer):
            self._inbox.put(Heard(receipt))
        elif times + 1 < _TIMES:
            due = self._loop.time() + self._seconds * 2 ** (times + 1)
            again = Question(question.item_id, question.message_id, question.source, due)
            self._waiting[times + 1][reference] = again

    def _receipt(self, reference: str, question: Question, answer: Frame | None) -> Receipt | None:
        """What the answer says, where that is final."""
        if answer is None or answer.status != spec.OK:
            return None
        try:
            queried = codec.decode_queried(answer.body)
        except ProtocolError as error:
            log.warning("an answer to query_sm cannot be understood: %s", error)
            return None
        word, state = meaning_of(queried.state)
        if state is DeliveryState.ACCEPTED:
            return None
        return Receipt(
            channel=self._channel,
            reference=reference,
            item_id=question.item_id,
            state=state,
            reason=f"stat:{word} err:{queried.error:03d} query_sm",
            at=self._clock(),
        )
