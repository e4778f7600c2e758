"""An SMS channel that never leaves the house: the number's last four digits choose what seems to happen (`fates`).

Any gateway's table may ask for it with `sandbox = true`: the texts, the parts and the whole way of a message can be
tried with the real configuration before the first đồng is spent. It keeps nothing over a restart: a receipt that was
still to come then stays away, as some do in earnest.
"""

import asyncio
import heapq
import itertools
import logging
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr

from adapters.fates import Fate, fate_of
from bot.model.carrier import hinted
from bot.model.clock import Clock, utc_now
from bot.model.ids import id_maker
from bot.model.message import Accepted, DeliveryState, OutboxItem, Outcome, Receipt, Rejected, Retry, Uncertain
from bot.model.sms import segment
from bot.ports import Channel, Deliver, Limits
from bot.settings import SmsSettings

log = logging.getLogger(__name__)

BATCH = 500
"""Most receipts in one delivery."""
ROOM = 20_000
"""Receipts that may wait; beyond it a message is asked to come later."""
_MOST_MET = 10_000
"""Texts remembered for having had their bad luck; the oldest is forgotten first."""
_MOST_PARTS = 255
_WINDOW = 100
_THROTTLES = 2
_CALM = 1.0
"""Seconds that a throttled message is asked to wait."""
_HASTE = 1.0
"""Most seconds that an answer waits for a hasty receipt to be taken."""
_PAUSES = (0.1, 10.0)
"""Shortest and longest seconds before refused receipts are delivered again."""
_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
_ENDS = {Fate.UNDELIVERABLE: DeliveryState.FAILED, Fate.EXPIRES: DeliveryState.EXPIRED}


@asynccontextmanager
async def sandboxed(
    name: str, settings: SmsSettings, *, delay: float = 1.0, slow_delay: float = 30.0, clock: Clock = utc_now
) -> AsyncIterator[Channel]:
    """The channel `name` without its provider. Receipts come after `delay` seconds, slow ones after `slow_delay`."""
    log.warning(
        "kênh %s ở chế độ sandbox: không tin nào được gửi ra ngoài / channel %s is a sandbox: nothing leaves the house",
        name,
        name,
    )
    yield stand_in(name, settings, delay=delay, slow_delay=slow_delay, clock=clock)


def stand_in(
    name: str, settings: SmsSettings, *, delay: float = 1.0, slow_delay: float = 30.0, clock: Clock = utc_now
) -> Channel:
    """The same for a channel that is a sandbox by its nature."""
    agenda = Agenda()
    return Channel(
        name=name,
        sender=SandboxSender(name, agenda, clock, delay=delay, slow_delay=slow_delay),
        limits=Limits(
            longest=0,
            rate=getattr(settings, "rate", 0),
            window=_WINDOW,
            receipts=True,
            arrives_when_accepted=False,
            plain=True,
            reserved=settings.reserved,
        ),
        listener=SandboxListener(agenda),
        secrets=_secrets(settings),
    )


