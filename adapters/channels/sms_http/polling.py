"""Asks a provider what became of messages, for those that call nobody back.

What it has to ask is kept in memory: after a restart the messages from before are no longer asked about, and stay
"accepted".
"""

import asyncio
import heapq
import itertools
import logging
import random
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from adapters.channels.sms_http.client import Client
from adapters.channels.sms_http.provider import Provider, Status
from adapters.channels.sms_http.settings import HttpSettings
from adapters.http import NotSent, Unanswered
from bot.model.clock import Clock
from bot.model.errors import trail
from bot.model.message import FINAL, Receipt
from bot.ports import Deliver

log = logging.getLogger(__name__)

KEPT = 50_000
"""Messages that can wait for their receipt; the oldest is given up for a new one."""
_LONGEST_PAUSE = 3_600.0
_GIVEN_UP_AFTER = 86_400.0


@dataclass(frozen=True, slots=True, order=True)
class _Question:
    due: float
    """In seconds of a clock that is never set."""
    order: int
    reference: str
    pause: float
    """Seconds that this question waited since the last."""
    since: float
    """When the message was accepted, by the same clock."""


class Outstanding:
    """Messages whose receipt is still to come, and when each is asked about: after `poll` seconds, twice that, four
    times that … up to an hour, for a day."""

    def __init__(self, poll: float, *, rng: random.Random, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._poll = poll
        self._rng = rng
        self._monotonic = monotonic
        # A plain dictionary takes ever longer to find its oldest entry once entries are taken from its front.
        self._wanted: OrderedDict[str, None] = OrderedDict()
        self._agenda: list[_Question] = []
        self._orders = itertools.count()
        self._news = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many messages' receipts are still to come."""
        return len(self._wanted)

    def add(self, references: Iterable[str]) -> None:
        """The provider took a message under these references."""
        now = self._monotonic()
        for reference in references:
            if len(self._wanted) >= KEPT:
                self._wanted.popitem(last=False)
            self._wanted[reference] = None
            self._put(reference, self._poll, now)
        self._news.set()

    def settled(self, reference: str) -> None:
        """Its receipt has come, by whatever way."""
        self._wanted.pop(reference, None)

    async def due(self, most: int) -> list[_Question]:
        """At least one question whose time has come."""
        while True:
            found: list[_Question] = []
            while self._agenda and self._agenda[0].due <= self._monotonic() and len(found) < most:
                question = heapq.heappop(self._agenda)
                if question.reference in self._wanted:
                    found.append(question)
            if found:
                return found
            self._news.clear()
            wait = self._agenda[0].due - self._monotonic() if self._agenda else None
            try:
                async with asyncio.timeout(wait):
                    await self._news.wait()
            except TimeoutError:
                continue

    def again(self, question: _Question, *, pause: float) -> None:
        """Unless its receipt has come, or it is too late."""
        if self._monotonic() - question.since > _GIVEN_UP_AFTER:
            self._wanted.pop(question.reference, None)
        elif question.reference in self._wanted:
            self._put(question.reference, min(pause, _LONGEST_PAUSE), question.since)

    def _put(self, reference: str, pause: float, since: float) -> None:
        # Spread a little, so that a batch that left at once is not asked about at once for ever.
        due = self._monotonic() + pause * self._rng.uniform(1.0, 1.1)
        heapq.heappush(self._agenda, _Question(due, next(self._orders), reference, pause, since))


class Poller:
    """The listener of a channel whose provider is asked."""

    def __init__(
        self, channel: str, provider: Provider[HttpSettings], client: Client, *, outstanding: Outstanding, clock: Clock
    ) -> None:
        self._channel = channel
        self._provider = provider
        self._client = client
        self._outstanding = outstanding
        self._clock = clock

    async def listen(self, deliver: Deliver) -> None:
        while True:
            questions = await self._outstanding.due(self._provider.most_asked)
            settled = await self._asked(questions, deliver)
            for question in questions:
                if question.reference not in settled:
                    self._outstanding.again(question, pause=question.pause * 2)
            for reference in settled:
                self._outstanding.settled(reference)

    async def _asked(self, questions: Sequence[_Question], deliver: Deliver) -> set[str]:
        """The references whose receipt is durable now."""
        references = [question.reference for question in questions]
        receipts = [self._receipt(status) for status in await self._statuses(references) if status.state in FINAL]
        if not receipts:
            return set()
        try:
            await deliver(receipts)
        except Exception as error:
            log.warning("%s: %d receipts could not be stored (%s)", self._channel, len(receipts), type(error).__name__)
            return set()
        return {receipt.reference for receipt in receipts}

    async def _statuses(self, references: Sequence[str]) -> Sequence[Status]:
        request = self._provider.status_request(references)
        answer = await self._client.ask(request) if request else NotSent("this provider cannot be asked")
        if isinstance(answer, NotSent | Unanswered):
            log.warning("%s: no receipts (%s)", self._channel, answer.reason)
            return ()
        try:
            return [status for status in self._provider.read_status(answer, references) if status.reference]
        except Exception as error:  # one answer that we misread must not end the asking
            log.error("%s: an answer about receipts could not be read: %s", self._channel, trail(error))
            return ()

    def _receipt(self, status: Status) -> Receipt:
        return Receipt(
            channel=self._channel,
            reference=status.reference,
            state=status.state,
            reason=status.reason,
            at=self._clock(),
            carrier=status.carrier,
            whole=True,
        )
