"""The source `folder` for the contract suite: a one-stop software that exports what has changed, a file each time."""

import csv
import io
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from adapters.sources import folder
from tests.contract.sources import SOURCE, Asked, Opened, Record

_BATCH = 100
_NANO = 1_000_000_000


class Bench:
    """`tests.contract.sources.SourceBench` and `FailingBench`."""

    kind = "folder"

    def __init__(self, folder: Path) -> None:
        self._exports = folder / "exports"
        self._exports.mkdir(parents=True)
        self._archive = folder / "archive"
        self._written = time.time_ns() - 3_600 * _NANO
        self._latest = ""
        self._number = 0

    async def put(self, records: Sequence[Record]) -> None:
        if records:
            self._latest = _csv(records)
        if not self._latest:
            return
        self._number += 1
        self._written += _NANO
        path = self._exports / f"hoso-{self._number:04}.csv"
        part = path.with_suffix(".part")
        part.write_bytes(self._latest.encode("utf-8", "replace"))
        os.utime(part, ns=(self._written, self._written))
        part.rename(path)

    def open(self, name: str = SOURCE) -> AbstractAsyncContextManager[Opened]:
        return self._open(name)

    @asynccontextmanager
    async def _open(self, name: str) -> AsyncIterator[Asked]:
        settings = folder.Settings(path=self._exports, archive=self._archive, settle=0, batch_rows=_BATCH)
        async with folder.open(name, settings) as source:
            assert source.source is not None
            yield Asked(source.source)

    def failing(self) -> AbstractAsyncContextManager[None]:
        return self._failing()

    @asynccontextmanager
    async def _failing(self) -> AsyncIterator[None]:
        away = self._exports.rename(self._exports.with_name("away"))
        try:
            yield
        finally:
            away.rename(self._exports)


def _csv(records: Sequence[Record]) -> str:
    out = io.StringIO()
    names = list(dict.fromkeys(name for record in records for name in record))
    writer = csv.DictWriter(out, names, restval="")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue()


@asynccontextmanager
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    yield Bench(tmp_path)
