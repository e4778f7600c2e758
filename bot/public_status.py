"""How the service fares, in the few words that everybody may read: which ways of telling work, whether answers go out
on time, how fresh the data is, what went wrong lately. Names no agency, gateway or person."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.alarms import AlarmName
from bot.looks import CHANNEL, LISTENER, SENDER, living
from bot.model.clock import VIETNAM
from bot.model.message import Lane
from bot.ports.watching import Alarm
from bot.readings import Readings, Rules
from bot.sending_looks import Pace, pace_of

DAYS = timedelta(days=30)
"""How long an incident is shown."""
_SHORT = timedelta(minutes=1)
"""What was over sooner is nobody's concern."""
_OWN_SCHEME = "sms"
"""Of queues that are named after a route: routes carry SMS alone."""


class Condition(StrEnum):
    """Of one way of telling people."""

    WORKING = "working"
    SLOW = "slow"
    PAUSED = "paused"
    ELSEWHERE = "elsewhere"
    """It cannot be reached for long, and its messages go another way."""


class Trouble(StrEnum):
    """What an incident was, for those whom it concerned."""

    LATE = "late"
    """Messages went out late, or were held."""
    FAILING = "failing"
    """Many messages did not arrive."""
    DEAF = "deaf"
    """What people wrote was heard late."""
    STALE = "stale"
    """No news of dossiers came in."""


