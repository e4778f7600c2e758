"""What has lately moved, for the demo page: told from the differences between two counts of the outbox."""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model.clock import VIETNAM, Clock
from bot.model.message import DeliveryState
from bot.ports import Storage
from bot.web.pages import Words

_FRESH = timedelta(seconds=1)
"""All visitors share one count of that age: counting must never slow the sending."""

_LINES = 12
_TOLD = (DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.EXPIRED, DeliveryState.UNCERTAIN)

Counts = dict[tuple[str, str, DeliveryState], int]


@dataclass(frozen=True, slots=True)
class Move:
    """So many messages of one kind have reached a state."""

    at: datetime
    channel: str
    situation: str
    state: DeliveryState
    count: int


class Activity:
    """Keeps the last count and the latest moves. Holds no address and no text."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._counts: Counts | None = None
        self._at = clock()
        self._moves: deque[Move] = deque(maxlen=_LINES)
        self._counting = asyncio.Lock()

    async def look(self) -> None:
        """Counts again, if the last count is not fresh."""
        async with self._counting:
            now = self._clock()
            if self._counts is not None and now - self._at < _FRESH:
                return
            counts = await self._storage.read(lambda tx: tx.outbox.situations())
            if self._counts is not None:
                self._moves.extendleft(moves(self._counts, counts, at=now))
            self._counts, self._at = counts, now

    def shown(self, words: Words) -> dict[str, list[dict[str, str | int]]]:
        """`states` with their labels and counts, and `moves` as sentences, the latest first."""
        totals = Counter[DeliveryState]()
        for (_, _, state), count in (self._counts or {}).items():
            totals[state] += count
        states: list[dict[str, str | int]] = [
            {"state": state.value, "label": words["states"][state.value], "count": totals[state]}
            for state in DeliveryState
            if totals[state]
        ]
        told: list[dict[str, str | int]] = [
            {"time": f"{move.at.astimezone(VIETNAM):%H:%M:%S}", "text": sentence(move, words)} for move in self._moves
        ]
        return {"states": states, "moves": told}


def moves(before: Counts, after: Counts, *, at: datetime) -> list[Move]:
    """What has come to rest between two counts, so that the most numerous comes to stand first."""
    grown = [
        Move(at, channel, situation, state, count - before.get((channel, situation, state), 0))
        for (channel, situation, state), count in after.items()
        if state in _TOLD and count > before.get((channel, situation, state), 0)
    ]
    return sorted(grown, key=lambda move: move.count)


def sentence(move: Move, words: Words) -> str:
    return words["demo"]["move"].format(
        count=move.count,
        situation=words["situations"].get(move.situation, move.situation),
        channel=words["channels"].get(move.channel, move.channel),
        state=words["states"][move.state.value].lower(),
    )
