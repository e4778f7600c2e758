"""How far an API has been read: the newest change seen, and within a round which page. Kept as the source's cursor."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Self

from adapters.sources.rest.failures import strange_cursor
from bot.model.clock import from_millis, to_millis


class Position(NamedTuple):
    """A page."""

    page: int
    """Its number as {page} counts, also where pages are asked for in another way."""
    read: int = 0
    """Records on the pages before it: {offset}."""
    next: str = ""
    """The cursor or address that the page before named; empty on the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A reading of the whole list that has begun."""

    way: str
    """In which way of asking `at` is a position."""
    began: datetime
    """Our clock when its first request was sent."""
    since: datetime | None
    """From which change on; stays the same for all of the round. None: from the beginning."""
    newest: datetime | None
    """The newest change that was applied in it."""
    at: Position | None
    """The page to read next; None where there is none."""

    def saw(self, moment: datetime | None) -> Self:
        return replace(self, newest=later(self.newest, moment))


@dataclass(frozen=True, slots=True)
class Progress:
    newest: datetime | None = None
    """The newest change of all rounds that came to their end."""
    round: Round | None = None
    """One that did not."""

    def dump(self) -> str:
        kept: dict[str, object] = {"newest": _millis(self.newest)}
        now = self.round
        if now is not None and now.at is not None:
            moments = [_millis(now.began), _millis(now.since), _millis(now.newest)]
            kept["round"] = [now.way, *moments, *now.at]
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def load(cls, cursor: str | None) -> Self:
        """Raises `SourceError` for a text that no rest source has written."""
        if not cursor:
            return cls()
        try:
            kept = json.loads(cursor)
            return cls(_moment(kept["newest"]), _round(*kept["round"]) if "round" in kept else None)
        except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
            raise strange_cursor() from None


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """None counts as earliest."""
    return max(filter(None, (one, other)), default=None)


def _round(way: str, began: int, since: int | None, newest: int | None, page: int, read: int, next: str) -> Round:  # noqa: A002 - as in Position
    return Round(
        way=str(way),
        began=from_millis(began),
        since=_moment(since),
        newest=_moment(newest),
        at=Position(int(page), int(read), str(next)),
    )


def _millis(moment: datetime | None) -> int | None:
    return None if moment is None else to_millis(moment)


def _moment(millis: int | None) -> datetime | None:
    return None if millis is None else from_millis(millis)
