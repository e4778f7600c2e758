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


class Listing:
    """Looks into one folder again and again; a file is shown once it has stopped growing."""

    def __init__(self, settings: Settings, *, now: Callable[[], float] = time.time) -> None:
        self._folder = settings.path
        self._patterns = tuple(pattern.lower() for pattern in settings.patterns)
        self._settle = settings.settle
        self._now = now
        self._seen: dict[Version, float] = {}

    def versions(self) -> list[Version]:
        """Every whole export, longest unchanged first. Raises `SourceError` where the folder cannot be read."""
        try:
            with os.scandir(self._folder) as entries:
                found = [version for entry in entries if (version := self._version(entry))]
        except OSError as error:
            raise SourceError(f"Không đọc được thư mục {self._folder}: {error.strerror}.") from error
        now = self._now()
        self._seen = {version: self._seen.get(version, now) for version in found}
        return sorted(version for version in found if self._settled(version, now))

    def _version(self, entry: "os.DirEntry[str]") -> Version | None:
        name = entry.name.lower()
        if name.startswith((".", "~$")) or name.endswith(_BEING_WRITTEN):
            return None
        if not any(fnmatch(name, pattern) for pattern in self._patterns):
            return None
        try:
            if not entry.is_file():
                return None
            stat = entry.stat()
        except OSError:  # it vanished between two looks
            return None
        return Version(stat.st_mtime_ns, entry.name, stat.st_size)

    def _settled(self, version: Version, now: float) -> bool:
        """By its own time, or, where a server's clock runs ahead of ours, by how long we have seen it so."""
        return now - version.changed / _NANO >= self._settle or now - self._seen[version] >= self._settle
