"""Playing the citizen: says, presses, shares, blocks; and the page on which a person can do so."""

import time
from pathlib import Path
from typing import Any

from aiohttp import web

from adapters.simulators.asking import object_in
from adapters.simulators.telegram.control import WORLD
from adapters.simulators.telegram.world import BOT, World

routes = web.RouteTableDef()

_PAGE = Path(__file__).with_name("page.html")


@routes.get("/")
async def page(_: web.Request) -> web.Response:
    return web.Response(text=_PAGE.read_text(encoding="utf-8"), content_type="text/html")


@routes.post(r"/_control/users/{user:\d+}/say")
async def say(request: web.Request) -> web.Response:
    """`{"text", "name"?, "language"?}`: the user writes to the bot. Answers `{"update_id"}`."""
    world, user, body = request.app[WORLD], int(request.match_info["user"]), await object_in(request)
    if name := body.get("name"):
        world.names[user] = str(name)
    if language := body.get("language"):
        world.languages[user] = str(language)
    return web.json_response({"update_id": await _says(world, user, {"text": str(body.get("text", ""))})})


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


@routes.post(r"/_control/users/{user:\d+}/contact")
async def contact(request: web.Request) -> web.Response:
    """`{"phone", "of"?, "forwarded"?}`: the user shares a contact card: the own one, that of user `of` (0: of somebody
    without Telegram), or one that was forwarded."""
    world, user, body = request.app[WORLD], int(request.match_info["user"]), await object_in(request)
    owner = int(body.get("of", user))
    card: dict[str, Any] = {"phone_number": str(body["phone"]), "first_name": world.person(owner)["first_name"]}
    if owner:
        card["user_id"] = owner
    more: dict[str, Any] = {"contact": card}
    if body.get("forwarded"):
        more["forward_origin"] = {"type": "user", "sender_user": world.person(owner), "date": int(time.time())}
    return web.json_response({"update_id": await _says(world, user, more)})


@routes.post(r"/_control/users/{user:\d+}/{what:block|unblock}")
async def block(request: web.Request) -> web.Response:
    """The user blocks the bot, or lets it write again."""
    world, user = request.app[WORLD], int(request.match_info["user"])
    is_block = request.match_info["what"] == "block"
    (world.blocked.add if is_block else world.blocked.discard)(user)
    standings = ({"status": "member"}, {"status": "kicked", "until_date": 0})
    before, after = standings if is_block else reversed(standings)
    change = {
        "chat": world.chat(user),
        "from": world.person(user),
        "date": int(time.time()),
        "old_chat_member": {"user": BOT, **before},
        "new_chat_member": {"user": BOT, **after},
    }
    return web.json_response({"update_id": await world.add_update("my_chat_member", change)})


async def _says(world: World, user: int, content: dict[str, Any]) -> int:
    message = {
        "message_id": world.next_message_id(),
        "from": world.person(user),
        "chat": world.chat(user),
        "date": int(time.time()),
        **content,
    }
    card = content.get("contact", {})
    world.talk[user].append({"text": f"☎ {card.get('phone_number')}", **message} if card else message)
    return await world.add_update("message", message)
