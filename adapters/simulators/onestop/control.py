"""What tests and the demo call over HTTP: what the province knows, what it has pushed, and how it shall misbehave."""

from dataclasses import asdict
from datetime import datetime

from aiohttp import web
from pydantic import ValidationError

from adapters.simulators.asking import number_in, object_in
from adapters.simulators.onestop.office import Office
from adapters.simulators.onestop.shapes import whole

OFFICE = web.AppKey("office", Office)
_LONGEST_WAIT = 60.0
_LARGEST_PAGE = 10_000

routes = web.RouteTableDef()


def application(office: Office) -> web.Application:
    app = web.Application()
    app[OFFICE] = office
    app.add_routes(routes)
    return app


@routes.get("/dossiers")
async def dossiers(request: web.Request) -> web.Response:
    """`?after=0&limit=1000`: code, version, status and word of what it knows, in the order of its update."""
    first, limit = int(number_in(request, "after")), int(number_in(request, "limit", 1_000))
    records = request.app[OFFICE].register.since(None)[max(first, 0) :][: min(max(limit, 0), _LARGEST_PAGE)]
    return web.json_response(
        [
            {"code": each.code, "version": each.version, "status": int(each.status), "word": each.word}
            for each in records
        ]
    )


@routes.get("/dossiers/{code}")
async def dossier(request: web.Request) -> web.Response:
    """The dossier in national names, with its steps, and every push of it that is still remembered."""
    office, code = request.app[OFFICE], request.match_info["code"]
    record = office.register.get(code)
    if record is None:
        raise web.HTTPNotFound(text="it does not know this dossier")
    journal = office.pusher.journal if office.pusher else ()
    pushes = [{**asdict(each), "at": each.at.isoformat()} for each in journal if each.code == code]
    return web.json_response({"dossier": whole(record), "pushes": pushes})


@routes.get("/stats")
async def stats(request: web.Request) -> web.Response:
    """Counters since the start. `api` are answers by HTTP status, and calls cut or hung up on."""
    office = request.app[OFFICE]
    register, pusher, exporter = office.register, office.pusher, office.exporter
    return web.json_response(
        {
            "dossiers": {
                "received": register.received,
                "open": register.open,
                "ended": register.ended,
                "vanished": register.vanished,
            },
            "api": office.answers,
            "struck": office.faults.struck,
            "pushes": {**pusher.counts, "waiting": pusher.waiting, "held": pusher.held} if pusher else {},
            "broken_rows": exporter.broken if exporter else 0,
        }
    )


@routes.get("/pushes")
async def pushes(request: web.Request) -> web.Response:
    """`?after=NUMBER&wait=SECONDS`: up to 1,000 events that were pushed and how they were answered, oldest first."""
    pusher = request.app[OFFICE].pusher
    if pusher is None:
        raise web.HTTPNotFound(text="it pushes nowhere")
    wait = min(number_in(request, "wait"), _LONGEST_WAIT)
    return web.json_response(list(await pusher.after(int(number_in(request, "after")), wait=wait)))


@routes.post("/advance")
async def advance(request: web.Request) -> web.Response:
    """`{"until": "2018-03-30T17:00:00+07:00"}`: all until then happens; answers when every face tells it."""
    given = await object_in(request)
    try:
        until = datetime.fromisoformat(str(given.get("until")))
    except ValueError:
        until = None
    if until is None or until.tzinfo is None:
        raise web.HTTPBadRequest(text="until: a moment with its zone")
    await request.app[OFFICE].advance(until)
    return web.json_response({"until": until.isoformat()})


@routes.get("/misbehaviour")
async def misbehaviour(request: web.Request) -> web.Response:
    return web.json_response(request.app[OFFICE].faults.now.model_dump())


@routes.patch("/misbehaviour")
async def misbehave(request: web.Request) -> web.Response:
    """Any of the settings of `Misbehaviour`; answers all of them. `{"down": 30}` closes for 30 s, `{"down": 0}` opens
    again."""
    faults, given = request.app[OFFICE].faults, await object_in(request)
    try:
        faults.change(given)
    except ValidationError as error:
        faulty = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise web.HTTPBadRequest(text=faulty) from None
    return web.json_response(faults.now.model_dump())
