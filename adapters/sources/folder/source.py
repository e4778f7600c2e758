"""The folder as a source: what is new in it, batch by batch."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path

from adapters.sources.folder.listing import Listing
from adapters.sources.folder.progress import Progress, Version
from adapters.sources.folder.reading import Changed, Piece, Reading
from adapters.sources.folder.settings import Settings
from bot.model.errors import SourceError
from bot.ports import Batch, Quarantined

logger = logging.getLogger(__name__)

_NANO = 1_000_000_000
_LATE = (
    "Tệp cũ hơn tệp đã đọc nên không được đọc, để dữ liệu cũ không đè lên dữ liệu mới; "
    "nếu vẫn cần, hãy dùng lệnh import."
)


class FolderSource:
    """Reads each version of each file once, in the order in which they were last changed.

    A file that is faulty as a whole is quarantined (row 0) and left alone until it changes; it holds up no other.
    A file that is replaced while it is read is read again from its first row.
    """

    def __init__(self, name: str, settings: Settings, listing: Listing | None = None) -> None:
        self._name = name
        self._settings = settings
        self._listing = listing or Listing(settings)
        self._grace = int(settings.grace * _NANO)
        self._known: set[Version] | None = None
        """What stood in the folder at the look before; None before the first."""
        self._unreadable: set[Version] = set()

    async def batches(self, cursor: str | None) -> AsyncIterator[Batch]:
        progress = Progress.load(cursor)
        versions = await asyncio.to_thread(self._listing.versions)
        late = self._late(versions, progress)
        if late:
            yield Batch((), progress.dump(), late)
        self._known = set(versions)
        waiting = [version for version in versions if progress.waits(version)]
        for version in waiting:
            others = [other for other in waiting if other > version or other in self._unreadable]
            done = progress.after(version, grace=self._grace, waiting=others)
            try:
                async with aclosing(self._pieces(version, progress)) as pieces:
                    async for piece in pieces:
                        progress = done if piece.last else progress.within(version, piece.row)
                        yield Batch(piece.dossiers, progress.dump(), piece.quarantined)
            except SourceError as error:
                progress = done
                yield Batch((), progress.dump(), (self._whole(version, str(error)),))
            except (Changed, FileNotFoundError):
                logger.info("%s: %s changed or vanished while it was read", self._name, version.name)
            except OSError as error:
                if version not in self._unreadable:
                    self._unreadable.add(version)
                    reason = f"Không mở được tệp {version.name}: {error.strerror}."
                    yield Batch((), progress.dump(), (self._whole(version, reason),))

    def _pieces(self, version: Version, progress: Progress) -> AsyncGenerator[Piece, None]:
        return _pieces(self._settings.path / version.name, self._settings, self._name, progress.row_in(version))

    def _late(self, versions: list[Version], progress: Progress) -> tuple[Quarantined, ...]:
        """Newcomers older than what has been dealt with for good. At the first look nobody can tell them apart."""
        if self._known is None:
            return ()
        newcomers = (version for version in versions if version not in (self._known or ()))
        return tuple(self._whole(each, _LATE) for each in newcomers if each.changed <= progress.floor)

    def _whole(self, version: Version, reason: str) -> Quarantined:
        return Quarantined(source=self._name, place=version.name, row=0, column="", reason=reason)


async def read_file(path: Path, settings: Settings, name: str, cursor: str | None = None) -> AsyncIterator[Batch]:
    """The batches of one file, wherever it lies, for an import by hand into the source `name`.

    `cursor` is the source's own and comes back unchanged with every batch: an import moves nothing.
    Raises `SourceError` where the file as a whole cannot be read.
    """
    try:
        async with aclosing(_pieces(path, settings, name, 0)) as pieces:
            async for piece in pieces:
                yield Batch(piece.dossiers, cursor or "", piece.quarantined)
    except Changed:
        raise SourceError(f"Tệp {path.name} thay đổi trong lúc đọc; hãy nhập lại.") from None
    except OSError as error:
        raise SourceError(f"Không mở được tệp {path}: {error.strerror}.") from error


async def _pieces(path: Path, settings: Settings, name: str, row: int) -> AsyncGenerator[Piece, None]:
    """Read in a thread, a piece at a time, so that the loop stays free."""
    reading = await asyncio.to_thread(Reading, path, settings, source=name)
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
