"""Pure: what the changes of a dossier mean for the citizen, and which of these situations an office tells."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.model.clock import VIETNAM
from bot.model.dossier import FINISHED, Change, Dossier, Handing, Status, Step
from bot.model.message import Situation
from bot.routing import nearest_above
from bot.situation_settings import SituationSettings
from bot.texts import show_moment

_OF_STATUS: Mapping[Status, Situation] = {
    Status.REGISTERED: Situation.REGISTERED,
    Status.PROCESSING: Situation.PROGRESS,
    Status.PAYMENT: Situation.PAYMENT,
    Status.SUPPLEMENT: Situation.SUPPLEMENT,
    Status.REFUSED: Situation.REFUSED,
    Status.WITHDRAWN: Situation.WITHDRAWN,
    Status.STOPPED: Situation.STOPPED,
    Status.RETURNED: Situation.RETURNED,
}
"""What a new status is told as, where nothing but the status says."""

_RECEIVED: Mapping[Handing | None, Situation] = {
    Handing.ONLINE: Situation.RECEIVED_ONLINE,
    Handing.POST: Situation.RECEIVED_POST,
}

PLAINER: Mapping[Situation, Situation] = {Situation.RESULT_EARLY: Situation.RESULT}
"""What is said where an office has switched the finer word off: nobody must miss her result over that."""


@dataclass(frozen=True, slots=True)
class Silent:
    """Nobody is told of a change, and why: in words for the record, never personal."""

    reason: str


NO_NEWS = Silent("nothing that citizens are told of")
UNKNOWN_WORD = Silent("the source's word for the status is not known")
"""It could be wrong."""
PROMISED = Silent("the date that our apology promised")
SEEN_AT_ITS_END = Silent("handed over when it was first seen")


class Situations:
    """What is told, and by which ways, at each agency: by its own rules, those of the nearest one above, else all's."""

    def __init__(self, settings: SituationSettings | None = None) -> None:
        """Without settings: as configured by default."""
        self._settings = settings = settings or SituationSettings()
        self._switched: dict[Situation, dict[str, bool]] = {}
        self._channels: dict[Situation, dict[str, tuple[str, ...]]] = {}
        for agency, rules in settings.agencies.items():
            for situation in rules.on:
                self._switched.setdefault(situation, {})[agency] = True
            for situation in rules.off:
                self._switched.setdefault(situation, {})[agency] = False
            for situation, schemes in rules.channels.items():
                self._channels.setdefault(situation, {})[agency] = schemes

    def is_on(self, situation: Situation, agency: str) -> bool:
        """Whether citizens are told of this at the agency."""
        own = nearest_above(agency, self._switched.get(situation, {}))
        return situation not in self._settings.off if own is None else own

    def schemes(self, situation: Situation, agency: str) -> tuple[str, ...]:
        """The schemes of addresses by which it may be told (`sms`, `zalo` …); empty: by every one."""
        own = nearest_above(agency, self._channels.get(situation, {}))
        return self._settings.channels.get(situation, ()) if own is None else own

    def life_event(self, dossier: Dossier) -> Situation | None:
        """What the procedure is about, where it is a birth, a marriage or a death."""
        if is_listed(dossier.procedure, self._settings.deaths):
            return Situation.CONDOLENCE
        return Situation.CONGRATULATION if is_listed(dossier.procedure, self._settings.births) else None


def is_listed(procedure: str, codes: Collection[str]) -> bool:
    """Whether the procedure is one of these; its code may be followed by the unit's: `1.001776.000.00.00.H56`."""
    return bool(codes) and (procedure in codes or ".".join(procedure.split(".")[:2]) in codes)


def situation_of(changes: Sequence[Change], before: Dossier | None, after: Dossier) -> Situation | Silent:
    """What these changes mean for the citizen: the newest state speaks, but an apology goes before mere progress."""
    at = changes[0].at
    if before is None:
        return SEEN_AT_ITS_END if after.status is Status.RETURNED else _of_status(after, at)
    if _is_postponed(before, after):
        return Situation.APOLOGY
    if before.status is not after.status:
        return _arrived(before, after, at)
    if after.status is Status.UNKNOWN:
        return UNKNOWN_WORD
    if after.status is Status.SUPPLEMENT:
        return Situation.SUPPLEMENT if _asks_otherwise(before, after) else NO_NEWS
    if after.status in FINISHED:
        return _after_the_end(before, after, at)
    return _in_work(before, after, at)


def _of_status(after: Dossier, at: datetime) -> Situation | Silent:
    match after.status:
        case Status.UNKNOWN:
            return UNKNOWN_WORD
        case Status.RECEIVED:
            return _RECEIVED.get(after.filed_by, Situation.RECEIVED)
        case Status.DONE:
            return _result(after, at)
        case _:
            return _OF_STATUS[after.status]


