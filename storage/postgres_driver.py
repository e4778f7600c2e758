"""PostgreSQL as aiosql sees it: names become numbers, one round trip for each statement."""

import re
from collections.abc import Iterable, Mapping
from functools import cache, partial
from typing import Any

import asyncpg

from bot.model.errors import StorageError
from storage.edge import clean_row
from storage.statements import PARAMETER, load_queries, positional, rows_as_json, without_row_locks

_IN_ARRAYS = "unnest("
"""In a query for many rows that takes them all at once, each of its parameters as an array."""
_Values = Mapping[str, Any]
_LIMITS = {
    "statement_timeout": 10,
    "lock_timeout": 10,
    "idle_in_transaction_session_timeout": 10,
    "transaction_timeout": 17,
}
"""Of the server → the version that knows it first."""

_TOGETHER = 16
"""Rows from which on one statement puts them all in: the server runs one plan instead of hundreds."""
_ONE_ROW = re.compile(r"\bVALUES\s*\((?P<row>[\s$0-9,]*)\)\s*(ON CONFLICT(?: \([\w, ]+\))? DO NOTHING)?\s*;?\s*$")
"""With `DO UPDATE` it would have to be sure that no row comes twice."""


class PostgresAdapter:
    """The part of aiosql's driver protocol that our queries use."""

    is_aio_driver = True

    def __init__(self, *, row_locks: bool) -> None:
        self._row_locks = row_locks
        self._names: dict[str, list[str]] = {}
        """Query → its parameters' names in the order of their numbers."""
        self._of_many: dict[str, str] = {}
        """Query → the same for columns of many rows; empty where there is none."""

    def process_sql(self, query: str, _operation: object, sql: str) -> str:
        sql = rows_as_json(sql, gather="json_agg", row="json_build_array")
        names = self._names[query] = []

        def numbered(found: re.Match[str]) -> str:
            name = found["name"]
            if name is None:
                return found[0]
            if name not in names:
                names.append(name)
            return f"${names.index(name) + 1}"

        return PARAMETER.sub(numbered, sql if self._row_locks else without_row_locks(sql))

    def in_order(self, query: str) -> list[str]:
        """The parameters of a query as the tuples of a batch have them."""
        return self._names[query]

    async def fetch(
        self, connection: asyncpg.Connection, query: str, sql: str, values: _Values
    ) -> list[asyncpg.Record]:
        found: list[asyncpg.Record] = await connection.fetch(sql, *self._ordered(query, values))
        return found

    async def select_one(
        self, connection: asyncpg.Connection, query: str, sql: str, values: _Values, _record: object = None
    ) -> asyncpg.Record | None:
        return await connection.fetchrow(sql, *self._ordered(query, values))

    async def select_value(self, connection: asyncpg.Connection, query: str, sql: str, values: _Values) -> Any:
        return await connection.fetchval(sql, *self._ordered(query, values))

    async def insert_update_delete(self, connection: asyncpg.Connection, query: str, sql: str, values: _Values) -> int:
        tag = await connection.execute(sql, *self._ordered(query, values))
        return int(tag.rpartition(" ")[2])

    async def insert_update_delete_many(
        self, connection: asyncpg.Connection, query: str, sql: str, rows: Iterable[_Values | tuple[Any, ...]]
    ) -> int | None:
        ordered = positional(rows, self._names[query])
        if _IN_ARRAYS in sql:
            tag = await connection.execute(sql, *zip(*ordered, strict=True))
            return int(tag.rpartition(" ")[2])
        if len(ordered) >= _TOGETHER and (together := await self._together(connection, query, sql)):
            tag = await connection.execute(together, *zip(*ordered, strict=True))
            return int(tag.rpartition(" ")[2])
        await connection.executemany(sql, ordered)
        return None

    async def _together(self, connection: asyncpg.Connection, query: str, sql: str) -> str:
        """`sql` with `unnest` of a list for each column in place of one row's values; empty where it has none. The
        server says once of what type they are."""
        if query not in self._of_many:
            found, in_order = _ONE_ROW.search(sql), [str(each) for each in range(1, len(self._names[query]) + 1)]
            if found and re.findall("[0-9]+", found["row"]) == in_order:
                types = (await connection.prepare(sql)).get_parameters()
                lists = ", ".join(f"${number}::{each.name}[]" for number, each in enumerate(types, 1))
                # Of our own statement and the server's own names of types.
                self._of_many[query] = f"{sql[: found.start()]}SELECT * FROM unnest({lists}) {found[2] or ''}"  # noqa: S608
            else:
                self._of_many[query] = ""
        return self._of_many[query]

    def _ordered(self, query: str, values: _Values) -> list[Any]:
        cleaned = clean_row(values)
        return [cleaned[name] for name in self._names[query]]


