"""What sources call in by themselves: single calls gathered into batches, each answered when it is durable."""

import asyncio
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

from bot.mirror import Mirror
from bot.model.errors import StorageError
from bot.ports import Applied, Batch

MOST = 1_000
"""Records in one transaction."""


@dataclass(frozen=True, slots=True)
class _Call:
    batch: Batch
    codes: frozenset[str]
    promise: asyncio.Future[Applied] = field(repr=False)


class Intake:
    """Gathers what arrives while a transaction is running into the next one. Calls are applied in their order."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._waiting: deque[_Call] = deque()
        self._turn = asyncio.Lock()

    async def accept(self, batch: Batch) -> Applied:
        """Returns when the batch is durable; raises `StorageError` when it is not."""
        codes = frozenset([d.code for d in batch.dossiers] + [r.code for r in batch.reports])
        call = _Call(batch, codes, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        async with self._turn:
            # Those before us may have taken us along; one that was given up may still stand before us.
            while not call.promise.done():
                await self._apply(self._next())
        return await call.promise

    def _next(self) -> list[_Call]:
        """The oldest calls that fit into one transaction; two about the same dossier stay two, in their order."""
        calls, codes, size = [self._waiting[0]], set(self._waiting[0].codes), _size(self._waiting[0].batch)
        self._waiting.popleft()
        while self._waiting:
            following = self._waiting[0]
            size += _size(following.batch)
            if size > MOST or not codes.isdisjoint(following.codes):
                break
            codes |= following.codes
            calls.append(self._waiting.popleft())
        return calls

    async def _apply(self, calls: list[_Call]) -> None:
        try:
            applied = await self._mirror.apply(_together([call.batch for call in calls]))
        except Exception as error:
            _refuse(calls, error)
            return
        except BaseException:
            _refuse(calls, StorageError("the call that carried this one was given up"))
            raise
        for call in calls:
            if not call.promise.done():
                call.promise.set_result(_share(call, applied))


def _refuse(calls: list[_Call], error: Exception) -> None:
    for call in calls:
        if not call.promise.done():
            call.promise.set_exception(error)
            call.promise.exception()  # seen: whoever asked may be gone


def _together(batches: list[Batch]) -> Batch:
    return Batch(
        tuple(dossier for batch in batches for dossier in batch.dossiers),
        "",
        tuple(row for batch in batches for row in batch.quarantined),
        tuple(report for batch in batches for report in batch.reports),
        as_of=max((batch.as_of for batch in batches if batch.as_of), default=None),
        once=any(batch.once for batch in batches),
    )


def _share(call: _Call, applied: Applied) -> Applied:
    """What of the whole belongs to one call; changes and messages are counted only for a call that was alone."""
    return Applied(
        rows=_size(call.batch),
        quarantined=len(call.batch.quarantined),
        late=_among(call.codes, applied.late),
        repeated=_among(call.codes, applied.repeated),
        missing=_among(call.codes, applied.missing),
    )


def _among(codes: Collection[str], named: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code for code in named if code in codes)


def _size(batch: Batch) -> int:
    return len(batch.dossiers) + len(batch.reports)
