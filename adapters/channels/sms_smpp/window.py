"""The submits of one connection: how many may be unanswered, which answer belongs to which, and who waits."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.framing import pdu

_OVERDUE_KEPT = 10_000
_LAST_SEQUENCE = 0x7FFFFFFF


class Answer(NamedTuple):
    """The SMSC answered a submit. `message_id` is its id for the part, empty where it gave none."""

    status: int
    message_id: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The submit left us and no answer came: the SMSC may have it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """The submit never left us."""

    reason: str


Result = Answer | Unanswered | Unsent
Late = Callable[[str, Answer], None]
"""Gets the token of a submit that was given up as unanswered, and the answer that came after all."""


Answered = Callable[[Result], None]
"""Gets how a submit ended: once, and from the event loop."""


class _Pending(NamedTuple):
    answered: Answered
    deadline: float
    token: str


class Window:
    """Outstanding submits by sequence number, at most `size` of them; the others wait in order."""

    def __init__(self, size: int, response_timeout: float, *, write: Callable[[bytes], None], late: Late) -> None:
        self._size = size
        self._timeout = response_timeout
        self._write = write
        self._late = late
        self._loop = asyncio.get_running_loop()
        self._sequence = 0
        self._pending: dict[int, _Pending] = {}
        self._waiting: deque[tuple[bytes, str, asyncio.Future[Result]]] = deque()
        self._unwritten: list[int] = []
        self._overdue: OrderedDict[int, str] = OrderedDict()
        self._ended = ""
        self.open = True
        """False while no submit should be written, though the connection lives."""

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def ended(self) -> bool:
        """Nothing put here will ever leave."""
        return bool(self._ended)

    @property
    def room(self) -> int:
        """Submits that could leave at once; below 0 those that wait already."""
        return (self._size - len(self._pending) if self.open else 0) - len(self._waiting)

    def next_sequence(self) -> int:
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        return self._sequence

    def submit(self, body: bytes, token: str) -> asyncio.Future[Result]:
        """Writes a submit_sm now or as soon as there is room. The future always ends with a `Result`."""
        future: asyncio.Future[Result] = self._loop.create_future()
        if self._ended:
            future.set_result(Unsent(self._ended))
        elif self._waiting or not self._has_room():
            self._waiting.append((body, token, future))
        else:
            self._put(body, token, _into(future))
        return future

    def put(self, body: bytes, token: str, answered: Answered) -> None:
        """Writes a submit_sm now; only while there is `room`."""
        self._put(body, token, answered)

    def fill(self) -> None:
        """Lets those who wait take the room there is."""
        while self._waiting and self._has_room():
            body, token, future = self._waiting.popleft()
            if not future.done():
                self._put(body, token, _into(future))

    def written(self) -> None:
        """Everything put so far has been handed to the operating system's side of the connection."""
        self._unwritten.clear()

    def answered(self, sequence: int, answer: Answer) -> bool:
        """Gives an answer to whom it belongs. False for a sequence number that nobody waits for."""
        pending = self._pending.pop(sequence, None)
        if pending:
            pending.answered(answer)
            return True
        token = self._overdue.pop(sequence, None)
        if token is not None:
            self._late(token, answer)
        return token is not None

    def give_up(self, now: float) -> int:
        """Ends the submits whose time is over, and returns how many. They stand in the order of their deadlines."""
        before = len(self._pending)
        for sequence, pending in list(self._pending.items()):
            if pending.deadline > now:
                break
            del self._pending[sequence]
            self._overdue[sequence] = pending.token
            pending.answered(Unanswered(f"no answer within {self._timeout:g} s"))
        while len(self._overdue) > _OVERDUE_KEPT:
            self._overdue.popitem(last=False)
        return before - len(self._pending)

    def end(self, reason: str) -> None:
        """The connection is gone: what left is unanswered, what did not is unsent."""
        self.refuse(reason)
        for sequence in self._unwritten:
            if pending := self._pending.pop(sequence, None):
                pending.answered(Unsent(reason))
        left = list(self._pending.values())
        self._unwritten.clear()
        self._pending.clear()
        for pending in left:
            pending.answered(Unanswered(reason))

    def refuse(self, reason: str) -> None:
        """No new submits from now on; those who wait will not be sent."""
        self._ended = reason
        for _, _, future in self._waiting:
            _end(future, Unsent(reason))
        self._waiting.clear()

    def _has_room(self) -> bool:
        return self.open and len(self._pending) < self._size

    def _put(self, body: bytes, token: str, answered: Answered) -> None:
        sequence = self.next_sequence()
        self._pending[sequence] = _Pending(answered, self._loop.time() + self._timeout, token)
        self._unwritten.append(sequence)
        self._write(pdu(spec.SUBMIT_SM, sequence, body))


def _into(future: asyncio.Future[Result]) -> Answered:
    return partial(_end, future)


def _end(future: asyncio.Future[Result], result: Result) -> None:
    """A future is done already when its sender was cancelled."""
    if not future.done():
        future.set_result(result)
