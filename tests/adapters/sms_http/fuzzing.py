"""Callbacks as strangers might make them: recorded ones, spoilt in every place; and what may come of them.

`judged` is the oracle: nothing is accepted without the secret of the path, and no citizen's message of a provider that
signs without a signature that is worked out here once more.
"""

import base64
import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from pydantic import SecretStr

from adapters.channels.sms_http.channel import provider_of
from adapters.channels.sms_http.replies import Replies
from adapters.channels.sms_http.webhook import HttpWebhook
from bot.model.message import InboundMessage
from bot.ports import Webhook, WebhookRequest
from tests.adapters.sms_http import test_esms, test_speedsms, test_vietguys
from tests.adapters.sms_http.recorded import recorded
from tests.adapters.sms_http.support import CALLBACK_SECRET, NAME, settings_of
from tests.adapters.sms_http.test_generic import example

SLOWEST = 0.5
"""Seconds that reading one call may take on a busy machine."""
_KEY = test_esms.RECORDED_KEY
_FORM = "application/x-www-form-urlencoded"
_WORDS = ("", "0", "-1", "9" * 400, "null", "\x00", "\ud800", "ầ", "<!DOCTYPE", "{", "[" * 500, "%00", "../..", "true")


@dataclass(frozen=True)
class Target:
    """A channel's webhook and a call that it takes."""

    provider: str
    hook: Webhook
    call: WebhookRequest


def targets() -> list[Target]:
    """Every provider that calls, with each kind of its calls."""
    esms = _hook("esms", {**test_esms.KEYS, "private_key": SecretStr(_KEY)})
    speedsms, vietguys = _hook("speedsms", test_speedsms.KEYS), _hook("vietguys", test_vietguys.KEYS)
    kannel, jasmin = _hook("generic", example("kannel")), _hook("generic", example("jasmin"))
    return [
        Target("esms", esms, _get("mo", recorded("esms/mo.txt").decode().strip())),
        Target("esms", esms, _get("dlr", recorded("esms/receipt-delivered.txt").decode().strip())),
        Target("speedsms", speedsms, _post("dlr", recorded("speedsms/report-delivered.json"))),
        Target("speedsms", speedsms, _post("mo", recorded("speedsms/incoming.json"))),
        Target("vietguys", vietguys, _post("dlr", recorded("vietguys/report-delivered.json"))),
        Target("kannel", kannel, _get("dlr", "id=01KAQ3ZZZZ0000000000000001&type=1&answer=x")),
        Target("kannel", kannel, _get("mo", "id=7&from=%2B84901888484&to=8041&text=HS+H32")),
        Target("jasmin", jasmin, _post("dlr", b"id=7&level=2&message_status=DELIVRD", _FORM)),
    ]  # fmt: skip


def spoilt(rng: random.Random) -> Iterator[Target]:
    """For ever: a call of some target with one or several places spoilt."""
    whole = targets()
    while True:
        target = rng.choice(whole)
        call = target.call
        for _ in range(rng.choice((0, 1, 1, 1, 2, 4))):
            call = rng.choice(_SPOILERS)(rng, call)
        yield replace(target, call=call)


def judged(target: Target) -> str:
    """What is wrong with how the call was taken; empty where nothing is."""
    began = time.perf_counter()
    result = target.hook.parse(target.call)
    if time.perf_counter() - began > SLOWEST:
        return "too slow"
    if not result.events:
        return "" if result.status in (200, 400, 403, 404, 405) else f"status {result.status}"
    if target.call.path.split("/")[3:4] != [CALLBACK_SECRET]:
        return "accepted without the secret"
    if target.provider == "esms" and isinstance(result.events[0], InboundMessage) and not _is_signed(target.call.query):
        return "accepted without a signature"
    return ""


def _is_signed(query: Any) -> bool:
    text = "".join(query.get(name, "") for name in ("cpid", "smsid", "content", "receiverTime")) + _KEY
    digest = hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return query.get("sign", "").strip() in (base64.b64encode(digest).decode(), digest.hex(), digest.hex().upper())


