"""The hint that something is new: soon, only for exports, and never more than a hint."""

import asyncio
import threading
from pathlib import Path

import pytest

from adapters.sources.folder import FolderSource
from tests.adapters.folder.support import batches, csv_text, put, row, source

SOON = 20.0
"""Seconds."""


@pytest.fixture
async def watched(tmp_path: Path) -> FolderSource:
    """A source that has seen an empty folder."""
    reader = source(tmp_path)
    await batches(reader)
    return reader


async def _hints(reader: FolderSource, within: float) -> bool:
    try:
        async with asyncio.timeout(within):
            await reader.changed()
    except TimeoutError:
        return False
    return True


async def _until_it_watches() -> None:
    """The watcher has no way to say that it has begun; its thread does."""
    async with asyncio.timeout(SOON):
        while not any("AnyIO" in thread.name for thread in threading.enumerate()):
            await asyncio.sleep(0.01)


async def test_a_new_export_is_told_of_at_once(tmp_path: Path, watched: FolderSource) -> None:
    async with asyncio.timeout(SOON):
        hint = asyncio.create_task(watched.changed())
        await _until_it_watches()
        put(tmp_path, "a.csv", csv_text([row(1)]))
        await hint

    assert len(await batches(watched)) == 1


async def test_what_came_before_we_watched_is_told_of_too(tmp_path: Path, watched: FolderSource) -> None:
    put(tmp_path, "a.csv", csv_text([row(1)]))

    assert await _hints(watched, SOON)


async def test_what_is_no_export_and_what_goes_away_is_not_told_of(tmp_path: Path) -> None:
    gone = put(tmp_path, "a.csv", csv_text([row(1)]))
    reader = source(tmp_path)
    found = await batches(reader)
    await batches(reader, found[-1].cursor)

    hint = asyncio.create_task(_hints(reader, 1.0))
    await _until_it_watches()
    put(tmp_path, "b.csv.part", b"x")
    put(tmp_path, "notes.pdf", b"x")
    gone.unlink()

    assert not await hint


async def test_a_folder_that_cannot_be_watched_is_waited_for(tmp_path: Path) -> None:
    assert not await _hints(source(tmp_path / "không-có"), 0.3)


def test_no_thread_is_left_behind_when_the_waiting_is_given_up(tmp_path: Path) -> None:
    before = set(threading.enumerate())

    async def give_up_often() -> None:
        reader = source(tmp_path)
        await batches(reader)
        for _ in range(5):
            assert not await _hints(reader, 0.1)

    asyncio.run(asyncio.wait_for(give_up_often(), SOON))

    for thread in set(threading.enumerate()) - before:
        thread.join(SOON)
    assert set(threading.enumerate()) <= before
