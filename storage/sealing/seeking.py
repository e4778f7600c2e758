"""Rows of which something personal is to be looked into: where it is sealed no statement can, and they are all read."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from storage.sealing.columns import TABLES
from storage.sealing.seal import UNREADABLE, Sealed
from storage.statements import Row, Statements

_AT_ONCE = 500


async def every_row(sql: Statements, table: str, after: Sequence[Any] | None = None) -> AsyncIterator[Row]:
    """The sealed columns of all rows, or of those behind the key `after`; open, some hundreds of them in memory at a
    time. The key's columns too, as `key_0` …: where one of these is sealed itself, it is as it is stored."""
    keys = [f"key_{number}" for number in range(len(TABLES[table].key))]
    while rows := await page_after(sql, table, after, most=_AT_ONCE):
        for row in rows:
            yield row
        if len(rows) < _AT_ONCE:
            return
        after = [rows[-1][key] for key in keys]


async def page_after(sql: Statements, table: str, after: Sequence[Any] | None, *, most: int) -> list[Row]:
    """One page of `every_row`."""
    if after is None:
        return await sql.rows(f"sealing_first_{table}", most=most)
    place = {f"after_{number}": as_is(value) for number, value in enumerate(after)}
    return await sql.rows(f"sealing_next_{table}", **place, most=most)


def spread_of_phones(sql: Statements, spread: str) -> str:
    """For LIKE in a column of phones: where a number may stand that a source wrote in its own way. Where they are
    sealed that is in all that nobody could read as a number."""
    return Sealed(f"{UNREADABLE}%") if sql.is_sealed else spread


def spread_of_texts(sql: Statements, spread: str) -> str:
    """The same in texts: where they are sealed it may stand in each of them."""
    return "%" if sql.is_sealed else spread


def as_is(value: Any) -> Any:
    """What was stored goes back as it is, with its marks."""
    return Sealed(value) if isinstance(value, str) else value
