"""The proof that nothing is lost in silence: every planned message is in exactly one state."""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass

from bot.model.errors import StorageError
from bot.model.message import DeliveryState, OutboxItem
from bot.ports import Storage, Transaction

log = logging.getLogger(__name__)

PROVE_EVERY = 300.0
"""Seconds between two proofs."""

_NAMED = 50
"""How many imbalances and uncertain messages are named; all of them are counted."""


@dataclass(frozen=True, slots=True)
class Imbalance:
    """An event whose planned messages are not all there, or that has more than it planned."""

    origin: str
    planned: int
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

    @property
    def balanced(self) -> bool:
        return not self.imbalances and self.planned == sum(self.states.values())


async def balance(storage: Storage) -> Ledger:
    """Reads the books on one consistent view."""

    async def read(tx: Transaction) -> Ledger:
        states: Counter[DeliveryState] = Counter(dict.fromkeys(DeliveryState, 0))
        for (_, state), number in (await tx.outbox.counts()).items():
            states[state] += number
        inbound: dict[str, dict[str, int]] = {}
        for (channel, outcome), number in (await tx.conversations.outcomes()).items():
            inbound.setdefault(channel, {})[outcome] = number
        return Ledger(
            planned=await tx.outbox.planned(),
            states=dict(states),
            imbalances=tuple(Imbalance(*row) for row in await tx.outbox.imbalances(limit=_NAMED)),
            inbound=inbound,
            uncertain=tuple(await tx.outbox.listed(DeliveryState.UNCERTAIN, limit=_NAMED)),
            parked_receipts=await tx.outbox.parked(),
        )

    return await storage.read(read)


async def watch_ledger(storage: Storage) -> None:
    """For ever: proves every few minutes that nothing was lost, and raises an alarm where that fails."""
    while True:
        await asyncio.sleep(PROVE_EVERY)
        try:
            books = await balance(storage)
        except StorageError as error:
            log.error("the ledger could not be read: %s", error)
            continue
        if not books.balanced:
            log.error("the ledger does not balance: see `motcua ledger`")
