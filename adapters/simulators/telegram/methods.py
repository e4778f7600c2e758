"""The methods of the Bot API, as its documentation describes them: parameters in, a result or a `Refusal` out."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.simulators.telegram.world import World

_LONGEST = 4096

BOT = {
    "id": 110201543,
    "is_bot": True,
    "first_name": "Một cửa (mô phỏng)",
    "username": "motcua_simulated_bot",
    "can_join_groups": False,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
}


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - it is the Bot API's ordinary answer, not a failure
    """An answer with `ok: false`."""

    code: int
    description: str
    retry_after: int = 0


class Hangup(Exception):  # noqa: N818 - a behaviour that was asked for
    """The connection is to be closed without an answer."""


Parameters = Mapping[str, Any]
"""Names in lower case; values as JSON types, or as text where they came by form or query."""

Method = Callable[[World, Parameters], Awaitable[object]]


async def get_me(_: World, __: Parameters) -> object:
    return BOT


async def get_updates(world: World, given: Parameters) -> object:
    if world.webhook:
        reason = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        raise Refusal(409, f"Conflict: {reason}")
    if "allowed_updates" in given:
        world.wanted = frozenset(_json(given, "allowed_updates") or ())
    if offset := _integer(given, "offset", 0):
        world.confirm(offset)
    limit = min(max(_integer(given, "limit", 100), 1), 100)
    updates = await world.poll_for(limit=limit, timeout=min(max(_integer(given, "timeout", 0), 0), 50))
    if updates == "conflict":
        reason = "terminated by other getUpdates request; make sure that only one bot instance is running"
        raise Refusal(409, f"Conflict: {reason}")
    return updates


async def send_message(world: World, given: Parameters) -> object:
    chat = _chat(given)
    text = str(given.get("text", "")).strip()
    if not text:
        raise Refusal(400, "Bad Request: message text is empty")
    try:
        units = len(text.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise Refusal(400, "Bad Request: strings must be encoded in UTF-8") from None
    if units > _LONGEST:
        raise Refusal(400, "Bad Request: message is too long")
    await _behave(world, chat)
    if wait := world.wait_for(chat):
        raise Refusal(429, f"Too Many Requests: retry after {wait}", wait)
    message = {
        "message_id": world.next_message_id(),
        "from": BOT,
        "chat": world.chat(chat),
        "date": int(time.time()),
        "text": text,
    }
    if markup := _json(given, "reply_markup"):
        message["reply_markup"] = markup
    await world.record(chat, message)
    if abs(chat) % 1000 == 905:
        raise Hangup
    return message


async def answer_callback_query(world: World, given: Parameters) -> object:
    query = str(given.get("callback_query_id", ""))
    if not query:
        raise Refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    world.answered.append(query)
    return True


async def set_my_commands(_: World, given: Parameters) -> object:
    if not isinstance(_json(given, "commands"), list):
        raise Refusal(400, "Bad Request: can't parse commands list")
    return True


async def set_webhook(world: World, given: Parameters) -> object:
    """Only remembered: nothing is called, but polls are refused from now on."""
    world.webhook = str(given.get("url", ""))
    return True


async def delete_webhook(world: World, given: Parameters) -> object:
    world.webhook = ""
    if str(given.get("drop_pending_updates", "")).lower() == "true":
        world.updates.clear()
    return True


async def get_webhook_info(world: World, _: Parameters) -> object:
    return {"url": world.webhook, "has_custom_certificate": False, "pending_update_count": len(world.updates)}


METHODS: dict[str, Method] = {
    "getme": get_me,
    "getupdates": get_updates,
    "sendmessage": send_message,
    "answercallbackquery": answer_callback_query,
    "setmycommands": set_my_commands,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
}
"""By name in lower case: Telegram does not look at the case."""


async def _behave(world: World, chat: int) -> None:
    """What the chat's last three digits ask for."""
    match abs(chat) % 1000:
        case 901:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        case 902:
            raise Refusal(400, "Bad Request: chat not found")
        case 903 if world.first_time(chat):
            raise Refusal(429, "Too Many Requests: retry after 1", 1)
        case 904:
            await asyncio.Event().wait()
        case 906 if world.first_time(chat):
            raise Refusal(500, "Internal Server Error: sending failed")


def _chat(given: Parameters) -> int:
    try:
        return int(given["chat_id"])
    except KeyError:
        raise Refusal(400, "Bad Request: chat_id is empty") from None
    except (TypeError, ValueError):
        raise Refusal(400, "Bad Request: chat not found") from None


def _integer(given: Parameters, name: str, default: int) -> int:
    try:
        return int(given.get(name, default))
    except (TypeError, ValueError):
        return default


def _json(given: Parameters, name: str) -> Any:
    """A structured parameter: as it is in a JSON body, as JSON text in a form."""
    value = given.get(name)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise Refusal(400, f"Bad Request: can't parse {name}") from None
