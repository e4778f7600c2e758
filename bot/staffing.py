"""Flow: who gets an account and which rights, and who may decide it.

Nobody changes her own rights. An administrator of an agency manages those people alone all of whose roles lie within
it, and gives roles within it alone. Two people who administer the whole province remain, once there are two. All of it
is asked again with the accounts locked, so that it holds for whoever comes at the same moment.
"""

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.console_settings import ConsoleSettings
from bot.model.audit import Entry
from bot.model.clock import Clock
from bot.model.staff import EVERYWHERE, Credentials, Grant, Member, Right, Role, StaffInvitation, digest_of
from bot.ports import Storage, Transaction
from bot.staff_fields import Refusal, grants_text, is_agency, is_email, is_login, read_name, told_of

ADMINISTRATORS = 2
"""People who administer the whole province, at least."""


@dataclass(frozen=True, slots=True)
class Invited:
    """A letter to be handed over, and whom it lets in."""

    secret: str = field(repr=False)
    """Stands in the letter's address, and nowhere else."""
    invitation: StaffInvitation


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffing:
    """The acts of one administrator. All of them are recorded."""

    storage: Storage
    rules: ConsoleSettings
    clock: Clock
    by: str
    """Login, or what was said on the command line."""
    actor: str = ""
    """Id of the administrator; empty: whoever holds the machine, who may everything."""
    way: str = "console"
    token: Callable[[], str] = field(default=lambda: secrets.token_urlsafe(32), repr=False)

    async def invite(self, login: str, name: str, grants: Collection[Grant], *, email: str = "") -> Invited | Refusal:
        """Takes the place of an earlier invitation to the same login."""
        login, email, shown = login.strip().casefold(), email.strip().casefold(), read_name(name)
        if refusal := _unreadable(login, shown, email, grants):
            return refusal

        async def work(tx: Transaction) -> Invited | Refusal:
            members = await tx.staff.lock()
            if not self._covers(members, grants):
                return Refusal.BEYOND
            if any(each.login == login for each in members):
                return Refusal.TAKEN
            earlier = [each for each in await tx.staff.invitations() if each.login == login]
            if any(not self._covers(members, each.grants) for each in earlier):
                return Refusal.TAKEN
            invited = await self._letter(tx, login, shown, grants, email=email)
            await self._record(tx, "staff.invited", login, after={"grants": grants_text(grants)})
            return invited

        return await self.storage.write(work)

    async def withdraw(self, login: str) -> Refusal | None:
        """The letter opens nothing any more."""

        async def work(tx: Transaction) -> Refusal | None:
            members = await tx.staff.lock()
            for each in await tx.staff.invitations():
                if each.login == login and self._covers(members, each.grants):
                    await tx.staff.use_invitation(each.digest)
                    await self._record(tx, "staff.uninvited", login)
                    return None
            return Refusal.MISSING

        return await self.storage.write(work)

    async def grant(self, member_id: str, grants: Collection[Grant]) -> Refusal | None:
        """These roles from now on, and no others."""
        if any(not is_agency(each.agency) for each in grants):
            return Refusal.AGENCY

        def change(member: Member) -> Member:
            return replace(member, grants=frozenset(grants))

        return await self._change(member_id, "staff.granted", change, grants=grants)

    async def disable(self, member_id: str) -> Refusal | None:
        """Nobody comes in with this account any more, and whoever is in is out at once."""
        return await self._change(member_id, "staff.disabled", lambda each: replace(each, disabled_at=self.clock()))

    async def enable(self, member_id: str) -> Refusal | None:
        return await self._change(member_id, "staff.enabled", lambda each: replace(each, disabled_at=None))

    async def reset(self, member_id: str) -> Invited | Refusal:
        """For a lost phone or password: what has opened the account opens it no more, and a letter opens it anew."""

        async def work(tx: Transaction) -> Invited | Refusal:
            members = await tx.staff.lock()
            member = self._managed(members, member_id)
            if member is None or member.disabled_at:
                return Refusal.MISSING
            if member.id == self.actor:
                return Refusal.OWN
            await tx.staff.save_credentials(member.id, Credentials())
            await tx.staff.end_sessions(member.id)
            invited = await self._letter(
                tx, member.login, member.name, member.grants, email=member.email, member=member.id
            )
            await self._record(tx, "staff.reset", member.login)
            return invited

        return await self.storage.write(work)

    async def unlock(self, member_id: str) -> Refusal | None:
        """Before the time is over."""

        async def work(tx: Transaction) -> Refusal | None:
            member = self._managed(await tx.staff.lock(), member_id)
            if member is None:
                return Refusal.MISSING
            if member.id == self.actor:
                return Refusal.OWN
            credentials = await tx.staff.credentials(member.id)
            await tx.staff.save_credentials(member.id, replace(credentials, failures=0, locked_until=None))
            await self._record(tx, "staff.unlocked", member.login)
            return None

        return await self.storage.write(work)

    async def end_sessions(self, member_id: str) -> int | Refusal:
        """Of somebody else. Returns how many."""

        async def work(tx: Transaction) -> int | Refusal:
            member = self._managed(await tx.staff.lock(), member_id)
            if member is None:
                return Refusal.MISSING
            ended = await tx.staff.end_sessions(member.id)
            await self._record(tx, "staff.sessions_ended", member.login, after={"ended": ended})
            return ended

        return await self.storage.write(work)

    # What they share

    def manages(self, members: Sequence[Member], grants: Collection[Grant]) -> bool:
        """Whether somebody with these roles is hers to manage: all of them lie within her agencies. Who has none
        belongs to the whole province."""
        return self._covers(members, grants or [Grant(Role.VIEWER)])

    def _covers(self, members: Sequence[Member], grants: Collection[Grant]) -> bool:
        if not self.actor:
            return True
        actor = next((each for each in members if each.id == self.actor), None)
        if actor is None or actor.disabled_at:
            return False
        scope = actor.scope(Right.ADMINISTER)
        return bool(scope.agencies) and all(scope.covers(each.agency) for each in grants)

    def _managed(self, members: Sequence[Member], member_id: str) -> Member | None:
        member = next((each for each in members if each.id == member_id), None)
        return member if member and self.manages(members, member.grants) else None

    async def _change(
        self,
        member_id: str,
        what: str,
        change: Callable[[Member], Member],
        *,
        grants: Collection[Grant] = (),
    ) -> Refusal | None:
        async def work(tx: Transaction) -> Refusal | None:
            members = await tx.staff.lock()
            member = self._managed(members, member_id)
            if member is None:
                return Refusal.MISSING
            if member.id == self.actor:
                return Refusal.OWN
            if not self._covers(members, grants):
                return Refusal.BEYOND
            changed = change(member)
            if changed == member:
                return None
            if too_few(members, [changed if each.id == member.id else each for each in members]):
                return Refusal.LAST
            await tx.staff.save(changed)
            if changed.disabled_at:
                await tx.staff.end_sessions(member.id)
            await self._withdraw_hers(tx, member.login)
            await self._record(tx, what, member.login, before=told_of(member), after=told_of(changed))
            return None

        return await self.storage.write(work)

    async def _withdraw_hers(self, tx: Transaction, login: str) -> None:
        """Nobody comes back by a letter that she wrote with rights which she has no more."""
        for each in await tx.staff.invitations():
            if login in (each.by, each.login):
                await tx.staff.use_invitation(each.digest)

    async def _letter(
        self, tx: Transaction, login: str, name: str, grants: Collection[Grant], *, email: str, member: str = ""
    ) -> Invited:
        secret, now = self.token(), self.clock()
        invitation = StaffInvitation(
            digest=digest_of(secret),
            login=login,
            name=name,
            email=email,
            grants=frozenset(grants),
            by=self.by,
            at=now,
            expires_at=now + timedelta(hours=self.rules.invitation_hours),
            member=member,
        )
        await tx.staff.invite(invitation)
        return Invited(secret, invitation)

    async def _record(self, tx: Transaction, what: str, login: str, **told: Any) -> None:
        """The last thing of a transaction."""
        entry = Entry(at=self.clock(), by=self.by, way=self.way, what=what, subject=login, **told)
        await tx.audit.add([entry])


