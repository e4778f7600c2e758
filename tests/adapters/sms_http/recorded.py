"""What providers' payloads are tested with: the recorded ones, a message, answers and calls made of them."""

import json
import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest

from adapters.channels.sms_http.provider import Outgoing
from adapters.http import Answer
from bot.ports import WebhookRequest

NOW = datetime(2026, 11, 22, 9, 45, 7, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
OUR_ID = "01KAQ3ZZZZ0000000000000001"
PLAIN = "Ho so H32.15-261122-0001 da co ket qua."
ACCENTED = "Hồ sơ đã có kết quả."

STRANGE: dict[str, bytes] = {
    "nothing": b"",
    "a page": b"<!DOCTYPE html><html><body><h1>Welcome</h1></body></html>",
    "a list": b'[{"CodeResult": "100"}, {"status": "success"}]',
    "null": b"null",
    "a word": b'"100"',
    "an empty object": b"{}",
    "other names": b'{"result": "ok", "id": "12345678"}',
    "half an object": b'{"CodeResult": "100", "SMSI',
    "no UTF-8": b"\xff\xfe\x00{\x80}",
    "depth": b"[" * 50_000,
    "a number beyond reason": b'{"CodeResult": ' + b"9" * 5_000 + b', "error": ' + b"9" * 5_000 + b"}",
    "lists for words": b'{"CodeResult": ["100"], "error": [0], "status": ["success"], "MessageId": [1], "code": []}',
    "objects for words": b'{"CodeResult": {"a": 1}, "error": {"a": 0}, "status": {}, "MessageId": {"b": 1}}',
    "truths for words": b'{"CodeResult": true, "error": false, "status": true, "MessageId": true, "code": true}',
    "nulls for words": b'{"CodeResult": null, "error": null, "status": null, "MessageId": null, "code": null}',
    "fractions for words": b'{"CodeResult": 1.5, "error": 1e300, "status": 0.1, "MessageId": 2.5}',
}
"""Bodies that no provider means, all with status 200."""


def recorded(name: str) -> bytes:
    """A recorded payload: `esms/answer-100.json`."""
    return (Path(__file__).parent / "fixtures" / name).read_bytes()


def example(provider: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The table in `docs/examples/channels`, with a value behind each secret that it names."""
    text = Path(f"docs/examples/channels/{provider}.toml").read_text(encoding="utf-8")
    for name in re.findall(r"env:([A-Z_]+)", text):
        monkeypatch.setenv(name, f"value-of-{name.lower()}")
    ((_, table),) = tomllib.loads(text)["channels"].items()
    assert (table.pop("kind"), table["provider"]) == ("sms_http", provider)
    return dict(table)


def outgoing(**changes: Any) -> Outgoing:
    ordinary: dict[str, Any] = {
        "id": OUR_ID,
        "phone": "+84901888484",
        "text": PLAIN,
        "accented": False,
        "parts": 1,
        "sender": "MOTCUA",
        "template": "",
        "values": {},
        "situation": "result",
        "lane": 1,
    }
    return Outgoing(**ordinary | changes)


def answer(body: bytes | str | dict[str, Any], status: int = 200, **headers: str) -> Answer:
    """Header names with underscores for dashes."""
    if isinstance(body, dict):
        body = json.dumps(body)
    octets = body.encode() if isinstance(body, str) else body
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, octets)


def called(query: str | dict[str, str] | None = None, *, body: bytes = b"", method: str = "") -> WebhookRequest:
    """A callback: a GET with `query`, or a POST with `body`."""
    fields = dict(parse_qsl(query.strip(), keep_blank_values=True)) if isinstance(query, str) else dict(query or {})
    verb = method or ("POST" if body else "GET")
    return WebhookRequest(method=verb, path="/webhooks/gateway/secret", query=fields, headers={}, body=body)
