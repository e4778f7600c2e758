"""A year of delivered messages, written by the database itself: rows from numbers, indexes afterwards."""

import sqlite3
from datetime import timedelta

import asyncpg

from bot.model.clock import to_millis, utc_now
from bot.model.ids import first_id_at

_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name IN ('outbox', 'parts') AND sql <> ''"
_THERE = "SELECT COUNT(*) FROM parts WHERE reference LIKE 'past%'"
_COLUMNS = """
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at, next_at,
    expires_at, state, attempts, reason, sent_at, settled_at, owner, agency, gateway
"""
# `n` is a row's number; times a prime and cut off, the same numbers come in no order.
_OUTBOX = """
    {id}, 'office:' || {code} || ':' || {pad_n} || '|sms:+8491' || {phone},
    'change:office:' || {code} || ':' || (n % 9),
    'sms', 'sms:+8491' || {phone}, 1, 'progress',
    'Ho so ' || {code} || ' dang duoc xu ly. Hen tra ket qua 16:30 30/11/2026. Tra cuu: nhan tin ma ho so ve 8041.',
    'office', {code}, 1, {at}, {at}, {at} + 259200000, 'delivered', 1, 'stat:DELIVRD err:000', {at}, {at}, 'bench',
    'H56.' || (10 + (n * 7919 % 10000000) % 90), 'sms'
"""


def _ids() -> list[str]:
    """The beginnings of ids, month after month of the last year."""
    return [first_id_at(utc_now() - timedelta(days=30 * back))[:6] for back in range(12, 0, -1)]


def _words(rows: int, *, pad: str, first: str) -> dict[str, str]:
    """The expressions of the columns; `pad` is a format for (number, digits)."""
    mixed, phone = "(n * 7919 % 10000000)", "(n * 104729 % 10000000)"
    code = f"('H56.' || (10 + {mixed} % 90) || '-260' || (101 + {mixed} % 28) || '-' || {pad.format(mixed, 7)})"
    at = f"({to_millis(utc_now() - timedelta(days=360))} + n * 31104000000 / {rows})"
    return {"id": f"({first} || {pad.format('n', 20)})", "code": code, "phone": pad.format(phone, 7),
            "pad_n": pad.format("n", 9), "at": at}  # fmt: skip


def _inserts(numbers: str, words: dict[str, str], hexadecimal: str, *, before: str = "") -> list[str]:
    """Of messages and of their parts, from the table expression `numbers(n)`; numbers and our own words alone."""
    columns = _OUTBOX.format(**words)
    reference = f"'past' || {hexadecimal} || n"
    return [
        f"INSERT INTO outbox ({_COLUMNS}) {before} SELECT {columns} {numbers}",
        f"INSERT INTO parts (channel, reference, item_id, number, state, at) {before}"
        f" SELECT 'sms', {reference}, {words['id']}, 1, 'delivered', {words['at']} {numbers}",
    ]


def fill_sqlite(path: str, rows: int) -> None:
    """Brings the outbox to `rows` messages of the past; those of measurements do not count."""
    base = sqlite3.connect(path, isolation_level=None)
    try:
        there = base.execute(_THERE).fetchone()[0] if rows else 0
        if there >= rows:
            return
        for pragma in ("synchronous = OFF", "cache_size = -1000000", "temp_store = MEMORY"):
            base.execute(f"PRAGMA {pragma}")
        indexes = base.execute(_INDEXES).fetchall()
        base.execute("BEGIN IMMEDIATE")
        for name, _ in indexes:
            base.execute(f"DROP INDEX {name}")
        base.create_function("month_of_row", 1, _ids().__getitem__, deterministic=True)
        words = _words(rows, pad="printf('%0{1}d', {0})", first=f"month_of_row(n * 12 / {rows})")
        series = f"SELECT {there} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {rows}"  # noqa: S608
        hexadecimal = "printf('%08x', n * 104729 % 4294967296)"
        for each in _inserts("FROM numbers", words, hexadecimal, before=f"WITH RECURSIVE numbers(n) AS ({series})"):
            base.execute(each)
        for _, statement in indexes:
            base.execute(statement)
        base.execute("COMMIT")
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        base.close()


async def fill_postgres(url: str, rows: int) -> None:
    """The same."""
    base = await asyncpg.connect(url)
    try:
        there = await base.fetchval(_THERE) if rows else 0
        if there >= rows:
            return
        await base.execute("SET synchronous_commit = off; SET maintenance_work_mem = '1GB'; SET statement_timeout = 0")
        months = ", ".join(f"'{each}'" for each in _ids())
        words = _words(rows, pad="lpad(({0})::text, {1}, '0')", first=f"(ARRAY[{months}])[n * 12 / {rows} + 1]")
        numbers = f"FROM generate_series({there}::bigint, {rows}::bigint - 1) AS numbers(n)"
        async with base.transaction():
            indexes = await _drop_indexes(base)
            for each in _inserts(numbers, words, "lpad(to_hex(n * 104729 % 4294967296), 8, '0')"):
                await base.execute(each)
            if await base.fetchval("SELECT to_regclass('outbox_keys') IS NOT NULL"):
                await base.execute(
                    "INSERT INTO outbox_keys (dedupe_key, id) SELECT dedupe_key, id FROM outbox ON CONFLICT DO NOTHING"
                )
            for statement in indexes:
                await base.execute(statement)
        # As the server's own vacuum would have by then.
        await base.execute("VACUUM ANALYZE outbox")
        await base.execute("VACUUM ANALYZE parts")
        await base.execute("CHECKPOINT")
    finally:
        await base.close()


async def _drop_indexes(base: asyncpg.Connection) -> list[str]:
    """Those that keep nothing unique; how to make them again. Of a table in parts only the whole one's."""
    found = await base.fetch(
        "SELECT i.relname AS name, pg_get_indexdef(i.oid) AS made FROM pg_index AS x"
        " JOIN pg_class AS i ON i.oid = x.indexrelid JOIN pg_class AS t ON t.oid = x.indrelid"
        " WHERE t.relname IN ('outbox', 'parts') AND NOT x.indisunique"
    )
    for each in found:
        await base.execute(f"DROP INDEX {each['name']}")
    # Of a table in parts the server says ONLY: the parts would go without.
    return [each["made"].replace(" ON ONLY ", " ON ", 1) for each in found]
