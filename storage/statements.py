"""The named queries of `storage/sql`, ready to be run on one connection of either engine."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import aiosql

from storage.edge import clean_values
from storage.sealing import sql as sealing

_SQL = Path(__file__).parent / "sql"
_ROW_LOCK = re.compile(r"\s*\bFOR (UPDATE|(KEY )?SHARE)( OF \w+)?( SKIP LOCKED)?")


_ROWS_AS_JSON = re.compile(r"\brows_as_json\(([^()]*)\)")
FOR_ENGINE = re.compile(r"/\*(sqlite|postgres)\s(.*?)\*/", re.DOTALL)
"""Text for one engine alone, in a query or a migration."""
PARAMETER = re.compile(r"'[^']*'|(?<![:\w]):(?P<name>[a-z]\w*)")
"""A `:name` of a query, or a text in which nothing is one."""


def positional(
    rows: Iterable[Mapping[str, Any] | tuple[Any, ...]], names: Sequence[str]
) -> list[tuple[Any, ...] | list[Any]]:
    """Each row's values in the order of `names`, clean; tuples are so already."""
    return [row if isinstance(row, tuple) else clean_values(row[name] for name in names) for row in rows]


def for_engine(sql: str, engine: str) -> str:
    """`sql` with what is written in `/*engine … */` for that engine, `sqlite` or `postgres`, and for no other."""
    return FOR_ENGINE.sub(lambda match: match[2] if match[1] == engine else "", sql)


def rows_as_json(sql: str, *, gather: str, row: str) -> str:
    """`sql` with `rows_as_json(a, b)`, a JSON list of lists, in the words of an engine: its functions that gather
    values into a list, and that make a list of the values of one row."""
    return _ROWS_AS_JSON.sub(lambda match: f"{gather}({row}({match[1]}))", sql)


class Row(Protocol):
    """One row of a result, by the column's name or number, or all its values in order."""

    def __getitem__(self, column: str | int, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...


def load_queries(adapter: Callable[[], Any], engine: str) -> Any:
    """All queries, made ready by the engine's aiosql adapter."""
    # Here and not by aiosql, which takes every comment out before anybody can read it.
    texts = [for_engine(path.read_text(encoding="utf-8"), engine) for path in sorted(_SQL.glob("*.sql"))]
    return aiosql.from_str("\n".join((*texts, sealing.queries(engine))), cast("Any", adapter))


def without_row_locks(sql: str) -> str:
    """`sql` for where rows cannot be locked (SQLite has one writer anyway) or need not be (readers)."""
    return _ROW_LOCK.sub("", sql)


class Statements:
    """Runs queries by their name; parameters go by name too. One statement and one round trip each."""

    is_sealed = False
    """Whether what is personal lies sealed there, so that no statement can look into it."""

    def __init__(self, queries: Any, connection: Any) -> None:
        self._queries = queries
        self._driver = queries.driver_adapter
        self._connection = connection

    async def rows(self, name: str, /, **values: Any) -> list[Row]:
        # Past aiosql's own functions: they cost more than SQLite needs to find a row.
        found: list[Row] = await self._driver.fetch(self._connection, name, self._text(name), values)
        return found

    async def row(self, name: str, /, **values: Any) -> Row | None:
        found: Row | None = await self._driver.select_one(self._connection, name, self._text(name), values)
        return found

    async def value(self, name: str, /, **values: Any) -> Any:
        return await self._driver.select_value(self._connection, name, self._text(name), values)

    async def change(self, name: str, /, **values: Any) -> int:
        """How many rows were changed."""
        changed: int = await self._driver.insert_update_delete(self._connection, name, self._text(name), values)
        return changed

    async def change_many(self, name: str, rows: Sequence[Mapping[str, Any]] | Sequence[tuple[Any, ...]]) -> int | None:
        """Each row by its names; or as a tuple, clean, in the order in which the query uses them, each once. How many
        rows were changed, as far as the driver tells; None: it does not."""
        if not rows:
            return 0
        changed: int | None = await self._driver.insert_update_delete_many(
            self._connection, name, self._text(name), rows
        )
        return changed

    def has(self, name: str) -> bool:
        """Whether this engine has a query of that name."""
        return hasattr(self._queries, name)

    def _text(self, name: str) -> str:
        text: str = getattr(self._queries, name).sql
        return text
