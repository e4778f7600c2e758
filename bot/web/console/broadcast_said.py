"""Broadcasts in words: the colour beside a state, the hour at which one leaves, what the quiet hours make of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model.broadcast import Broadcast, BroadcastState
from bot.model.clock import VIETNAM
from bot.quiet import end_of
from bot.web.console.show import day, fill
from bot.web.console.visit import Visit

_KINDS = {
    BroadcastState.DRAFT: "calm",
    BroadcastState.SUBMITTED: "warn",
    BroadcastState.APPROVED: "calm",
    BroadcastState.RUNNING: "calm",
    BroadcastState.TRIED: "warn",
    BroadcastState.PAUSED: "warn",
    BroadcastState.DONE: "good",
    BroadcastState.CANCELLED: "wrong",
    BroadcastState.REJECTED: "wrong",
}


def kind_of(broadcast: Broadcast) -> str:
    """The colour that stands beside its state."""
    return _KINDS[broadcast.state]


@dataclass(frozen=True, slots=True)
class HoursSaid:
    """When a broadcast leaves."""

    starts_at: datetime | None
    """None: at once."""
    held_until: datetime | None
    """The quiet hours hold it until then; None: they do not."""
    begin: str
    """Of the quiet hours, `21:00`; empty: there are none."""
    end: str


def hours_said(visit: Visit, broadcast: Broadcast) -> HoursSaid:
    """By the quiet hours of the configuration."""
    hours = visit.config.quiet.bulk
    starts = max(broadcast.starts_at or visit.console.clock(), visit.console.clock())
    is_quiet = hours.holds(starts.astimezone(VIETNAM).time())
    said = (f"{hours.begin:%H:%M}", f"{hours.end:%H:%M}") if hours.begin != hours.end else ("", "")
    return HoursSaid(broadcast.starts_at, end_of(hours, starts) if is_quiet else None, *said)


def for_whom(visit: Visit, broadcast: Broadcast) -> str:
    """In one sentence: the list, or the dossiers that are meant."""
    words = visit.words["broadcasts"]
    wish = broadcast.audience
    if wish is None:
        return fill(words["by_list"], name=broadcast.list_name) if broadcast.list_name else str(words["by_some_list"])
    said = [
        wish.agencies and f"{words['of_agencies']} {', '.join(wish.agencies)}",
        wish.procedures and f"{words['of_procedures']} {', '.join(wish.procedures)}",
        wish.statuses
        and f"{words['in_status']} {', '.join(words['status'][str(int(each))] for each in wish.statuses)}",
        wish.lateness and words["lateness"][wish.lateness.value],
        wish.received_since and f"{words['received_since']} {day(wish.received_since)}",
        wish.received_until and f"{words['received_until']} {day(last_day(wish.received_until))}",
        wish.reachable_by and words["reachable"].get(wish.reachable_by, wish.reachable_by),
    ]
    return "; ".join([words["by_query"], *(each for each in said if each)]) + "."


def last_day(until: datetime) -> datetime:
    """The last day that lies before the end of a stretch of whole days."""
    return until - timedelta(minutes=1)
