"""What the database forgets in time, a page of it in each short transaction."""

from datetime import datetime
from typing import NamedTuple, Protocol

from bot.model.service import Feedback


class Walked(NamedTuple):
    """A page of a walk."""

    taken: int
    """Rows of which something was taken."""
    place: str
    """Where the next page begins; empty: there is none."""


class RetentionStore(Protocol):
    """Rows that are counted stay, without a word and without an address; the books balance after each call.

    A moment says: what had its last word before it goes. Calls that return a number are repeated until that is 0.
    """

    async def messages(self, before: datetime, *, limit: int) -> Walked:
        """Goes on with messages planned before then, in their order, where the last call ended. What may still change
        is noted, for `left`."""
        ...

    async def left(self, before: datetime, after: str, *, limit: int) -> Walked:
        """Looks again at those that `messages` has passed."""
        ...

    async def inbound(self, before: datetime, *, limit: int) -> int:
        """What citizens wrote, and who wrote it; that somebody wrote, and was understood, stays."""
        ...

    async def dossiers(self, before: datetime, *, limit: int) -> int:
        """Persons of dossiers that ended before then: name, phone and secrets, what was asked of them and why, who
        follows, what staff wrote beside. The dossier stays with its code, its dates and its course."""
        ...

    async def reasons(self, before: datetime, *, limit: int) -> int:
        """Why somebody who was asked before then was not satisfied; her score stays."""
        ...

    async def feedback(self, before: datetime, *, limit: int) -> int:
        """Feedback that was answered before then; that it came, when and of which kind stays."""
        ...

    async def abandoned(self, before: datetime) -> list[str]:
        """Broadcasts that wait for a person, and on which nobody has acted since then."""
        ...

    async def over(self, before: datetime) -> list[str]:
        """Broadcasts that ended before then, and whose recipients are still known."""
        ...

    async def recipients(self, broadcast: str, after: int, *, limit: int) -> int:
        """Forgets so many of its recipients by number. The last number, 0 once all are forgotten."""
        ...

    async def chats(self, silent_since: datetime, after: str, *, limit: int) -> Walked:
        """Chats in which nobody wrote since then and that nothing is bound to. Reads all, page by page, as the
        following ones do."""
        ...

    async def consents(self, before: datetime, after: str, *, limit: int) -> Walked:
        """What was agreed to before then in chats that there are no more."""
        ...

    async def carriers(self, before: datetime, after: str, *, limit: int) -> Walked:
        """What providers told of an address before then."""
        ...

    async def preferences(self, before: datetime, after: str, *, limit: int) -> Walked:
        """How somebody wanted to be told, of whom there is no dossier and no chat any more."""
        ...

    async def outdated(self, now: datetime, *, withdrawn_before: datetime, closed_before: datetime) -> int:
        """One-time codes and invitations that ran out, consents that were taken back before `withdrawn_before`, guests
        of API keys that were closed before `closed_before`."""
        ...

    async def requests(self, *, limit: int) -> list[Feedback]:
        """For erasure, that were neither carried out nor refused, oldest first; answered ones too."""
        ...

    async def refuse(self, number: str, *, at: datetime) -> bool:
        """False where there is no such request, or its sender has not been told why."""
        ...

    async def passed_at(self, kind: str) -> datetime | None:
        """When a walk was last at its end."""
        ...

    async def passed(self, kind: str, *, at: datetime) -> None: ...
    async def scrub(self) -> None:
        """Once this is durable, no file of the database shows any more what it overwrote, as far as that is ours to
        see to."""
        ...
