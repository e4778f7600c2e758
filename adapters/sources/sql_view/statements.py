"""The few queries that are ever sent: keyset pages of one view, compiled for each database by SQLAlchemy.

Pages are found by comparison, never by OFFSET: `changed >= c AND (changed > c OR code > k)`, which an index on
(changed, code) answers directly, and which goes on in the right place whatever is written in between.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from adapters.sources.sql_view.keys import Key
from adapters.sources.sql_view.layout import Layout
from adapters.sources.sql_view.settings import Settings

Query = sa.Select[Any]
_Column = ColumnElement[Any]

_WHOLE, _FINE = 'YYYY-MM-DD"T"HH24:MI:SS', 'YYYY-MM-DD"T"HH24:MI:SS.FF9'
_ORACLE = {
    "DB_TYPE_DATE": ("to_date", _WHOLE),
    "DB_TYPE_TIMESTAMP": ("to_timestamp", _FINE),
    "DB_TYPE_TIMESTAMP_TZ": ("to_timestamp_tz", _FINE + "TZH:TZM"),
    "DB_TYPE_TIMESTAMP_LTZ": ("to_timestamp_tz", _FINE + "TZH:TZM"),
}
"""Oracle's type of a column -> the function and the pattern that carry its value as text.

As text because python-oracledb sends every moment as a DATE, without fractions, and because comparing a DATE column
with anything finer would leave its index unused.
"""
_MSSQL_ISO = 126
"""SQL Server's number for ISO 8601, as fine as the type: pymssql itself sends no more than milliseconds."""


class Statements:
    """The queries for one view whose columns are known."""

    def __init__(self, settings: Settings, layout: Layout, sample: Key | None = None) -> None:
        """`sample`: a value of the changed column as it came before, from which SQL Server's form of it is known."""
        self._source = _source(settings)
        self._kind = settings.kind.name
        self._columns = [_column(name) for name in layout.names]
        self._code = _column(layout.code)
        self._changed = _column(layout.changed) if layout.changed else None
        self._type = layout.changed_type
        self.as_text = self.text_for(sample)

    def text_for(self, sample: Key | None) -> bool:
        """Whether the changed column goes to and fro as text, for a value like this."""
        if self._kind == "oracle":
            return self._type in _ORACLE
        return self._kind == "mssql" and sample is not None and not isinstance(sample, int | float | Decimal | bytes)

    def newest(self) -> Query:
        """The newest change."""
        changed = self._required()
        return self._select(self._shown(changed)).where(changed.is_not(None)).order_by(changed.desc()).limit(1)

    def dated(self, start: Key | None, after: Sequence[Key], limit: int, *, end: Key | None = None) -> Query:
        """Rows with a change time after the row `after`, or from `start` to `end` on; the change time comes last."""
        changed = self._required()
        query = self._select(*self._columns, self._shown(changed)).where(self._code.is_not(None))
        if after:
            at, code = self._bound(after[0]), after[1]
            query = query.where(changed >= at, sa.or_(changed > self._bound(after[0]), self._code > _value(code)))
        else:
            query = query.where(changed.is_not(None) if start is None else changed >= self._bound(start))
        if end is not None:
            query = query.where(changed <= self._bound(end))
        return query.order_by(changed, self._code).limit(limit)

    def undated(self, after: Sequence[Key], limit: int) -> Query:
        """Rows without a change time, by code."""
        return self.every(after, limit).where(self._required().is_(None))

    def every(self, after: Sequence[Key], limit: int) -> Query:
        """Rows by code, whatever their change time."""
        here = self._code > _value(after[0]) if after else self._code.is_not(None)
        return self._select(*self._columns).where(here).order_by(self._code).limit(limit)

    def without_code(self, limit: int) -> Query:
        """Rows without a code; the change time comes last where there is one."""
        shown = [] if self._changed is None else [self._shown(self._changed)]
        return self._select(*self._columns, *shown).where(self._code.is_(None)).limit(limit)

    def having(self, codes: Sequence[Key]) -> Query:
        """The rows of these codes."""
        given = sa.bindparam(None, list(codes), expanding=True, type_=sa.types.NullType(), unique=True)
        return self._select(*self._columns).where(self._code.in_(given)).order_by(self._code)

    def _select(self, *columns: _Column) -> Query:
        return sa.select(*columns).select_from(self._source)

    def _required(self) -> _Column:
        if self._changed is None:
            raise ValueError("the layout has no changed column")
        return self._changed

    def _shown(self, column: _Column) -> _Column:
        if not self.as_text:
            return column.label("motcua_changed")
        if self._kind == "mssql":
            text = sa.func.convert(sa.literal_column("varchar(60)"), column, sa.literal_column(str(_MSSQL_ISO)))
        else:
            text = sa.func.to_char(column, sa.literal_column(f"'{_ORACLE[self._type][1]}'"))
        return text.label("motcua_changed")

    def _bound(self, key: Key) -> _Column:
        if self._kind != "oracle" or not self.as_text:
            return _value(bytearray(key) if self._kind == "mssql" and isinstance(key, bytes) else key)
        name, pattern = _ORACLE[self._type]
        bound: _Column = getattr(sa.func, name)(_value(key), sa.literal_column(f"'{pattern}'"))
        return bound


def header(settings: Settings) -> Query:
    """No row, but the names and types of all columns."""
    return sa.select(sa.literal_column("*")).select_from(_source(settings)).where(sa.literal_column("1 = 0"))


def _source(settings: Settings) -> sa.FromClause:
    if settings.query:
        # A colon before a word would be taken for a parameter.
        return sa.text(re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", settings.query)).columns().subquery("motcua")
    folds = settings.kind.folds
    *schema, name = (
        sa.quoted_name(part.name, quote=True) if part.exact else _plain(part.name, folds=folds)
        for part in settings.parts
    )
    return sa.table(name, schema=_schema(schema))


def _plain(name: str, *, folds: bool) -> sa.quoted_name:
    return sa.quoted_name(name.lower() if folds else name, quote=None)


def _schema(parts: Sequence[sa.quoted_name]) -> str | None:
    """SQL Server's `database.schema` is one text to SQLAlchemy, which takes it apart at the point."""
    if len(parts) < 2:
        return parts[0] if parts else None
    return ".".join(f"[{part}]" for part in parts)


def _column(name: str) -> _Column:
    """Quoted, with the capitals that the database itself shows."""
    return sa.column(sa.quoted_name(name, quote=True))


def _value(value: object) -> _Column:
    """Given to the driver as it is: a type of SQLAlchemy's would be cast to, and casts lose zones and fractions."""
    return sa.bindparam(None, value, type_=sa.types.NullType(), unique=True)
