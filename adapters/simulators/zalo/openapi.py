"""openapi.zalo.me: consultation messages, template messages by user id, what is known of a user, who the OA is."""

import asyncio
import json
import re
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from adapters.simulators.zalo.calls import Call, Function
from adapters.simulators.zalo.errors import Refusal
from adapters.simulators.zalo.fortunes import Errand, taken
from adapters.simulators.zalo.world import WINDOW, Sent, Upload, User, World, millis

LONGEST_TEXT = 2000
_LARGEST = 5 * 1024 * 1024
_DOCUMENTS = (".pdf", ".doc", ".docx")
_USER_ID = re.compile(r"\d{9,20}")
_HANOI = timezone(timedelta(hours=7))
_UNREACHABLE = -227


async def consult(world: World, call: Call) -> object:
    """`POST /v3.0/oa/message/cs`."""
    recipient, message = call.part("recipient"), call.part("message")
    user = _user(world, recipient)
    file = _file(world, message)
    text, kind = (file[0], "file") if file else _words(message)
    shown = {"file": file[1]} if file else {}
    errand = Errand(user.id, user.id[-4:], text, call.access_token, _UNREACHABLE)
    if time.time() - user.heard_at > WINDOW:
        raise Refusal(-230)

    async def record() -> Sent:
        sent = world.take(user)
        await world.talks.show(user.id, "office", text, kind=kind, message_id=sent.id, **shown)
        return sent

    sent = await taken(world, errand, record)
    quota = {"quota_type": "reply", "remain": "8", "total": "8", "owner_type": "OA", "owner_id": world.settings.oa_id}
    return {"message_id": sent.id, "user_id": user.id, "sent_time": millis(time.time()), "quota": quota}


async def upload(world: World, call: Call) -> object:
    """`POST /v2.0/oa/upload/file`: a PDF, DOC or DOCX of at most 5 MB."""
    if world.faults.hang_uploads:
        await asyncio.Event().wait()
    file = call.given.get("file")
    if not isinstance(file, Upload) or not file.content or not file.name.lower().endswith(_DOCUMENTS):
        raise Refusal(-201, "file")
    if len(file.content) > _LARGEST:
        raise Refusal(-210, "file")
    if len(world.uploads) >= world.settings.uploads:
        raise Refusal(-211)
    token = secrets.token_urlsafe(32)
    world.uploads[token] = file
    return {"token": token}


async def by_user_id(world: World, call: Call) -> object:
    """`POST /v3.0/oa/message/template`."""
    user = _user(world, call.given)
    values = world.templates.checked(call.given)
    if world.quota < 1:
        raise Refusal(-144)
    text = json.dumps([call.given["template_id"], values], ensure_ascii=False)
    errand = Errand(user.id, user.id[-4:], text, call.access_token, -118)
    sent = await taken(world, errand, lambda: templated(world, user, call.given, values))
    return {"message_id": sent.id, "user_id": user.id, "sent_time": millis(time.time()), "quota": quota_of(world)}


async def quota_with(world: World, call: Call) -> object:
    """`POST /v3.0/oa/quota/message`."""
    user = _user(world, call.given)
    left = 8 if time.time() - user.heard_at <= WINDOW else 0
    return {
        "user_id": user.id,
        "last_interaction": millis(user.heard_at) if user.heard_at else "",
        "cs_reply": {"remain": left, "total": 8},
    }


async def detail(world: World, call: Call) -> object:
    """`GET /v3.0/oa/user/detail?data={"user_id":"…"}`."""
    try:
        asked = json.loads(str(call.given.get("data", "")))
    except ValueError:
        raise Refusal(-201) from None
    user = _user(world, asked if isinstance(asked, dict) else {})
    heard = datetime.fromtimestamp(user.heard_at, UTC).astimezone(_HANOI).strftime("%d/%m/%Y") if user.heard_at else ""
    return {
        "user_id": user.id,
        "user_id_by_app": user.by_app,
        "display_name": user.name,
        "user_is_follower": user.is_follower,
        "user_last_interaction_date": heard,
        "shared_info": user.shared,
    }


