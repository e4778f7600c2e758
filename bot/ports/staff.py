"""What the database keeps of the people at the console, and of what they did."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from bot.model.audit import Entry
from bot.model.staff import Credentials, Member, SignIn, StaffInvitation, StaffSession


class StaffStore(Protocol):
    """Accounts, sessions, invitations."""

    async def add(self, member: Member, credentials: Credentials) -> bool:
        """False, and nothing kept, where the login is taken."""
        ...

    async def save(self, member: Member) -> None:
        """Whoever changes accounts calls `lock` first, or what another one changes meanwhile is lost."""
        ...

    async def lock(self) -> list[Member]:
        """As `members`, each locked until the transaction ends: what rules ask of all of them stays true."""
        ...

    async def saw(self, member_id: str, at: datetime) -> None:
        """Notes a log-in."""
        ...

    async def sign_ins(self) -> dict[str, SignIn]:
        """Of every member, by id."""
        ...

    async def member(self, member_id: str) -> Member | None: ...
    async def by_login(self, login: str) -> Member | None: ...
    async def by_subject(self, subject: str) -> Member | None:
        """By the name at the OpenID provider."""
        ...

    async def members(self) -> list[Member]:
        """All, disabled ones too, by login."""
        ...

    async def names(self) -> dict[str, str]:
        """What all are called, disabled ones too, by login."""
        ...

    async def credentials(self, member_id: str) -> Credentials:
        """Locked until the transaction ends; empty ones where there is no such member."""
        ...

    async def save_credentials(self, member_id: str, credentials: Credentials) -> None: ...
    async def open_session(self, session: StaffSession) -> None: ...
    async def session(self, digest: str) -> tuple[StaffSession, Member] | None:
        """None where there is none, or its member is disabled."""
        ...

    async def save_session(self, session: StaffSession) -> None: ...
    async def sessions(self, member_id: str = "") -> list[StaffSession]:
        """Open ones, of one member or of all; seen last first."""
        ...

    async def end_session(self, digest: str) -> bool: ...
    async def end_sessions(self, member_id: str, *, but: str = "") -> int:
        """All of a member but one. Returns how many."""
        ...

    async def end_one(self, member_id: str, mark: str) -> bool:
        """The session of this member whose digest begins with `mark`."""
        ...

    async def prune_sessions(self, *, opened_before: datetime, seen_before: datetime) -> int: ...
    async def invite(self, invitation: StaffInvitation) -> None:
        """Takes the place of an earlier one for the same login."""
        ...

    async def invitations(self) -> list[StaffInvitation]:
        """Those not used, newest first."""
        ...

    async def invitation(self, digest: str) -> StaffInvitation | None: ...
    async def use_invitation(self, digest: str) -> bool:
        """False where it was used, or withdrawn, meanwhile."""
        ...

    async def prune_invitations(self, *, expired_before: datetime) -> int: ...


class AuditStore(Protocol):
    """The chain. What is added stands behind everything added before, by whichever process."""

    async def add(self, entries: Sequence[Entry]) -> None:
        """Chains them on. To be the last thing that a transaction does: it makes others wait."""
        ...

    async def listed(
        self,
        agencies: Collection[str],
        *,
        by: str = "",
        what: str = "",
        subject: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        before: int = 0,
        limit: int,
    ) -> list[Entry]:
        """Newest first, with a number below `before` (0: from the newest), of these agencies and all below them (none:
        of all). `what` may be the beginning of a word: `dossier.`"""
        ...

    async def chain(self, *, after: int, limit: int) -> list[Entry]:
        """In order, from the number after `after`."""
        ...

    async def head(self) -> tuple[int, str]:
        """Number and digest of the last link; (0, GENESIS) where there is none."""
        ...
