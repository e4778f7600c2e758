"""What the page of the day shows: what waits for somebody, and how the service stands, for one member's agencies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.due_lists import days_horizon, hours_horizon
from bot.model.apology import Apology, ApologyState
from bot.model.broadcast import Broadcast, BroadcastState
from bot.model.message import Lane
from bot.model.staff import Right, Scope
from bot.ports import BUDGET, QUIET, STOPPED, Due, FailedFor, Failure, HeldGroup, SourceState, Transaction
from bot.ports.watching import BOUNDS, Alarm, Failed
from bot.web.console.visit import Visit

SOON_HOURS = 3.0
"""Office hours within which a deadline is due soon."""
LATELY = timedelta(days=30)
"""How far back what is overdue, or reached nobody, is counted here; older is in the lists."""
DAY = timedelta(days=1)
FIRST = 6
"""Lines of a list on this page; the rest is behind its link."""
MOST = 50
"""How far is counted what has to be looked for one by one; beyond, "more than" is said."""
MOST_FAILED = 5_000
RED_PERCENT = 3.0
"""Share of failed messages from which on it is red."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What somebody has to do."""

    soon: int
    next_day: int
    """Within a working day; those that are due sooner are among them."""
    overdue: int
    first: Sequence[Due]
    drafts: int
    draft: Apology | None
    """The one with the earliest limit."""
    unheard: int
    """Up to `MOST` + 1."""
    talks: int
    talk_since: datetime | None
    feedbacks: int
    broadcasts: Sequence[Broadcast]
    """That wait for this member's approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the service is."""

    quiet: int
    quiet_until: datetime | None
    budget: int
    paused: int
    """Of broadcasts that somebody has paused."""
    braked: Mapping[str, int]
    """By source."""
    sources: Mapping[str, SourceState] = field(default_factory=dict)
    failures: Mapping[str, Failure] = field(default_factory=dict)
    quarantined: int = 0
    alarms: Sequence[Alarm] = ()
    tried: int = 0
    quick: int = 0
    """Of `tried` replies: those within the objective."""


@dataclass(frozen=True, slots=True)
class Fared:
    """How messages fared in a day."""

    agencies: Failed
    """Of all her agencies together."""
    worst: Sequence[Failed]
    """Channels and agencies that are red; channels only for those who see the whole province."""
    reasons: Sequence[FailedFor]


@dataclass(frozen=True, slots=True)
class Horizons:
    """Until when deadlines are near, by the calendar of her agency."""

    now: datetime
    soon: datetime
    next_day: datetime

    @classmethod
    def of(cls, visit: Visit) -> "Horizons":
        now, scope = visit.console.clock(), visit.scope()
        calendar = visit.app.calendars.of(scope.agencies[0])
        soon = hours_horizon(calendar, SOON_HOURS, now)
        return cls(now, soon, max(soon, days_horizon(calendar, 1, now)))


async def waiting(tx: Transaction, visit: Visit, horizons: Horizons) -> Waiting:
    scope, now = visit.scope(), horizons.now
    dues = await tx.today.dues(since=now - LATELY, now=now, soon=horizons.soon, next_day=horizons.next_day)
    own = [each for each in dues if scope.covers(each.agency)]
    soon = sum(each.soon for each in own)
    drafts = await tx.today.apologies(ApologyState.DRAFT, scope.asked, limit=1)
    unheard = await tx.today.unheard(scope.asked, since=now - LATELY, limit=MOST + 1)
    talks = [each for each in await tx.service.talks(limit=20 * MOST) if scope.covers(each.agency) and not each.clerk]
    return Waiting(
        soon=soon,
        next_day=soon + sum(each.next_day for each in own),
        overdue=sum(each.overdue for each in own),
        first=await tx.today.due(scope.asked, since=now, until=horizons.next_day, after=None, limit=FIRST),
        drafts=await tx.apologies.waiting(scope.asked),
        draft=drafts[0] if drafts else None,
        unheard=sum(each.told is None for each in unheard),
        talks=len(talks),
        talk_since=min((each.begun_at for each in talks), default=None),
        feedbacks=await _feedbacks(tx, scope),
        broadcasts=await _broadcasts(tx, visit),
    )


async def _feedbacks(tx: Transaction, scope: Scope) -> int:
    """Up to `MOST` + 1 of each of her agencies."""
    found = [await tx.service.feedbacks(agency=each, limit=MOST + 1) for each in scope.agencies]
    return len({each.number for some in found for each in some})


async def _broadcasts(tx: Transaction, visit: Visit) -> list[Broadcast]:
    if not visit.me.may(Right.APPROVE):
        return []
    scope, login = visit.scope(Right.APPROVE), visit.me.login.casefold()
    found = await tx.broadcasts.listed(scope.asked, before="", limit=MOST, states=[BroadcastState.SUBMITTED])
    return [each for each in found if login not in each.authors]


async def standing(tx: Transaction, visit: Visit, now: datetime) -> Standing:
    """Costs a few look-ups in indexes. What belongs to no agency is for those who see the whole province; how fresh
    the sources are is for everybody, as it is told to citizens."""
    scope = visit.scope()
    held = [each for each in await tx.today.held() if scope.covers(each.agency)]
    quiet = [each for each in held if each.held_for == QUIET]
    speed = await tx.watch.speed(since=now - DAY) if scope.is_everywhere else []
    replies = next((each for each in speed if each.lane is Lane.REPLY), None)
    return Standing(
        quiet=_number(quiet),
        quiet_until=min((each.until for each in quiet), default=None),
        budget=_number([each for each in held if each.held_for == BUDGET]),
        paused=_number([each for each in held if each.held_for == STOPPED]),
        braked=_by_source([each for each in held if not each.held_for]),
        sources=await tx.sources.states(),
        failures=await tx.sources.failures(),
        quarantined=await tx.sources.count_quarantined() if scope.is_everywhere else 0,
        alarms=await tx.watch.alarms() if scope.is_everywhere else (),
        tried=replies.messages if replies else 0,
        quick=replies.within.get(_bound(visit), 0) if replies else 0,
    )


def _bound(visit: Visit) -> int:
    """The counted bound of the speed objective: the first that is not below it."""
    wanted = visit.config.watch.quick_seconds
    return next((each for each in BOUNDS if each >= wanted), BOUNDS[-1])


def _number(groups: Sequence[HeldGroup]) -> int:
    return sum(each.messages for each in groups)


def _by_source(groups: Sequence[HeldGroup]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in groups:
        found[each.source] = found.get(each.source, 0) + each.messages
    return found


async def fared(tx: Transaction, visit: Visit, now: datetime) -> Fared:
    """Of the last day."""
    scope = visit.scope()
    counted = await tx.watch.failures(since=now - DAY)
    own = [each for each in counted if each.kind == "agency" and scope.covers(each.name)]
    shown = [each for each in counted if each in own or (scope.is_everywhere and each.kind == "channel")]
    volume = visit.config.watch.failure_volume
    worst = [each for each in shown if each.tried >= volume and is_red(each)]
    total = Failed("agency", "", sum(each.tried for each in own), sum(each.failed for each in own))
    return Fared(
        total,
        sorted(worst, key=lambda each: -each.failed / each.tried)[:FIRST],
        await tx.today.failed(scope.asked, since=now - DAY, most=MOST_FAILED),
    )


def is_red(each: Failed) -> bool:
    return 100 * each.failed > RED_PERCENT * max(each.tried, each.failed)
