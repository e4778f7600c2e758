"""A conversation that a clerk has taken over: who said what when, the answer, and the way back to the bot."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aiohttp import web

from bot.auditing import if_done
from bot.desk import handle_of
from bot.model.service import Talk
from bot.model.staff import Right
from bot.plan import carries
from bot.web.console.answering import Answer, judged, typed
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.visit import Visit, missing

_LINES = 60
_UNSENT = 5
_LOOK = timedelta(minutes=15)
"""A page that stays open and keeps itself fresh is one look for so long."""


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/hop-thu/trao-doi/{handle}", page, Right.SEE),
        Route("GET", "/hop-thu/trao-doi/{handle}/moi", piece, Right.SEE),
        Route("POST", "/hop-thu/trao-doi/{handle}/tra-loi", reply, Right.WORK),
        Route("POST", "/hop-thu/trao-doi/{handle}/ket-thuc", close, Right.WORK),
    ]


async def page(visit: Visit) -> web.Response:
    """The conversation; that it was read is recorded."""
    talk = await _talk(visit, Right.SEE)
    await visit.looked("talk.looked", handle_of(talk), agency=talk.agency)
    return await _shown(visit, talk, Answer())


async def piece(visit: Visit) -> web.Response:
    """Its lines alone, fresh."""
    talk = await _talk(visit, Right.SEE)
    handle, since = handle_of(talk), visit.console.clock() - _LOOK
    seen = await visit.storage.read(
        lambda tx: tx.audit.listed((), by=visit.me.login, subject=handle, what="talk.looked", since=since, limit=1)
    )
    if not seen:
        await visit.looked("talk.looked", handle, agency=talk.agency)
    return visit.piece("inbox_lines.html", handle=handle, **await _lines(visit, talk))


async def reply(visit: Visit) -> web.Response:
    """Shows the answer as it will leave, or sends it."""
    text, handle = typed(visit), visit.part("handle")
    talk = await _found(visit)
    if talk is None:
        return visit.page("inbox_over.html", status=409, text=text)
    visit.require(Right.WORK, talk.agency)
    desk = visit.app.desk
    answer = judged(visit, text, await desk.draft(talk, text) if text else None, talk.address)
    if not answer.is_ready:
        return await _shown(visit, talk, answer, status=422 if answer.error else 200)
    entry = visit.entry("talk.replied", handle, agency=talk.agency, after={"parts": len(answer.parts)})
    recorded = replace(desk, storage=visit.audited(if_done(entry)))
    if not await recorded.reply(talk, text, by=visit.me.login):
        return visit.page("inbox_over.html", status=409, text=text)
    return await visit.redirect(f"/hop-thu/trao-doi/{handle}", visit.words["inbox"]["sent"])


async def close(visit: Visit) -> web.Response:
    """The bot answers again, and says so."""
    talk = await _talk(visit, Right.WORK)
    handle = handle_of(talk)
    recorded = replace(
        visit.app.desk, storage=visit.audited(if_done(visit.entry("talk.closed", handle, agency=talk.agency)))
    )
    word = "closed" if await recorded.close(talk) else "over"
    return await visit.redirect("/hop-thu", visit.words["inbox"][word].format(handle=handle))


async def _found(visit: Visit) -> Talk | None:
    """Among those that she may see."""
    handle, scope = visit.part("handle"), visit.scope()
    talks = await visit.app.desk.talks()
    return next((each for each in talks if handle_of(each) == handle and scope.covers(each.agency)), None)


async def _talk(visit: Visit, right: Right) -> Talk:
    talk = await _found(visit)
    if talk is None:
        raise missing()
    visit.require(right, talk.agency)
    return talk


async def _lines(visit: Visit, talk: Talk) -> dict[str, Any]:
    said = await visit.app.desk.thread(talk, limit=_LINES)
    unsent = await visit.storage.read(
        lambda tx: tx.conversations.unsent(talk.address, since=talk.begun_at, limit=_UNSENT)
    )
    return {"said": said, "unsent": unsent, "talk": talk}


async def _shown(visit: Visit, talk: Talk, answer: Answer, *, status: int = 200) -> web.Response:
    return visit.page(
        "inbox_talk.html", status=status, handle=handle_of(talk), answer=answer,
        may_answer=visit.me.may(Right.WORK, talk.agency),
        is_carried=carries(visit.app.plan, talk.address, talk.channel), **await _lines(visit, talk),
    )  # fmt: skip
