"""Exports that were read, put aside: moved out of the folder, kept for a time, found again by name."""

import errno
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from adapters.sources.folder.listing import Listing
from adapters.sources.folder.progress import Version
from adapters.sources.folder.settings import Settings

logger = logging.getLogger(__name__)

_NANO = 1_000_000_000
_DAY = 86_400.0
_SWEEP = 3_600.0
"""Seconds between two looks for what has been kept long enough."""
_ADDED = re.compile(r"~\d{8}T\d{6}(-\d+)?$")
"""What was added to a name that was taken."""


def archive_of(settings: Settings, listing: Listing, *, now: Callable[[], float]) -> "Archive | None":
    """The archive of a folder; None where there is none."""
    if settings.archive is None:
        return None
    return Archive(settings.path, settings.archive, days=settings.archive_days, is_export=listing.shows, now=now)


class Archive:
    """A folder of read exports. All methods block: call them in a thread. None of them raises `OSError`."""

    def __init__(
        self, folder: Path, archive: Path, *, days: int, is_export: Callable[[str], bool], now: Callable[[], float]
    ) -> None:
        """`days` after which an export is removed, 0 for never; `is_export` tells by its name what may be removed."""
        self._folder = folder
        self._archive = archive
        self._seconds = days * _DAY
        self._is_export = is_export
        self._now = now
        self._swept = float("-inf")
        self._stuck: set[Version] = set()

    def take(self, version: Version) -> None:
        """Moves the file here if it is still this version; where that fails it stays, and the log says so once.
        A link stays too: what it names belongs to somebody else."""
        source = self._folder / version.name
        try:
            if source.is_symlink() or _version_of(source) != version:
                return
            self._archive.mkdir(parents=True, exist_ok=True)
            self._move(source, self._free(version), version)
        except FileNotFoundError:
            return
        except OSError as error:
            if version not in self._stuck:
                self._stuck.add(version)
                logger.warning("%s could not be moved to the archive %s: %s", source, self._archive, error.strerror)

    def sweep(self) -> None:
        """Removes what has been here for longer than `days`."""
        now = self._now()
        if not self._seconds or now - self._swept < _SWEEP:
            return
        self._swept = now
        for path, stat in self._exports():
            # A move keeps the time of the last change; on POSIX the other one says when it came here.
            if now - max(stat.st_mtime, stat.st_ctime) > self._seconds:
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    logger.warning("%s could not be removed from the archive: %s", path, error.strerror)

    def versions(self) -> dict[Version, Path]:
        """Every export here under the name that it had, and where it lies."""
        return {Version(stat.st_mtime_ns, _called(path), stat.st_size): path for path, stat in self._exports()}

    def _exports(self) -> Iterator[tuple[Path, os.stat_result]]:
        with suppress(OSError), os.scandir(self._archive) as entries:
            for entry in entries:
                with suppress(OSError):
                    if self._is_export(entry.name) and entry.is_file(follow_symlinks=False):
                        yield Path(entry.path), entry.stat()

    def _free(self, version: Version) -> Path:
        """A name that is not taken here: its own, else with the time of its last change, else numbered too."""
        own = self._archive / version.name
        changed = datetime.fromtimestamp(version.changed // _NANO, UTC)
        path, number = own, 1
        while path.exists():
            again = f"-{number}" if number > 1 else ""
            path = own.with_name(f"{own.stem}~{changed:%Y%m%dT%H%M%S}{again}{own.suffix}")
            number += 1
        return path

    def _move(self, source: Path, target: Path, version: Version) -> None:
        try:
            source.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _carry_over(source, target, version)
            return
        if _version_of(target)._replace(name=version.name) != version and not source.exists():
            # It was replaced between our look and the move: the new one has not been read.
            target.rename(source)


def _carry_over(source: Path, target: Path, version: Version) -> None:
    """To another file system: there is a whole copy on the disk before the original goes."""
    copy = target.with_name(f".{target.name}.part")
    try:
        with source.open("rb") as original, copy.open("wb") as file:
            shutil.copyfileobj(original, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
        os.utime(copy, ns=(version.changed, version.changed))
        copy.rename(target)
    finally:
        copy.unlink(missing_ok=True)
    if _version_of(source) == version:
        source.unlink()
    else:
        target.unlink()


def _called(path: Path) -> str:
    return _ADDED.sub("", path.stem) + path.suffix


def _version_of(path: Path) -> Version:
    stat = path.stat()
    return Version(stat.st_mtime_ns, path.name, stat.st_size)
