"""Ordering what happens: what tests and the demo call, beside the Bot API. The citizen's part is in `citizen`."""

import asyncio
import time
from collections import deque
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from adapters.simulators.asking import number_in, object_in
from adapters.simulators.telegram.doors import Doors
from adapters.simulators.telegram.world import Order, World

WORLD = web.AppKey("world", World)
DOORS = web.AppKey("doors", Doors)
HAS_OWN_PORT = web.AppKey("own_port", bool)
"""Whether these controls stay reachable while the Bot API is not."""
_LONGEST_WAIT = 60.0

routes = web.RouteTableDef()


@routes.post("/_control/updates")
async def inject(request: web.Request) -> web.Response:
    """Any JSON object becomes an update as it is; one without `update_id` gets none unless `?number=1`."""
    world, update = request.app[WORLD], await object_in(request)
    if "number" in request.query:
        world.last_update += 1
        update["update_id"] = world.last_update
    await world.add_raw(update)
    return web.json_response({"update_id": update.get("update_id")})


@routes.post(r"/_control/chats/{chat:-?\d+}/wait")
async def wait(request: web.Request) -> web.Response:
    """`{"seconds", "after"?}`: after so many more messages the chat answers 429 for so long."""
    body = await object_in(request)
    order = Order(int(body.get("after", 0)), time.monotonic() + float(body["seconds"]))
    request.app[WORLD].orders[int(request.match_info["chat"])] = order
    return web.json_response({})


@routes.post(r"/_control/chats/{chat:-\d+}/migrate")
async def migrate(request: web.Request) -> web.Response:
    """`{"to"}`: the group becomes a supergroup; who writes to the old address is told the new one."""
    world, old, new = request.app[WORLD], int(request.match_info["chat"]), int((await object_in(request))["to"])
    message = {
        "message_id": world.next_message_id(),
        "date": int(time.time()),
        "chat": world.chat(old),
        "migrate_to_chat_id": new,
    }
    world.moved[old] = new
    return web.json_response({"update_id": await world.add_update("message", message)})


@routes.post("/_control/outage")
async def outage(request: web.Request) -> web.StreamResponse:
    """`{"seconds"?}`: nobody reaches the Bot API, for so long or until `DELETE /_control/outage`, which needs
    `control_port`."""
    seconds = float((await object_in(request)).get("seconds", 0))
    if not seconds and not request.app[HAS_OWN_PORT]:
        raise web.HTTPBadRequest(text="an outage without an end needs control_port")
    answer = web.json_response({})
    answer.force_close()
    await answer.prepare(request)
    await answer.write_eof()
    await request.app[DOORS].close(seconds=seconds, but=request.protocol)
    return answer


@routes.delete("/_control/outage")
async def end_of_outage(request: web.Request) -> web.Response:
    await request.app[DOORS].open()
    return web.json_response({})


@routes.get(r"/_control/chats/{chat:-?\d+}/messages")
async def messages(request: web.Request) -> web.Response:
    """What the bot sent after message `after`; waits up to `wait` seconds for the first of it."""
    sent = request.app[WORLD].messages[int(request.match_info["chat"])]
    return web.json_response([_shown(message) for message in await _fresh(request, sent)])


@routes.get(r"/_control/chats/{chat:-?\d+}/talk")
async def talk(request: web.Request) -> web.Response:
    """The same for both sides, with whose word it is, its keyboard and its entities."""
    said = request.app[WORLD].talk[int(request.match_info["chat"])]
    told = [
        {**_shown(message), "is_bot": message["from"]["is_bot"], "reply_markup": message.get("reply_markup")}
        for message in await _fresh(request, said)
    ]
    return web.json_response(told)


@routes.get("/_control/files/{file_id}")
async def document(request: web.Request) -> web.Response:
    """A document that the bot sent, by its `file_id`."""
    upload = request.app[WORLD].files.get(request.match_info["file_id"])
    if upload is None:
        raise web.HTTPNotFound
    return web.Response(body=upload.content, content_type=upload.media_type)


@routes.get("/_control/stats")
async def stats(request: web.Request) -> web.Response:
    """Calls by method, answers by status, messages, updates that wait, and button presses that were answered."""
    world = request.app[WORLD]
    menus = {f"{scope}/{language}": menu for (scope, language), menu in world.commands.items()}
    waiting = {
        "updates_waiting": len(world.updates),
        "answered": world.answered,
        "webhook": world.hook.url if world.hook else "",
        "commands": menus,
    }
    return web.json_response({**world.counts, **waiting})


async def _fresh(request: web.Request, kept: deque[dict[str, Any]]) -> list[dict[str, Any]]:
    world, after = request.app[WORLD], number_in(request, "after")
    patience = min(number_in(request, "wait"), _LONGEST_WAIT)

    def fresh() -> list[dict[str, Any]]:
        return [message for message in kept if message["message_id"] > after]

    if patience and not fresh():
        try:
            async with asyncio.timeout(patience), world.news:
                await world.news.wait_for(fresh)
        except TimeoutError:
            pass
    return fresh()


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    at = datetime.fromtimestamp(message["date"], UTC).isoformat()
    more: dict[str, Any] = {key: message[key] for key in ("entities", "reply_markup", "document") if key in message}
    text = message.get("text", message.get("caption", ""))
    return {"message_id": message["message_id"], "text": text, "at": at, **more}
