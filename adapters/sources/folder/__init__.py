"""Source `folder`: CSV and workbook exports that the one-stop software drops into a folder.

Promises: each version of a file is read once, in order of its last change; a restart goes on after the last batch
that was applied; a row that cannot be understood is quarantined with file, row and column and stops nothing, and so
is a file that is faulty as a whole. The data counts as of the last change of the newest file that was read. A file
whose content was read before, among the last 64, is not read again; a file moves to the archive only once all of it
is durable, and while it has not changed.

Not promised: a file more than `grace` seconds older than the newest one read is not taken (it is quarantined, or
passed over where it came while nobody watched). Where records carry neither a sequence nor the time of their last
change, files are in the order of their own times: an older export that was edited and dropped in again is newer.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.sources.folder.pieces import read_file
from adapters.sources.folder.settings import Settings
from adapters.sources.folder.source import FolderSource
from bot.ports import Source

__all__ = ["FolderSource", "Settings", "open", "read_file"]


@asynccontextmanager
async def open(name: str, settings: Settings) -> AsyncIterator[Source]:  # noqa: A001 - the name that every adapter offers
    """The source; the folder itself is looked at when batches are asked for."""
    source = FolderSource(name, settings)
    yield Source(name=name, source=source, reread=source.reread, changed=source.changed if settings.watch else None)
