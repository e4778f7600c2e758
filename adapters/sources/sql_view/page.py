"""One page of rows: the dossiers in it, what could not be understood, and where to go on."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any, NamedTuple

from adapters.records.objects import ObjectReader
from adapters.sources.sql_view.keys import Key, loaded, shown
from adapters.sources.sql_view.layout import Layout
from adapters.sources.sql_view.settings import Settings
from bot.model.dossier import Dossier
from bot.ports import Quarantined

_TWICE = "Mã này có từ hai dòng trở lên trong cùng thời điểm; hãy sửa view để mỗi hồ sơ có đúng một dòng."

Row = Sequence[Any]


class Page(NamedTuple):
    dossiers: tuple[Dossier, ...]
    quarantined: tuple[Quarantined, ...]
    first: tuple[Key, ...]
    """The key of the first row; empty where there is none."""
    last: tuple[Key, ...]
    more: bool


EMPTY = Page((), (), (), (), more=False)


class PageReader:
    """Turns rows into dossiers. A row that cannot be understood has a place that a database administrator finds:
    `v_ho_so: ID = 17`, or the change time where the code itself is what cannot be read; its row number is 0."""

    def __init__(self, settings: Settings, layout: Layout, *, source: str) -> None:
        self._settings, self._layout, self._source = settings, layout, source
        self._code = layout.names.index(layout.code)

    def page(self, rows: Sequence[Row], *, dated: bool = False, limit: int | None = None) -> Page:
        """The first `limit` of the rows; one more than these shows that there is more. `dated`: the change time
        stands last in each row."""
        taken = rows if limit is None else rows[:limit]
        if not taken:
            return EMPTY
        reader = ObjectReader(self._settings, source=self._source, place=self._settings.place)
        dossiers: list[Dossier] = []
        quarantined: list[Quarantined] = []
        for row, following in zip_longest(taken, rows[1 : len(taken) + 1]):
            dossier = reader.read(0, self._layout.record(row))
            if dossier is not None:
                dossiers.append(dossier)
                if following is not None and self._key(row, dated=dated) == self._key(following, dated=dated):
                    quarantined.append(self._twice(row, dossier.code, dated=dated))
            quarantined += [self._placed(row, noted, dated=dated) for noted in reader.quarantined]
            reader.quarantined.clear()
        first, last = self._key(taken[0], dated=dated), self._key(taken[-1], dated=dated)
        return Page(tuple(dossiers), tuple(quarantined), first, last, more=len(rows) > len(taken))

    def _key(self, row: Row, *, dated: bool) -> tuple[Key, ...]:
        return (row[-1], row[self._code]) if dated else (row[self._code],)

    def _twice(self, row: Row, code: str, *, dated: bool) -> Quarantined:
        place = self._place(row, readable=True, dated=dated)
        return Quarantined(source=self._source, place=place, row=0, column=self._layout.code, reason=_TWICE, code=code)

    def _placed(self, row: Row, noted: Quarantined, *, dated: bool) -> Quarantined:
        place = self._place(row, readable=bool(noted.code), dated=dated)
        return replace(noted, place=place, column=self._layout.spelled(noted.column))

    def _place(self, row: Row, *, readable: bool, dated: bool) -> str:
        """A dossier code that cannot be read may be anything, a name too, and is not shown."""
        if row[self._code] is not None and (readable or not self._layout.code_is_dossier):
            return place_of(self._settings, self._layout.code, row[self._code])
        if dated and row[-1] is not None:
            return place_of(self._settings, self._layout.changed, row[-1])
        return self._settings.place


def place_of(settings: Settings, column: str, key: Key) -> str:
    return f"{settings.place}: {column} = {json.dumps(shown(key), ensure_ascii=False)}"


def named_in(place: str, settings: Settings, column: str) -> Key | None:
    """The value of `column` in a place that `place_of` wrote; None for any other place."""
    start = f"{settings.place}: {column} = "
    if not place.startswith(start):
        return None
    try:
        return loaded(json.loads(place.removeprefix(start)))
    except ValueError:
        return None
