"""SQLite's log is carried into the database beside the writer, stays short, and harms nobody where that fails."""

import asyncio
import logging
import sqlite3
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from bot.model.clock import utc_now
from bot.model.ids import id_maker
from bot.model.person import Address
from bot.ports import Storage, Transaction
from storage import open_storage, sqlite_checkpoint
from storage.group_commit import Writer
from tests.support.making import message

PAGE = 4096
_NEVER = 3600.0


async def written(storage: Storage, rows: int, *, first: int = 0) -> None:
    now, new_id = utc_now(), id_maker(utc_now)
    items = [
        message(
            id=new_id(), address=Address("sms", f"+849{100_000 + first + number}05"), created_at=now, next_at=now,
            expires_at=now + timedelta(days=1),
        )
        for number in range(rows)
    ]  # fmt: skip
    await storage.write(lambda tx: tx.outbox.enqueue(items))


async def longest_log(folder: Path, *, batches: int = 40) -> int:
    """Pages of the log after many commits, which the file keeps even when the log has begun anew."""
    async with open_storage(f"sqlite:{folder / 'motcua.db'}") as storage:
        await storage.migrate()
        for number in range(batches):
            await written(storage, 50, first=50 * number)
            await asyncio.sleep(0.01)
        planned = await storage.read(lambda tx: tx.outbox.counts())
        assert sum(planned.values()) == 50 * batches
        return (folder / "motcua.db-wal").stat().st_size // PAGE


def in_the_file(path: Path) -> int:
    """Messages in the database without its log; none while it is being carried over, when the file is no database."""
    alone = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    try:
        (found,) = alone.execute("SELECT count(*) FROM outbox").fetchone()
    except sqlite3.DatabaseError:
        return 0
    finally:
        alone.close()
    return int(found)


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_checkpoint, "EVERY", 0.005)
    monkeypatch.setattr(sqlite_checkpoint, "_ROWS", 100)
    monkeypatch.setattr(sqlite_checkpoint, "_LONG", 200)


@pytest.mark.usefixtures("eager")
async def test_the_log_begins_anew_while_others_go_on_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("carried", "left"):
        (tmp_path / name).mkdir()

    carried = await longest_log(tmp_path / "carried")
    monkeypatch.setattr(sqlite_checkpoint, "EVERY", _NEVER)
    left = await longest_log(tmp_path / "left")

    assert carried < left / 2


@pytest.mark.usefixtures("eager")
async def test_while_a_long_question_is_answered_the_writer_is_not_asked_to_carry_over_what_it_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_checkpoint, "_SHORT", 20)
    held_up: list[int] = []
    asked: list[int] = []
    numbers = count()
    carry = sqlite_checkpoint.carry

    async def told(connection: sqlite_checkpoint.Connection) -> sqlite_checkpoint.Carried:
        found = await carry(connection)
        if found.left > 200:
            held_up.append(found.left)
        return found

    monkeypatch.setattr(sqlite_checkpoint, "carry", told)
    monkeypatch.setattr(Writer, "finish_log", lambda _: asked.append(1))
    async with open_storage(f"sqlite:{tmp_path / 'motcua.db'}") as storage:
        await storage.migrate()

        async def more() -> None:
            await written(storage, 50, first=50 * next(numbers))

        async def reads_long(tx: Transaction) -> None:
            await tx.outbox.counts()
            while len(held_up) < 10:
                await more()

        async with asyncio.timeout(30):
            await storage.read(reads_long)
            during = len(asked)
            while not asked:
                await more()

    assert during == 0, "what a reader has not seen yet is not waited for"


async def test_little_that_was_written_is_carried_over_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_checkpoint, "EVERY", 0.005)
    monkeypatch.setattr(sqlite_checkpoint, "_LATEST", 0.02)
    path = tmp_path / "motcua.db"
    carried = asyncio.Event()
    carry = sqlite_checkpoint.carry

    async def told(connection: sqlite_checkpoint.Connection) -> sqlite_checkpoint.Carried:
        found = await carry(connection)
        carried.set()
        return found

    monkeypatch.setattr(sqlite_checkpoint, "carry", told)
    async with open_storage(f"sqlite:{path}") as storage:
        await storage.migrate()
        await written(storage, 1)
        async with asyncio.timeout(10):
            while not in_the_file(path):
                carried.clear()
                await carried.wait()


@pytest.mark.usefixtures("eager")
async def test_where_it_cannot_be_carried_over_writers_go_on_and_the_log_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = 0

    async def broken(_: sqlite_checkpoint.Connection) -> sqlite_checkpoint.Carried:
        nonlocal tries
        tries += 1
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(sqlite_checkpoint, "carry", broken)
    with caplog.at_level(logging.WARNING):
        await longest_log(tmp_path)

    assert tries > 1
    assert len([record for record in caplog.records if "carried over" in record.getMessage()]) == 1
