"""Which files of the folder are exports, and which of them are whole."""

import os
import time
from collections.abc import Callable
from fnmatch import fnmatch

from adapters.sources.folder.progress import Version
from adapters.sources.folder.settings import Settings
from bot.model.errors import SourceError

_BEING_WRITTEN = (".tmp", ".part", ".partial", ".crdownload", "~")
_NANO = 1_000_000_000
_EMPTY = 30
"""Times `settle` for which a file without a byte is taken for a place that is being kept for an export."""


class Listing:
    """Looks into one folder again and again; a file is shown once it has stopped growing.

    Not promised: a writer that pauses for longer than `settle` looks as if it had ended. What it had written is read,
    and the whole file again once it has grown.
    """

    def __init__(self, settings: Settings, *, now: Callable[[], float] = time.time) -> None:
        self._folder = settings.path
        self._patterns = tuple(pattern.lower() for pattern in settings.patterns)
        self._settle = settings.settle
        self._now = now
        self._seen: dict[Version, float] = {}
        self._looked: float | None = None

    def versions(self) -> list[Version]:
        """Every whole export, longest unchanged first. Raises `SourceError` where the folder cannot be read."""
        found = self.present()
        now = self._now()
        self._seen = {version: self._seen.get(version, self._since(version, now)) for version in found}
        self._looked = now
        return sorted(version for version in found if now - self._seen[version] >= self._patience(version))

    def present(self) -> set[Version]:
        """Every export as it is now, whole or not. Raises `SourceError` where the folder cannot be read."""
        try:
            with os.scandir(self._folder) as entries:
                return {version for entry in entries if (version := self._version(entry))}
        except OSError as error:
            raise SourceError(
                f"Không đọc được thư mục {self._folder}: {error.strerror}. / The folder cannot be read."
            ) from error

    def shows(self, name: str) -> bool:
        """Whether a file of this name is an export, and not one that is still being written."""
        name = name.lower()
        if name.startswith((".", "~$")) or name.endswith(_BEING_WRITTEN):
            return False
        return any(fnmatch(name, pattern) for pattern in self._patterns)

    def _version(self, entry: "os.DirEntry[str]") -> Version | None:
        if not self.shows(entry.name):
            return None
        try:
            if not entry.is_file():
                return None
            stat = entry.stat()
        except OSError:  # it vanished between two looks
            return None
        return Version(stat.st_mtime_ns, entry.name, stat.st_size)

    def _since(self, version: Version, now: float) -> float:
        """Since when it has been as it is: by its own time, unless that cannot be. A server's clock may run ahead of
        ours, and a copy that keeps the time of its original says nothing of when it was made."""
        own = version.changed / _NANO
        believable = own <= now and (self._looked is None or own >= self._looked)
        return own if believable else now

    def _patience(self, version: Version) -> float:
        return self._settle if version.size else self._settle * _EMPTY
