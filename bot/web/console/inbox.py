"""The inbox: conversations that wait for a clerk, feedback by its deadline, and the same as a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from aiohttp import web

from bot.answer_deadlines import due_of
from bot.desk import MOST_TALKS, handle_of
from bot.model.clock import from_millis, to_millis
from bot.model.service import Feedback, FeedbackKind, Talk
from bot.model.staff import Right
from bot.spreadsheet import csv_bytes
from bot.texts import show_moment
from bot.web.console import inbox_feedback, inbox_talk
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.spans import span
from bot.web.console.visit import Visit

_SHOWN = 100
_SORTED = 2_000
"""Open feedback among which the most urgent is looked for."""
_IN_A_FILE = 20_000
_BEGINNING = 90
"""Characters of a text that a list shows."""


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/hop-thu", listed, Right.SEE),
        Route("GET", "/hop-thu/moi", talks_piece, Right.SEE),
        Route("GET", "/hop-thu/da-tra-loi", answered, Right.SEE),
        Route("GET", "/hop-thu/phan-anh.csv", download, Right.SEE),
        *inbox_talk.routes(console),
        *inbox_feedback.routes(console),
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """Feedback as a list shows it."""

    feedback: Feedback
    beginning: str
    due_at: datetime
    is_overdue: bool
    time: str
    """`Quá hạn 2 ngày`, `Còn 3 giờ`."""


async def listed(visit: Visit) -> web.Response:
    """Those who wait first; overdue feedback before the rest."""
    kind = _kind(visit.asked("loai"))
    scope = visit.scope().asked
    found = await visit.storage.read(lambda tx: tx.service.waiting_feedback(scope, kind=kind, limit=_SORTED + 1))
    lines = sorted((line_of(visit, each) for each in found), key=lambda line: line.due_at)
    await _note(visit, lines[:_SHOWN])
    return visit.page(
        "inbox.html", talks=await _talks(visit), lines=lines[:_SHOWN], more=len(lines) > _SHOWN,
        many=len(lines) > _SORTED, waiting=min(len(lines), _SORTED),
        overdue=sum(line.is_overdue for line in lines), kind=kind, kinds=list(FeedbackKind),
    )  # fmt: skip


async def talks_piece(visit: Visit) -> web.Response:
    """The conversations alone, fresh."""
    return visit.piece("inbox_talks.html", talks=await _talks(visit))


async def answered(visit: Visit) -> web.Response:
    """Feedback that has its answer, newest first."""
    kind, scope, before = _kind(visit.asked("loai")), visit.scope().asked, _place(visit)
    found = await visit.storage.read(
        lambda tx: tx.service.answered_feedback(scope, kind=kind, before=before, limit=_SHOWN + 1)
    )
    lines = [line_of(visit, each) for each in found[:_SHOWN]]
    await _note(visit, lines)
    older = ""
    if len(found) > _SHOWN:
        last = lines[-1].feedback
        older = urlencode({"loai": kind or "", "truoc": to_millis(last.at), "so": last.number})
    return visit.page(
        "inbox_answered.html", lines=lines, older=older, before=before, kind=kind, kinds=list(FeedbackKind)
    )


async def _note(visit: Visit, lines: Sequence[Line]) -> None:
    """A list shows how each begins, in the citizen's words."""
    if lines:
        await visit.looked("feedback.listed", numbers=[each.feedback.number for each in lines])


async def download(visit: Visit) -> web.Response:
    """Waiting feedback, the most urgent first. Names and phones stay on the page of each."""
    scope, kind = visit.scope().asked, _kind(visit.asked("loai"))
    found = await visit.storage.read(lambda tx: tx.service.waiting_feedback(scope, kind=kind, limit=_IN_A_FILE))
    lines = sorted((line_of(visit, each) for each in found), key=lambda line: line.due_at)
    words = visit.words["inbox"]
    rows = [
        (
            each.feedback.number, show_moment(each.feedback.at), words["kind"][each.feedback.kind],
            each.feedback.agency, each.feedback.code, each.feedback.text, show_moment(each.due_at), each.time,
        )
        for each in lines
    ]  # fmt: skip
    await visit.looked("feedback.exported", entries=len(rows))
    return visit.download(csv_bytes(words["columns"], rows), name="phan-anh.csv", media_type="text/csv")


async def _talks(visit: Visit) -> list[tuple[str, Talk, str]]:
    """(handle, conversation, how long it has been silent)."""
    scope, now = visit.scope().asked, visit.console.clock()
    talks = await visit.storage.read(lambda tx: tx.service.talks_of(scope, limit=MOST_TALKS))
    return [(handle_of(each), each, span(visit.words, now - each.heard_at)) for each in talks]


def line_of(visit: Visit, feedback: Feedback) -> Line:
    """With its deadline in words."""
    now, words = visit.console.clock(), visit.words["inbox"]
    due_at = due_of(feedback, visit.app.calendars, days=visit.config.reports.feedback_days)
    end = feedback.answered_at or now
    is_overdue = end > due_at
    word = ("answered_" if feedback.answered_at else "") + ("overdue" if is_overdue else "left")
    text = " ".join(feedback.text.split())
    beginning = text if len(text) <= _BEGINNING else f"{text[: _BEGINNING - 1]}…"
    return Line(feedback, beginning, due_at, is_overdue, words[word].format(span=span(visit.words, end - due_at)))


def _kind(text: str) -> FeedbackKind | None:
    return FeedbackKind(text) if text in set(FeedbackKind) else None


def _place(visit: Visit) -> tuple[datetime, str] | None:
    """Behind which one a page of answered feedback begins."""
    millis, number = visit.asked("truoc", most=15), visit.asked("so", most=40)
    if not (millis.isascii() and millis.isdigit() and number):
        return None
    return from_millis(min(int(millis), 10**14)), number