def administers_all(member: Member) -> bool:
    """One of those of whom there are to be two."""
    return member.disabled_at is None and member.scope(Right.ADMINISTER).is_everywhere


def _would_administer(letter: StaffInvitation, now: datetime) -> bool:
    """It makes one more of them. A letter for somebody who has an account makes nobody more."""
    is_open = not letter.member and letter.expires_at > now
    return is_open and any(each.role is Role.ADMINISTRATOR and each.agency == EVERYWHERE for each in letter.grants)


def scarcity(members: Collection[Member], letters: Collection[StaffInvitation], now: datetime) -> str:
    """What whoever runs the service is told while too few administer the province; empty: there are enough. With the
    `letters` of invitation that may be used there may soon be."""
    number = sum(map(administers_all, members))
    if number >= ADMINISTRATORS:
        return ""
    if number + sum(_would_administer(each, now) for each in letters) >= ADMINISTRATORS:
        return (
            "trao thư mời cho quản trị viên khi dịch vụ chạy, trước khi thư hết hạn (motcua staff list). / hand over "
            "the letters of invitation while the service runs, before they end."
        )
    return (
        f"mới có {number} quản trị viên toàn tỉnh, cần ít nhất {ADMINISTRATORS} người để khi một người vắng bàn làm "
        'việc vẫn mở được. Xin mời thêm: motcua staff invite TÊN-ĐĂNG-NHẬP --name "HỌ TÊN" --role administrator, rồi '
        "gửi địa chỉ in ra cho người ấy / "
        f"only {number} administer the whole province, there should be {ADMINISTRATORS}. Invite: "
        'motcua staff invite LOGIN --name "NAME" --role administrator, and hand over the address that it prints'
    )


async def scarcity_now(tx: Transaction, now: datetime) -> str:
    """`scarcity` as it stands in the database."""
    return scarcity(await tx.staff.members(), await tx.staff.invitations(), now)


def too_few(before: Collection[Member], after: Collection[Member]) -> bool:
    """Whether a change takes away one of the last two."""
    left = sum(map(administers_all, after))
    return left < ADMINISTRATORS and left < sum(map(administers_all, before))


def _unreadable(login: str, name: str, email: str, grants: Collection[Grant]) -> Refusal | None:
    if not is_login(login):
        return Refusal.LOGIN
    if not name:
        return Refusal.NAME
    if email and not is_email(email):
        return Refusal.EMAIL
    if not grants:
        return Refusal.NO_GRANT
    return None if all(is_agency(each.agency) for each in grants) else Refusal.AGENCY
