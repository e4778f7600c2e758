"""Flow: how somebody of the staff comes in, proves who she is, and looks after her own account.

What a stranger is told is the same for a wrong password, an unknown name, a locked and a disabled account, and takes
the same work. Passwords are checked with no transaction open; what that came to counts only once the row is locked, so
that no number of attempts at the same moment gets more answers than `[console] failures`.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.console_settings import ConsoleSettings
from bot.model.audit import Entry
from bot.model.clock import Clock
from bot.model.staff import Credentials, Member, StaffSession, digest_of
from bot.passwords import hashed, verified, weakness_of
from bot.ports import Storage, Transaction
from bot.second_factor import recovery_codes, recovery_digest, step_of, with_code


class Needs(StrEnum):
    """What somebody who has come through the door must do before anything else."""

    NOTHING = "nothing"
    CODE = "code"
    """Give the second factor."""
    SET_UP = "set_up"
    """Set up a second factor: there is none yet."""


@dataclass(frozen=True, slots=True)
class Browser:
    """From where somebody comes."""

    agent: str = ""
    """`Firefox · Windows`."""
    network: str = field(default="", repr=False)
    session: str = field(default="", repr=False)
    """Digest of the session that it has had so far, which ends; empty: none."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that has just begun."""

    secret: str = field(repr=False)
    """For the cookie; only its digest is kept."""
    session: StaffSession
    member: Member
    needs: Needs