async def account(world: World, _: Call) -> object:
    """`GET /v2.0/oa/getoa`."""
    followers = sum(user.is_follower for user in world.users.values())
    return {
        "oa_id": world.settings.oa_id,
        "name": world.settings.oa_name,
        "description": "Official Account mô phỏng của bộ phận một cửa",
        "is_verified": True,
        "oa_type": 4,
        "cate_name": "Cơ quan nhà nước",
        "num_follower": followers,
        "package_name": "Nâng cao",
    }


async def shut_down(_: World, __: Call) -> object:
    raise Refusal(-240)


async def templated(world: World, user: User, given: Mapping[str, Any], values: Mapping[str, str]) -> Sent:
    """A template message on the citizen's phone; one less is left for today."""
    sent = world.take(user)
    world.quota -= 1
    template = str(given["template_id"])
    lines = "\n".join(f"{name}: {value}" for name, value in values.items())
    shown = {"message_id": sent.id, "template_id": template, "values": dict(values)}
    await world.talks.show(user.id, "office", lines, kind="template", **shown)
    return sent


def quota_of(world: World) -> dict[str, str]:
    return {"dailyQuota": str(world.settings.quota), "remainingQuota": str(max(world.quota, 0))}


def _user(world: World, given: Mapping[str, Any]) -> User:
    user_id = given.get("user_id")
    if not isinstance(user_id, str) or not _USER_ID.fullmatch(user_id):
        raise Refusal(-201, "user_id")
    return world.user(user_id)


def _file(world: World, message: Mapping[str, Any]) -> tuple[str, dict[str, object]] | None:
    """Name and description of the uploaded file that the message is; None where it is no file. Raises `Refusal`."""
    attachment = message.get("attachment")
    if not isinstance(attachment, dict) or attachment.get("type") != "file":
        return None
    payload = attachment.get("payload")
    token = str(payload.get("token", "")) if isinstance(payload, dict) else ""
    file = world.uploads.get(token)
    if file is None or time.time() - file.at > WINDOW or world.faults.stale_upload:
        world.faults.stale_upload = False
        raise Refusal(-100)
    return file.name, {"token": token, "name": file.name, "type": file.media_type, "size": len(file.content)}


def _words(message: Mapping[str, Any]) -> tuple[str, str]:
    """What a consultation message shows, and its kind."""
    attachment = message.get("attachment")
    if isinstance(attachment, dict):
        return _attached(attachment)
    text = message.get("text")
    if not isinstance(text, str) or not text.strip():
        raise Refusal(-201, "text")
    if len(text) > LONGEST_TEXT:
        raise Refusal(-201, "text is longer than 2000 characters")
    return text, "text"


def _attached(attachment: Mapping[str, Any]) -> tuple[str, str]:
    payload = attachment.get("payload")
    if attachment.get("type") != "template" or not isinstance(payload, dict):
        raise Refusal(-201, "attachment")
    elements = payload.get("elements")
    if payload.get("template_type") != "request_user_info" or not isinstance(elements, list) or len(elements) != 1:
        raise Refusal(-201, "elements")
    element = elements[0]
    if not isinstance(element, dict) or not all(element.get(part) for part in ("title", "subtitle", "image_url")):
        raise Refusal(-201, "title, subtitle and image_url")
    return f"{element['title']}\n{element['subtitle']}", "form"


FUNCTIONS: Mapping[tuple[str, str], Function] = {
    ("POST", "/v3.0/oa/message/cs"): consult,
    ("POST", "/v2.0/oa/upload/file"): upload,
    ("POST", "/v3.0/oa/message/template"): by_user_id,
    ("POST", "/v3.0/oa/quota/message"): quota_with,
    ("GET", "/v3.0/oa/user/detail"): detail,
    ("GET", "/v2.0/oa/getoa"): account,
    ("POST", "/v2.0/oa/message"): shut_down,
    ("POST", "/v3.0/oa/message/transaction"): shut_down,
    ("POST", "/v3.0/oa/message/promotion"): shut_down,
}
