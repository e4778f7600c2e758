"""What a script begins with: its dossiers as the mirror has them, and the words that its texts may name."""

from collections.abc import Mapping
from datetime import datetime

from bot.model.calendar import Calendar
from bot.model.clock import VIETNAM
from bot.model.dossier import Dossier, Status
from bot.model.dossier import Step as Work
from tests.scripts.people import Person
from tests.scripts.reading import Record

_AS_WRITTEN = {
    "code", "status_text", "agency", "agency_name", "procedure", "procedure_name", "applicant", "supplement", "reason",
    "place", "lookup_code", "id_tail",
}  # fmt: skip


def dossier_of(record: Record, people: Mapping[str, Person], now: datetime) -> Dossier:
    return Dossier(
        **record.model_dump(include=_AS_WRITTEN),
        source="office" if record.fresh else "silent",
        status=Status(record.status),
        phone="" if record.phone == "none" else people[record.phone].phone,
        received_at=now + record.received,
        appointment_at=now + record.appointment if record.appointment is not None else None,
        progressed_at=now + record.received,
        steps=tuple(
            Work(
                agency=each.agency,
                task=each.task,
                started_at=now + each.started,
                due_at=now + each.due if each.due is not None else None,
                ended_at=now + each.ended if each.ended is not None else None,
            )
            for each in record.step
        ),
    )


def words_for(owner: Person, dossiers: list[Dossier], now: datetime) -> dict[str, str]:
    """`{phone}` of the owner with its ends `{tail}` and `{tail3}`; of each dossier `{received}`, `{appointment}` and
    `{days}`, the working days between now and then, with a number behind for all but the first."""
    words = {"phone": owner.dialled, "tail": owner.phone[-4:], "tail3": owner.phone[-3:]}
    for number, dossier in enumerate(dossiers, 1):
        words |= _dates(dossier, now, "" if number == 1 else str(number))
    return words


def _dates(dossier: Dossier, now: datetime, number: str) -> dict[str, str]:
    shown = {}
    for name, moment in {"received": dossier.received_at, "appointment": dossier.appointment_at}.items():
        if moment:
            shown[f"{name}{number}"] = moment.astimezone(VIETNAM).strftime("%d/%m/%Y")
    if dossier.appointment_at:
        today, day = now.astimezone(VIETNAM).date(), dossier.appointment_at.astimezone(VIETNAM).date()
        calendar = Calendar()
        shown[f"days{number}"] = str(calendar.working_days(today, day) or calendar.working_days(day, today))
    return shown
