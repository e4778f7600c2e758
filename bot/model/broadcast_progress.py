"""What is told of a broadcast: how far it has come, what became of each recipient, what one of them would read."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from bot.model.message import DeliveryState


class Tally(NamedTuple):
    """Messages of one channel in one state."""

    channel: str
    """A scheme of addresses."""
    state: DeliveryState
    messages: int
    cost: int
    """Đồng so far."""


_STILL_HERE = frozenset({DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.HELD})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it has come."""

    people: int
    handed_out: int
    tallies: tuple[Tally, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Of those who were drawn up, who is left out all the same: a word of `LeftOut` → how many."""

    @property
    def by_state(self) -> dict[DeliveryState, int]:
        found = Counter[DeliveryState]()
        for each in self.tallies:
            found[each.state] += each.messages
        return dict(found)

    @property
    def by_channel(self) -> dict[str, int]:
        found = Counter[str]()
        for each in self.tallies:
            found[each.channel] += each.messages
        return dict(found)

    @property
    def waiting(self) -> int:
        """Planned, and not yet with a provider."""
        return sum(each.messages for each in self.tallies if each.state in _STILL_HERE)

    @property
    def cost(self) -> int:
        """Đồng so far."""
        return sum(each.cost for each in self.tallies)


class Result(NamedTuple):
    """What became of one recipient."""

    number: int
    address: str
    """Masked."""
    code: str
    state: DeliveryState | None
    """None: no message was planned."""
    left_out: str
    """A word of `LeftOut`, where she was left out; else empty."""
    reason: str
    """The provider's or our words."""
    at: datetime | None
    """When it came into this state."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody would read by one way."""

    channel: str
    """A scheme of addresses."""
    text: str = field(repr=False)
    parts: int = 1
    cost: int = 0
    """Đồng."""
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What one recipient would be told: as a chat and as an SMS, whichever way leads to her."""

    number: int
    missing: str = ""
    """The value for want of which she would be told nothing; then the rest is empty."""
    chat: str = field(default="", repr=False)
    sms: Shown | None = None