def _result(after: Dossier, at: datetime) -> Situation:
    if after.returned_by is Handing.POST:
        return Situation.RESULT_POST
    if after.returned_by is Handing.ONLINE:
        return Situation.RESULT_ONLINE
    promised = after.appointment
    is_early = promised is not None and at.astimezone(VIETNAM).date() < promised.astimezone(VIETNAM).date()
    return Situation.RESULT_EARLY if is_early else Situation.RESULT


def _arrived(before: Dossier, after: Dossier, at: datetime) -> Situation | Silent:
    """In another status than before."""
    if after.status is Status.RETURNED and _is_posted(before, after):
        return Situation.RESULT_POST
    if before.status is Status.SUPPLEMENT and after.status in _BACK_IN_WORK and not _is_first_receipt(before, after):
        return Situation.SUPPLEMENT_RECEIVED
    if after.status is Status.PROCESSING:
        if before.status is Status.PAYMENT and _is_paid(before, after):
            return Situation.PAID
        if after.paused_at and not before.paused_at:
            return Situation.PAUSED
    return _of_status(after, at)


_BACK_IN_WORK = frozenset({Status.REGISTERED, Status.RECEIVED, Status.PROCESSING})


def _is_first_receipt(before: Dossier, after: Dossier) -> bool:
    """Asked for more before it was received at all: now it is, with a date."""
    return after.status is Status.RECEIVED and (before.received_at is None or before.appointment_at is None)


def _after_the_end(before: Dossier, after: Dossier, at: datetime) -> Situation | Silent:
    """The status stays, and no more work is done: how the result goes out may still change."""
    if after.status in (Status.DONE, Status.RETURNED) and _is_posted(before, after):
        return Situation.RESULT_POST
    if after.status is Status.DONE and _result(before, at) is not _result(after, at):
        return _result(after, at) if before.returned_by is not after.returned_by else NO_NEWS
    return NO_NEWS


def _in_work(before: Dossier, after: Dossier, at: datetime) -> Situation | Silent:
    """The status stays, and the office is at work."""
    if _is_paid(before, after):
        return Situation.PAID
    if after.status is Status.PAYMENT and after.fee not in ("", before.fee) and not after.fee_paid_at:
        return Situation.PAYMENT
    if before.waits and before.waits[-1].answered_at is None and _is_answered(before, after):
        return Situation.SUPPLEMENT_RECEIVED
    if before.paused_at and not after.paused_at:
        return Situation.RESUMED
    if _shows_another_date(before, after):
        return _of_status(after, at) if before.appointment is None else Situation.APPOINTMENT
    if after.paused_at and not before.paused_at:
        return Situation.PAUSED
    if _is_forwarded(before, after):
        return Situation.STEP
    is_promised = before.promised_at is not None and before.appointment_at != after.appointment_at
    return PROMISED if is_promised and after.appointment_at is not None else NO_NEWS


def _is_postponed(before: Dossier, after: Dossier) -> bool:
    """The office gives itself more time. Time that the citizen's supplement took, or a clock that stood, is no reason
    to apologise."""
    old, new = before.appointment, after.appointment_at
    return (
        old is not None
        and new is not None
        and new > old
        and _shows_another_date(before, after)
        and before.status is not Status.SUPPLEMENT
        and not _is_answered(before, after)
        and not (before.paused_at and not after.paused_at)
        and after.status not in FINISHED
        and after.status is not Status.SUPPLEMENT
    )


def _shows_another_date(before: Dossier, after: Dossier) -> bool:
    """The source names another date, and not the one that already holds."""
    moved = before.appointment_at != after.appointment_at and after.appointment_at is not None
    return moved and show_moment(after.appointment_at) != show_moment(before.appointment)


def _asks_otherwise(before: Dossier, after: Dossier) -> bool:
    asked = (after.supplement, after.reason)
    is_worded_otherwise = asked != (before.supplement, before.reason) and any(asked)
    until = after.supplement_until
    return is_worded_otherwise or (until is not None and show_moment(until) != show_moment(before.supplement_until))


def _is_paid(before: Dossier, after: Dossier) -> bool:
    return after.fee_paid_at is not None and before.fee_paid_at is None


def _is_posted(before: Dossier, after: Dossier) -> bool:
    """The postal item has got its code."""
    return after.returned_by is Handing.POST and after.tracking not in ("", before.tracking)


def _is_answered(before: Dossier, after: Dossier) -> bool:
    """The citizen's papers have come since, without the status having told so."""
    answered = sum(wait.answered_at is not None for wait in after.waits)
    return answered > sum(wait.answered_at is not None for wait in before.waits)


def present_step(steps: Sequence[Step]) -> Step | None:
    """Who has it now: the last step that has not ended, else the last one."""
    return next((step for step in reversed(steps) if step.ended_at is None), steps[-1] if steps else None)


def holding_agency(dossier: Dossier) -> str:
    """The agency or unit that has it now, as the source writes it; empty where that is not told."""
    step = present_step(dossier.steps)
    return step.agency if step else ""


def _is_forwarded(before: Dossier, after: Dossier) -> bool:
    held, earlier = holding_agency(after), holding_agency(before)
    return bool(held) and (held != earlier if earlier else held not in (after.agency, after.agency_name))