class SandboxSender:
    """Answers at once as the number's fate says, and plans the receipts, one for each part."""

    def __init__(self, name: str, agenda: "Agenda", clock: Clock, *, delay: float, slow_delay: float) -> None:
        self._name = name
        self._agenda = agenda
        self._clock = clock
        self._delay = delay
        self._slow_delay = slow_delay
        self._new_id = id_maker(clock)
        self._met: OrderedDict[int, int] = OrderedDict()

    async def send(self, item: OutboxItem) -> Outcome:
        if not _NUMBER.fullmatch(item.address.value):
            return Rejected("the address is not an international number")
        parts = len(segment(item.text).parts)
        if parts > _MOST_PARTS:
            return Rejected(f"the text needs {parts} parts, more than {_MOST_PARTS}")
        if self._agenda.waiting + parts > ROOM:
            return Retry("sandbox: too many receipts wait", _CALM, counts=False)
        return await self._answer(item, parts, self._fate(item))

    async def _answer(self, item: OutboxItem, parts: int, fate: Fate) -> Outcome:
        match fate:
            case Fate.REFUSED:
                return Rejected("sandbox: the number is refused")
            case Fate.THROTTLED:
                return Retry("sandbox: throttled", _CALM, counts=False)
            case Fate.SWALLOWED:
                return Uncertain("sandbox: no answer")
            case _:
                references = tuple(self._new_id() for _ in range(parts))
                await self._plan(item, references, fate)
        return Uncertain("sandbox: the connection fell") if fate is Fate.DROPPED else Accepted(references)

    async def _plan(self, item: OutboxItem, references: Sequence[str], fate: Fate) -> None:
        if fate is Fate.SILENT:
            return
        wait = {Fate.SLOW: self._slow_delay, Fate.HASTY: 0.0}.get(fate, self._delay)
        told = asyncio.Event()
        for reference in references:
            receipt = Receipt(
                channel=self._name,
                reference=reference,
                # Who never heard the reference can know the message by our id alone.
                item_id=item.id if fate is Fate.DROPPED else "",
                state=_ENDS.get(fate, DeliveryState.DELIVERED),
                reason=f"sandbox: {fate.name.lower()}",
                at=self._clock() + timedelta(seconds=wait),
                carrier=hinted(item.address.value),
            )
            self._agenda.put(wait, receipt, told)
        if fate is Fate.HASTY:
            with suppress(TimeoutError):
                async with asyncio.timeout(_HASTE):
                    await told.wait()

    def _fate(self, item: OutboxItem) -> Fate:
        """Throttled and dropped numbers are so only for the first times that a text comes."""
        fate = fate_of(item.address.value)
        if fate not in (Fate.THROTTLED, Fate.DROPPED):
            return fate
        text = hash((item.address.value, item.text))
        times = self._met[text] = self._met.pop(text, 0) + 1
        if len(self._met) > _MOST_MET:
            self._met.popitem(last=False)
        return fate if times <= (_THROTTLES if fate is Fate.THROTTLED else 1) else Fate.ARRIVES


class SandboxListener:
    """Delivers receipts as they fall due. What `deliver` refuses is kept and delivered again."""

    def __init__(self, agenda: "Agenda") -> None:
        self._agenda = agenda

    async def listen(self, deliver: Deliver) -> None:
        shortest, longest = _PAUSES
        pause = shortest
        while True:
            batch = await self._agenda.due()
            try:
                await deliver([planned.receipt for planned in batch])
            except Exception as error:
                log.warning("%d sandbox receipts could not be stored (%s)", len(batch), type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(longest, pause * 2)
            else:
                self._agenda.done()
                pause = shortest


@dataclass(frozen=True, slots=True, order=True)
class Planned:
    """A receipt to come. `due` is the event loop's time."""

    due: float
    order: int
    receipt: Receipt
    told: asyncio.Event
    """Set once it was delivered."""


class Agenda:
    """Receipts by the time at which they fall due."""

    def __init__(self) -> None:
        self._planned: list[Planned] = []
        self._ripe: list[Planned] = []
        self._orders = itertools.count()
        self._news = asyncio.Event()

    @property
    def waiting(self) -> int:
        return len(self._planned) + len(self._ripe)

    def put(self, wait: float, receipt: Receipt, told: asyncio.Event) -> None:
        due = asyncio.get_running_loop().time() + wait
        heapq.heappush(self._planned, Planned(due, next(self._orders), receipt, told))
        self._news.set()

    async def due(self) -> Sequence[Planned]:
        """At least one and at most `BATCH` that are due; the same again until they are `done`."""
        while not self._ripe:
            self._news.clear()
            now = asyncio.get_running_loop().time()
            while self._planned and self._planned[0].due <= now and len(self._ripe) < BATCH:
                self._ripe.append(heapq.heappop(self._planned))
            if not self._ripe:
                await self._change(self._planned[0].due - now if self._planned else None)
        return self._ripe

    def done(self) -> None:
        for planned in self._ripe:
            planned.told.set()
        self._ripe = []

    async def _change(self, seconds: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()


def _secrets(settings: SmsSettings) -> tuple[str, ...]:
    values = (getattr(settings, name) for name in type(settings).model_fields)
    return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr))
