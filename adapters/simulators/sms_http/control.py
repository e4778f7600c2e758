"""What tests and the demo call over HTTP: reading the phones, writing from them, ordering faults."""

import time
from dataclasses import asdict

from aiohttp import web

from adapters.simulators.asking import number_in, object_in
from adapters.simulators.sms_http.counter import Written
from adapters.simulators.sms_http.doors import Doors
from adapters.simulators.sms_http.exchange import Exchange
from adapters.simulators.sms_http.faults import KINDS, Fault

EXCHANGE = web.AppKey("exchange", Exchange)
DOORS = web.AppKey("doors", Doors)
_LONGEST_WAIT = 60.0

routes = web.RouteTableDef()


@routes.get("/messages")
async def messages(request: web.Request) -> web.Response:
    """`?number=+84…&after=SEQ&wait=SECONDS`: whole texts on that phone, both ways, after a seq. All phones without
    a number."""
    number = f"+{_digits(request.query['number'])}" if "number" in request.query else None
    after, wait = number_in(request, "after", 0), min(number_in(request, "wait", 0), _LONGEST_WAIT)
    texts = await request.app[EXCHANGE].phones.texts(number, after=int(after), wait=wait)
    return web.json_response(list(texts))


@routes.post("/mo")
async def mo(request: web.Request) -> web.Response:
    """`{"from", "to", "text", "provider", "url"?, "id"?}`: a citizen writes through that provider, to `url` or the
    settings' `mo_callback`. Answers when the customer has answered, with the reply where one came in its answer."""
    body = await object_in(request)
    try:
        sender, to, text = _digits(str(body["from"])), str(body["to"]), str(body["text"])
        provider = str(body["provider"])
    except KeyError as missing:
        raise web.HTTPBadRequest(text=f"{missing.args[0]} is missing") from None
    exchange = request.app[EXCHANGE]
    url = str(body.get("url") or exchange.settings.mo_callback)
    if provider not in exchange.stands or not url:
        raise web.HTTPBadRequest(text="there is no such provider, or no address to bring the message to")
    message_id = str(body.get("id") or exchange.new_mo_id())
    written = Written(phone=sender, to=to, text=text, message_id=message_id, at=time.time())
    try:
        reply = await exchange.write_back(provider, written, url)
    except ValueError as error:
        return web.json_response({"id": message_id, "acknowledged": False, "why": str(error)}, status=504)
    return web.json_response({"id": message_id, "acknowledged": True, "reply": reply}, status=202)


@routes.post("/fault")
async def fault(request: web.Request) -> web.Response:
    """`{"kind", "share"?, "latency"?}`: from now on messages meet this fault; `faults.KINDS` says which there are."""
    body = await object_in(request)
    try:
        ordered = Fault(str(body["kind"]), float(body.get("share", 1.0)), float(body.get("latency", 1.0)))
    except (KeyError, TypeError, ValueError):
        raise web.HTTPBadRequest(text="kind, share and latency are expected") from None
    if ordered.kind not in KINDS or not 0 <= ordered.share <= 1 or ordered.latency < 0:
        raise web.HTTPBadRequest(text=f"kind is one of {', '.join(KINDS)}; share is from 0 to 1")
    exchange, doors = request.app[EXCHANGE], request.app[DOORS]
    exchange.weather.fault = ordered
    exchange.journal.note("fault", **asdict(ordered))
    await (doors.close() if ordered.kind == "down" else doors.open())
    return web.json_response(asdict(ordered))


@routes.delete("/fault")
async def no_fault(request: web.Request) -> web.Response:
    """All is well again."""
    exchange = request.app[EXCHANGE]
    exchange.weather.fault = None
    exchange.journal.note("fault", kind="")
    await request.app[DOORS].open()
    return web.json_response({})


@routes.get("/stats")
async def stats(request: web.Request) -> web.Response:
    """Counters since the start."""
    return web.json_response(dict(request.app[EXCHANGE].journal.counts))


@routes.get("/numbers")
async def numbers(request: web.Request) -> web.Response:
    """`?limit=50`: phones by their latest text, latest first."""
    return web.json_response(request.app[EXCHANGE].phones.numbers(int(number_in(request, "limit", 50))))


@routes.get("/log")
async def log(request: web.Request) -> web.Response:
    """`?event=submit`: the latest lines of the journal, oldest first; all events without one."""
    event = request.query.get("event")
    latest = request.app[EXCHANGE].journal.latest
    return web.json_response([line for line in latest if event in (None, line["event"])])


def application(exchange: Exchange, doors: Doors) -> web.Application:
    app = web.Application()
    app[EXCHANGE] = exchange
    app[DOORS] = doors
    app.add_routes(routes)
    return app


def _digits(text: str) -> str:
    """A "+" in a query string arrives as a space unless it was escaped."""
    return text.strip().lstrip("+")
