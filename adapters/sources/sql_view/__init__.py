"""Source `sql_view`: a view, table or query in the vendor's own database, only ever read.

PostgreSQL, MySQL, MariaDB, SQL Server, Oracle and SQLite files, through SQLAlchemy and one driver each, which are
imported when first needed: where they are missing, the error names the extra to install.

Promises: what was changed since the round before, page by page through (changed, code), however many rows share one
change time; a restart goes on after the last page that was applied; rows without a change time are read each round;
a row committed late is found if it comes within `overlap` of the newest one seen. Each page is one query in a
transaction of its own that is read-only where the database has such, ends in a rollback, and is ended after
`timeout`. At most one connection is open. A row that cannot be understood is quarantined with its code and stops
nothing; only the columns that are needed are selected.

Not promised: that rows deleted at the source are noticed (the nightly comparison does); that SQL Server refuses a
write, for which its account must have no more than SELECT; a view that shows one dossier in several rows, of which
the last one read counts (it is noted). Tested against real PostgreSQL, MariaDB and SQLite; for SQL Server and Oracle
the text of every query is, not the answer of a server.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.sources.sql_view.door import Door
from adapters.sources.sql_view.settings import Settings
from adapters.sources.sql_view.source import ViewSource
from bot.ports import Source

__all__ = ["Settings", "ViewSource", "open"]


@asynccontextmanager
async def open(name: str, settings: Settings) -> AsyncIterator[Source]:  # noqa: A001 - the name that every adapter offers
    """The source; the database is connected to when batches are asked for."""
    door = Door(settings)
    source = ViewSource(name, settings, door)
    secrets = (settings.password.get_secret_value(),) if settings.password else ()
    try:
        yield Source(name=name, source=source, reread=source.reread, secrets=secrets)
    finally:
        await door.close()
