"""Answers in our own dialect: HTTP says how it went, JSON says it record by record."""

import json
from collections.abc import Mapping, Sequence

from adapters.sources.push.bodies import CallError, Refusal
from adapters.sources.push.taking import Result, Taken
from bot.ports import PushAnswer, Quarantined

CHALLENGE = ("WWW-Authenticate", 'Bearer realm="motcua"')
"""Goes with every refused log-in, whatever its HTTP status: our web server counts failures by it."""

STATUS: Mapping[Refusal, int] = {
    Refusal.UNAUTHORISED: 401,
    Refusal.UNREADABLE: 400,
    Refusal.TOO_MANY: 413,
    Refusal.UNKNOWN: 404,
}


def taken(call: Taken) -> PushAnswer:
    """200 where every record was taken, else 422."""
    accepted = len(call.results) - call.count(Result.REFUSED)
    stated = {
        "accepted": accepted,
        "results": [{"row": row, "code": code, "result": result} for row, (code, result) in enumerate(call.results, 1)],
        "errors": noted(call.errors),
        "warnings": noted(call.warnings),
    }
    return answer(200 if accepted == len(call.results) else 422, stated)


def alive() -> PushAnswer:
    return answer(200, {"accepted": 0})


def refused(error: CallError) -> PushAnswer:
    challenge = (CHALLENGE,) if error.refusal is Refusal.UNAUTHORISED else ()
    return answer(STATUS[error.refusal], {"error": error.refusal.value, "message": str(error)}, challenge)


def noted(notes: Sequence[Quarantined]) -> list[dict[str, object]]:
    return [{"row": note.row, "code": note.code, "column": note.column, "reason": note.reason} for note in notes]


def answer(status: int, stated: Mapping[str, object], headers: tuple[tuple[str, str], ...] = ()) -> PushAnswer:
    body = json.dumps(stated, ensure_ascii=False, separators=(",", ":")).encode()
    return PushAnswer(status, body, headers)
