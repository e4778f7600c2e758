"""`sendMessage` and what its likes share: what is refused, what is recorded, and which chats misbehave."""

import asyncio
import time
from collections.abc import Mapping

from adapters.simulators.telegram.answers import Hangup, Parameters, Refusal, is_true, structure, too_many
from adapters.simulators.telegram.entities import read_html, units
from adapters.simulators.telegram.markups import checked
from adapters.simulators.telegram.world import BOT, World

_LONGEST = 4096
_LONG_WAIT = 600


async def send_message(world: World, given: Parameters) -> object:
    text, entities = read_text(given, "text", longest=_LONGEST)
    if not text:
        raise Refusal(400, "Bad Request: message text is empty")
    return await delivered(world, given, {"text": text, **({"entities": entities} if entities else {})})


async def delivered(world: World, given: Parameters, content: Mapping[str, object]) -> object:
    """A message of the bot with this content, if its chat and the limits take it."""
    chat = _chat(given)
    markup = structure(given, "reply_markup")
    if markup:
        markup = checked(markup, is_private=chat > 0)
    await _behave(world, chat, is_document="document" in content)
    if wait := world.wait_for(chat, is_paid=is_true(given, "allow_paid_broadcast")):
        raise too_many(wait)
    message = {
        "message_id": world.next_message_id(),
        "from": BOT,
        "chat": world.chat(chat),
        "date": int(time.time()),
        **content,
        # As with Telegram, only buttons below a message are part of it afterwards.
        **({"reply_markup": markup} if markup and "inline_keyboard" in markup else {}),
    }
    await world.record(chat, message, markup)
    if abs(chat) % 1000 == 905:
        raise Hangup
    return message


def read_text(given: Parameters, name: str, *, longest: int) -> tuple[str, list[dict[str, object]]]:
    """The shown text of this parameter and its entities. Raises Refusal 400."""
    source = str(given.get(name, "")).strip()
    entities: list[dict[str, object]] = []
    match str(given.get("parse_mode", "")).lower():
        case "html":
            source, entities = read_html(source)
            source = source.strip()
        case "":
            pass
        case _:
            raise Refusal(400, "Bad Request: unsupported parse_mode")
    try:
        source.encode()
    except UnicodeEncodeError:
        raise Refusal(400, "Bad Request: strings must be encoded in UTF-8") from None
    if units(source) > longest:
        raise Refusal(400, f"Bad Request: message {'is' if name == 'text' else name + ' is'} too long")
    return source, entities


async def _behave(world: World, chat: int, *, is_document: bool) -> None:
    """What the chat's last three digits ask for, and what was ordered of it."""
    if chat in world.blocked or abs(chat) % 1000 == 901:
        raise Refusal(403, "Forbidden: bot was blocked by the user")
    if new := world.moved.get(chat):
        raise _migrated(new)
    match abs(chat) % 1000:
        case 902:
            raise Refusal(400, "Bad Request: chat not found")
        case 903 if world.first_time(chat):
            raise too_many(1)
        case 904:
            await asyncio.Event().wait()
        case 906 if world.first_time(chat):
            raise Refusal(500, "Internal Server Error: sending failed")
        case 907:
            raise too_many(_LONG_WAIT)
        case 909 if is_document:
            raise Refusal(400, "Bad Request: wrong type of the web page content")
        case 910 if is_document:
            await asyncio.Event().wait()
        case 908 if chat > -(10**12):
            raise _migrated(-(10**12) - abs(chat))


def _migrated(new: int) -> Refusal:
    reason = "group chat was upgraded to a supergroup chat"
    return Refusal(400, f"Bad Request: {reason}", {"migrate_to_chat_id": new})


def _chat(given: Parameters) -> int:
    try:
        return int(given["chat_id"])
    except KeyError:
        raise Refusal(400, "Bad Request: chat_id is empty") from None
    except (TypeError, ValueError):
        raise Refusal(400, "Bad Request: chat not found") from None
