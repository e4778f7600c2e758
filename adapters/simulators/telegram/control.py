"""Playing the citizen: what tests and the demo call, beside the Bot API."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from adapters.simulators.asking import number_in, object_in
from adapters.simulators.telegram.world import World

WORLD = web.AppKey("world", World)
_LONGEST_WAIT = 60.0

routes = web.RouteTableDef()


@routes.post(r"/_control/users/{user:\d+}/say")
async def say(request: web.Request) -> web.Response:
    """`{"text", "name"?}`: the user writes to the bot. Answers `{"update_id"}`."""
    world, user, body = request.app[WORLD], int(request.match_info["user"]), await object_in(request)
    if name := body.get("name"):
        world.names[user] = str(name)
    message = {
        "message_id": world.next_message_id(),
        "from": world.person(user),
        "chat": world.chat(user),
        "date": int(time.time()),
        "text": str(body.get("text", "")),
    }
    return web.json_response({"update_id": await world.add_update("message", message)})


@routes.post(r"/_control/users/{user:\d+}/press")
async def press(request: web.Request) -> web.Response:
    """`{"data"}`: the user presses an inline button. Answers `{"update_id", "callback_query_id"}`."""
    world, user, body = request.app[WORLD], int(request.match_info["user"]), await object_in(request)
    sent = world.messages.get(user)
    query = {
        "id": str((user << 32) + world.next_message_id()),
        "from": world.person(user),
        "chat_instance": str(user),
        "data": str(body.get("data", "")),
        **({"message": sent[-1]} if sent else {}),
    }
    number = await world.add_update("callback_query", query)
    return web.json_response({"update_id": number, "callback_query_id": query["id"]})


@routes.post("/_control/updates")
async def inject(request: web.Request) -> web.Response:
    """Any JSON object becomes an update as it is; one without `update_id` gets none unless `?number=1`."""
    world, update = request.app[WORLD], await object_in(request)
    if "number" in request.query:
        world.last_update += 1
        update["update_id"] = world.last_update
    await world.add_raw(update)
    return web.json_response({"update_id": update.get("update_id")})


@routes.get(r"/_control/chats/{chat:-?\d+}/messages")
async def messages(request: web.Request) -> web.Response:
    """What the bot sent after message `after`; waits up to `wait` seconds for the first of it."""
    world, chat = request.app[WORLD], int(request.match_info["chat"])
    after, wait = number_in(request, "after"), min(number_in(request, "wait"), _LONGEST_WAIT)

    def fresh() -> list[dict[str, Any]]:
        return [_shown(message) for message in world.messages.get(chat, ()) if message["message_id"] > after]

    if wait and not fresh():
        try:
            async with asyncio.timeout(wait), world.news:
                await world.news.wait_for(fresh)
        except TimeoutError:
            pass
    return web.json_response(fresh())


@routes.get("/_control/stats")
async def stats(request: web.Request) -> web.Response:
    """Calls by method, answers by status, messages, updates that wait, and button presses that were answered."""
    world = request.app[WORLD]
    waiting = {"updates_waiting": len(world.updates), "answered": world.answered, "webhook": world.webhook}
    return web.json_response({**world.counts, **waiting})


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    at = datetime.fromtimestamp(message["date"], UTC).isoformat()
    return {"message_id": message["message_id"], "text": message["text"], "at": at}
