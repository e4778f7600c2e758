"""How far a folder has been read: which files, and within one of them which row. Kept as the source's cursor."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from bot.model.errors import SourceError

_MOST_DONE = 64
"""Files named in a cursor at most, unless more lie above the floor while one below them waits."""


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
    done: Mapping[Version, str | None] = field(default_factory=dict)
    """Versions that have been dealt with, the newest ones: the digest of what was read, empty for an export without
    rows; None for a file that is faulty as a whole."""
    current: Version | None = None
    row: int = 0
    """The last row of `current` that was taken."""
    shows: int = -1
    """When the newest export that was read was last changed, as `Version.changed`; -1 before the first."""
    latest: str = ""
    """The digest of the export that was read last."""
    anew: bool = False
    """The present round reads everything from the beginning, what lies in the archive too."""

    def waits(self, version: Version) -> bool:
        """It is still to be read, from its beginning or from the middle."""
        return version.changed > self.floor and version not in self.done

    def was_read(self, version: Version) -> bool:
        """To its end, or another file with the same content."""
        return self.done.get(version) is not None

    def knows(self, digest: str) -> bool:
        """An export with this content was read."""
        return bool(digest) and digest in self.done.values()

    def row_in(self, version: Version) -> int:
        """Where to go on in `version`; 0 for the beginning."""
        return self.row if version == self.current else 0

    def within(self, version: Version, row: int) -> Self:
        """After the rows of `version` up to `row`."""
        return replace(self, current=version, row=row)

    def after(self, version: Version, digest: str | None = "", *, grace: int, waiting: Collection[Version]) -> Self:
        """With `version` dealt with. The floor follows `grace` nanoseconds behind the newest, never past `waiting`."""
        done = dict(sorted({**self.done, version: digest}.items(), reverse=True))
        newest_first = list(done)
        floor = max(self.floor, newest_first[0].changed - grace)
        if len(done) > _MOST_DONE:
            floor = max(floor, newest_first[_MOST_DONE].changed)
        floor = min([floor, *(other.changed - 1 for other in waiting if other != version)])
        floor = max(floor, self.floor)
        kept = [each for rank, each in enumerate(newest_first) if rank < _MOST_DONE or each.changed > floor]
        moved = replace(self, floor=floor, done={each: done[each] for each in kept}, current=None, row=0)
        if digest is None or (digest != self.latest and self.knows(digest)):
            return moved
        return replace(moved, shows=max(self.shows, version.changed), latest=digest)

    def at_rest(self) -> Self:
        """At the end of a round."""
        return replace(self, anew=False)

    def dump(self) -> str:
        current = [*self.current, self.row] if self.current else None
        return json.dumps(
            {
                "floor": self.floor,
                "done": sorted([*version, digest] for version, digest in self.done.items()),
                "current": current,
                "shows": self.shows,
                "latest": self.latest,
                "anew": self.anew,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def load(cls, cursor: str | None) -> Self:
        """None: from the beginning. Raises `SourceError` for a text that no folder source has written."""
        if not cursor:
            return cls(anew=True)
        try:
            kept = json.loads(cursor)
            done = dict(_done(*each) for each in kept["done"])
            *current, row = kept["current"] or [0]
            return cls(
                floor=int(kept["floor"]),
                done=done,
                current=_version(*current) if current else None,
                row=int(row),
                shows=int(kept.get("shows", -1)),
                latest=str(kept.get("latest", "")),
                anew=bool(kept.get("anew", False)),
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise SourceError(
                "Con trỏ đã lưu của nguồn không phải của nguồn loại folder; hãy đặt tên khác cho nguồn này. / "
                "The cursor kept for this source is not of a folder; give this source another name."
            ) from error


def _done(changed: int, name: str, size: int, digest: str | None = None) -> tuple[Version, str | None]:
    """A cursor of the first release names no digests: whether a file was read or faulty is not known there."""
    return _version(changed, name, size), digest


def _version(changed: int, name: str, size: int) -> Version:
    return Version(int(changed), str(name), int(size))
