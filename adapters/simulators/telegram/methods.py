"""The methods of the Bot API, as its documentation describes them: parameters in, a result or a `Refusal` out."""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from adapters.simulators.telegram.answers import Parameters, Refusal, integer, is_true, structure
from adapters.simulators.telegram.documents import send_document
from adapters.simulators.telegram.sending import send_message
from adapters.simulators.telegram.world import BOT, Hook, World

Method = Callable[[World, Parameters], Awaitable[object]]

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")
_PORTS = (443, 80, 88, 8443)


async def get_me(_: World, __: Parameters) -> object:
    return BOT


async def get_updates(world: World, given: Parameters) -> object:
    if world.hook:
        reason = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        raise Refusal(409, f"Conflict: {reason}")
    _want(world, given)
    if offset := integer(given, "offset", 0):
        world.confirm(offset)
    limit = min(max(integer(given, "limit", 100), 1), 100)
    updates = await world.poll_for(limit=limit, timeout=min(max(integer(given, "timeout", 0), 0), 50))
    if updates == "conflict":
        reason = "terminated by other getUpdates request; make sure that only one bot instance is running"
        raise Refusal(409, f"Conflict: {reason}")
    return updates


async def answer_callback_query(world: World, given: Parameters) -> object:
    query = str(given.get("callback_query_id", ""))
    if not query:
        raise Refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    world.answered.append(query)
    return True


async def set_my_commands(world: World, given: Parameters) -> object:
    commands = structure(given, "commands")
    if not isinstance(commands, list) or not all(isinstance(each, dict) for each in commands):
        raise Refusal(400, "Bad Request: can't parse commands list")
    if len(commands) > 100:
        raise Refusal(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
    for each in commands:
        if not _COMMAND.fullmatch(str(each.get("command", "")).lstrip("/")):
            raise Refusal(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= len(str(each.get("description", ""))) <= 256:
            raise Refusal(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands[_menu(given)] = commands
    return True


async def get_my_commands(world: World, given: Parameters) -> object:
    return world.commands.get(_menu(given), [])


async def delete_my_commands(world: World, given: Parameters) -> object:
    world.commands.pop(_menu(given), None)
    return True


async def set_webhook(world: World, given: Parameters) -> object:
    """From now on every update is sent to `url`; an empty one deletes the webhook. http is taken for this machine
    alone, as by a Bot API server of one's own."""
    url, secret = str(given.get("url", "")), str(given.get("secret_token", ""))
    if not url:
        return await delete_webhook(world, given)
    where = urlsplit(url)
    if where.scheme != "https" and where.hostname not in ("127.0.0.1", "localhost"):
        raise Refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if where.scheme == "https" and (where.port or 443) not in _PORTS:
        raise Refusal(400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if not _SECRET.fullmatch(secret):
        raise Refusal(400, "Bad Request: secret token contains unallowed characters")
    _want(world, given)
    if is_true(given, "drop_pending_updates"):
        world.updates.clear()
    connections = min(max(integer(given, "max_connections", 40), 1), 100)
    await world.call_at(Hook(url, secret, connections))
    return True


async def delete_webhook(world: World, given: Parameters) -> object:
    if is_true(given, "drop_pending_updates"):
        world.updates.clear()
    await world.call_at(None)
    return True


async def get_webhook_info(world: World, _: Parameters) -> object:
    told: dict[str, Any] = {
        "url": "",
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates),
    }
    if hook := world.hook:
        told |= {"url": hook.url, "max_connections": hook.connections}
        if hook.error_at:
            told |= {"last_error_date": hook.error_at, "last_error_message": hook.error}
    if world.wanted:
        told["allowed_updates"] = sorted(world.wanted)
    return told


METHODS: dict[str, Method] = {
    "getme": get_me,
    "getupdates": get_updates,
    "sendmessage": send_message,
    "senddocument": send_document,
    "answercallbackquery": answer_callback_query,
    "setmycommands": set_my_commands,
    "getmycommands": get_my_commands,
    "deletemycommands": delete_my_commands,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
}
"""By name in lower case: Telegram does not look at the case."""


def _want(world: World, given: Parameters) -> None:
    if "allowed_updates" in given:
        world.wanted = frozenset(structure(given, "allowed_updates") or ())


def _menu(given: Parameters) -> tuple[str, str]:
    scope = structure(given, "scope")
    kind = str(scope.get("type", "default")) if isinstance(scope, dict) else "default"
    return kind, str(given.get("language_code", ""))
