"""How a dossier went, a line for each thing that its owner may be told, oldest first."""

from collections.abc import Iterator
from datetime import datetime

from bot.conversation.showing import phrase, show_day
from bot.conversation.turn import Turn
from bot.lookup import Found
from bot.model.dossier import Change, ChangeKind, Dossier, Status
from bot.texts import show_moment

_IN_CHAT = 10
_IN_SMS = 3

Line = tuple[datetime, str]


async def say_course(turn: Turn, found: Found, dossier: Dossier) -> None:
    """The last lines; those before them are counted. What the mirror has not seen itself it cannot tell."""
    changes = await turn.tx.dossiers.changes_of(dossier.source, dossier.code)
    told = sorted([*_from_record(turn, dossier), *_from_changes(turn, changes)], key=lambda line: line[0])
    shown = [line for _, line in told][-(_IN_SMS if turn.is_plain else _IN_CHAT) :]
    lines = {f"line_{number}": "" for number in range(1, _IN_CHAT + 1)}
    lines |= {f"line_{number}": line for number, line in enumerate(shown, 1)}
    earlier = str(len(told) - len(shown)) if len(told) > len(shown) else ""
    status = turn.catalogue.status(dossier.status, dossier.status_text)
    turn.say(
        "history", (), code=dossier.code, status=status, earlier=earlier, synced=show_moment(found.fresh_at), **lines
    )


def _from_record(turn: Turn, dossier: Dossier) -> Iterator[Line]:
    if dossier.received_at:
        yield dossier.received_at, phrase(turn, "history_received", when=show_moment(dossier.received_at))
    for step in dossier.steps:
        agency = dossier.agency_name if step.agency in ("", dossier.agency) else step.agency
        if step.started_at and step.task:
            when = show_moment(step.started_at)
            yield step.started_at, phrase(turn, "history_step", when=when, agency=agency, task=step.task)


def _from_changes(turn: Turn, changes: list[Change]) -> Iterator[Line]:
    for change in changes:
        when = show_moment(change.at)
        match change.kind:
            case ChangeKind.STATUS | ChangeKind.SUPPLEMENT:
                yield change.at, phrase(turn, "history_status", when=when, status=_status(turn, change))
            case ChangeKind.APPEARED if change.status_after not in _AS_RECEIVED:
                yield change.at, phrase(turn, "history_status", when=when, status=_status(turn, change))
            case ChangeKind.APPOINTMENT if change.appointment_after:
                before, after = show_day(change.appointment_before), show_day(change.appointment_after)
                yield change.at, phrase(turn, "history_appointment", when=when, before=before, after=after)
            case _:
                pass


_AS_RECEIVED = (Status.REGISTERED, Status.RECEIVED)
"""That it was received says the record itself."""


def _status(turn: Turn, change: Change) -> str:
    return turn.catalogue.status(change.status_after)
