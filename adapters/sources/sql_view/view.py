"""A view whose columns have been looked up, asked page by page. Everything here blocks."""

from adapters.sources.sql_view.database import Database
from adapters.sources.sql_view.faults import unstable
from adapters.sources.sql_view.keys import Key
from adapters.sources.sql_view.layout import Layout, layout_of
from adapters.sources.sql_view.page import Page, PageReader, named_in
from adapters.sources.sql_view.settings import Settings
from adapters.sources.sql_view.statements import Query, Statements, header


class View:
    """Raises `SourceError` for whatever the database may answer."""

    def __init__(self, database: Database, settings: Settings, layout: Layout, *, source: str) -> None:
        self._database = database
        self._settings = settings
        self._layout = layout
        self._statements = Statements(settings, layout)
        self._reader = PageReader(settings, layout, source=source)

    def newest(self) -> Key | None:
        """The newest change, in the form in which the others are asked for; None where no row has one."""
        newest = self._one(self._statements.newest())
        if newest is not None and self._statements.text_for(newest) != self._statements.as_text:
            self.know(newest)
            newest = self._one(self._statements.newest())
        return newest

    def know(self, sample: Key) -> None:
        """A value of the changed column as `newest` gave it before."""
        self._statements = Statements(self._settings, self._layout, sample)

    def dated(self, start: Key | None, after: tuple[Key, ...], *, end: Key | None = None) -> Page:
        """The next rows with a change time: after the row `after`, else from `start` on."""
        return self._page(self._statements.dated(start, after, self._limit, end=end), after, dated=True)

    def undated(self, after: tuple[Key, ...]) -> Page:
        return self._page(self._statements.undated(after, self._limit), after)

    def every(self, after: tuple[Key, ...]) -> Page:
        return self._page(self._statements.every(after, self._limit), after)

    def without_code(self) -> Page:
        """The first of the rows that have no code, none of which can be mirrored."""
        return self._page(self._statements.without_code(self._limit), (), dated=bool(self._layout.changed))

    def having(self, codes: list[Key]) -> Page:
        return self._reader.page(self._database.ask(self._statements.having(codes)).rows)

    def code_in(self, place: str) -> Key | None:
        return named_in(place, self._settings, self._layout.code)

    def change_in(self, place: str) -> Key | None:
        return named_in(place, self._settings, self._layout.changed) if self._layout.changed else None

    @property
    def _limit(self) -> int:
        """One row more than is taken shows whether there is more."""
        return self._settings.batch_rows + 1

    def _page(self, query: Query, after: tuple[Key, ...], *, dated: bool = False) -> Page:
        rows = self._database.ask(query).rows
        page = self._reader.page(rows, dated=dated, limit=self._settings.batch_rows)
        if after and page.first == after:
            raise unstable(self._settings)
        return page

    def _one(self, query: Query) -> Key | None:
        rows = self._database.ask(query).rows
        return rows[0][0] if rows else None


def open_view(database: Database, settings: Settings, *, source: str) -> View:
    """Looks up the columns: they may have changed since the round before."""
    columns = database.ask(header(settings)).columns
    return View(database, settings, layout_of(columns, settings), source=source)
