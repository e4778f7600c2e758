"""What would be sent, before it is: people, parts and đồng, who is left out and why, any row as she would read it; the
test to oneself; and the button that says what it does."""

from collections.abc import Sequence

from aiohttp import web

from bot.model.broadcast import Broadcast, Refusal
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.model.staff import Right
from bot.web.console.broadcast_desk import ROOT, acting, address, answered, draft, mistakes, refused
from bot.web.console.broadcast_said import hours_said
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.visit import Visit

SHOWN = 50
"""Rows that the page shows."""


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", f"{ROOT}/{{id}}/kiem-tra", check, Right.WORK),
        Route("POST", f"{ROOT}/{{id}}/kiem-tra", count, Right.WORK),
        Route("GET", f"{ROOT}/{{id}}/gui-thu", trial, Right.WORK),
        Route("POST", f"{ROOT}/{{id}}/gui-thu", try_it, Right.WORK),
        Route("POST", f"{ROOT}/{{id}}/gui", submit, Right.WORK),
    ]


async def check(visit: Visit) -> web.Response:
    """Shows people, and so is recorded as a look."""
    broadcast = await draft(visit)
    if isinstance(broadcast, web.Response):
        return broadcast
    flow = visit.app.broadcasts
    rows = await flow.rows(broadcast.id, limit=SHOWN) if broadcast.is_drawn_up else []
    asked = visit.asked("dong", most=9)
    number = int(asked) if asked.isdecimal() else rows[0].number if rows else 0
    preview = await flow.preview(broadcast.id, number) if rows else None
    if rows:
        await visit.looked("broadcast.looked", broadcast.id, agency=broadcast.agency, rows=len(rows), row=number)
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    return visit.page(
        "broadcasts_check.html",
        broadcast=broadcast,
        rows=rows,
        names=[name for name in names if name != "code"],
        has_codes=any(row.code for row in rows),
        shown=SHOWN,
        number=number,
        preview=preview,
        left=await flow.budget_left(broadcast.agency),
        hours=hours_said(visit, broadcast),
        mistakes=mistakes(visit, broadcast),
    )


async def count(visit: Visit) -> web.Response:
    """Draws up the recipients afresh, and counts what they cost."""
    broadcast = await draft(visit)
    if isinstance(broadcast, web.Response):
        return broadcast
    result = await acting(visit, "drawn", broadcast).draw_up(broadcast.id, by=visit.me.login)
    return await answered(visit, result, address(broadcast, "kiem-tra"))


async def trial(visit: Visit) -> web.Response:
    broadcast = await draft(visit)
    if isinstance(broadcast, web.Response):
        return broadcast
    return await _trial_page(visit, broadcast, "")


async def _trial_page(visit: Visit, broadcast: Broadcast, error: str) -> web.Response:
    rows = await visit.app.broadcasts.rows(broadcast.id, limit=1)
    preview = await visit.app.broadcasts.preview(broadcast.id, rows[0].number) if rows else None
    if preview:
        await visit.looked("broadcast.previewed", broadcast.id, agency=broadcast.agency)
    return visit.page(
        "broadcasts_trial.html", status=400 if error else 200, broadcast=broadcast, preview=preview, error=error
    )


async def try_it(visit: Visit) -> web.Response:
    """To her own phone, typed here and kept nowhere."""
    broadcast = await draft(visit)
    if isinstance(broadcast, web.Response):
        return broadcast
    phone = parse_phone(visit.said("phone", most=40))
    if phone is None or phone.kind != "mobile":
        return await _trial_page(visit, broadcast, visit.words["broadcasts"]["no_mobile"])
    result = await acting(visit, "tested", broadcast).test(
        broadcast.id, to=Address("sms", phone.e164), by=visit.me.login
    )
    return await answered(visit, result, address(broadcast), visit.words["broadcasts"]["tested"])


async def submit(visit: Visit) -> web.Response:
    """Sends, or asks another person for her yes."""
    broadcast = await draft(visit)
    if isinstance(broadcast, web.Response):
        return broadcast
    if visit.said("revision", most=10) != str(broadcast.revision):
        return await refused(visit, Refusal("changed"))
    result = await acting(visit, "submitted", broadcast).submit(broadcast.id, by=visit.me.login)
    if isinstance(result, Refusal):
        return await refused(visit, result)
    note = visit.words["broadcasts"]["submitted" if result.needs_approval else "on_its_way"]
    return await visit.redirect(address(result), note)
