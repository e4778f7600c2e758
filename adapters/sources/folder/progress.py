"""How far a folder has been read: which files, and within one of them which row. Kept as the source's cursor."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple, Self

from bot.model.errors import SourceError

_MOST_DONE = 64
"""Files named in a cursor at most; when there are more, the floor rises."""


class Version(NamedTuple):
    """One state of a file, sorted by the time of its last change: another size or time is another version."""

    changed: int
    """Nanoseconds since 1970, as the file system says."""
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Progress:
    floor: int = -1
    """Versions changed at this time or earlier have been dealt with."""
    done: frozenset[Version] = frozenset()
    """Versions above the floor that have been dealt with."""
    current: Version | None = None
    row: int = 0
    """The last row of `current` that was taken."""

    def waits(self, version: Version) -> bool:
        """It is still to be read, from its beginning or from the middle."""
        return version.changed > self.floor and version not in self.done

    def row_in(self, version: Version) -> int:
        """Where to go on in `version`; 0 for the beginning."""
        return self.row if version == self.current else 0

    def within(self, version: Version, row: int) -> Self:
        """After the rows of `version` up to `row`."""
        return type(self)(self.floor, self.done, version, row)

    def after(self, version: Version, *, grace: int, waiting: Collection[Version]) -> Self:
        """With `version` dealt with. The floor follows `grace` nanoseconds behind the newest, never past `waiting`."""
        done = self.done | {version}
        newest_first = sorted(done, reverse=True)
        floor = max(self.floor, newest_first[0].changed - grace)
        if len(done) > _MOST_DONE:
            floor = max(floor, newest_first[_MOST_DONE].changed)
        floor = min([floor, *(other.changed - 1 for other in waiting if other != version)])
        floor = max(floor, self.floor)
        return type(self)(floor, frozenset(each for each in done if each.changed > floor))

    def dump(self) -> str:
        current = [*self.current, self.row] if self.current else None
        return json.dumps(
            {"floor": self.floor, "done": sorted(self.done), "current": current},
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def load(cls, cursor: str | None) -> Self:
        """Raises `SourceError` for a text that no folder source has written."""
        if not cursor:
            return cls()
        try:
            kept = json.loads(cursor)
            done = frozenset(_version(*each) for each in kept["done"])
            *current, row = kept["current"] or [0]
            return cls(int(kept["floor"]), done, _version(*current) if current else None, int(row))
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError(
                "Con trỏ đã lưu của nguồn không phải của nguồn loại folder; hãy đặt tên khác cho nguồn này."
            ) from error


def _version(changed: int, name: str, size: int) -> Version:
    return Version(int(changed), str(name), int(size))