def _hook(provider: str, keys: dict[str, Any]) -> Webhook:
    nobody = "http://127.0.0.1:9"
    settings = settings_of(provider, api=nobody, callback=nobody, changes={**keys, "callback_networks": ()})
    clock = lambda: datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # noqa: E731
    return HttpWebhook(NAME, provider_of(NAME, settings), clock=clock, replies=Replies(), outstanding=None)


def _get(tail: str, query: str) -> WebhookRequest:
    fields = dict(parse_qsl(query, keep_blank_values=True))
    return WebhookRequest("GET", f"/webhooks/{NAME}/{CALLBACK_SECRET}/{tail}", fields, {}, b"", "127.0.0.1")


def _post(tail: str, body: bytes, kind: str = "application/json") -> WebhookRequest:
    headers = {"content-type": kind}
    return WebhookRequest("POST", f"/webhooks/{NAME}/{CALLBACK_SECRET}/{tail}", {}, headers, body, "127.0.0.1")


def _spoil_value(rng: random.Random, call: WebhookRequest) -> WebhookRequest:
    if not call.query:
        return _spoil_json(rng, call)
    name = rng.choice(list(call.query))
    value = rng.choice((*_WORDS, call.query[name][:-1], call.query[name] * 50, call.query[name].upper()))
    return replace(call, query={**call.query, name: value})


def _drop_value(rng: random.Random, call: WebhookRequest) -> WebhookRequest:
    dropped = rng.choice(list(call.query)) if call.query else ""
    return replace(call, query={name: value for name, value in call.query.items() if name != dropped})


def _swap_values(rng: random.Random, call: WebhookRequest) -> WebhookRequest:
    values = list(call.query.values())
    rng.shuffle(values)
    return replace(call, query=dict(zip(call.query, values, strict=True)))


def _spoil_json(rng: random.Random, call: WebhookRequest) -> WebhookRequest:
    try:
        value = json.loads(call.body)
    except (ValueError, RecursionError):
        return _spoil_bytes(rng, call)
    odd: Any = rng.choice([None, [], {}, True, 1e300, -1, "", "x" * 5_000, ["a"], {"a": 1}])
    if isinstance(value, dict) and value:
        value[rng.choice(list(value))] = odd
    else:
        value = odd
    return replace(call, body=json.dumps(value).encode())


def _spoil_bytes(rng: random.Random, call: WebhookRequest) -> WebhookRequest:
    body = bytearray(call.body or b"{}")
    for _ in range(rng.randrange(1, 6)):
        place = rng.randrange(len(body) + 1)
        body[place : place + rng.randrange(3)] = rng.randbytes(rng.randrange(4))
    return replace(call, body=bytes(body))


def _spoil_path(rng: random.Random, call: WebhookRequest) -> WebhookRequest:
    right = CALLBACK_SECRET
    secret = rng.choice((right, "", "wrong", right[:-1], right + "x", right.upper(), "\ud800", ".."))
    tail = rng.choice(("/dlr", "/mo", "", "/dlr/", "/mo/x", "/admin"))
    return replace(call, path=f"/webhooks/{NAME}/{secret}{tail}")


def _spoil_rest(rng: random.Random, call: WebhookRequest) -> WebhookRequest:
    kinds = ("application/json", "text/xml", "multipart/form-data", "application/json; charset=utf-7", "\x00")
    return rng.choice(
        (
            replace(call, method=rng.choice(("GET", "POST", "PUT", "", "get"))),
            replace(call, headers={"content-type": rng.choice(kinds)}),
            replace(call, remote=rng.choice(("", "::1", "not an address", "10.0.0.1%x"))),
        )
    )


_SPOILERS: tuple[Callable[[random.Random, WebhookRequest], WebhookRequest], ...] = (
    _spoil_value, _drop_value, _swap_values, _spoil_json, _spoil_bytes, _spoil_path, _spoil_rest,
)  # fmt: skip
