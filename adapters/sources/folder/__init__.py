"""Source `folder`: CSV and workbook exports that the one-stop software drops into a folder.

Promises: each version of a file is read once, in order of its last change; a restart goes on after the last batch
that was applied; a row that cannot be understood is quarantined with file, row and column and stops nothing, and so
is a file that is faulty as a whole. Not promised: a file more than `grace` seconds older than the newest one read
is not taken (it is quarantined, or passed over where it came while nobody watched).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.sources.folder.settings import Settings
from adapters.sources.folder.source import FolderSource, read_file
from bot.ports import Source

__all__ = ["FolderSource", "Settings", "open", "read_file"]


@asynccontextmanager
async def open(name: str, settings: Settings) -> AsyncIterator[Source]:  # noqa: A001 - the name that every adapter offers
    """The source; the folder itself is looked at when batches are asked for."""
    yield Source(name, FolderSource(name, settings), settings.pause, settings.go_live)
