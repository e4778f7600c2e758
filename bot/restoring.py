"""A return to an older state: whatever may have left between the backup and the return does not leave a second time by
itself.

The database has gone back in time; providers and citizens have not. What waited in the backup may have been sent
since, what sources tell again may have been told. Nobody here can know it, so it is marked before anything else runs,
and a person decides.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.model.audit import Entry
from bot.model.broadcast import Act, BroadcastState
from bot.model.clock import VIETNAM
from bot.model.errors import StorageError
from bot.model.message import DeliveryState
from bot.ports import Storage, Transaction
from bot.ports.restoring import Doubt, Policy

WAITED = "restored: waited in the backup, perhaps sent since"
BARRED = "restored: takes no other way by itself"
PAUSED = "phục hồi từ bản sao lưu: có thể đã gửi tiếp sau đó / restored: it may have gone on since the backup"
NUMBERS = 500
"""By so much the numbers of the day leap (`PA-…`, `PT-…`, `XL-…`): one that a citizen knows is not given twice."""
SILENT = timedelta(seconds=45)
"""A process that gave a sign of life since is running: three times as long as it takes to give one."""

_MOVING = (BroadcastState.APPROVED, BroadcastState.RUNNING, BroadcastState.TRIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What is known of a return to an older state."""

    taken_at: datetime
    """The moment of the state: everything written later is lost."""
    at: datetime
    policy: Policy = Policy.HOLD
    sources: Mapping[str, bool] = field(default_factory=dict)
    """By name: whether we ask it, and a whole round of asking therefore shows what it has now."""
    harmless: Collection[str] = ()
    """Queues whose messages never left this house: the web chat's."""
    by: str = ""
    """Who ordered it."""
    what: str = ""
    """Name of the backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What was marked, counted."""

    uncertain: Mapping[DeliveryState, int]
    """By the state in the backup."""
    barred: int
    """Messages that had been taken by a provider and had another way left."""
    broadcasts: tuple[str, ...]
    """Numbers of those that were paused."""
    sources: tuple[str, ...]
    by_hand: tuple[str, ...]
    """Those of `sources` of which a person must say that they have told everything again."""
    forgotten: Mapping[str, int]


async def require_silence(storage: Storage, *, now: datetime) -> None:
    """Raises `StorageError` where a process works on the database."""
    living = await storage.read(lambda tx: tx.restores.living(now=now, since=now - SILENT))
    if living:
        raise StorageError(
            "dịch vụ đang chạy trên cơ sở dữ liệu này (hoặc vừa dừng đột ngột, khi ấy chờ một phút): hãy dừng mọi "
            "tiến trình / a service works on this database (or has just been killed: then wait a minute): stop it first"
        )


async def mark(storage: Storage, back: Return) -> Marked:
    """Marks everything in one transaction. Done twice, the second time finds nothing more."""

    async def work(tx: Transaction) -> Marked:
        uncertain = await tx.restores.unsettle(besides=back.harmless, reason=WAITED, at=back.at)
        barred = await tx.restores.bar_ways(reason=BARRED)
        broadcasts = await _pause(tx, back)
        day = f"{back.at.astimezone(VIETNAM):%y%m%d}"
        forgotten = await tx.restores.forget_passing(day=day, numbers=NUMBERS)
        known = {name: back.sources.get(name, True) for name in {*back.sources, *await tx.sources.states()}}
        await tx.restores.open(
            [Doubt(name, back.taken_at, back.at, back.policy, is_asked) for name, is_asked in known.items()]
        )
        marked = Marked(
            uncertain=uncertain,
            barred=barred,
            broadcasts=broadcasts,
            sources=tuple(sorted(known)),
            by_hand=tuple(sorted(name for name, is_asked in known.items() if not is_asked)),
            forgotten={table: number for table, number in forgotten.items() if number},
        )
        await tx.audit.add([_entry(back, marked)])
        return marked

    return await storage.write(work)


async def _pause(tx: Transaction, back: Return) -> tuple[str, ...]:
    """It may have gone on since: a person looks into the provider's own list before she resumes it."""
    moving = await tx.broadcasts.in_states(_MOVING)
    for each in moving:
        paused = replace(each, state=BroadcastState.PAUSED, why=PAUSED)
        await tx.broadcasts.save(paused, Act(back.at, "paused", back.by, PAUSED))
    return tuple(each.id for each in moving)


def _entry(back: Return, marked: Marked) -> Entry:
    return Entry(
        at=back.at,
        by=back.by,
        way="command",
        what="db.restored",
        subject=back.what,
        after={
            "taken_at": back.taken_at.isoformat(),
            "policy": str(back.policy),
            "messages": sum(marked.uncertain.values()),
            "broadcasts": list(marked.broadcasts),
            "sources": list(marked.sources),
        },
    )
