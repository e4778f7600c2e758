"""Misfortunes ordered over the control API: what goes wrong, for which share of the submits, for how long."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from pydantic import ConfigDict, Field

from adapters.simulators.smsc.journal import Journal
from bot.settings import Settings as Strict


class Kind(StrEnum):
    """What can be ordered. All but the last three meet single submits."""

    DROP = "drop"
    """The link is cut with submits unanswered; they were taken."""
    DROP_UNTAKEN = "drop-untaken"
    """The same, and they were not taken."""
    SILENCE = "silence"
    """No response; taken, unless `taken` is false."""
    SLOW = "slow"
    LATE_RESPONSE = "late-response"
    """As slow, by default later than a client waits."""
    THROTTLE = "throttle"
    QUEUE_FULL = "queue-full"
    SYSTEM_ERROR = "system-error"
    WRONG_SEQUENCE = "wrong-sequence"
    """The response has another sequence number."""
    DUPLICATE_RECEIPT = "duplicate-receipt"
    LOST_RECEIPT = "lost-receipt"
    """Arrives, and only query_sm tells."""
    RECEIPT_FIRST = "receipt-first"
    """The receipt comes before the response."""
    GARBAGE = "garbage"
    """A malformed PDU follows the response; `fatal`: one that puts the stream out of step."""
    HELD_RECEIPT = "held-receipt"
    """Receipts that become due are kept back, and all come when it ends."""
    HALF_OPEN = "half-open"
    """The links of this moment stay open, but nothing on them is read or answered. At the end they are cut."""
    DOWN = "down"
    """All links are cut, and no new one comes about: the port is closed, or (`refuse` = "bind") every bind refused."""


class Fault(Strict):
    """An order. Times in seconds."""

    model_config = ConfigDict(populate_by_name=True)

    kind: Kind
    share: float = Field(default=1.0, gt=0, le=1, description="of the submits; evenly spread, no dice")
    seconds: float | None = Field(default=None, gt=0, alias="for", description="until it ends by itself")
    times: int | None = Field(default=None, ge=1, description="most strikes; a cut link counts once")
    latency: float | None = Field(default=None, gt=0, description="slow, late-response: from submit to response")
    taken: bool = Field(default=True, description="silence: whether the message goes on to the phone")
    hold: float = Field(default=0.05, ge=0, description="drop: from the first unanswered submit to the cut")
    offset: int = Field(default=1_000_000, description="wrong-sequence: what is added to the number")
    fatal: bool = Field(default=False, description="garbage: whether the stream cannot be read on")
    refuse: Literal["connect", "bind"] = Field(default="connect", description="down: what fails")

    @property
    def delay(self) -> float:
        return self.latency or (15.0 if self.kind is Kind.LATE_RESPONSE else 1.0)


@dataclass(slots=True)
class _Active:
    fault: Fault
    ending: asyncio.TimerHandle | None
    due: float = 0.0
    """Share of a strike that has come together."""
    strikes: int = 0


class Faults:
    """What is wrong at this moment, one of each kind."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._active: dict[Kind, _Active] = {}
        self._changed = asyncio.Event()
        self.began: Callable[[Fault], None] = lambda fault: None
        """Called when a fault begins."""
        self.ended: Callable[[Fault], None] = lambda fault: None

    def order(self, fault: Fault) -> None:
        """Begins; an earlier one of the same kind ends."""
        self.end(fault.kind)
        loop = asyncio.get_running_loop()
        ending = loop.call_later(fault.seconds, self.end, fault.kind) if fault.seconds else None
        self._active[fault.kind] = _Active(fault, ending)
        self._journal.note("fault", time.time(), **fault.model_dump(by_alias=True, exclude_defaults=True))
        self._changed.set()
        self.began(fault)

    def end(self, kind: Kind) -> None:
        active = self._active.pop(kind, None)
        if active is None:
            return
        if active.ending:
            active.ending.cancel()
        self._journal.note("fault_ended", time.time(), kind=kind, strikes=active.strikes)
        self._changed.set()
        self.ended(active.fault)

    def end_all(self) -> None:
        for kind in list(self._active):
            self.end(kind)

    def active(self, kind: Kind) -> Fault | None:
        active = self._active.get(kind)
        return active.fault if active else None

    def listed(self) -> list[dict[str, object]]:
        return [
            {**active.fault.model_dump(by_alias=True, exclude_defaults=True), "strikes": active.strikes}
            for active in self._active.values()
        ]

    def striking(self) -> list[Fault]:
        """Those that meet the submit that comes now."""
        return [active.fault for active in list(self._active.values()) if self._strikes(active)]

    def _strikes(self, active: _Active) -> bool:
        fault = active.fault
        if fault.kind in (Kind.HELD_RECEIPT, Kind.HALF_OPEN, Kind.DOWN):
            return False
        active.due += fault.share
        if active.due < 1 - 1e-9:
            return False
        active.due -= 1
        active.strikes += 1
        if active.strikes == fault.times:
            self.end(fault.kind)
        return True

    async def until(self, true: Callable[[], bool]) -> None:
        """Returns when a fault has begun or ended that makes it so."""
        while not true():
            self._changed.clear()
            await self._changed.wait()
