"""Queries whose parameters are sealed on their way in, and whose rows are open when they come out."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from storage.edge import MARK
from storage.sealing import forms
from storage.sealing.columns import COLUMNS, KNOWN_AS_JSON, VALUES, form_of
from storage.sealing.forms import Form, sealed_value
from storage.sealing.seal import Seal, is_sealed, is_words
from storage.statements import Row, Statements

_Opener = Callable[[Seal, Any], Any]
_Way = tuple[tuple[str, Form], ...]
_NO_WAY: _Way = ()


class SealedStatements(Statements):
    """As `Statements`, for a database that is sealed."""

    is_sealed = True

    def __init__(self, queries: Any, connection: Any, seal: Seal) -> None:
        super().__init__(queries, connection)
        self.seal: Seal = seal

    @property
    def as_stored(self) -> Statements:
        """The same connection, without seal: for who handles what is sealed as it is."""
        return Statements(self._queries, self._connection)

    async def rows(self, name: str, /, **values: Any) -> list[Row]:
        return self._opened(await super().rows(name, **self._sealed(name, values)))

    async def row(self, name: str, /, **values: Any) -> Row | None:
        found = await super().row(name, **self._sealed(name, values))
        return None if found is None else self._opened([found])[0]

    async def value(self, name: str, /, **values: Any) -> Any:
        found = await super().value(name, **self._sealed(name, values))
        if found.__class__ is str and name == "dossiers_known":
            return self.seal.open_prints(found)
        return self._open(VALUES.get(name, ""), found)

    async def change(self, name: str, /, **values: Any) -> int:
        return await super().change(name, **self._sealed(name, values))

    async def change_many(self, name: str, rows: Sequence[Mapping[str, Any]] | Sequence[tuple[Any, ...]]) -> int | None:
        if not rows:
            return 0
        first = rows[0]
        if isinstance(first, tuple):
            return await super().change_many(name, self._sealed_tuples(name, rows))  # type: ignore[arg-type]
        way = _way(name, tuple(first))
        made = [self._sealed_by(way, row) for row in rows] if way else rows  # type: ignore[arg-type]
        return await super().change_many(name, made)

    def _sealed(self, name: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        way = _way(name, tuple(values))
        return self._sealed_by(way, values) if way else values

    def _sealed_by(self, way: _Way, values: Mapping[str, Any]) -> Mapping[str, Any]:
        seal, made = self.seal, dict(values)
        for parameter, form in way:
            made[parameter] = sealed_value(form, COLUMNS.get(parameter, parameter), seal, made[parameter])
        return made

    def _sealed_tuples(self, name: str, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        names = self._driver.in_order(name)
        way = [(names.index(parameter), form, parameter) for parameter, form in _way(name, tuple(names))]
        seal, made = self.seal, []
        for row in rows:
            values = list(row)
            for place, form, parameter in way:
                values[place] = sealed_value(form, parameter, seal, values[place], is_clean=True)
            made.append(tuple(values))
        return made

    def _opened(self, rows: Sequence[Any]) -> list[Row]:
        """Each row with its values open, where any is sealed."""
        if not rows:
            return list(rows)
        shape = _shape(tuple(rows[0].keys()))
        return [self._opened_row(row, shape) for row in rows]

    def _opened_row(self, row: Any, shape: "_Shape") -> Row:
        values: list[Any] | None = None
        for place, kind in shape.places:
            value = row[place]
            if value.__class__ is str and MARK not in value and kind not in _HIDDEN:
                continue
            opened = self._open(kind, value)
            if opened is not value:
                values = values or list(row)
                values[place] = opened
        return row if values is None else shape.made(values)

    def _open(self, kind: str, value: Any) -> Any:
        """`value` as it was before it was sealed; a plain one as it is."""
        seal = self.seal
        if value.__class__ is bytes:
            return seal.open_bytes(kind, value) if is_sealed(value) else value
        if value.__class__ is not str:
            return value
        at = value.find(MARK)
        if at < 0:
            if kind not in _HIDDEN:
                return value
            return seal.open_prints(value) if kind in KNOWN_AS_JSON else seal.open_print(value)
        if at == 0 and is_sealed(value):
            return forms.open_attached(seal, value) if kind == "attached" else seal.open_free(kind, value)
        if at == 0 and is_words(value):
            return ""
        rest = value[at:]
        if MARK in rest[1:] or "|" in rest:
            return seal.open_within(value)
        return f"{value[:at]}{seal.open_token(rest)}"


_HIDDEN = frozenset({"fingerprint", *KNOWN_AS_JSON})
"""Kinds that are sealed without a mark."""


class _Shape:
    """The columns of a result: where something sealed may stand, and how to make a row."""

    def __init__(self, names: Sequence[str]) -> None:
        kinds = {**COLUMNS, **{name: name for name in KNOWN_AS_JSON}}
        self.places = [(place, kinds[name]) for place, name in enumerate(names) if name in kinds]
        self.made = _row_class({name: place for place, name in enumerate(names)})


@cache
def _shape(names: Sequence[str]) -> _Shape:
    return _Shape(names)


@cache
def _way(query: str, parameters: Sequence[str]) -> _Way:
    """The parameters that are sealed, and how."""
    return tuple((name, form) for name in parameters if (form := form_of(query, name))) or _NO_WAY


def _row_class(places: Mapping[str, int]) -> Callable[[Sequence[Any]], Row]:
    """A row by position, by name and as a whole, as those of the drivers are."""

    class Opened(tuple[Any, ...]):
        __slots__ = ()

        def __getitem__(self, column: Any) -> Any:
            return tuple.__getitem__(self, places[column] if column.__class__ is str else column)

        def keys(self) -> list[str]:
            return list(places)

    return Opened
