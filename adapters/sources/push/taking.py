"""What was read is made durable, and each record gets its result."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapters.sources.push.reading import Place, Read
from bot.model.dossier import Dossier, ProgressReport
from bot.ports import Accept, Applied, Batch, Quarantined

_MISSING = "Chưa có hồ sơ này, xin gửi DongBoHoSoMC trước."


class Result(StrEnum):
    """What became of a record."""

    ACCEPTED = "accepted"
    """It is durable, and is the present state of the dossier unless that was already so."""
    LATE = "late"
    """Older than what we have: kept and shown to staff, not applied."""
    REPEATED = "repeated"
    """Its sequence was taken before: nothing was done."""
    REFUSED = "refused"
    """Not taken; `errors` say why."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a call came to."""

    results: tuple[tuple[str, Result], ...]
    """(code, result) of every record, in order; the code is empty where it could not be read."""
    errors: tuple[Quarantined, ...]
    """Why records were refused."""
    warnings: tuple[Quarantined, ...]
    """What was left out or cut of records that were accepted."""

    def count(self, result: Result) -> int:
        return sum(each is result for _, each in self.results)


async def take(read: Read, accept: Accept, as_of: datetime) -> Taken:
    """Has everything accepted that could be read; lets `StorageError` through, and then all of it is to be sent again.

    `as_of`: when the call came in.
    """
    results = {row: (told.code, Result.ACCEPTED) for row, told in enumerate(read.told, 1) if told}
    errors = [note for note in read.notes if note.row not in results]
    for rows, batch in _batches(read, as_of):
        special = _special(await accept(batch))
        for row in rows:
            code, _ = results[row]
            results[row] = (code, special.get(code, Result.ACCEPTED))
            if results[row][1] is Result.REFUSED:
                errors.append(_not_here(read.place, row, code))
    codes = {note.row: note.code for note in read.notes}
    return Taken(
        results=tuple(results.get(row, (codes.get(row, ""), Result.REFUSED)) for row in range(1, len(read.told) + 1)),
        errors=tuple(sorted(errors, key=lambda note: note.row)),
        warnings=tuple(note for note in read.notes if note.row in results),
    )


def _batches(read: Read, as_of: datetime) -> list[tuple[Sequence[int], Batch]]:
    """Each with the rows in it. A dossier that comes twice stands in two batches, so that the order of its states
    is kept and each has a result of its own; reports of progress are applied in order within one."""
    dossiers: list[dict[int, Dossier]] = []
    reports: dict[int, ProgressReport] = {}
    seen: Counter[str] = Counter()
    for row, told in enumerate(read.told, 1):
        if isinstance(told, Dossier):
            if seen[told.code] == len(dossiers):
                dossiers.append({})
            dossiers[seen[told.code]][row] = told
            seen[told.code] += 1
        elif told:
            reports[row] = told
    # The notes go with the first batch, the moment with the last: then all of the call is in the mirror.
    rounds = dossiers or [{}]
    return [
        (
            [*each, *reports],
            Batch(
                dossiers=tuple(each.values()),
                cursor="",
                quarantined=read.notes if number == 0 else (),
                reports=tuple(reports.values()),
                as_of=as_of if number == len(rounds) - 1 and (each or reports) else None,
                once=True,
            ),
        )
        for number, each in enumerate(rounds)
    ]


def _special(applied: Applied) -> dict[str, Result]:
    """By code, what was not simply taken."""
    return (
        dict.fromkeys(applied.late, Result.LATE)
        | dict.fromkeys(applied.repeated, Result.REPEATED)
        | dict.fromkeys(applied.missing, Result.REFUSED)
    )


def _not_here(place: Place, row: int, code: str) -> Quarantined:
    return Quarantined(source=place.source, place=place.name, row=row, column="MaHoSo", reason=_MISSING, code=code)
