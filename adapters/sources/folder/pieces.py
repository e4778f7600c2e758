"""A file's pieces without holding up the loop, and its digest, by which it is known again."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from hashlib import blake2b
from pathlib import Path

from adapters.sources.folder.progress import Version
from adapters.sources.folder.reading import Changed, Piece, Reading
from adapters.sources.folder.settings import Settings
from bot.model.errors import SourceError
from bot.ports import Batch

_BLOCK = 1 << 20
_DIGEST = 12
"""Bytes: two exports that differ are not taken for one."""


async def pieces(
    path: Path, settings: Settings, name: str, *, row: int = 0, place: str = ""
) -> AsyncGenerator[Piece, None]:
    """What follows `row`, read in a thread, a piece at a time. Raises as `Reading` does."""
    reading = await asyncio.to_thread(Reading, path, settings, source=name, place=place)
    try:
        if row:
            await asyncio.to_thread(reading.skip, row)
        while True:
            piece = await asyncio.to_thread(reading.piece)
            yield piece
            if piece.last:
                return
    finally:
        reading.close()


async def read_file(path: Path, settings: Settings, name: str, cursor: str | None = None) -> AsyncIterator[Batch]:
    """The batches of one file, wherever it lies, for an import by hand into the source `name`.

    `cursor` is the source's own and comes back unchanged with every batch: an import moves nothing.
    Raises `SourceError` where the file as a whole cannot be read.
    """
    try:
        async with aclosing(pieces(path, settings, name)) as found:
            async for piece in found:
                yield Batch(piece.dossiers, cursor or "", piece.quarantined)
    except Changed:
        raise SourceError(
            f"Tệp {path.name} thay đổi trong lúc đọc; hãy nhập lại. / The file changed: import it again."
        ) from None
    except OSError as error:
        raise SourceError(f"Không mở được tệp {path}: {error.strerror}. / The file cannot be opened.") from error


def digest_of(path: Path, version: Version) -> str:
    """Of all bytes of the file. Blocks; raises `Changed` where the file is no longer this version, and `OSError`."""
    digest = blake2b(digest_size=_DIGEST)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
        stat = os.fstat(file.fileno())
    if (stat.st_mtime_ns, stat.st_size) != (version.changed, version.size):
        raise Changed(version.name)
    return digest.hexdigest()
