"""Which column of the view is what, and rows as the records that the shared reader understands."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from adapters.records.columns import FIELDS, REQUIRED, fold
from adapters.sources.sql_view.settings import Settings
from bot.model.errors import SourceError

_LONGEST = 30
"""Digits of a whole number."""
_NO_DATE = "0000-00-00"
"""What MySQL keeps where no date was given."""


class Column(NamedTuple):
    """A column as the database names it, and its type as the driver names it."""

    name: str
    type: str


class Layout(NamedTuple):
    """Where everything stands. Only what is needed is ever selected."""

    names: tuple[str, ...]
    """The columns that hold fields or the code, in the database's own spelling."""
    keys: Mapping[str, int]
    """Name that the reader of records looks for -> position in `names`."""
    code: str
    """The column that tells rows apart."""
    changed: str
    """The column with the change time; empty where every row is read."""
    changed_type: str
    code_is_dossier: bool
    """`code` holds the dossier's code and not an id of the vendor's."""

    def record(self, row: Sequence[Any]) -> dict[str, Any]:
        return {key: self._plain(index, row[index]) for key, index in self.keys.items()}

    def _plain(self, index: int, value: Any) -> Any:
        """A rowversion of SQL Server that is also mapped to `sequence` counts as the number that it is."""
        if isinstance(value, bytes) and self.names[index] == self.changed:
            return int.from_bytes(value)
        return _plain(value)

    def spelled(self, key: str) -> str:
        """The column in the database's spelling for a name of the reader's."""
        return self.names[self.keys[key]] if key in self.keys else key


def layout_of(columns: Sequence[Column], settings: Settings) -> Layout:
    """Names are compared by letters and digits alone: databases change capitals. Raises `SourceError` naming what is
    missing and what was found."""
    found = _Found(columns)
    own = settings.fields
    keys = {
        name: column
        for field in FIELDS
        for name in ((own[field],) if field in own else FIELDS[field])
        if (column := found.get(name))
    }
    by_field = {field: _first(field, settings, found) for field in FIELDS}
    code = found.get(settings.code_column) if settings.code_column else by_field["code"]
    changed = ""
    if settings.mode == "since":
        changed = found.get(settings.changed_column) if settings.changed_column else by_field["updated_at"]
    missing = [
        _name(field, settings) for field in FIELDS if not by_field[field] and (field in REQUIRED or field in own)
    ]
    if settings.code_column and not code:
        missing.append(settings.code_column)
    if settings.mode == "since" and not changed:
        missing.append(settings.changed_column or _name("updated_at", settings))
    if missing:
        raise SourceError(_missing(missing, columns, settings))
    names = tuple(dict.fromkeys([*keys.values(), code]))
    return Layout(
        names,
        {key: names.index(column) for key, column in keys.items()},
        code,
        changed,
        found.types.get(changed, ""),
        code == by_field["code"],
    )


class _Found:
    """The columns of the view by their names: as written first, then by letters and digits alone."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.types = {column.name: column.type for column in columns}
        self._folded: dict[str, str] = {}
        for column in columns:
            self._folded.setdefault(fold(column.name), column.name)

    def get(self, name: str) -> str:
        return name if name in self.types else self._folded.get(fold(name), "")


def _first(field: str, settings: Settings, found: _Found) -> str:
    names = (settings.fields[field],) if field in settings.fields else FIELDS[field]
    return next((column for name in names if (column := found.get(name))), "")


def _name(field: str, settings: Settings) -> str:
    return settings.fields.get(field, FIELDS[field][0])


def _missing(missing: Sequence[str], columns: Sequence[Column], settings: Settings) -> str:
    names = ", ".join(dict.fromkeys(missing))
    seen = ", ".join(column.name[:40] for column in columns[:40]) or "-"
    return (
        f"{settings.place}: thiếu cột {names}. Các cột tìm thấy: {seen}. Hãy khai báo tên cột ở mục fields, "
        f"changed_column, code_column. / Missing columns: {names}; found: {seen}. Name them under fields, "
        "changed_column, code_column."
    )


def _plain(value: Any) -> Any:
    """What drivers give beyond what records hold: texts as bytes, ids, MySQL's date for none."""
    match value:
        case bytes() | bytearray() | memoryview():
            try:
                return bytes(value).decode()
            except UnicodeDecodeError:
                return value
        case UUID():
            return str(value)
        case Decimal() if value.is_finite() and abs(value.adjusted()) < _LONGEST and value == value.to_integral_value():
            # A status in a column with decimals is still that status.
            return int(value)
        case str() if value.startswith(_NO_DATE):
            return None
        case _:
            return value