@cache
def queries(*, row_locks: bool) -> Any:
    """All queries; without row locks for readers, whom PostgreSQL does not let lock."""
    return load_queries(partial(PostgresAdapter, row_locks=row_locks), "postgres")


def readable(error: BaseException, database: str) -> BaseException:
    """`error` as an operator can read it; a mistake of ours stays what it is."""
    if isinstance(error, asyncpg.PostgresError):
        code = str(error.sqlstate or "")
        for start, vietnamese, english in _MEANINGS:
            if code.startswith(start):
                return StorageError(f"cơ sở dữ liệu {database} {vietnamese} / the database {english} ({error})")
    elif isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return StorageError(f"{database}: không máy chủ nào nhận ghi / no server of these takes writes ({error})")
    elif isinstance(error, asyncpg.ClientConfigurationError | ValueError):
        return StorageError("địa chỉ cơ sở dữ liệu không đúng / cannot be understood: postgresql://USER@HOST:PORT/NAME")
    elif isinstance(error, TimeoutError):
        return StorageError(f"{database} không trả lời kịp / did not answer in time")
    elif isinstance(error, OSError | asyncpg.InterfaceError | asyncpg.InternalClientError):
        return StorageError(f"không kết nối được {database}, máy chủ có chạy không? / cannot be reached ({error})")
    return error


_MEANINGS = (
    ("08", "mất kết nối", "lost the connection"),
    (
        "25006",
        "không ghi được: máy chủ hoặc giao dịch chỉ cho đọc",
        "cannot be written here: the server or the transaction is read-only",
    ),
    ("25P03", "đã hủy việc bị bỏ dở quá lâu", "gave up on work in which nothing happened for too long"),
    ("28", "từ chối tên người dùng hoặc mật khẩu", "refused the user or the password"),
    ("3D000", "chưa có: xin tạo trước", "does not exist: create it first"),
    ("40", "đã hủy việc này vì một việc khác cùng lúc", "undid the work because of another one beside it"),
    ("42501", "không cho người dùng này làm việc đó", "does not allow this user to do that"),
    ("42P01", "chưa có bảng: xin chạy `motcua migrate`", "has no tables yet: run `motcua migrate`"),
    ("53100", "không ghi thêm được: đĩa của máy chủ đã đầy", "cannot grow: the server's disk is full"),
    ("53", "hết chỗ: kết nối, bộ nhớ hoặc đĩa", "has no room for more: connections, memory or disk"),
    ("55000", "hiện không nhận kết nối", "takes no connections now"),
    ("55P03", "đang bị tiến trình khác giữ", "is held by another process"),
    ("57014", "trả lời quá lâu", "took too long to answer"),
    ("57", "đang tắt hoặc đang khởi động", "is being shut down or started"),
    ("58", "máy chủ không đọc ghi được: đĩa hỏng", "cannot be read or written by the server: its disk is failing"),
    ("XX", "đã hỏng: xin xem nhật ký của máy chủ", "is damaged: look into the server's log"),
)


async def lift_limits(connection: asyncpg.Connection) -> None:
    """For the transaction that is open, a long piece of work: no limit of the server or of ours for statements, locks
    and transactions ends it, as none ends pg_dump."""
    known = [limit for limit, since in _LIMITS.items() if connection.get_server_version().major >= since]
    await connection.execute("; ".join(f"SET LOCAL {limit} = 0" for limit in known))
