"""business.openapi.zalo.me: ZBS template messages by phone, their state, the quota and the templates."""

import json
import re
import time
from collections.abc import Mapping

from adapters.simulators.zalo.calls import Call, Function
from adapters.simulators.zalo.errors import Refusal
from adapters.simulators.zalo.fortunes import Errand, taken
from adapters.simulators.zalo.openapi import quota_of, templated
from adapters.simulators.zalo.world import World, millis

_PHONE = re.compile(r"84\d{9}")
_NO_ZALO = -118
_LONGEST_TRACKING_ID = 48


async def by_phone(world: World, call: Call) -> object:
    """`POST /message/template`."""
    phone = str(call.given.get("phone", ""))
    if not _PHONE.fullmatch(phone):
        raise Refusal(-108)
    return await _sent(world, call, phone, phone)


async def by_hash(world: World, call: Call) -> object:
    """`POST /message/template/hashphone`. Only phones that were met before are found."""
    digest = str(call.given.get("hash_phone", ""))
    phone = world.phone_with(digest)
    if not phone:
        raise Refusal(_NO_ZALO)
    return await _sent(world, call, phone, digest)


async def status(world: World, call: Call) -> object:
    """`GET /message/status?message_id=…`: -1 not known, 0 not received yet, 1 received."""
    message = world.sent.get(str(call.given.get("message_id", "")))
    if message is None:
        return {"status": -1, "message": "The message does not exist", "delivery_time": ""}
    if not message.received_at:
        return {"status": 0, "message": "The message is not delivered to the user's phone yet", "delivery_time": ""}
    return {
        "status": 1,
        "message": "The message is delivered to the user's phone",
        "delivery_time": millis(message.received_at),
    }


async def quota(world: World, _: Call) -> object:
    """`GET /message/quota`."""
    return quota_of(world)


async def template(world: World, call: Call) -> object:
    """`GET /message/template/info/v2?template_id=…`."""
    return world.templates.described(str(call.given.get("template_id", "")))


async def templates(world: World, _: Call) -> object:
    """`GET /message/template/all`."""
    return world.templates.listed()


async def _sent(world: World, call: Call, phone: str, named: str) -> object:
    values = world.templates.checked(call.given)
    tracking_id = call.given.get("tracking_id")
    if not isinstance(tracking_id, str) or not 0 < len(tracking_id) <= _LONGEST_TRACKING_ID:
        raise Refusal(-132, "tracking_id")
    if world.faults.night:
        raise Refusal(-133)
    if world.quota < 1:
        raise Refusal(-144)
    user = world.user_with(phone)
    text = json.dumps([call.given["template_id"], values], ensure_ascii=False)
    errand = Errand(
        named, phone[-4:], text, call.access_token, _NO_ZALO, tracking_id=tracking_id, by_phone=True
    )  # fmt: skip
    message = await taken(world, errand, lambda: templated(world, user, call.given, values))
    mode = str(call.given.get("sending_mode", "1"))
    sent_time = millis(time.time())
    return {"msg_id": message.id, "sent_time": sent_time, "sending_mode": mode, "quota": quota_of(world)}


FUNCTIONS: Mapping[tuple[str, str], Function] = {
    ("POST", "/message/template"): by_phone,
    ("POST", "/message/template/hashphone"): by_hash,
    ("GET", "/message/status"): status,
    ("GET", "/message/quota"): quota,
    ("GET", "/message/template/info/v2"): template,
    ("GET", "/message/template/all"): templates,
}
