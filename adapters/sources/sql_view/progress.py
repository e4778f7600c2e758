"""How far a view has been read. Kept as the source's cursor."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Self

from adapters.sources.sql_view.keys import Key, dumped, loaded
from bot.model.errors import SourceError

Stage = Literal["undated", "dated", "all"]
"""Which rows are being read: those without a change time, those with one, or every row."""

STAGES: tuple[Stage, ...] = ("undated", "dated", "all")


@dataclass(frozen=True, slots=True)
class Round:
    """A round under way."""

    started: datetime
    """By our clock, before its first query."""
    ceiling: Key | None
    """The newest change that could be seen when it began: what the next round goes back from. None: there was none."""
    stage: Stage
    after: tuple[Key, ...] = ()
    """The last row that was taken in this stage: (changed, code) where rows are dated, else (code,)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What has been read of `view`; a cursor of another view or column is a new beginning."""

    view: str
    since: Key | None = None
    """Changes up to here have been read, but for those that were committed late."""
    round: Round | None = None

    def at(self, stage: Stage, after: tuple[Key, ...]) -> Self:
        if self.round is None:
            raise ValueError("no round is under way")
        return replace(self, round=replace(self.round, stage=stage, after=after))

    def done(self) -> Self:
        """The round has ended."""
        ceiling = self.round.ceiling if self.round else None
        return replace(self, since=self.since if ceiling is None else ceiling, round=None)

    def dump(self) -> str:
        kept: dict[str, Any] = {"sql_view": self.view, "since": _maybe(self.since)}
        if self.round:
            kept["round"] = {
                "started": self.round.started.isoformat(),
                "ceiling": _maybe(self.round.ceiling),
                "stage": self.round.stage,
                "after": [dumped(key) for key in self.round.after],
            }
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def load(cls, cursor: str | None, view: str) -> Self:
        """Raises `SourceError` for a text that no source of this kind has written."""
        if not cursor:
            return cls(view)
        try:
            kept = json.loads(cursor)
            since = _load(kept["since"])
            under_way = _round(kept["round"]) if "round" in kept else None
            return cls(view, since, under_way) if kept["sql_view"] == view else cls(view)
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            raise SourceError(
                "Con trỏ đã lưu của nguồn không phải của nguồn loại sql_view; hãy đặt tên khác cho nguồn này. / "
                "The stored cursor was not written by a source of kind sql_view: give this source another name."
            ) from error


def _maybe(key: Key | None) -> Any:
    return None if key is None else dumped(key)


def _load(kept: Any) -> Key | None:
    return None if kept is None else loaded(kept)


def _round(kept: dict[str, Any]) -> Round:
    after: Sequence[Any] = kept["after"]
    stage, started = kept["stage"], datetime.fromisoformat(kept["started"])
    if stage not in STAGES or started.tzinfo is None or len(after) not in {0, 2 if stage == "dated" else 1}:
        raise ValueError(stage)
    return Round(started, _load(kept["ceiling"]), stage, tuple(loaded(key) for key in after))
