"""The folder as a source: what is new in it, batch by batch."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from adapters.sources.folder.archive import archive_of
from adapters.sources.folder.listing import Listing
from adapters.sources.folder.pieces import digest_of, pieces
from adapters.sources.folder.progress import Progress, Version
from adapters.sources.folder.reading import Changed
from adapters.sources.folder.rereading import reread, unreadable, whole
from adapters.sources.folder.settings import Settings
from adapters.sources.folder.watching import until_changed
from bot.model.dossier import Dossier
from bot.model.errors import SourceError
from bot.ports import Batch, Quarantined

logger = logging.getLogger(__name__)

_NANO = 1_000_000_000
_LOOK_AGAIN = 1.0
"""Seconds at least until a file that was still growing is looked at again."""
_LATE = (
    "Tệp cũ hơn tệp đã đọc nên không được đọc, để dữ liệu cũ không đè lên dữ liệu mới; "
    "nếu vẫn cần, hãy dùng lệnh import."
)


class _Step(NamedTuple):
    """What a batch is made of."""

    progress: Progress
    dossiers: tuple[Dossier, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()


class FolderSource:
    """Reads each version of each file once, in the order in which they were last changed.

    A file that is faulty as a whole is quarantined (row 0) and left alone until it changes; it holds up no other.
    A file that is replaced while it is read is read again from its first row. A file whose content was read before is
    passed over: only where it repeats the export that was read last does it show that the data is still the same.
    """

    def __init__(self, name: str, settings: Settings, *, now: Callable[[], float] = time.time) -> None:
        self._name = name
        self._settings = settings
        self._now = now
        self._listing = Listing(settings, now=now)
        self._archive = archive_of(settings, self._listing, now=now)
        self._grace = int(settings.grace * _NANO)
        self._known: set[Version] | None = None
        """What stood in the folder at the look before; None before the first."""
        self._unreadable: set[Version] = set()

    async def batches(self, cursor: str | None) -> AsyncIterator[Batch]:
        progress = Progress.load(cursor)
        paths = await asyncio.to_thread(self._look, progress)
        late = self._late(paths, progress)
        if self._known is None or not progress.anew:
            self._known = set(paths)
        waiting = [version for version in sorted(paths) if progress.waits(version)]
        ended = bool(late) and not waiting
        if late:
            yield self._batch(_Step(progress, quarantined=late), ends=ended)
        for version in waiting:
            others = [other for other in waiting if other > version or other in self._unreadable]
            async with aclosing(self._steps(version, paths[version], progress, others)) as steps:
                async for step in steps:
                    progress = step.progress
                    ended = version == waiting[-1] and progress.current is None
                    yield self._batch(step, ends=ended)
        if not ended and progress.shows >= 0:
            yield self._batch(_Step(progress), ends=True)

    async def changed(self) -> None:
        """Returns when there may be something to read: soon, where something has come since the last look or was
        still growing then."""
        try:
            versions = await asyncio.to_thread(self._listing.present)
        except SourceError:
            versions = set()
        if versions <= (self._known or set()):
            await until_changed(self._settings.path, self._listing.shows)
            await asyncio.sleep(self._settings.settle)
        else:
            await asyncio.sleep(max(self._settings.settle, _LOOK_AGAIN))

    async def reread(self, places: Collection[str]) -> AsyncIterator[Batch]:
        """The exports of these names, in the folder or the archive, from their first row; see `rereading.reread`."""
        async with aclosing(reread(places, self._name, self._settings, self._listing, self._archive)) as found:
            async for batch in found:
                yield batch

    def _look(self, progress: Progress) -> dict[Version, Path]:
        """What there is and where it lies. What the cursor shows to be read is durable, so it is archived first: not
        before, for a comparison with the mirror reads too."""
        paths = {version: self._settings.path / version.name for version in self._listing.versions()}
        if not self._archive:
            return paths
        for version in filter(progress.was_read, paths):
            self._archive.take(version)
        self._archive.sweep()
        return self._archive.versions() | paths if progress.anew else paths

    def _where(self, version: Version, path: Path) -> Path:
        """Its path now: while one reads from the beginning, another may have moved it to the archive."""
        return self._archive.versions().get(version, path) if self._archive and not path.exists() else path

    async def _steps(
        self, version: Version, path: Path, progress: Progress, others: Collection[Version]
    ) -> AsyncGenerator[_Step, None]:
        row = progress.row_in(version)
        after = partial(progress.after, version, grace=self._grace, waiting=others)
        try:
            path = await asyncio.to_thread(self._where, version, path)
            digest = await asyncio.to_thread(digest_of, path, version)
            if progress.knows(digest) and not row:
                self._note_repetition(version, progress, digest)
                yield _Step(after(digest))
                return
            async with aclosing(pieces(path, self._settings, self._name, row=row, place=version.name)) as found:
                async for piece in found:
                    # An export without rows may come any number of times: it repeats nothing.
                    done = after(digest if piece.row > self._settings.header_row else "")
                    moved = done if piece.last else progress.within(version, piece.row)
                    yield _Step(moved, piece.dossiers, piece.quarantined)
        except SourceError as error:
            yield _Step(after(None), quarantined=(whole(self._name, version.name, str(error)),))
        except (Changed, FileNotFoundError):
            logger.info("%s: %s changed or vanished while it was read", self._name, version.name)
        except OSError as error:
            if version not in self._unreadable:
                self._unreadable.add(version)
                yield _Step(progress, quarantined=(unreadable(self._name, version.name, error),))

    def _batch(self, step: _Step, *, ends: bool) -> Batch:
        """`ends`: it is the last one of the round, and says of when the data is."""
        progress = step.progress.at_rest() if ends else step.progress
        shows = progress.shows
        as_of = datetime.fromtimestamp(min(shows / _NANO, self._now()), UTC) if ends and shows >= 0 else None
        return Batch(step.dossiers, progress.dump(), step.quarantined, as_of=as_of)

    def _late(self, versions: Collection[Version], progress: Progress) -> tuple[Quarantined, ...]:
        """Newcomers older than what has been dealt with for good. At the first look nobody can tell them apart."""
        if self._known is None or progress.anew:
            return ()
        newcomers = (version for version in versions if version not in (self._known or ()))
        return tuple(
            whole(self._name, each.name, _LATE)
            for each in newcomers
            if each.changed <= progress.floor and each not in progress.done
        )

    def _note_repetition(self, version: Version, progress: Progress, digest: str) -> None:
        if digest == progress.latest:
            logger.info("%s: %s has the content of the export read last", self._name, version.name)
        else:
            logger.warning(
                "%s: %s has the content of an older export and was not read; if it is right, import it",
                self._name,
                version.name,
            )
