"""What the contract suite needs of a kind of source: a one-stop software to fill, and a way from it to the mirror."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Protocol, runtime_checkable

from bot.mirror import Mirror
from bot.ports import Applied, DossierSource

SOURCE = "office"
"""The name under which a bench opens its source, unless it is told another."""

Record = Mapping[str, str]
"""A record in the national field names: MaHoSo, TrangThaiHoSo, NgayTiepNhan, NgayHenTra, NgayCapNhat, ChuHoSo,
SoDienThoai, TenTTHC, DonViXuLy …; moments as `yyyyMMddHHmmss` in Vietnamese time. A value may be nonsense."""


class Opened(Protocol):
    """The source, open, with its one-stop software."""

    async def deliver(self, mirror: Mirror, *, batches: int | None = None) -> Applied:
        """Everything that is new for the mirror, applied: one round of asking, or the calls that wait to be made.

        `batches`: stop after so many, as if the process had been killed there. What was not applied is still to come.
        Raises `SourceError` where the software as a whole cannot be read.
        """
        ...


class Asked:
    """`Opened` for a source that is asked."""

    def __init__(self, source: DossierSource) -> None:
        self._source = source

    async def deliver(self, mirror: Mirror, *, batches: int | None = None) -> Applied:
        total, left = Applied(), batches
        async with aclosing(self._source.batches(await mirror.cursor())) as coming:  # type: ignore[type-var]
            async for batch in coming:
                total += await mirror.apply(batch)
                left = None if left is None else left - 1
                if left == 0:
                    break
        return total


class SourceBench(Protocol):
    """One kind of source. Each test has a bench of its own. A batch holds about 100 records at most."""

    kind: str

    async def put(self, records: Sequence[Record]) -> None:
        """The one-stop software now has these records too; one with a known MaHoSo takes the place of the former.
        What is put later was changed later.

        No records: nothing has changed there, and where only the software can say so, it does (the same export once
        more, a call that it is alive).
        """
        ...

    def open(self, name: str = SOURCE) -> AbstractAsyncContextManager[Opened]:
        """The source as a fresh process opens it; what the mirror has not taken is still to come."""
        ...


@runtime_checkable
class FailingBench(Protocol):
    """A bench whose one-stop software can be out of order. A software that calls us cannot: it does not call."""

    def failing(self) -> AbstractAsyncContextManager[None]:
        """Inside, the software as a whole cannot be read."""
        ...
