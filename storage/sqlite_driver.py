"""SQLite as aiosql sees it."""

import re
import sqlite3
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from aiosql.types import SQLOperationType

from bot.model.errors import StorageError
from storage.edge import clean_row
from storage.sqlite_connection import Connection
from storage.sqlite_short import are_few, is_short
from storage.statements import PARAMETER, load_queries, positional, rows_as_json, without_row_locks

_Values = Mapping[str, Any]

_TOGETHER = 100
"""Rows that one statement puts in, where there are so many: a fourth less work than one by one, and the thread gives
the event loop its turn once and not at each row."""
_ONE_ROW = re.compile(r"\bVALUES\s*(?P<row>\([\s?,]*\))[^?]*$")


class SqliteAdapter:
    """The part of aiosql's driver protocol that our queries use."""

    is_aio_driver = True

    def __init__(self) -> None:
        self._names: dict[str, list[str]] = {}
        """Query for many rows → its parameters' names in the order of its question marks."""

    def process_sql(self, query: str, operation: object, sql: str) -> str:
        sql = rows_as_json(sql, gather="json_group_array", row="json_array")
        if operation is SQLOperationType.INSERT_UPDATE_DELETE_MANY:
            return self._by_position(query, sql)
        return without_row_locks(sql)

    def in_order(self, query: str) -> list[str]:
        """The parameters of a query for many rows as its tuples have them."""
        return self._names[query]

    def _by_position(self, query: str, sql: str) -> str:
        """Names cost a look-up a value; a batch has thousands of values."""
        names = self._names[query] = []

        def mark(found: re.Match[str]) -> str:
            if found["name"] is None:
                return found[0]
            names.append(found["name"])
            return "?"

        return PARAMETER.sub(mark, without_row_locks(sql))

    async def fetch(self, connection: Connection, name: str, sql: str, values: _Values) -> Iterable[sqlite3.Row]:
        values = clean_row(values)
        return await connection.rows(sql, values, at_once=is_short(name, values))

    async def select_one(
        self, connection: Connection, name: str, sql: str, values: _Values, _record: object = None
    ) -> sqlite3.Row | None:
        return next(iter(await self.fetch(connection, name, sql, values)), None)

    async def select_value(self, connection: Connection, name: str, sql: str, values: _Values) -> Any:
        row = await self.select_one(connection, name, sql, values)
        return row[0] if row else None

    async def insert_update_delete(self, connection: Connection, name: str, sql: str, values: _Values) -> int:
        values = clean_row(values)
        return await connection.change(sql, values, at_once=is_short(name, values))

    async def insert_update_delete_many(
        self, connection: Connection, query: str, sql: str, rows: Iterable[_Values | tuple[Any, ...]]
    ) -> int:
        ordered = positional(rows, self._names[query])
        changed, together = 0, _of_many(sql) if len(ordered) >= _TOGETHER else ""
        while together and len(ordered) >= _TOGETHER:
            first, ordered = ordered[:_TOGETHER], ordered[_TOGETHER:]
            changed += await connection.change(together, [value for row in first for value in row])
        if ordered:
            changed += await connection.change_many(sql, ordered, at_once=are_few(query, ordered))
        return changed


@cache
def _of_many(sql: str) -> str:
    """The same for `_TOGETHER` rows at once; empty where it does not put in rows of values."""
    found = _ONE_ROW.search(sql)
    if found is None:
        return ""
    end = found.end("row")
    return f"{sql[:end]}{(', ' + found['row']) * (_TOGETHER - 1)}{sql[end:]}"


@cache
def queries() -> Any:
    return load_queries(SqliteAdapter, "sqlite")


def readable(error: sqlite3.Error, path: str) -> Exception:
    """`error` as an operator can read it; a mistake of ours stays what it is."""
    name = getattr(error, "sqlite_errorname", "")
    for start, vietnamese, english in _MEANINGS:
        if name.startswith(start):
            return StorageError(f"cơ sở dữ liệu {path} {vietnamese} / the database {english} ({error})")
    if "no such table" in str(error):
        return StorageError(
            f"cơ sở dữ liệu {path} chưa có bảng: xin chạy `motcua migrate` / the database has no tables yet"
        )
    return error


_MEANINGS = (
    (
        "SQLITE_READONLY",
        "không ghi được: tệp hoặc thư mục chỉ cho đọc",
        "cannot be written: the file or its folder is read-only",
    ),
    (
        "SQLITE_CANTOPEN",
        "không mở được: thư mục không có hoặc không cho phép",
        "cannot be opened: its folder is missing or closed to this user",
    ),
    ("SQLITE_PERM", "không cho người dùng này mở", "is closed to this user"),
    ("SQLITE_AUTH", "không cho người dùng này mở", "is closed to this user"),
    ("SQLITE_FULL", "không ghi thêm được: đĩa đã đầy", "cannot grow: the disk is full"),
    ("SQLITE_IOERR", "không đọc ghi được: đĩa đầy hoặc hỏng", "cannot be read or written: the disk is full or failing"),
    ("SQLITE_BUSY", "đang bị tiến trình khác giữ", "is held by another process"),
    ("SQLITE_LOCKED", "đang bị tiến trình khác giữ", "is held by another process"),
    ("SQLITE_NOTADB", "không phải cơ sở dữ liệu SQLite", "is not an SQLite database"),
    ("SQLITE_CORRUPT", "đã hỏng: xin khôi phục từ bản sao lưu", "is damaged: restore it from a backup"),
    ("SQLITE_TOOBIG", "không nhận giá trị lớn như vậy", "does not take a value of this size"),
)
