"""What the database keeps of messages that wait for the end of quiet hours, of those that did not wait, and of those
that a sender must give back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.model.message import OutboxItem, Situation

if TYPE_CHECKING:
    from bot.ports.sending import Claimed

BUDGET = "budget"
"""`held_for` of a message whose agency has spent its month's budget."""
SEEN = "seen"
"""`held_for` of an accepted message that has succeeded only when its reader has opened it."""
QUIET = "quiet"
"""`held_for` of a message that waits for the end of quiet hours; its `next_at` is that end."""


@dataclass(frozen=True, slots=True)
class QuietHeld:
    """How many messages wait for one end of quiet hours."""

    until: datetime
    agency: str
    situation: Situation
    messages: int


@dataclass(frozen=True, slots=True)
class Bypass:
    """A message that left in quiet hours."""

    item_id: str
    at: datetime
    rule: str
    """Which rule let it, or the reason that a person gave."""
    by: str = ""
    """Who; empty: the rule alone."""


@dataclass(frozen=True, slots=True)
class Bypasses:
    """How often a rule, or a person, let messages leave in quiet hours."""

    rule: str
    by: str
    messages: int
    last_at: datetime


class HoldStore(Protocol):
    """Part of `OutboxStore`."""

    async def quiet_over(self, *, now: datetime, limit: int) -> "list[Claimed]":
        """Messages whose quiet hours are over, person by person, oldest first. They stay held, and locked."""
        ...

    async def wake_held(self, ids: Collection[str], *, at: datetime) -> int:
        """These wait to be sent again. Returns how many."""
        ...

    async def drop_held(self, reasons: Mapping[str, str], *, at: datetime) -> int:
        """These, by id, are `suppressed`, each for its reason. Returns how many."""
        ...

    async def fold_held(self, ids: Collection[str], *, reason: str, at: datetime) -> int:
        """Another message tells what these would have told: they are `superseded`. Returns how many."""
        ...

    async def quiet_held(self) -> list[QuietHeld]:
        """By end, agency and situation."""
        ...

    async def quiet_items(self, *, after: str = "", limit: int) -> list[OutboxItem]:
        """What waits for the end of quiet hours, in the order of its ids, above `after`."""
        ...

    async def cancel_quiet(
        self,
        ids: Collection[str] | None,
        *,
        agency: str = "",
        situation: Situation | None = None,
        reason: str,
        at: datetime,
    ) -> int:
        """These, or with None all, of an agency with all below it, of a situation, are `cancelled`; how many."""
        ...

    async def hurry(self, ids: Collection[str], *, why: str, by: str, at: datetime) -> int:
        """A person lets these leave at once; why and who is kept with the message. Returns how many."""
        ...

    async def note_bypasses(self, bypasses: Collection[Bypass]) -> None:
        """Records what left in quiet hours; a message is recorded once."""
        ...

    async def bypasses(self, *, since: datetime) -> list[Bypasses]: ...

    async def hand_back(self, owner: str, *, gateway: str, besides: Collection[str], at: datetime) -> int:
        """What `owner` claimed for `gateway` and does not have in hand, which is `besides`, waits again as before the
        claim; also where its lease has ended meanwhile and it counts as uncertain. How many.

        Only for the owner itself to say, who knows that it has sent nothing of it.
        """
        ...
