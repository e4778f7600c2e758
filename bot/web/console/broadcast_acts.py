"""What is decided about a broadcast once it is no draft any more: yes or no, pause, go on, take back, cancel."""

from collections.abc import Sequence

from aiohttp import web

from bot.model.broadcast import OVER
from bot.model.staff import Right
from bot.web.console.broadcast_desk import ROOT, acting, address, answered, meant
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.visit import Visit

_LONGEST_WHY = 500


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("POST", f"{ROOT}/{{id}}/duyet", decide, Right.APPROVE),
        Route("POST", f"{ROOT}/{{id}}/rut-lai", withdraw, Right.WORK),
        Route("POST", f"{ROOT}/{{id}}/tam-dung", pause, Right.WORK),
        Route("POST", f"{ROOT}/{{id}}/tiep-tuc", resume, Right.WORK),
        Route("GET", f"{ROOT}/{{id}}/huy", ask_cancel, Right.WORK),
        Route("POST", f"{ROOT}/{{id}}/huy", cancel, Right.WORK),
    ]


def _why(visit: Visit) -> str:
    return " ".join(visit.said("why", most=_LONGEST_WHY).split())


async def decide(visit: Visit) -> web.Response:
    """Yes or no of another person. A no says why."""
    broadcast = await meant(visit, Right.APPROVE)
    words, by, why = visit.words["broadcasts"], visit.me.login, _why(visit)
    if visit.said("act") == "approve":
        seen = visit.said("revision", most=10)
        # A form without it saw nothing.
        result = await acting(visit, "approved", broadcast).approve(
            broadcast.id, by=by, why=why, seen=int(seen) if seen.isdecimal() else 0
        )
        return await answered(visit, result, address(broadcast), words["approved"])
    if not why:
        return await visit.redirect(address(broadcast), words["why_needed"])
    result = await acting(visit, "rejected", broadcast).reject(broadcast.id, by=by, why=why)
    return await answered(visit, result, address(broadcast), words["rejected"])


async def withdraw(visit: Visit) -> web.Response:
    broadcast = await meant(visit, Right.WORK)
    result = await acting(visit, "withdrawn", broadcast).withdraw(broadcast.id, by=visit.me.login, why=_why(visit))
    return await answered(visit, result, address(broadcast), visit.words["broadcasts"]["withdrawn"])


async def pause(visit: Visit) -> web.Response:
    broadcast = await meant(visit, Right.WORK)
    result = await acting(visit, "paused", broadcast).pause(broadcast.id, by=visit.me.login, why=_why(visit))
    return await answered(visit, result, address(broadcast), visit.words["broadcasts"]["paused_now"])


async def resume(visit: Visit) -> web.Response:
    """Also the go-ahead after the first few."""
    broadcast = await meant(visit, Right.WORK)
    result = await acting(visit, "resumed", broadcast).resume(broadcast.id, by=visit.me.login)
    return await answered(visit, result, address(broadcast), visit.words["broadcasts"]["resumed_now"])


async def ask_cancel(visit: Visit) -> web.Response:
    """Asked once more, with what has left already."""
    broadcast = await meant(visit, Right.WORK)
    if broadcast.state in OVER:
        return await visit.redirect(address(broadcast))
    return visit.page(
        "broadcasts_cancel.html",
        broadcast=broadcast,
        progress=await visit.app.broadcasts.progress(broadcast.id),
        error="",
    )


async def cancel(visit: Visit) -> web.Response:
    broadcast = await meant(visit, Right.WORK)
    why = _why(visit)
    if not why:
        progress = await visit.app.broadcasts.progress(broadcast.id)
        error = visit.words["broadcasts"]["why_needed"]
        return visit.page("broadcasts_cancel.html", status=400, broadcast=broadcast, progress=progress, error=error)
    result = await acting(visit, "cancelled", broadcast).cancel(broadcast.id, by=visit.me.login, why=why)
    return await answered(visit, result, address(broadcast), visit.words["broadcasts"]["cancelled_now"])
