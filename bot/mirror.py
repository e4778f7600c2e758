"""Flow 1a: a batch from a source → dossiers, changes, messages and the cursor, in one transaction."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from bot.model.clock import Clock
from bot.model.dossier import Change, Dossier, Status, diff
from bot.model.errors import SourceError, StorageError, trail
from bot.model.message import OutboxItem
from bot.planning import STANDS_BESIDE_PROGRESS, Planner, supersedes_apology
from bot.ports import Batch, Known, Source, SourceState, Storage, Transaction

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch came to."""

    rows: int = 0
    changed: int = 0
    planned: int = 0
    quarantined: int = 0

    def __add__(self, other: "Applied") -> "Applied":
        return Applied(
            self.rows + other.rows,
            self.changed + other.changed,
            self.planned + other.planned,
            self.quarantined + other.quarantined,
        )


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A batch worked out against the mirror as it was read, before any transaction is open."""

    seen: Mapping[str, Known]
    dossiers: Sequence[tuple[Dossier, int]]
    changes: Sequence[Change]
    items: Sequence[OutboxItem]
    unknown: Mapping[str, int] = field(repr=False)


class _OvertakenError(Exception):
    """Somebody else changed these dossiers between our reading and our writing."""


class Mirror:
    """Applies batches of one source."""

    def __init__(
        self, source: str, storage: Storage, planner: Planner, clock: Clock, go_live: datetime | None = None
    ) -> None:
        self._source = source
        self._storage = storage
        self._planner = planner
        self._clock = clock
        self._go_live = go_live

    async def cursor(self) -> str | None:
        """Where the source is to go on."""
        state = await self._storage.read(lambda tx: tx.sources.get(self._source))
        return (state.cursor or None) if state else None

    async def apply(self, batch: Batch) -> Applied:
        """Makes the batch durable. Reading the same batch again changes nothing and tells nobody twice."""
        latest = {dossier.code: dossier for dossier in batch.dossiers}
        while True:
            now = self._clock()
            prepared = await self._prepare(latest, now)
            try:
                await self._storage.write(partial(self._commit, batch=batch, prepared=prepared, now=now))
            except _OvertakenError:
                continue
            return Applied(len(batch.dossiers), len(prepared.dossiers), len(prepared.items), len(batch.quarantined))

    async def _prepare(self, latest: Mapping[str, Dossier], now: datetime) -> _Prepared:
        async def read(tx: Transaction) -> tuple[dict[str, Known], dict[str, Dossier], SourceState | None]:
            known = await tx.dossiers.known(self._source, latest)
            differing = [code for code, seen in known.items() if seen.fingerprint != latest[code].fingerprint]
            before = await tx.dossiers.get_many(self._source, differing) if differing else {}
            return known, before, await tx.sources.get(self._source)

        known, before, state = await self._storage.read(read)
        go_live = state.go_live if state else self._go_live or now
        dossiers: list[tuple[Dossier, int]] = []
        changes: list[Change] = []
        items: list[OutboxItem] = []
        for code, after in latest.items():
            if code in known and code not in before:
                continue
            last = known[code].last_number if code in known else 0
            news = diff(before.get(code), after, last_number=last, at=now)
            if not news:
                continue
            dossiers.append((after, news[-1].number))
            changes.extend(news)
            if is_news(before.get(code), after, go_live) and (
                item := self._planner.plan(news, before.get(code), after, now=now)
            ):
                items.append(item)
        unknown = Counter(dossier.status_text for dossier, _ in dossiers if dossier.status is Status.UNKNOWN)
        touched = {dossier.code: known[dossier.code] for dossier, _ in dossiers if dossier.code in known}
        return _Prepared(touched, dossiers, changes, items, unknown)

    async def _commit(self, tx: Transaction, *, batch: Batch, prepared: _Prepared, now: datetime) -> None:
        state = await tx.sources.get(self._source)
        go_live = state.go_live if state else self._go_live or now
        # First of all, for it locks the source: two mirrors of one source write one after the other.
        await tx.sources.save(self._source, SourceState(batch.cursor, go_live, now))
        if prepared.dossiers:
            codes = [dossier.code for dossier, _ in prepared.dossiers]
            if await tx.dossiers.known(self._source, codes) != prepared.seen:
                raise _OvertakenError
            await tx.dossiers.save(prepared.dossiers, at=now)
            await tx.dossiers.add_changes(prepared.changes)
        if prepared.items:
            await self._enqueue(tx, prepared.items, now)
        if prepared.unknown:
            await tx.sources.note_unknown_statuses(self._source, prepared.unknown, at=now)
        if batch.quarantined:
            await tx.sources.quarantine(batch.quarantined, at=now)

    async def _enqueue(self, tx: Transaction, items: Sequence[OutboxItem], now: datetime) -> None:
        final = [item for item in items if supersedes_apology(item)]
        mere = [item for item in items if not supersedes_apology(item)]
        if final:
            await tx.outbox.supersede(final, at=now)
        if mere:
            await tx.outbox.supersede(mere, keep=STANDS_BESIDE_PROGRESS, at=now)
        await tx.outbox.enqueue(items)


async def follow(source: Source, mirror: Mirror) -> None:
    """For ever: reads what the source has after the cursor, applies it, pauses. A source that fails is asked again."""
    while True:
        try:
            async for batch in source.source.batches(await mirror.cursor()):
                applied = await mirror.apply(batch)
                _report(source.name, applied)
        except (SourceError, StorageError) as error:
            log.error("source %s: %s", source.name, error)
        except Exception as error:
            log.error("source %s: the adapter failed: %s", source.name, trail(error))
        await asyncio.sleep(source.pause)


def _report(name: str, applied: Applied) -> None:
    if applied.quarantined:
        log.warning("source %s: %d rows could not be read, see `motcua check`", name, applied.quarantined)
    if applied.changed:
        log.info("source %s: %d rows, %d changed, %d messages", name, applied.rows, applied.changed, applied.planned)


def is_news(before: Dossier | None, after: Dossier, go_live: datetime) -> bool:
    """Whether somebody may be told. What we see for the first time is news only if it was received after
    go-live: the import of old dossiers texts nobody."""
    return before is not None or (after.received_at is not None and after.received_at >= go_live)
