"""The province itself: no files, no clock of its own, the same again for the same seed."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from random import Random
from zlib import crc32

from adapters.simulators.onestop.agencies import Agency
from adapters.simulators.onestop.course import Step, plan
from adapters.simulators.onestop.hours import DAY, closing_of, moment_at, worked
from adapters.simulators.onestop.intake import Arrival, Intake
from adapters.simulators.onestop.procedures import Procedure
from adapters.simulators.onestop.settings import Settings
from adapters.simulators.onestop.stages import Stage, Supplement, answered, asked, moved
from adapters.simulators.onestop.wording import PLACE
from bot.model.clock import VIETNAM
from bot.model.dossier import Handing, Status

_BACKLOG_DAYS = 20
_TERM_DAYS = 10
"""Working days within which papers that are lacking should come."""
_FEES = range(50_000, 2_000_000, 50_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A dossier as the one-stop software knows it; moments are in UTC."""

    code: str
    agency: Agency
    procedure: Procedure
    applicant: str = field(repr=False)
    phone: str = field(repr=False)
    status: Status
    received_at: datetime
    appointment_at: datetime | None = None
    finished_at: datetime | None = None
    returned_at: datetime | None = None
    supplement: str = ""
    reason: str = ""
    place: str = ""
    filed_by: Handing
    returned_by: Handing
    tracking: str = ""
    fee: int = 0
    """Đồng."""
    fee_paid_at: datetime | None = None
    supplement_until: datetime | None = None
    paused_at: datetime | None = None
    updated_at: datetime
    stages: tuple[Stage, ...] = ()
    supplements: tuple[Supplement, ...] = ()
    version: int = 0
    """Counts what the software has written of this dossier, from 1; 0 until the register has it."""
    word: str = ""
    """The status in the software's own word, where a migration has spoilt it."""


class Province:
    """Advance it, and it tells which dossiers have changed. What has ended is forgotten here (see `Register`)."""

    def __init__(self, settings: Settings, start: datetime) -> None:
        self._random = Random(settings.seed)
        self._first_serial = _seconds_of_day(start) // 10
        self._serials: dict[tuple[str, int], int] = {}
        self._arrivals = self._schedule(settings, worked(start))
        self._arrival = next(self._arrivals, None)
        self._order = count()
        self._steps: list[tuple[int, int, Step, Iterator[Step], str]] = []
        self._records: dict[str, Record] = {}
        self.received = 0

    def advance(self, until: datetime) -> list[Record]:
        """Every dossier that has changed since the last call, once, as it stands at `until`."""
        return list({record.code: record for record in self.states(until)}.values())

    def states(self, until: datetime) -> Iterator[Record]:
        """Every state that every dossier has been in since the last call, in order of time; to be read to its end."""
        limit = worked(until)
        while True:
            step_at = self._steps[0][0] if self._steps else limit + 1
            if self._arrival is not None and self._arrival[0] <= min(limit, step_at):
                self._receive(*self._arrival)
                self._arrival = next(self._arrivals, None)
            elif step_at <= limit:
                yield self._take_step()
            else:
                return

    def _schedule(self, settings: Settings, opening: int) -> Iterator[tuple[int, Arrival]]:
        """When who comes: first the backlog, then the day's dossiers without end, or for the days set."""
        old = Intake(settings, self._random)
        for number in range(settings.backlog):
            yield opening - _BACKLOG_DAYS * DAY + number * _BACKLOG_DAYS * DAY // settings.backlog, old.next()
        fresh = Intake(settings, self._random)
        for number in count(1):
            at = int(number * DAY / settings.dossiers_per_day)
            if settings.days is not None and at > settings.days * DAY:
                return
            yield opening + at, fresh.next()

    def _receive(self, at: int, arrival: Arrival) -> None:
        code = self._code(arrival.agency, at)
        steps = iter(plan(arrival.procedure, arrival.fate, at, self._random))
        first = next(steps)
        self._records[code] = Record(
            code=code,
            agency=arrival.agency,
            procedure=arrival.procedure,
            applicant=arrival.citizen.name,
            phone=arrival.citizen.phone,
            status=first.status,
            received_at=moment_at(at),
            filed_by=arrival.fate.filed,
            returned_by=arrival.fate.returned,
            updated_at=moment_at(at),
        )
        self.received += 1
        heappush(self._steps, (first.at, next(self._order), first, steps, code))

    def _take_step(self) -> Record:
        _, _, step, following, code = heappop(self._steps)
        record = _after(step, self._records[code])
        upcoming = next(following, None)
        if upcoming is None:
            del self._records[code]
        else:
            self._records[code] = record
            heappush(self._steps, (upcoming.at, next(self._order), upcoming, following, code))
        return record

    def _code(self, agency: Agency, at: int) -> str:
        """Numbered by agency and day. The first number follows the time of day at which the province was opened,
        so that one that is opened again on the same day does not give out the same codes."""
        key = agency.id, at // DAY
        serial = self._serials[key] = self._serials.get(key, self._first_serial) + 1
        return f"{agency.id}-{moment_at(at).astimezone(VIETNAM):%y%m%d}-{serial:04}"


def _after(step: Step, before: Record) -> Record:
    at = moment_at(step.at)
    ready = step.status is Status.DONE
    due = before.appointment_at if step.due is None else closing_of(step.due)
    holder = step.partner or before.agency.name
    return replace(
        before,
        status=step.status,
        received_at=at if step.received else before.received_at,
        appointment_at=due,
        finished_at=at if ready else before.finished_at,
        returned_at=at if step.status is Status.RETURNED else before.returned_at,
        supplement=step.supplement,
        reason=step.reason,
        place=PLACE.format(seat=before.agency.seat) if ready else before.place,
        tracking=_tracking(before.code) if ready and before.returned_by is Handing.POST else before.tracking,
        fee=_fee(before.code) if step.status is Status.PAYMENT else before.fee,
        fee_paid_at=at if before.status is Status.PAYMENT else before.fee_paid_at,
        supplement_until=_term(step) if step.status is Status.SUPPLEMENT else None,
        paused_at=at if step.paused else None,
        updated_at=at,
        stages=moved(before.stages, agency=holder, status=step.status, at=at, due=due),
        supplements=_supplements(step, before, at, due),
    )


def _supplements(step: Step, before: Record, at: datetime, due: datetime | None) -> tuple[Supplement, ...]:
    if step.status is Status.SUPPLEMENT:
        content, reason = step.supplement, step.reason
        return asked(before.supplements, content=content, reason=reason, at=at, until=_term(step), due=due)
    if before.status is Status.SUPPLEMENT:
        return answered(before.supplements, at=at, due=due)
    return before.supplements


def _term(step: Step) -> datetime:
    return closing_of(step.at // DAY + _TERM_DAYS)


def _tracking(code: str) -> str:
    return f"EK{crc32(code.encode()) % 10**9:09}VN"


def _fee(code: str) -> int:
    return _FEES[crc32(code.encode()) % len(_FEES)]


def _seconds_of_day(moment: datetime) -> int:
    local = moment.astimezone(VIETNAM)
    return local.hour * 3_600 + local.minute * 60 + local.second
