"""Finds a dossier for somebody who asks, and shows as much as that person may know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.config import LookupSettings, Strangers
from bot.guarding import CODE, FORGIVEN, KNOWN, LEVELS, MISS, NETWORK, NETWORK_LEVELS, SENDER, Guard, guard
from bot.model.code import same_unit_forms
from bot.model.dossier import Dossier
from bot.model.person import Address, Follow, Right
from bot.ports import Transaction
from bot.proving import fits, proofs_in

STALE_AFTER = timedelta(hours=2)
"""For a source that is no longer configured."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as far as it is proved."""

    address: Address
    phone: str = field(default="", repr=False)
    """E.164: of the SMS itself, or to which the chat is bound; empty: nobody knows."""
    network: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """What may be shown. `dossier` is None with `Right.NOTHING`, whether or not it exists."""

    code: str
    right: Right
    dossier: Dossier | None = None
    fresh_at: datetime | None = None
    """The moment whose truth this is."""
    stale: bool = False
    """That moment is so long ago that the dossier may have moved on: nothing may be stated as present."""
    is_followed: bool = False
    """By the asker's address, by whose leave ever."""
    wait: timedelta | None = None
    """With `Right.NOTHING`: too many attempts have failed, so nothing was looked up; ask again after this time."""


async def seek(
    tx: Transaction,
    code: str,
    asker: Asker,
    rules: LookupSettings,
    *,
    now: datetime,
    stale_after: Mapping[str, timedelta],
    factor: str = "",
    is_proved: bool = False,
    is_tightened: bool = False,
) -> Found:
    """The dossier with this code, in any of its printed forms, as far as `asker` may see it; failures are counted.

    `factor` is what was written as proof beside the code: a mã tra cứu, or last digits; `is_proved`: the asker gave a
    right one before, in this conversation. What does not exist, a wrong
    factor and what is not the asker's cannot be told apart: the same is asked of the database and the same is counted.
    """
    question = await _question(tx, code, asker, rules, now=now, factor=factor, is_tightened=is_tightened)
    right, dossier = await question.answer(is_proved=is_proved)
    if dossier is None:
        return Found(code, Right.NOTHING, wait=question.wait or None)
    state = await tx.sources.get(dossier.source)
    fresh_at = (state.fresh_at or state.synced_at) if state else None
    limit = stale_after.get(dossier.source, STALE_AFTER)
    is_stale = fresh_at is None or now - fresh_at > limit
    is_followed = (dossier.source, dossier.code) in question.follows
    return Found(code, right, dossier, fresh_at, stale=is_stale, is_followed=is_followed)


def is_hers(dossier: Dossier, phone: str, disowned_at: datetime | None) -> bool:
    """Whether the dossier is that of the phone's present owner, who may have said that older ones are not hers."""
    if not phone or dossier.phone != phone:
        return False
    received_at = dossier.received_at or dossier.first_seen_at
    return disowned_at is None or (received_at is not None and received_at > disowned_at)


@dataclass(frozen=True, slots=True)
class _Question:
    """One code, asked for by one person, and all that is known about both."""

    guard: Guard
    asker: Asker
    rules: LookupSettings
    dossiers: Sequence[Dossier]
    """Two sources may know the same code."""
    disowned_at: datetime | None
    follows: Mapping[tuple[str, str], Follow]
    proofs: tuple[str, ...]
    shows_levels: bool

    async def answer(self, *, is_proved: bool) -> tuple[Right, Dossier | None]:
        """An owner or follower is never held up; others are, before anything is compared."""
        if own := [each for each in self.dossiers if is_hers(each, self.asker.phone, self.disowned_at)]:
            return await self._by_right(Right.FULL, own)
        if followed := [each for each in self.dossiers if self._is_followed(each)]:
            return await self._by_right(Right.DETAILS, followed)
        if is_proved and self.dossiers:
            return Right.DETAILS, _newest(self.dossiers)
        await _balance.even_out(self.guard.tx, self.dossiers)
        if self.wait:
            return Right.NOTHING, None
        fitting = [each for each in self.dossiers or (None,) if fits(each, self.proofs, self.rules.factors)]
        if proved := [each for each in fitting if each]:
            return await self._by_right(Right.DETAILS, proved)
        return await self._by_code_alone()

    @property
    def wait(self) -> timedelta:
        """Says nothing about the dossier: what was tried before is all that counts."""
        kind = [CODE] if self.proofs else _LEVEL_RULES
        return self.guard.wait([SENDER, NETWORK, *kind])

    async def _by_right(self, right: Right, dossiers: Sequence[Dossier]) -> tuple[Right, Dossier]:
        await self.guard.forgive()
        return right, _newest(dossiers)

    def _is_followed(self, dossier: Dossier) -> bool:
        """Whom an owner lets follow, follows as long as her phone is the dossier's."""
        follow = self.follows.get((dossier.source, dossier.code))
        return follow is not None and follow.invited_by in ("", dossier.phone)

    async def _by_code_alone(self) -> tuple[Right, Dossier | None]:
        """As a stranger: what was tried in vain is counted, and mildly also what was seen."""
        sees_level = bool(self.dossiers) and self.shows_levels and not self.guard.wait(_LEVEL_RULES)
        if sees_level:
            await self.guard.note(_LEVEL_RULES)
        if self.proofs or not sees_level:
            kind = MISS if self.proofs or not self.dossiers else KNOWN
            await self.guard.note([SENDER, NETWORK, CODE], kind)
        return (Right.LEVEL, _newest(self.dossiers)) if sees_level else (Right.NOTHING, None)


_LEVEL_RULES = (LEVELS, NETWORK_LEVELS)


@dataclass(slots=True)
class _Balance:
    """Lets a dossier that exists take as long as one that does not: to read a row takes 60 µs longer than to find none,
    and a thousand attempts would show it. So each is followed by the other."""

    code: str = ""
    """Of some dossier that exists: the one found last."""

    async def even_out(self, tx: Transaction, dossiers: Sequence[Dossier]) -> None:
        await tx.dossiers.find(f"{dossiers[0].code}-" if dossiers else self.code)
        self.code = dossiers[0].code if dossiers else self.code


_balance = _Balance()
"""One for the process; what it holds decides nothing."""


async def _question(
    tx: Transaction,
    code: str,
    asker: Asker,
    rules: LookupSettings,
    *,
    now: datetime,
    factor: str,
    is_tightened: bool,
) -> _Question:
    """Asks the database: the same of every code, and all of it before anything is decided."""
    forms = (code, *same_unit_forms(code))
    proofs = proofs_in(factor) if rules.factors else ()
    shows_levels = rules.strangers is Strangers.LEVEL and not (is_tightened and rules.tighten)
    sender, network = asker.address.key, asker.network
    subjects = {SENDER: sender, FORGIVEN: sender, NETWORK: network}
    # Whatever form is typed, it is the same dossier that is guessed at.
    subjects |= {CODE: min(forms)} if proofs else {}
    subjects |= {LEVELS: sender, NETWORK_LEVELS: network} if shows_levels else {}
    return _Question(
        guard=await guard(tx, sender, subjects, now=now),
        asker=asker,
        rules=rules,
        dossiers=[each for form in forms for each in await tx.dossiers.find(form)],
        disowned_at=await tx.people.disowned(asker.phone) if asker.phone else None,
        follows={(each.source, each.code): each for each in await tx.follows.of(asker.address)},
        proofs=proofs,
        shows_levels=shows_levels,
    )


def _newest(dossiers: Sequence[Dossier]) -> Dossier:
    return max(dossiers, key=lambda each: (each.received_at is not None, each.received_at or 0))
