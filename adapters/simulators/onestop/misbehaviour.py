"""What the province does wrong: set at the start, changed while it runs, the same again for the same seed."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from random import Random
from typing import Literal, TypeVar

from pydantic import Field

from bot.settings import Settings

Migration = Literal["none", "status", "word"]
Fault = Literal["hang", "errors", "throttle", "truncate", "duplicates", "reorder"]

T = TypeVar("T")

_LONGEST_SKEW = 10 * 366 * 86_400
_LONGEST_DOWN = 7 * 86_400


class Misbehaviour(Settings):
    """Shares are of the calls or records that could be struck. Calls are those to the API, not to the control port."""

    errors: float = Field(default=0.0, ge=0, le=1, description="Share of calls answered with HTTP 500.")
    throttle: float = Field(default=0.0, ge=0, le=1, description="Share of calls answered with 429 and Retry-After: 1.")
    truncate: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of answers cut in the middle: by turns as if complete, and with the connection closed.",
    )
    hang: float = Field(default=0.0, ge=0, le=1, description="Share of calls that are never answered.")
    duplicates: float = Field(
        default=0.0, ge=0, le=1, description="Share of records that come twice: in a page, in a file, pushed."
    )
    reorder: float = Field(
        default=0.0, ge=0, le=1, description="Share of pushes held back until a newer one of the dossier was made."
    )
    skew: float = Field(
        default=0.0,
        ge=-_LONGEST_SKEW,
        le=_LONGEST_SKEW,
        description="Seconds by which the times of updates are ahead of the truth; negative: behind it.",
    )
    down: float = Field(
        default=0.0,
        ge=0,
        le=_LONGEST_DOWN,
        description="Seconds from now in which nothing works: the API's port is closed, nothing is written or pushed.",
    )
    migration: Migration = Field(
        default="none",
        description="While it is on, every open dossier stands wrong: `status` moves the national code on by one, "
        "`word` writes words that nobody knows.",
    )


class Faults:
    """Misbehaviour as it is now, and the dice."""

    def __init__(self, now: Misbehaviour, seed: int) -> None:
        self.now = Misbehaviour(**{name: getattr(now, name) for name in Misbehaviour.model_fields})
        self.struck: Counter[Fault] = Counter()
        self.changed = asyncio.Event()
        """Set by every change; whoever waits for it clears it."""
        self.up, self.fallen = asyncio.Event(), asyncio.Event()
        self._seed = seed
        self._dice: dict[tuple[Fault, str], Random] = {}
        self._rising: asyncio.TimerHandle | None = None
        self._fall(now.down)

    def strikes(self, fault: Fault, face: str) -> bool:
        """Whether this call or record is struck. Each fault has dice of its own on each face, so that none moves
        another."""
        if (fault, face) not in self._dice:
            self._dice[fault, face] = Random(f"{self._seed}:{fault}:{face}")
        share: float = getattr(self.now, fault)
        struck = share > 0 and self._dice[fault, face].random() < share
        self.struck[fault] += struck
        return struck

    def doubled(self, items: Iterable[T], face: str) -> list[T]:
        """The same, some of them twice."""
        return [item for each in items for item in ((each, each) if self.strikes("duplicates", face) else (each,))]

    def change(self, given: Mapping[str, object]) -> None:
        """Raises pydantic's `ValidationError` for what it does not know or cannot be."""
        self.now = Misbehaviour.model_validate({**self.now.model_dump(), **given})
        if "down" in given:
            self._fall(self.now.down)
        self.changed.set()

    def _fall(self, seconds: float) -> None:
        if self._rising:
            self._rising.cancel()
        if seconds <= 0:
            self._rise()
            return
        self.up.clear()
        self.fallen.set()
        self._rising = asyncio.get_running_loop().call_later(seconds, self._rise)

    def _rise(self) -> None:
        self._rising = None
        self.now = self.now.model_copy(update={"down": 0.0})
        self.fallen.clear()
        self.up.set()
        self.changed.set()