class Overall(StrEnum):
    FINE = "fine"
    MENDING = "mending"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The channels that citizens are told by."""

    schemes: Mapping[str, str]
    """Channel → scheme of the addresses that it reaches."""
    diverting: Collection[str] = ()
    """Channels whose messages go another way when they cannot be reached …"""
    diverted_after: timedelta = timedelta(minutes=10)
    """… for so long."""


class Watched(Protocol):
    """What is asked of the watch: its last look, in memory."""

    @property
    def readings(self) -> Readings | None: ...
    @property
    def rules(self) -> Rules: ...
    @property
    def is_still(self) -> bool: ...
    @property
    def is_lost(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Notices:
    """What a public status is made of."""

    watch: Watched
    ways: Ways


@dataclass(frozen=True, slots=True)
class Fresh:
    """How far the data of one source goes."""

    source: str
    until: datetime | None
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Incident:
    """Troubles of one kind that overlapped are one."""

    day: date
    """On which it began, in Vietnam."""
    trouble: Trouble
    minutes: int
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicStatus:
    """What the page says."""

    at: datetime | None
    """Of the look that it was made of; None: nobody has looked yet."""
    overall: Overall
    ways: Mapping[str, Condition]
    """By scheme."""
    replies: Pace | None
    """Answers of the last 24 hours; None: there were none."""
    sources: Sequence[Fresh]
    incidents: Sequence[Incident]
    """The latest first."""


def status_of(
    readings: Readings | None,
    rules: Rules,
    ways: Ways,
    *,
    stopped: Collection[str] = (),
    past: Iterable[Alarm] = (),
    is_down: bool,
) -> PublicStatus:
    """`stopped`: channels that staff have paused. `past`: alarms, open ones among them. `is_down`: the database or the
    watch itself does not answer, so that what is known is old."""
    if readings is None:
        return PublicStatus(at=None, overall=Overall.DOWN, ways={}, replies=None, sources=(), incidents=())
    conditions = conditions_of(readings, rules, ways, stopped)
    sources = list(_sources(readings, rules))
    incidents = incidents_of(past, since=readings.at - DAYS, now=readings.at)
    is_fine = all(each is Condition.WORKING for each in conditions.values())
    is_fine &= not any(each.is_stale for each in sources) and all(each.is_over for each in incidents)
    replies = next((pace_of(each, rules.watch) for each in readings.day if each.lane is Lane.REPLY), None)
    return PublicStatus(
        at=readings.at,
        overall=Overall.DOWN if is_down else Overall.FINE if is_fine else Overall.MENDING,
        ways=conditions,
        replies=replies if replies and replies.messages else None,
        sources=sources,
        incidents=incidents,
    )


def conditions_of(readings: Readings, rules: Rules, ways: Ways, stopped: Collection[str] = ()) -> dict[str, Condition]:
    """By scheme, in the order of the configuration. Of several gateways one that works is enough."""
    found: dict[str, list[Condition]] = {}
    alive = living(readings.beats, readings.at)
    served = {each.name for each in readings.beats if each.owner in alive}
    for channel, scheme in ways.schemes.items():
        is_served = channel not in stopped and f"{SENDER}{channel}" in served
        condition = _of_channel(channel, readings, ways) if is_served else Condition.PAUSED
        found.setdefault(scheme, []).append(condition)
    waiting = {ways.schemes.get(each, _OWN_SCHEME) for each in _behind(readings, rules)}
    return {scheme: _together(each, is_behind=scheme in waiting) for scheme, each in found.items()}


def _together(each: Sequence[Condition], *, is_behind: bool) -> Condition:
    if Condition.WORKING in each or Condition.SLOW in each:
        is_slow = is_behind or Condition.WORKING not in each
        return Condition.SLOW if is_slow else Condition.WORKING
    return Condition.ELSEWHERE if Condition.ELSEWHERE in each else Condition.PAUSED


def _behind(readings: Readings, rules: Rules) -> set[str]:
    """Queues in which something that is no broadcast waits for longer than the objective allows."""
    limit = timedelta(seconds=rules.watch.slow_seconds)
    return {
        each.channel for each in readings.waiting if each.lane is not Lane.BULK and readings.at - each.since > limit
    }


def _of_channel(channel: str, readings: Readings, ways: Ways) -> Condition:
    """By what its senders complain of, and by its alarms."""
    complaints = [each for each in readings.beats if each.name == f"{CHANNEL}{channel}" and each.trouble]
    down = [alarm for alarm in readings.alarms if (alarm.name, alarm.subject) == (AlarmName.UNSENT, channel)]
    if complaints or down:
        since = min((alarm.since for alarm in down), default=readings.at)
        is_long = channel in ways.diverting and readings.at - since >= ways.diverted_after
        return Condition.ELSEWHERE if is_long else Condition.PAUSED
    named = {(alarm.name, alarm.subject) for alarm in readings.alarms}
    if (AlarmName.JOB, f"{SENDER}{channel}") in named:
        return Condition.PAUSED
    is_failing = (AlarmName.FAILURES, f"channel/{channel}") in named
    return Condition.SLOW if is_failing else Condition.WORKING


def _sources(readings: Readings, rules: Rules) -> Iterator[Fresh]:
    for name, each in rules.sources.items():
        state = readings.sources.get(name)
        until = (state.fresh_at or state.synced_at) if state else None
        yield Fresh(name, until, until is None or readings.at - until > timedelta(seconds=each.stale_after))


# Incidents


def incidents_of(alarms: Iterable[Alarm], *, since: datetime, now: datetime) -> list[Incident]:
    spans: dict[Trouble, list[tuple[datetime, datetime | None]]] = {}
    for alarm in alarms:
        trouble = trouble_of(alarm)
        if trouble and (alarm.cleared_at is None or alarm.cleared_at >= since):
            spans.setdefault(trouble, []).append((max(alarm.since, since), alarm.cleared_at))
    found = [
        _incident(trouble, begun, ended, now)
        for trouble, each in spans.items()
        for begun, ended in _merged(each)
        if (ended or now) - begun >= _SHORT
    ]
    return sorted(found, key=lambda each: (each.day, each.minutes), reverse=True)


def trouble_of(alarm: Alarm) -> Trouble | None:
    """What everybody may know of it; None: it concerns those alone who run the service."""
    match alarm.name:
        case AlarmName.UNSENT | AlarmName.BRAKE:
            return Trouble.LATE
        case AlarmName.FAILURES if alarm.subject.startswith("channel/"):
            return Trouble.FAILING
        case AlarmName.SOURCE:
            return Trouble.STALE
        case AlarmName.JOB if alarm.subject.startswith(SENDER):
            return Trouble.LATE
        case AlarmName.JOB if alarm.subject.removeprefix("post ").startswith(LISTENER):
            return Trouble.DEAF
        case _:
            return None


def _merged(spans: Sequence[tuple[datetime, datetime | None]]) -> Iterator[tuple[datetime, datetime | None]]:
    """Without overlaps, oldest first; one that lasts swallows all after it."""
    first, *rest = sorted(spans, key=lambda span: span[0])
    begun, ended = first
    for start, end in rest:
        if ended is not None and start > ended:
            yield begun, ended
            begun, ended = start, end
        elif ended is not None:
            ended = None if end is None else max(ended, end)
    yield begun, ended


def _incident(trouble: Trouble, begun: datetime, ended: datetime | None, now: datetime) -> Incident:
    minutes = round(((ended or now) - begun).total_seconds() / 60)
    return Incident(begun.astimezone(VIETNAM).date(), trouble, max(1, minutes), ended is not None)
