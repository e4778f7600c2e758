"""Playing the citizen and ordering faults: what the page, tests and the demo call, beside Zalo's own API.

`{user}` is a user id, or a phone in any form (`0912345678`, `84912345678`): her user.
"""

import time
from typing import Any

from aiohttp import web

from adapters.simulators.asking import number_in, object_in
from adapters.simulators.zalo.calls import WORLD
from adapters.simulators.zalo.world import Faults, User, World, user_id_of

_LONGEST_WAIT = 60.0
_USER = r"/_control/users/{user:\+?\d{9,20}}"

routes = web.RouteTableDef()


@routes.get("/_control/about")
async def about(request: web.Request) -> web.Response:
    """What the page must know."""
    return web.json_response({"kind": "oa", "name": request.app[WORLD].settings.oa_name, "has_phone": True})


@routes.get("/_control/users")
async def users(request: web.Request) -> web.Response:
    """`?limit=50`: those with the latest news first."""
    world = request.app[WORLD]
    found = [world.user(user) for user in world.talks.users(int(number_in(request, "limit", 50)))]
    return web.json_response([_shown(user) for user in found])


@routes.get(_USER)
async def user(request: web.Request) -> web.Response:
    """Name, phone, whether she follows, when she was heard."""
    return web.json_response(_shown(_who(request)))


@routes.post(f"{_USER}/say")
async def say(request: web.Request) -> web.Response:
    """`{"text", "name"?, "msg_id"?}`: she writes to the OA. Answers `{"msg_id", "acknowledged"}` when we were told."""
    world, who, body = request.app[WORLD], _who(request), await object_in(request)
    who.name = str(body.get("name") or who.name)
    who.heard_at = time.time()
    text = str(body.get("text", ""))
    msg_id = str(body.get("msg_id") or f"{time.time_ns():x}")
    await world.talks.show(who.id, "citizen", text, message_id=msg_id)
    told = await _tell(world, "user_send_text", who, message={"text": text, "msg_id": msg_id})
    return web.json_response({"msg_id": msg_id, "acknowledged": told})


@routes.post(f"{_USER}/follow")
async def follow(request: web.Request) -> web.Response:
    return await _following(request, is_follower=True)


@routes.post(f"{_USER}/unfollow")
async def unfollow(request: web.Request) -> web.Response:
    return await _following(request, is_follower=False)


@routes.post(f"{_USER}/submit")
async def submit(request: web.Request) -> web.Response:
    """`{"phone"?, "name"?, "address"?}`: she fills in the form; without a phone her own."""
    world, who, body = request.app[WORLD], _who(request), await object_in(request)
    who.name = str(body.get("name") or who.name)
    phone = _as_zalo_writes(str(body.get("phone") or who.phone))
    address = str(body.get("address", ""))
    who.shared = {"name": who.name, "phone": phone, "address": address, "city": "", "district": "", "ward": ""}
    who.heard_at = time.time()
    await world.talks.show(who.id, "citizen", f"Đã gửi thông tin: {who.name}, {phone}", kind="event")
    told = await _tell(world, "user_submit_info", who, info=who.shared)
    return web.json_response({"acknowledged": told})


@routes.post(f"{_USER}/open")
async def open_talk(request: web.Request) -> web.Response:
    """She opens the talk, and sees what she has received and not seen yet. Answers `{"msg_ids", "acknowledged"}`."""
    world, who = request.app[WORLD], _who(request)
    unseen = [each for each in world.sent.values() if each.user == who.id and each.received_at and not each.seen_at]
    for each in unseen:
        each.seen_at = time.time()
    ids = [each.id for each in unseen]
    told = bool(ids) and await _told(world, world.events.seen(who.id, who.by_app, ids))
    return web.json_response({"msg_ids": ids, "acknowledged": told})


@routes.post(f"{_USER}/heard")
async def heard(request: web.Request) -> web.Response:
    """`{"ago"}`: her last interaction was so many seconds ago; negative: there was none."""
    who, body = _who(request), await object_in(request)
    ago = float(body.get("ago", 0))
    who.heard_at = time.time() - ago if ago >= 0 else 0.0
    return web.json_response(_shown(who))


