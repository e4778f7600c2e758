"""Puts the parts of citizens' long messages together, and decides when a part may be answered.

A part that waits for its siblings lives in memory only, so it is not acknowledged: after a crash the SMSC sends it
again. An SMSC that sends one message at a time would wait for us as we wait for it; therefore a part that has
waited `hold` seconds is refused for the moment (ESME_RX_T_APPN) but kept. Its repetition finds the message
complete, and only then, when the whole is durable, is it acknowledged. What is still incomplete after `patience`
seconds is handed on as far as it has come: half a question is better than none.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from adapters.channels.sms_smpp.alphabet import decoded
from adapters.channels.sms_smpp.codec import Place
from adapters.channels.sms_smpp.concatenation import Part
from adapters.channels.sms_smpp.inbox import Asked

_MOST = 1_000
"""Messages in the making; the oldest gives way."""
_GAP = "…"


class Key(NamedTuple):
    """What the parts of one message have in common."""

    source: Place
    destination: str
    reference: int
    total: int


class Piece(NamedTuple):
    """The text of one part: data coding and octets."""

    coding: int
    octets: bytes


@dataclass(slots=True)
class Long:
    """A long message in the making, or made and remembered for its repetitions."""

    key: Key
    since: datetime
    pieces: dict[int, Piece] = field(default_factory=dict)
    held: list[tuple[datetime, Asked]] = field(default_factory=list)
    """Unanswered parts, and since when."""

    @property
    def complete(self) -> bool:
        return len(self.pieces) == self.key.total

    @property
    def content(self) -> bytes:
        """The octets of all parts, the same in every repetition."""
        return b"".join(b"%d:%b" % (number, piece.octets) for number, piece in sorted(self.pieces.items()))

    @property
    def text(self) -> str:
        runs = groupby(range(1, self.key.total + 1), lambda n: self.pieces[n].coding if n in self.pieces else -1)
        return "".join(
            _GAP if coding < 0 else decoded(coding, b"".join(self.pieces[n].octets for n in numbers))
            for coding, numbers in runs
        )

    def release(self) -> tuple[Asked, ...]:
        """The unanswered parts, which are from now on the caller's to answer."""
        asked = tuple(asked for _, asked in self.held)
        self.held.clear()
        return asked


class Joiner:
    """Long messages by key. Times are passed in."""

    def __init__(self, *, hold: timedelta, patience: timedelta) -> None:
        self._hold = hold
        self._patience = patience
        self._long: dict[Key, Long] = {}

    def add(self, key: Key, part: Part, piece: Piece, asked: Asked, now: datetime) -> list[Long]:
        """Takes a part. Returns what is ready to be handed on: a message now complete (again, where a part of it
        is repeated), and one that gave way."""
        ready = []
        long = self._long.get(key)
        if long and long.pieces.get(part.number, piece) != piece:
            # The phone has come round to the same reference with another message.
            ready.append(self._long.pop(key))
            long = None
        if long is None:
            long = self._long[key] = Long(key, now)
        long.pieces[part.number] = piece
        long.held.append((now, asked))
        if long.complete:
            ready.append(long)
        while len(self._long) > _MOST:
            ready.append(self._long.pop(next(iter(self._long))))
        return [long for long in ready if long.held or not long.complete]

    def overdue(self, now: datetime) -> tuple[list[Asked], list[Long]]:
        """Parts to refuse for the moment, and incomplete messages whose time is over."""
        refused = []
        ended = [long for long in self._long.values() if now - long.since >= self._patience]
        for long in ended:
            del self._long[long.key]
        for long in self._long.values():
            refused += [asked for since, asked in long.held if now - since >= self._hold]
            long.held = [(since, asked) for since, asked in long.held if now - since < self._hold]
        return refused, [long for long in ended if not long.complete]
