"""Rows of dossiers and their changes as values of the vocabulary, and back."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from operator import itemgetter
from typing import Any

from bot.model.clock import from_millis, to_millis
from bot.model.dossier import Change, ChangeKind, Dossier, Handing, Status, Step, Wait
from bot.model.name import given_name, name_words
from bot.ports import Mirrored
from storage.edge import clean, clean_values, millis, moment
from storage.statements import Row

_PLAIN = 16
"""How many of the values of `Dossier.told` are columns, in the order of the table."""
_APPOINTMENT = 9
"""Where among them the appointment stands."""
_TERMS = 18
"""Where behind them, and behind steps and waits, the terms stand."""
_TEXTS: Callable[[Any], tuple[str, ...]] = itemgetter(1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
"""The texts among them."""


def dossier_of(row: Row) -> Dossier:
    return Dossier(
        source=row["source"],
        code=row["code"],
        status=Status(row["status"]),
        status_text=row["status_text"],
        agency=row["agency"],
        agency_name=row["agency_name"],
        procedure=row["procedure"],
        procedure_name=row["procedure_name"],
        applicant=row["applicant"],
        phone=row["phone"],
        received_at=moment(row["received_at"]),
        appointment_at=moment(row["appointment_at"]),
        finished_at=moment(row["finished_at"]),
        supplement=row["supplement"],
        reason=row["reason"],
        place=row["place"],
        lookup_code=row["lookup_code"],
        id_tail=row["id_tail"],
        steps=steps_of(row["steps"]) if row["steps"] else (),
        waits=waits_of(row["waits"]) if row["waits"] else (),
        updated_at=moment(row["updated_at"]),
        sequence=row["sequence"],
        progressed_at=moment(row["progressed_at"]),
        first_seen_at=moment(row["first_seen_at"]),
        due_at=moment(row["due_at"]),
        promised_at=moment(row["promised_at"]),
        **(terms_of(row["terms"]) if row["terms"] else {}),
    )


def dossier_row(mirrored: Mirrored, at: int) -> tuple[Any, ...]:
    """The values of `dossiers_add` in its order, clean: by position, because a batch has thousands."""
    dossier, told = mirrored.dossier, mirrored.told
    updated_at = millis(dossier.updated_at)
    steps = _steps_text(dossier.steps) if dossier.steps else ""
    terms = _terms_text(told[_TERMS]) if len(told) > _TERMS else ""
    words = name_words(dossier.applicant)
    row = (
        dossier.code,
        dossier.source,
        *told[:_PLAIN],
        steps,
        _waits_text(dossier.waits) if dossier.waits else "",
        updated_at,
        dossier.sequence,
        updated_at if mirrored.progressed_at is dossier.updated_at else millis(mirrored.progressed_at),
        told[_APPOINTMENT] if mirrored.due_at is dossier.appointment_at else millis(mirrored.due_at),
        mirrored.fingerprint,
        mirrored.last_number,
        at,
        at,
        terms,
        words,
        given_name(words),
    )
    # One look at all texts together, instead of one at each.
    texts = "".join((dossier.code, dossier.source, *_TEXTS(told), steps, terms))
    return row if clean(texts) is texts else tuple(clean_values(row))


def steps_of(text: str) -> tuple[Step, ...]:
    return tuple(
        Step(
            agency=agency,
            holder=holder,
            task=task,
            status=None if status is None else Status(status),
            started_at=moment(started),
            due_at=moment(due),
            ended_at=moment(ended),
        )
        for agency, holder, task, status, started, due, ended in json.loads(text)
    )


def without_tasks(steps: str) -> str:
    """The steps of a dossier from which the person was taken: `bot.model.erasure.without_person`."""
    return _steps_text(tuple(replace(step, task="") for step in steps_of(steps))) if steps else ""


def waits_of(text: str) -> tuple[Wait, ...]:
    return tuple(Wait(from_millis(asked), moment(answered)) for asked, answered in json.loads(text))


def terms_of(text: str) -> dict[str, Any]:
    """The fields of `Dossier.terms`."""
    filed, returned, tracking, fee, paid, until, paused, *pauses = json.loads(text)
    return {
        "filed_by": Handing(filed) if filed else None,
        "returned_by": Handing(returned) if returned else None,
        "tracking": tracking or "",
        "fee": fee or "",
        "fee_paid_at": moment(paid),
        "supplement_until": moment(until),
        "paused_at": moment(paused),
        "pauses": tuple(Wait(from_millis(since), moment(until)) for since, until in pauses[0]) if pauses else (),
    }


@lru_cache(maxsize=1_024)
def _terms_text(terms: object) -> str:
    """Remembered: most dossiers have but how they came in and go out."""
    return json.dumps(terms, ensure_ascii=False, separators=(",", ":"))


def _steps_text(steps: tuple[Step, ...]) -> str:
    rows = [
        [
            each.agency,
            each.holder,
            each.task,
            None if each.status is None else int(each.status),
            millis(each.started_at),
            millis(each.due_at),
            millis(each.ended_at),
        ]
        for each in steps
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _waits_text(waits: tuple[Wait, ...]) -> str:
    return json.dumps([[to_millis(wait.asked_at), millis(wait.answered_at)] for wait in waits])


def change_of(row: Row) -> Change:
    before = row["status_before"]
    return Change(
        source=row["source"],
        code=row["code"],
        number=row["number"],
        kind=ChangeKind(row["kind"]),
        at=from_millis(row["at"]),
        status_before=None if before is None else Status(before),
        status_after=Status(row["status_after"]),
        appointment_before=moment(row["appointment_before"]),
        appointment_after=moment(row["appointment_after"]),
        fate=row["fate"],
    )


def change_row(change: Change) -> tuple[Any, ...]:
    """The values of `changes_add` in its order, clean."""
    return (
        clean(change.source),
        clean(change.code),
        change.number,
        str(change.kind),
        to_millis(change.at),
        None if change.status_before is None else int(change.status_before),
        int(change.status_after),
        millis(change.appointment_before),
        millis(change.appointment_after),
        clean(change.fate),
    )