@routes.get(f"{_USER}/messages")
async def messages(request: web.Request) -> web.Response:
    """Her talk, both ways, after seq `after`; waits up to `wait` seconds for the first of it. `?by=office` leaves out
    what she wrote herself."""
    after, wait = number_in(request, "after"), min(number_in(request, "wait"), _LONGEST_WAIT)
    talks, who, by = request.app[WORLD].talks, _who(request), request.query.get("by", "")
    return web.json_response(await talks.since(who.id, after=after, wait=wait, by=by))


@routes.get("/_control/files/{token}")
async def uploaded(request: web.Request) -> web.Response:
    """A file that was sent, by the token of its upload."""
    file = request.app[WORLD].uploads.get(request.match_info["token"])
    if file is None:
        raise web.HTTPNotFound
    return web.Response(body=file.content, content_type=file.media_type)


@routes.post("/_control/events")
async def inject(request: web.Request) -> web.Response:
    """Any JSON object is told as an event, as it is; `?signed=0` with a wrong signature."""
    signed = request.query.get("signed") != "0"
    told = await request.app[WORLD].events.tell(await object_in(request), signed=signed)
    return web.json_response({"acknowledged": told})


@routes.post("/_control/templates")
async def register(request: web.Request) -> web.Response:
    """`{"id", "kinds": {parameter: kind}}`: approves a template."""
    body = await object_in(request)
    kinds = body.get("kinds")
    if not isinstance(kinds, dict) or not body.get("id"):
        raise web.HTTPBadRequest(text="id and kinds are expected")
    request.app[WORLD].templates.add(str(body["id"]), {str(name): str(kind) for name, kind in kinds.items()})
    return web.json_response({})


@routes.post("/_control/faults")
async def order(request: web.Request) -> web.Response:
    """Any fields of `world.Faults`; beside them `{"quota": n}` and `{"expire": true}`, which happen once."""
    world, body = request.app[WORLD], await object_in(request)
    if body.pop("expire", False):
        world.tokens.expire()
    if "quota" in body:
        world.quota = int(body.pop("quota"))
    if unknown := set(body) - set(vars(world.faults)):
        raise web.HTTPBadRequest(text=f"no such fault: {', '.join(sorted(unknown))}")
    for name, value in body.items():
        setattr(world.faults, name, float(value) if name == "refresh_delay" else bool(value))
    return web.json_response(vars(world.faults))


@routes.delete("/_control/faults")
async def well(request: web.Request) -> web.Response:
    """All is well again."""
    world = request.app[WORLD]
    world.faults, world.quota = Faults(), world.settings.quota
    return web.json_response(vars(world.faults))


@routes.get("/_control/stats")
async def stats(request: web.Request) -> web.Response:
    """Counts: answers by error, messages, events `told` and `not_taken`, pairs of tokens, the quota that is left."""
    world = request.app[WORLD]
    return web.json_response({**world.journal.counts, "rotations": world.tokens.rotations, "quota": world.quota})


async def _following(request: web.Request, *, is_follower: bool) -> web.Response:
    world, who = request.app[WORLD], _who(request)
    who.is_follower = is_follower
    name, words = ("follow", "Đã quan tâm") if is_follower else ("unfollow", "Đã bỏ quan tâm")
    if is_follower:
        who.heard_at = time.time()
    await world.talks.show(who.id, "citizen", words, kind="event")
    event = world.events.by_follower(name, who.id, who.by_app)
    return web.json_response({"acknowledged": await _told(world, event)})


async def _tell(world: World, name: str, who: User, **more: object) -> bool:
    return await _told(world, world.events.by_user(name, who.id, who.by_app, **more))


async def _told(world: World, event: dict[str, Any]) -> bool:
    if world.faults.twice:
        await world.events.tell(event)
    return await world.events.tell(event)


def _who(request: web.Request) -> User:
    word = request.match_info["user"]
    is_phone = word.startswith(("0", "+")) or (word.startswith("84") and len(word) == 11)
    return request.app[WORLD].user(user_id_of(word) if is_phone else word)


def _as_zalo_writes(phone: str) -> str:
    return f"84{phone[1:]}" if phone.startswith("0") else phone.lstrip("+")


def _shown(who: User) -> dict[str, object]:
    return {
        "user": who.id,
        "name": who.name,
        "phone": who.phone,
        "is_follower": who.is_follower,
        "heard_at": who.heard_at,
    }
