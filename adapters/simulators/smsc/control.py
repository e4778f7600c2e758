"""What tests and the demo call over HTTP: reading the phones, writing from them, ordering what goes wrong."""

import asyncio

from aiohttp import web
from pydantic import ValidationError

from adapters.simulators.asking import number_in, object_in
from adapters.simulators.smsc.exchange import Exchange
from adapters.simulators.smsc.faults import Fault, Kind

EXCHANGE = web.AppKey("exchange", Exchange)
_LONGEST_WAIT = 60.0
_ACKNOWLEDGED_WITHIN = 30.0

routes = web.RouteTableDef()


@routes.get("/messages")
async def messages(request: web.Request) -> web.Response:
    """`?number=+84…&after=SEQ&wait=SECONDS`: whole texts on that phone, both ways, after a seq. All phones without
    a number."""
    number = _phone(request.query["number"]) if "number" in request.query else None
    after, wait = number_in(request, "after", 0), min(number_in(request, "wait", 0), _LONGEST_WAIT)
    texts = await request.app[EXCHANGE].phones.texts(number, after=int(after), wait=wait)
    return web.json_response(list(texts))


@routes.post("/mo")
async def mo(request: web.Request) -> web.Response:
    """`{"from", "to", "text", "wait"?}`: a citizen writes. With `wait`, answers when every part is acknowledged."""
    body = await object_in(request)
    try:
        sender, to, text = _phone(str(body["from"])), str(body["to"]), str(body["text"])
    except KeyError as missing:
        raise web.HTTPBadRequest(text=f"{missing.args[0]} is missing") from None
    message_id, acknowledged = request.app[EXCHANGE].write_back(sender, to, text)
    if body.get("wait"):
        try:
            async with asyncio.timeout(_ACKNOWLEDGED_WITHIN):
                await acknowledged
        except TimeoutError:
            return web.json_response({"id": message_id, "acknowledged": False}, status=504)
    return web.json_response({"id": message_id}, status=202)


@routes.get("/stats")
async def stats(request: web.Request) -> web.Response:
    """Counters since the start; `waiting` are deliveries that no client has been offered yet."""
    exchange = request.app[EXCHANGE]
    counted, journal = exchange.counts, exchange.journal.counts
    names = ("submitted", "accepted", "rejected", "throttled", "malformed", "binds", "binds_refused")
    events = ("receipt_sent", "receipt_taken", "receipt_refused", "mo", "mo_sent", "mo_taken", "mo_refused")
    return web.json_response(
        {name: counted[name] for name in names}
        | {name: journal[name] for name in events}
        | {"links": len(exchange.links), "waiting": sum(map(len, exchange.mailboxes.values()))}
    )


@routes.post("/drop")
async def drop(request: web.Request) -> web.Response:
    """Cuts every connection, without a word."""
    return web.json_response({"dropped": request.app[EXCHANGE].drop_links()})


@routes.post("/fault")
async def fault(request: web.Request) -> web.Response:
    """`{"kind", "share"?, "for"?, …}`: see `faults.Fault`. A fault of the same kind is replaced."""
    try:
        ordered = Fault.model_validate(await object_in(request))
    except ValidationError as wrong:
        raise web.HTTPBadRequest(text=str(wrong)) from None
    request.app[EXCHANGE].faults.order(ordered)
    return web.json_response(request.app[EXCHANGE].faults.listed(), status=202)


@routes.get("/fault")
async def faults(request: web.Request) -> web.Response:
    """What is wrong at this moment, and how often it has struck."""
    return web.json_response(request.app[EXCHANGE].faults.listed())


@routes.delete("/fault")
async def no_fault(request: web.Request) -> web.Response:
    """Ends all faults; `?kind=` one of them."""
    exchange = request.app[EXCHANGE]
    try:
        kinds = [Kind(kind) for kind in request.query.getall("kind", [])]
    except ValueError as unknown:
        raise web.HTTPBadRequest(text=str(unknown)) from None
    ended = len(exchange.faults.listed())
    for kind in kinds or list(Kind):
        exchange.faults.end(kind)
    return web.json_response({"ended": ended - len(exchange.faults.listed())})


@routes.get("/numbers")
async def numbers(request: web.Request) -> web.Response:
    """`?limit=50`: phones by their latest text, latest first."""
    return web.json_response(request.app[EXCHANGE].phones.numbers(int(number_in(request, "limit", 50))))


def application(exchange: Exchange) -> web.Application:
    app = web.Application()
    app[EXCHANGE] = exchange
    app.add_routes(routes)
    return app


def _phone(text: str) -> str:
    """A "+" in a query string arrives as a space unless it was escaped."""
    digits = text.strip().lstrip("+")
    return f"+{digits}" if len(digits) > 8 else digits
