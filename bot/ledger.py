"""The proof that nothing is lost in silence: every change has a fate, and every planned message is in one state."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from bot.model.clock import EPOCH, Clock
from bot.model.message import DeliveryState, OutboxItem
from bot.ports import Storage, Transaction
from bot.ports.watching import Askew, Totals

log = logging.getLogger(__name__)

PROVE_EVERY = 300.0
"""Seconds between two proofs."""
OVERLAP = timedelta(minutes=3)
"""What a proof reads once more of the time before it: a transaction that began then may have ended since."""
MOST = 1000
"""What is remembered of what does not balance. Where there is more, the same time is proven again."""

_NAMED = 50
"""How many imbalances and uncertain messages are named; all of them are counted."""
_PAGE = 20_000
"""Events that are compared in one reading, so that a proof of all holds up nobody."""


@dataclass(frozen=True, slots=True)
class Imbalance:
    """An event whose planned messages are not all there, or that has more than it planned."""

    origin: str
    planned: int
    """At least 1 for a change of which it is said that a message was planned."""
    found: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """The books at one moment."""

    planned: int
    """Counted where messages were planned, apart from the outbox."""
    states: dict[DeliveryState, int]
    imbalances: tuple[Imbalance, ...]
    inbound: dict[str, dict[str, int]]
    """Citizens' messages by channel and what they were understood as: `lookup`, `help`, …"""
    uncertain: tuple[OutboxItem, ...]
    """The oldest messages that may or may not have arrived: held for a receipt or a person."""
    parked_receipts: int
    """Receipts that belong to no message that we know (yet)."""
    changes: Mapping[str, int] = field(default_factory=dict)
    """By their fate: `planned`, `told along`, or why nobody is told."""
    suppressed: Mapping[str, int] = field(default_factory=dict)
    """Messages that were not sent on purpose, by reason."""
    fateless: int = 0
    """Changes of which nobody says what came of them."""
    unanswered: int = 0
    """Citizens' messages without an outcome."""

    @property
    def balanced(self) -> bool:
        return (
            not self.imbalances
            and not self.fateless
            and not self.unanswered
            and self.planned == sum(self.states.values())
        )


@dataclass(frozen=True, slots=True)
class Proven:
    """What one proof came to."""

    askew: tuple[Askew, ...]
    fateless: int
    unanswered: int
    is_whole: bool

    @property
    def balanced(self) -> bool:
        return not self.askew and not self.fateless and not self.unanswered


async def balance(storage: Storage) -> Ledger:
    """Reads all books: the totals on one consistent view, every event page by page."""
    askew = await _all_askew(storage, limit=_NAMED)

    async def read(tx: Transaction) -> Ledger:
        totals = await tx.watch.totals()
        states: Counter[DeliveryState] = Counter(dict.fromkeys(DeliveryState, 0))
        for (_, state), number in totals.states.items():
            states[state] += number
        return Ledger(
            planned=totals.planned,
            states=dict(states),
            imbalances=tuple(Imbalance(each.origin, max(each.planned, each.must), each.found) for each in askew),
            inbound=_by_channel(totals),
            uncertain=tuple(await tx.outbox.listed(DeliveryState.UNCERTAIN, limit=_NAMED)),
            parked_receipts=totals.parked,
            changes=totals.changes,
            suppressed=totals.suppressed,
            fateless=await tx.watch.fateless(),
            unanswered=await tx.watch.unanswered(before=_FOR_EVER),
        )

    return await storage.read(read)


_FOR_EVER = datetime.max.replace(tzinfo=EPOCH.tzinfo)


def _by_channel(totals: Totals) -> dict[str, dict[str, int]]:
    inbound: dict[str, dict[str, int]] = {}
    for (channel, outcome), number in totals.inbound.items():
        inbound.setdefault(channel, {})[outcome] = number
    return inbound


async def prove(storage: Storage, clock: Clock) -> Proven:
    """Proves what has come since the last proof, and looks again at what did not balance then. The first proves all."""
    now = clock()
    proof = await storage.read(lambda tx: tx.watch.proof())
    if proof is None:
        return await prove_all(storage, clock)
    since = min(proof.until, now) - OVERLAP
    askew = await storage.read(lambda tx: tx.watch.askew_since(since, limit=MOST))
    return await _noted(storage, askew, until=now if len(askew) < MOST else proof.until, now=now, is_whole=False)


async def prove_all(storage: Storage, clock: Clock) -> Proven:
    """Proves everything from the beginning, page by page."""
    now = clock()
    askew = await _all_askew(storage, limit=MOST)
    return await _noted(storage, askew, until=now, now=now, is_whole=True)


async def _noted(storage: Storage, askew: list[Askew], *, until: datetime, now: datetime, is_whole: bool) -> Proven:
    async def work(tx: Transaction) -> Proven:
        await tx.watch.proven(askew, until=until, at=now, is_whole=is_whole)
        fateless, unanswered = await tx.watch.fateless(), await tx.watch.unanswered(before=now)
        return Proven(tuple(askew), fateless, unanswered, is_whole)

    return await storage.write(work)


async def _all_askew(storage: Storage, *, limit: int) -> list[Askew]:
    found = await _plans_askew(storage, limit)
    found += await _changes_unplanned(storage, limit)
    return found[:limit]


async def _plans_askew(storage: Storage, limit: int) -> list[Askew]:
    found: list[Askew] = []
    after, more = "", True
    while more and len(found) < limit:
        page, after = await storage.read(partial(_plans_page, after=after, limit=limit))
        found += page
        more = bool(after)
    return found


async def _plans_page(tx: Transaction, *, after: str, limit: int) -> tuple[list[Askew], str]:
    return await tx.watch.askew_page(after, plans=_PAGE, limit=limit)


async def _changes_unplanned(storage: Storage, limit: int) -> list[Askew]:
    found: list[Askew] = []
    after: datetime | None = EPOCH
    while after is not None and len(found) < limit:
        page, after = await storage.read(partial(_changes_page, after=after, limit=limit))
        found += page
    return found


async def _changes_page(tx: Transaction, *, after: datetime, limit: int) -> tuple[list[Askew], datetime | None]:
    return await tx.watch.unplanned_page(after, changes=_PAGE, limit=limit)
