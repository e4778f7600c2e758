"""What tests, the demo and the page call beside SMTP."""

from pathlib import Path

from aiohttp import web

from adapters.simulators.asking import number_in
from adapters.simulators.email.mailboxes import Mailboxes

MAILBOXES = web.AppKey("mailboxes", Mailboxes)
_LONGEST_WAIT = 60.0
_PAGE = Path(__file__).with_name("page.html")

routes = web.RouteTableDef()


@routes.get("/")
async def page(_: web.Request) -> web.Response:
    return web.Response(text=_PAGE.read_text(encoding="utf-8"), content_type="text/html")


@routes.get("/_control/letters")
async def letters(request: web.Request) -> web.Response:
    """Letters after seq `after`, to all or only `to`; waits up to `wait` seconds for the first of them."""
    after, wait = number_in(request, "after"), min(number_in(request, "wait"), _LONGEST_WAIT)
    found = await request.app[MAILBOXES].since(after, wait=wait, recipient=request.query.get("to", ""))
    return web.json_response([each.shown() for each in found])


@routes.get(r"/_control/letters/{seq:\d+}/files/{number:\d+}")
async def file(request: web.Request) -> web.Response:
    """What is attached, as it came."""
    seq, number = int(request.match_info["seq"]), int(request.match_info["number"])
    for letter in await request.app[MAILBOXES].since(seq - 1, wait=0):
        if letter.seq == seq and number < len(letter.files):
            name, kind, content = letter.files[number]
            response = web.Response(body=content, content_type=kind)
            response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
            return response
    raise web.HTTPNotFound


@routes.get("/_control/stats")
async def stats(request: web.Request) -> web.Response:
    """Counts: commands by their word, `connection`, `message`."""
    return web.json_response(request.app[MAILBOXES].journal.counts)


@routes.post("/_control/hang-up")
async def hang_up(request: web.Request) -> web.Response:
    """All SMTP connections fall, as idle ones do."""
    request.app[MAILBOXES].hang_up()
    return web.json_response({})