@dataclass(frozen=True, slots=True)
class Accounts:
    """The staff's own acts at the door and behind it. All of them are recorded."""

    storage: Storage
    rules: ConsoleSettings
    clock: Clock
    token: Callable[[], str] = field(default=lambda: secrets.token_urlsafe(32), repr=False)

    # The door

    async def enter(self, login: str, password: str, browser: Browser) -> Opened | None:
        """With login and password. None: no, and nobody is told why."""
        login = login.strip().casefold()[:100]
        member, kept = await self.storage.read(lambda tx: _found(tx, login))
        is_right, renewed = await verified(password, kept.password)

        async def work(tx: Transaction) -> Opened | None:
            now = self.clock()
            credentials = await tx.staff.credentials(member.id) if member else Credentials()
            account = await tx.staff.member(member.id) if member else None
            if account is None or account.disabled_at or is_locked(credentials, now):
                await self._record(tx, "staff.refused", account, browser.network)
                return None
            if not is_right or credentials.password != kept.password:
                await self._count_failure(tx, account, credentials, browser.network)
                return None
            if renewed:
                credentials = replace(credentials, password=renewed)
                await tx.staff.save_credentials(account.id, credentials)
            return await self._open(tx, account, credentials, browser, way="password")

        return await self.storage.write(work)

    async def vouched(self, member_id: str, browser: Browser, *, is_strong: bool, way: str = "openid") -> Opened | None:
        """By somebody we trust: the OpenID provider, or the invitation that has just been used. `is_strong`: with a
        second factor already."""

        async def work(tx: Transaction) -> Opened | None:
            credentials = await tx.staff.credentials(member_id)
            member = await tx.staff.member(member_id)
            if member is None or member.disabled_at:
                return None
            return await self._open(tx, member, credentials, browser, way=way, is_strong=is_strong)

        return await self.storage.write(work)

    async def prove(self, half: StaffSession, code: str) -> Opened | None:
        """With a code of the phone, or a recovery code; each opens once. Too many wrong ones end the session."""

        async def work(tx: Transaction) -> Opened | None:
            credentials, member = await self._locked(tx, half)
            if member is None:
                return None
            used = with_code(credentials, code, self.clock())
            if used is None:
                if await self._count_failure(tx, member, credentials, half.network):
                    await tx.staff.end_session(half.digest)
                return None
            used = replace(used, failures=0, locked_until=None)
            await tx.staff.save_credentials(member.id, used)
            return await self._open_proved(tx, member, half, recovery_left=_spent(credentials, used))

        return await self.storage.write(work)

    async def enrol(
        self, session: StaffSession, secret: str, code: str, *, proof: str = ""
    ) -> tuple[Opened, list[str]] | None:
        """Sets up the second factor once its first code is right, and answers with the recovery codes, for this once.
        Who has one already must have proved it in this session and gives another code of it: `proof`."""
        codes = recovery_codes()

        async def work(tx: Transaction) -> tuple[Opened, list[str]] | None:
            credentials, member = await self._locked(tx, session)
            now = self.clock()
            if member is None or (credentials.totp and not session.proved_at):
                return None
            if credentials.totp and not with_code(credentials, proof, now):
                await self._count_failure(tx, member, credentials, session.network)
                return None
            step = step_of(secret, code, now)
            if not step:
                return None
            fresh = replace(
                credentials, totp=secret, totp_step=step, recovery=_digests(codes), failures=0, locked_until=None
            )
            await tx.staff.save_credentials(member.id, fresh)
            await tx.staff.end_sessions(member.id)
            return await self._open_proved(tx, member, session, what="staff.enrolled"), codes

        return await self.storage.write(work)

    # One's own account

    async def renew_recovery(self, session: StaffSession, proof: str) -> list[str] | None:
        """New recovery codes for a code of the phone; the old ones open no more. None: that code was wrong."""
        codes = recovery_codes()

        async def work(tx: Transaction) -> list[str] | None:
            credentials, member = await self._locked(tx, session)
            if member is None or not session.proved_at:
                return None
            used = with_code(credentials, proof, self.clock())
            if used is None:
                await self._count_failure(tx, member, credentials, session.network)
                return None
            await tx.staff.save_credentials(member.id, replace(used, recovery=_digests(codes)))
            await self._record(tx, "staff.recovery_renewed", member, session.network, by=member.login)
            return codes

        return await self.storage.write(work)

    async def change_password(self, session: StaffSession, member: Member, old: str, new: str) -> str:
        """Ends all other sessions. Empty, or the word for what is wrong: `wrong` or a `Weakness`."""
        if weakness := weakness_of(new, member.login, member.name):
            return weakness
        kept = await self.storage.read(lambda tx: tx.staff.credentials(member.id))
        is_right, _ = await verified(old, kept.password)
        password = await hashed(new)

        async def work(tx: Transaction) -> str:
            credentials, account = await self._locked(tx, session)
            if account is None:
                return "wrong"
            if not is_right or credentials.password != kept.password:
                await self._count_failure(tx, account, credentials, session.network)
                return "wrong"
            await tx.staff.save_credentials(member.id, replace(credentials, password=password))
            await tx.staff.end_sessions(member.id, but=session.digest)
            await self._record(tx, "staff.password_changed", account, session.network, by=account.login)
            return ""

        return await self.storage.write(work)

    # What they share

    async def _locked(self, tx: Transaction, session: StaffSession) -> tuple[Credentials, Member | None]:
        """Of an open session, held until the end of the transaction. No member: ended meanwhile, or locked."""
        credentials = await tx.staff.credentials(session.member)
        found = await tx.staff.session(session.digest)
        if found is None or is_locked(credentials, self.clock()):
            return credentials, None
        return credentials, found[1]

    async def _count_failure(self, tx: Transaction, member: Member, credentials: Credentials, network: str) -> bool:
        """True: it was one too many, and the account is locked now."""
        failures = credentials.failures + 1
        is_last = failures >= self.rules.failures
        until = self.clock() + timedelta(minutes=self.rules.lock_minutes) if is_last else None
        counted = replace(credentials, failures=0 if is_last else failures, locked_until=until)
        await tx.staff.save_credentials(member.id, counted)
        await self._record(tx, "staff.locked" if is_last else "staff.refused", member, network)
        return is_last

    async def _open(
        self,
        tx: Transaction,
        member: Member,
        credentials: Credentials,
        browser: Browser,
        *,
        way: str,
        is_strong: bool = False,
    ) -> Opened:
        """A new session in place of the one that the browser had, as far as it has been proved."""
        needs = Needs.CODE if credentials.totp else Needs.SET_UP if self.rules.require_totp else Needs.NOTHING
        needs = Needs.NOTHING if is_strong else needs
        if browser.session:
            await tx.staff.end_session(browser.session)
        is_in = needs is Needs.NOTHING
        opened = await self._begin(tx, member, browser.agent, browser.network, needs)
        if is_in:
            await tx.staff.saw(member.id, self.clock())
        what = "staff.entered" if is_in else "staff.half_entered"
        await self._record(tx, what, member, browser.network, by=member.login, way=way)
        return opened

    async def _open_proved(
        self, tx: Transaction, member: Member, half: StaffSession, *, what: str = "staff.entered", **more: Any
    ) -> Opened:
        """A new secret, so that nobody who knew the old one comes in too."""
        await tx.staff.end_session(half.digest)
        opened = await self._begin(tx, member, half.agent, half.network, Needs.NOTHING)
        await tx.staff.saw(member.id, self.clock())
        await self._record(tx, what, member, half.network, by=member.login, **more)
        return opened

    async def _begin(self, tx: Transaction, member: Member, agent: str, network: str, needs: Needs) -> Opened:
        now, secret = self.clock(), self.token()
        session = StaffSession(
            digest=digest_of(secret),
            member=member.id,
            opened_at=now,
            seen_at=now,
            agent=agent,
            network=network,
            proved_at=now if needs is Needs.NOTHING else None,
        )
        await tx.staff.open_session(session)
        return Opened(secret, session, member, needs)

    async def _record(
        self, tx: Transaction, what: str, member: Member | None, network: str, *, by: str = "", **more: Any
    ) -> None:
        """The last thing of a transaction. An unknown name is not written down: it may be a password in the wrong
        field."""
        after: Mapping[str, Any] = {"network": network, **{name: each for name, each in more.items() if each != ""}}
        await tx.audit.add(
            [Entry(at=self.clock(), by=by, what=what, subject=member.login if member else "", after=after)]
        )


def is_locked(credentials: Credentials, now: datetime) -> bool:
    """Nothing opens just now."""
    return is_locked_until(credentials.locked_until, now)


def is_locked_until(until: datetime | None, now: datetime) -> bool:
    return until is not None and now < until


async def _found(tx: Transaction, login: str) -> tuple[Member | None, Credentials]:
    member = await tx.staff.by_login(login)
    return member, await tx.staff.credentials(member.id if member else "")


def _digests(codes: list[str]) -> tuple[str, ...]:
    return tuple(map(recovery_digest, codes))


def _spent(before: Credentials, after: Credentials) -> int | str:
    """How many recovery codes are left where one was used; else empty."""
    return len(after.recovery) if len(after.recovery) < len(before.recovery) else ""
