"""The vendor's database: one connection, short read-only transactions, nothing that waits without an end.

Imports SQLAlchemy, so this module is imported only when a view is to be read.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import exc

from adapters.sources.sql_view.faults import busy, failure, unreachable
from adapters.sources.sql_view.kinds import connect_arguments, preamble
from adapters.sources.sql_view.layout import Column
from adapters.sources.sql_view.settings import Settings
from adapters.sources.sql_view.statements import Query

_SQLITE_STEPS = 10_000
"""Steps of SQLite's machine between two looks at the clock: some milliseconds."""


class Answer(NamedTuple):
    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]


class Database:
    """All methods block: call them in a thread. Raises `SourceError` for whatever the database may answer.

    `interrupt` may be called from another thread while a query runs.
    """

    def __init__(self, settings: Settings) -> None:
        """Connects to nothing yet. Raises `ImportError` where the driver is not installed."""
        self._settings = settings
        self._kind = settings.kind
        self._engine = sa.create_engine(
            _address(settings),
            poolclass=sa.pool.QueuePool,
            pool_size=1,
            max_overflow=0,
            pool_pre_ping=True,
            pool_timeout=settings.connect_timeout,
            hide_parameters=True,
            connect_args=connect_arguments(
                self._kind, timeout=settings.timeout, connect_timeout=settings.connect_timeout
            ),
        )
        if self._kind.name == "postgresql":
            from adapters.sources.sql_view.postgresql import lenient

            sa.event.listen(self._engine, "connect", lenient)
        self._running: Any = None
        """The driver's connection, while a query runs."""
        self._closed = False

    def ask(self, query: Query) -> Answer:
        """Its answer, in a transaction of its own that is rolled back."""
        with self._connection() as connection:
            try:
                self._prepare(connection)
                result = connection.execute(query)
                described = result.cursor.description if result.cursor is not None else None
                columns = tuple(Column(str(each[0]), _type_name(each[1])) for each in described or ())
                return Answer(columns, [tuple(row) for row in result])
            except (exc.DBAPIError, ValueError, OverflowError) as error:
                # The latter two from drivers that meet bytes or dates for which Python has no value.
                raise failure(error, self._settings) from None

    def interrupt(self) -> None:
        """Asks the database to end the query that runs; where this is not possible its time-out will."""
        running, name = self._running, self._kind.interrupt
        if running is not None and name:
            # Between the look and the call it may have ended, and its connection may be gone.
            with suppress(Exception):
                getattr(running, name)()

    def close(self) -> None:
        self._closed = True
        self._engine.dispose()

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        try:
            connection = self._engine.connect()
        except exc.TimeoutError:
            raise busy(self._settings) from None
        except (exc.DBAPIError, TypeError, ValueError) as error:
            # The latter two from drivers that do not know an option in the address, or its value.
            raise unreachable(error, self._settings) from None
        with connection:
            self._running = connection.connection.driver_connection
            try:
                yield connection
            finally:
                self._running = None
                if self._closed:
                    # Given up by everybody: nobody would close it.
                    connection.invalidate()

    def _prepare(self, connection: sa.Connection) -> None:
        settings, dialect = self._settings, connection.dialect
        if self._kind.name == "oracle":
            self._running.call_timeout = round(settings.timeout * 1_000)
        if self._kind.name == "sqlite":
            ends = time.monotonic() + settings.timeout
            self._running.set_progress_handler(lambda: time.monotonic() > ends, _SQLITE_STEPS)
            self._running.text_factory = lambda text: text.decode("utf-8", "replace")
        for statement in preamble(
            self._kind,
            timeout=settings.timeout,
            utc_offset=settings.utc_offset,
            mariadb=getattr(dialect, "is_mariadb", False),
            version=tuple(part for part in dialect.server_version_info or () if isinstance(part, int)),
        ):
            connection.exec_driver_sql(statement)


def _address(settings: Settings) -> sa.URL:
    url = sa.make_url(settings.url).set(drivername=settings.kind.driver)
    if settings.kind.name == "sqlite":
        return url.set(database=f"file:{url.database}").update_query_dict({"mode": "ro", "uri": "true"})
    return url.set(password=settings.password.get_secret_value()) if settings.password else url


def _type_name(type_: object) -> str:
    return str(getattr(type_, "name", type_))
