"""Playing the citizen: what the page, tests and the demo call, beside the platform's own API."""

from typing import Any

from aiohttp import web

from adapters.simulators.asking import number_in, object_in
from adapters.simulators.zalobot.world import World, new_id, now_millis

WORLD = web.AppKey("world", World)
_LONGEST_WAIT = 60.0
_USER = r"/_control/users/{user:[0-9a-f]{16,64}}"
_EVENTS = ("text", "image", "sticker", "voice", "link", "unsupported")

routes = web.RouteTableDef()


@routes.get("/_control/about")
async def about(request: web.Request) -> web.Response:
    """What the page must know."""
    return web.json_response({"kind": "bot", "name": request.app[WORLD].settings.name, "has_phone": False})


@routes.get("/_control/users")
async def users(request: web.Request) -> web.Response:
    """`?limit=50`: those with the latest news first."""
    world = request.app[WORLD]
    found = world.talks.users(int(number_in(request, "limit", 50)))
    return web.json_response([{"user": user, "name": world.names.get(user, "Công dân")} for user in found])


@routes.post(f"{_USER}/say")
async def say(request: web.Request) -> web.Response:
    """`{"text", "name"?, "message_id"?, "event"?, "caption"?}`: the user writes to the bot; `event` is one of text,
    image, sticker, voice, link, unsupported. Answers `{"message_id", "acknowledged"}`."""
    world, user, body = request.app[WORLD], request.match_info["user"], await object_in(request)
    if name := body.get("name"):
        world.names[user] = str(name)
    event = str(body.get("event", "text"))
    if event not in _EVENTS:
        raise web.HTTPBadRequest(text=f"event is one of {', '.join(_EVENTS)}")
    text, message_id = str(body.get("text", "")), str(body.get("message_id") or new_id())
    await world.talks.show(user, "citizen", text if event in ("text", "link") else f"[{event}]", message_id=message_id)
    message = {
        "message_id": message_id,
        "from": {"id": user, "display_name": world.names.get(user, "Công dân"), "is_bot": False},
        "chat": {"id": user, "chat_type": "PRIVATE"},
        "date": now_millis(),
        **_content(event, text, str(body.get("caption", ""))),
    }
    told = await world.tell({"event_name": f"message.{event}.received", "message": message})
    return web.json_response({"message_id": message_id, "acknowledged": told})


@routes.get(f"{_USER}/messages")
async def messages(request: web.Request) -> web.Response:
    """The talk, both ways, after seq `after`; waits up to `wait` seconds for the first of it. `?by=office` leaves out
    what the user wrote."""
    after, wait = number_in(request, "after"), min(number_in(request, "wait"), _LONGEST_WAIT)
    talks, by = request.app[WORLD].talks, request.query.get("by", "")
    return web.json_response(await talks.since(request.match_info["user"], after=after, wait=wait, by=by))


@routes.post("/_control/updates")
async def inject(request: web.Request) -> web.Response:
    """Any JSON object becomes an update, as it is."""
    return web.json_response({"acknowledged": await request.app[WORLD].tell(await object_in(request))})


@routes.get("/_control/stats")
async def stats(request: web.Request) -> web.Response:
    """Calls by method, answers by code, messages, updates that wait for a poll, and the webhook."""
    world = request.app[WORLD]
    waiting = {"updates_waiting": len(world.updates), "webhook": world.webhook}
    return web.json_response({**world.journal.counts, **waiting})


def _content(event: str, text: str, caption: str) -> dict[str, Any]:
    match event:
        case "text" | "link":
            return {"text": text}
        case "image":
            return {"photo": "https://photo.example.vn/1.jpg", **({"caption": caption} if caption else {})}
        case "sticker":
            return {"sticker": "8f1b3", "url": "https://sticker.example.vn/8f1b3"}
        case "voice":
            return {"voice_url": "https://voice.example.vn/1.aac"}
        case _:
            return {}
