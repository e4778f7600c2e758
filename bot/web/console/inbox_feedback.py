"""One feedback: what was sent and by whom, by when it is to be answered, and the answer as the sender will read it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aiohttp import web

from bot import privacy
from bot.answer_deadlines import due_of
from bot.auditing import if_done
from bot.desk import is_told
from bot.model.audit import Entry
from bot.model.service import Feedback, FeedbackKind
from bot.model.staff import Right
from bot.plan import carries
from bot.web.console.answering import Answer, judged, typed
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.spans import span
from bot.web.console.visit import Visit, missing


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/hop-thu/phan-anh/{number}", page, Right.SEE),
        Route("POST", "/hop-thu/phan-anh/{number}", answer, Right.WORK),
        Route("POST", "/hop-thu/phan-anh/{number}/xoa-du-lieu", erase, Right.WORK),
        Route("POST", "/hop-thu/phan-anh/{number}/khong-xoa", refuse, Right.WORK),
    ]


async def page(visit: Visit) -> web.Response:
    """The feedback; that it was read is recorded."""
    feedback = await _feedback(visit, Right.SEE)
    await visit.looked("feedback.looked", feedback.number, agency=feedback.agency)
    return _shown(visit, feedback, Answer())


async def answer(visit: Visit) -> web.Response:
    """Shows the answer as it will leave, or keeps it and tells the sender."""
    feedback = await _feedback(visit, Right.WORK)
    words, text, desk = visit.words["inbox"], typed(visit), visit.app.desk
    if feedback.answered_at:
        return _shown(visit, feedback, Answer(text=text, error=words["answered_meanwhile"]), status=409)
    draft = desk.draft_answer(feedback, text) if text and is_told(feedback) else None
    judgement = judged(visit, text, draft, feedback.address)
    if judgement.is_ready and is_told(feedback) and not carries(visit.app.plan, feedback.address, feedback.channel):
        judgement = replace(judgement, is_ready=False, error=words["no_channel"])
    if not judgement.is_ready:
        return _shown(visit, feedback, judgement, status=422 if judgement.error else 200)
    entry = visit.entry("feedback.answered", feedback.number, agency=feedback.agency)
    recorded = replace(desk, storage=visit.audited(if_done(entry)))
    if not await recorded.answer(feedback, text, by=visit.me.login):
        fresh = await _feedback(visit, Right.WORK)
        return _shown(visit, fresh, Answer(text=text, error=words["answered_meanwhile"]), status=409)
    told = "answered_told" if is_told(feedback) else "answered_kept"
    return await visit.redirect(f"/hop-thu/phan-anh/{feedback.number}", words[told].format(number=feedback.number))


async def erase(visit: Visit) -> web.Response:
    """Erases whoever asked for it, once somebody has said that it is she; her request is answered by that."""
    feedback = await _feedback(visit, Right.WORK)
    words = visit.words["inbox"]
    if feedback.kind is not FeedbackKind.ERASURE or not feedback.phone:
        raise missing()
    if visit.said("dung-nguoi") != "co":
        return _shown(visit, feedback, Answer(error=words["erase_unconfirmed"]), status=422)

    def told(taken: Mapping[str, int]) -> Entry:
        """Whom it was about is what must not be known any more."""
        return visit.entry("person.erased", feedback.number, agency=feedback.agency, after={"rows": dict(taken)})

    await privacy.erase(visit.audited(told), feedback.phone, visit.console.clock, by=visit.me.login)
    return await visit.redirect("/hop-thu", words["erased"].format(number=feedback.number))


async def refuse(visit: Visit) -> web.Response:
    """The law forbids it, and she was told so."""
    feedback = await _feedback(visit, Right.WORK)
    words = visit.words["inbox"]
    told = if_done(visit.entry("erasure.refused", feedback.number, agency=feedback.agency))
    if not await privacy.refuse(visit.audited(told), feedback.number, visit.console.clock):
        return _shown(visit, feedback, Answer(error=words["erase_untold"]), status=409)
    return await visit.redirect("/hop-thu", words["erase_refused"].format(number=feedback.number))


async def _feedback(visit: Visit, right: Right) -> Feedback:
    number = visit.part("number")
    found = await visit.storage.read(lambda tx: tx.service.feedback(number))
    if found is None:
        raise missing()
    visit.require(right, found.agency)
    return found


def _shown(visit: Visit, feedback: Feedback, typed_answer: Answer, *, status: int = 200) -> web.Response:
    now = visit.console.clock()
    due_at = due_of(feedback, visit.app.calendars, days=visit.config.reports.feedback_days)
    end = feedback.answered_at or now
    return visit.page(
        "inbox_feedback.html", status=status, feedback=feedback, answer=typed_answer, due_at=due_at,
        is_overdue=end > due_at, left=span(visit.words, end - due_at), is_told=is_told(feedback),
        may_answer=visit.me.may(Right.WORK, feedback.agency),
    )  # fmt: skip
