"""The methods of the Bot Platform: parameters in, a result or a `Refusal` out."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.simulators.zalobot.world import World, new_id, now_millis

LONGEST = 2000
_THROTTLES = 2
_CHAT = re.compile(r"[0-9a-f]{16,64}")


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - it is the platform's ordinary answer, not a failure
    """An answer with `ok: false`."""

    code: int
    description: str


class Hangup(Exception):  # noqa: N818 - a behaviour that was asked for
    """The connection is to be closed without an answer."""


class Page(Exception):  # noqa: N818 - a behaviour that was asked for
    """A page of HTML in place of an answer."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


Parameters = Mapping[str, Any]
Method = Callable[[World, Parameters], Awaitable[object]]


async def get_me(world: World, _: Parameters) -> object:
    number = world.settings.token.partition(":")[0]
    return {
        "id": number,
        "account_name": f"bot.{number}",
        "account_type": "BASIC",
        "display_name": world.settings.name,
        "can_join_groups": False,
    }


async def get_updates(world: World, given: Parameters) -> object:
    """One update, not a list; it is handed out once. `timeout` comes as text or number."""
    if world.webhook:
        raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active")
    try:
        patience = min(max(float(given.get("timeout", 30)), 0.0), 50.0)
    except (TypeError, ValueError):
        raise Refusal(400, "Bad Request: timeout is invalid") from None
    update = await world.next_update(patience)
    if update is None:
        raise Refusal(408, "Request timeout")
    return update


async def send_message(world: World, given: Parameters) -> object:
    chat, text = given.get("chat_id"), given.get("text")
    if not isinstance(chat, str) or not _CHAT.fullmatch(chat):
        raise Refusal(400, "Bad Request: chat_id is invalid")
    if not isinstance(text, str) or not text.strip() or len(text.encode("utf-16-le", "replace")) > 2 * LONGEST:
        raise Refusal(400, "Bad Request: text must have 1 to 2000 characters")
    await _before(world, chat, text)
    if world.is_too_fast():
        raise Refusal(429, "Too Many Requests")
    message_id = new_id()
    await world.talks.show(chat, "office", text, message_id=message_id)
    world.journal.counts["messages"] += 1
    if chat.endswith("0007") and world.times(chat, text) == 1:
        raise Hangup
    return {"message_id": message_id, "date": now_millis()}


async def send_chat_action(_: World, __: Parameters) -> object:
    return None


async def set_webhook(world: World, given: Parameters) -> object:
    url, secret = given.get("url"), given.get("secret_token")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise Refusal(400, "Bad Request: url is invalid")
    if not isinstance(secret, str) or not 8 <= len(secret) <= 256:
        raise Refusal(400, "Bad Request: secret_token must have 8 to 256 characters")
    return world.set_webhook(url, secret)


async def delete_webhook(world: World, _: Parameters) -> object:
    return world.set_webhook("", "")


async def get_webhook_info(world: World, _: Parameters) -> object:
    return world.webhook_known()


METHODS: Mapping[str, Method] = {
    "getMe": get_me,
    "getUpdates": get_updates,
    "sendMessage": send_message,
    "sendChatAction": send_chat_action,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
"""By name; the case counts."""


async def _before(world: World, chat: str, text: str) -> None:
    """What the chat's last four characters ask for."""
    match chat[-4:]:
        case "0001":
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        case "0002":
            raise Refusal(400, "Bad Request: chat not found")
        case "0006" if world.times(chat, text) <= _THROTTLES:
            raise Refusal(429, "Too Many Requests")
        case "0008":
            await asyncio.Event().wait()
        case "0500":
            raise Refusal(500, "Internal Server Error")
        case "0502":
            raise Page(502)
        case "0999":
            raise Page(200)
        case _:
            return
