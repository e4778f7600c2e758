"""Accounts of the staff: members, what opens the door for them, sessions, invitations."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.model.clock import from_millis, to_millis
from bot.model.staff import Credentials, Grant, Member, Role, SignIn, StaffInvitation, StaffSession
from storage.edge import millis, moment
from storage.statements import Row, Statements


class Staff:
    """`bot.ports.StaffStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def add(self, member: Member, credentials: Credentials) -> bool:
        return bool(await self._sql.change("staff_add", **_member_row(member), **_credentials_row(credentials)))

    async def save(self, member: Member) -> None:
        await self._sql.change("staff_save", **_member_row(member))

    async def lock(self) -> list[Member]:
        return [_member_of(row) for row in await self._sql.rows("staff_lock")]

    async def saw(self, member_id: str, at: datetime) -> None:
        await self._sql.change("staff_saw", id=member_id, at=to_millis(at))

    async def sign_ins(self) -> dict[str, SignIn]:
        return {
            row["id"]: SignIn(
                has_password=bool(row["has_password"]),
                has_totp=bool(row["has_totp"]),
                recovery=len(row["recovery"].split()),
                locked_until=moment(row["locked_until"]),
            )
            for row in await self._sql.rows("staff_sign_ins")
        }

    async def member(self, member_id: str) -> Member | None:
        return _maybe(await self._sql.row("staff_member", id=member_id))

    async def by_login(self, login: str) -> Member | None:
        return _maybe(await self._sql.row("staff_by_login", login=login.casefold()))

    async def by_subject(self, subject: str) -> Member | None:
        return _maybe(await self._sql.row("staff_by_subject", subject=subject))

    async def members(self) -> list[Member]:
        return [_member_of(row) for row in await self._sql.rows("staff_members")]

    async def names(self) -> dict[str, str]:
        return {row["login"]: row["name"] for row in await self._sql.rows("staff_names")}

    async def credentials(self, member_id: str) -> Credentials:
        row = await self._sql.row("staff_credentials", id=member_id)
        if row is None:
            return Credentials()
        return Credentials(
            password=row["password"],
            totp=row["totp"],
            totp_step=row["totp_step"],
            recovery=tuple(row["recovery"].split()),
            failures=row["failures"],
            locked_until=moment(row["locked_until"]),
        )

    async def save_credentials(self, member_id: str, credentials: Credentials) -> None:
        await self._sql.change("staff_save_credentials", id=member_id, **_credentials_row(credentials))

    async def open_session(self, session: StaffSession) -> None:
        await self._sql.change(
            "staff_open_session",
            **asdict(session)
            | {
                "opened_at": to_millis(session.opened_at),
                "seen_at": to_millis(session.seen_at),
                "proved_at": millis(session.proved_at),
            },
        )

    async def session(self, digest: str) -> tuple[StaffSession, Member] | None:
        row = await self._sql.row("staff_session", digest=digest)
        return (_session_of(row), _member_of(row)) if row else None

    async def save_session(self, session: StaffSession) -> None:
        await self._sql.change(
            "staff_save_session",
            digest=session.digest,
            seen_at=to_millis(session.seen_at),
            proved_at=millis(session.proved_at),
            note=session.note,
        )

    async def sessions(self, member_id: str = "") -> list[StaffSession]:
        return [_session_of(row) for row in await self._sql.rows("staff_sessions", member=member_id)]

    async def end_session(self, digest: str) -> bool:
        return bool(await self._sql.change("staff_end_session", digest=digest))

    async def end_sessions(self, member_id: str, *, but: str = "") -> int:
        return await self._sql.change("staff_end_sessions", member=member_id, but=but)

    async def end_one(self, member_id: str, mark: str) -> bool:
        return bool(await self._sql.change("staff_end_one", member=member_id, mark=mark))

    async def prune_sessions(self, *, opened_before: datetime, seen_before: datetime) -> int:
        return await self._sql.change(
            "staff_prune_sessions", opened_before=to_millis(opened_before), seen_before=to_millis(seen_before)
        )

    async def invite(self, invitation: StaffInvitation) -> None:
        await self._sql.change("staff_uninvite", login=invitation.login)
        await self._sql.change(
            "staff_invite",
            digest=invitation.digest,
            login=invitation.login,
            name=invitation.name,
            email=invitation.email,
            grants=_grants_text(invitation.grants),
            invited_by=invitation.by,
            at=to_millis(invitation.at),
            expires_at=to_millis(invitation.expires_at),
            member=invitation.member,
        )

    async def invitations(self) -> list[StaffInvitation]:
        return [_invitation_of(row) for row in await self._sql.rows("staff_invitations")]

    async def invitation(self, digest: str) -> StaffInvitation | None:
        row = await self._sql.row("staff_invitation", digest=digest)
        return _invitation_of(row) if row else None

    async def use_invitation(self, digest: str) -> bool:
        return bool(await self._sql.change("staff_use_invitation", digest=digest))

    async def prune_invitations(self, *, expired_before: datetime) -> int:
        return await self._sql.change("staff_prune_invitations", expired_before=to_millis(expired_before))


def _grants_text(grants: Iterable[Grant]) -> str:
    return json.dumps([[str(each.role), each.agency] for each in sorted(grants)])


def _grants_of(text: str) -> frozenset[Grant]:
    """A newer release may know other roles."""
    known = set(map(str, Role))
    return frozenset(Grant(Role(role), agency) for role, agency in json.loads(text) if role in known)


def _member_row(member: Member) -> dict[str, Any]:
    return {
        "id": member.id,
        "login": member.login.casefold(),
        "name": member.name,
        "email": member.email,
        "grants": _grants_text(member.grants),
        "since": to_millis(member.since),
        "disabled_at": millis(member.disabled_at),
        "subject": member.subject,
    }


def _credentials_row(credentials: Credentials) -> dict[str, Any]:
    return {
        "password": credentials.password,
        "totp": credentials.totp,
        "totp_step": credentials.totp_step,
        "recovery": " ".join(credentials.recovery),
        "failures": credentials.failures,
        "locked_until": millis(credentials.locked_until),
    }


def _maybe(row: Row | None) -> Member | None:
    return _member_of(row) if row else None


def _member_of(row: Row) -> Member:
    return Member(
        id=row["id"],
        login=row["login"],
        name=row["name"],
        email=row["email"],
        grants=_grants_of(row["grants"]),
        since=from_millis(row["since"]),
        disabled_at=moment(row["disabled_at"]),
        subject=row["subject"],
        seen_at=moment(row["last_in"]),
    )


def _session_of(row: Row) -> StaffSession:
    return StaffSession(
        digest=row["digest"],
        member=row["member"],
        opened_at=from_millis(row["opened_at"]),
        seen_at=from_millis(row["seen_at"]),
        agent=row["agent"],
        network=row["network"],
        proved_at=moment(row["proved_at"]),
        note=row["note"],
    )


def _invitation_of(row: Row) -> StaffInvitation:
    return StaffInvitation(
        digest=row["digest"],
        login=row["login"],
        name=row["name"],
        email=row["email"],
        grants=_grants_of(row["grants"]),
        by=row["invited_by"],
        at=from_millis(row["at"]),
        expires_at=from_millis(row["expires_at"]),
        member=row["member"],
    )
