"""Calls in the name of providers: unsigned, signed by others, altered, repeated, in another shape."""

import json
from collections.abc import Mapping
from typing import Any

from bot.model.clock import to_millis, utc_now
from tests.adapters.zalo.support import OA_ID, USER
from tests.adapters.zalo.test_webhook import mac
from tests.attack.house import BOT_SECRET, CODE, GATEWAY_SECRET, PUSH_KEY, SIGNING_KEY, House

_AT = str(to_millis(utc_now()))


def zalo_event(text: str = f"HS {CODE}", *, number: int = 1) -> bytes:
    event = {
        "event_name": "user_send_text", "app_id": "1", "timestamp": _AT, "sender": {"id": USER},
        "recipient": {"id": OA_ID},
        "message": {"text": text, "msg_id": f"m{number}"},
    }  # fmt: skip
    return json.dumps(event).encode()


def zalo_headers(body: bytes, **other: str) -> dict[str, str]:
    return {"X-ZEvent-Signature": f"mac={mac(body, _AT, **other)}", "Content-Type": "application/json"}


def bot_update(number: int = 1) -> bytes:
    message = {
        "message_id": f"b{number}",
        "chat": {"id": "6ede9afa66b88fe6", "chat_type": "PRIVATE"},
        "text": f"HS {CODE}",
    }
    return json.dumps({"event_name": "message.text.received", "message": message}).encode()


async def call(house: House, path: str, body: bytes, headers: Mapping[str, str]) -> int:
    return await house.status("POST", path, data=body, headers=dict(headers))


async def test_what_zalo_has_not_signed_so_is_not_heard(house: House) -> None:
    forged: list[dict[str, str]] = [
        {},
        {"X-ZEvent-Signature": ""},
        {"X-ZEvent-Signature": "mac="},
        {"X-ZEvent-Signature": "mac=" + "0" * 64},
        {"X-ZEvent-Signature": "mac=" + "é" * 64},
        zalo_headers(zalo_event(), secret="the secret of another account"),
        zalo_headers(zalo_event(), identity="666"),
        zalo_headers(zalo_event("what was signed was something else")),
        {"X-Telegram-Bot-Api-Secret-Token": BOT_SECRET},
    ]

    for headers in forged:
        assert await call(house, "/webhooks/zalo", zalo_event(), headers) == 401, headers

    assert house.heard("zalo") == []


async def test_one_changed_octet_of_a_signed_body_is_enough(house: House) -> None:
    body = zalo_event()
    headers = zalo_headers(body)

    for at in range(0, len(body), 29):
        altered = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert await call(house, "/webhooks/zalo", altered, headers) == 401
    assert house.heard("zalo") == []

    assert await call(house, "/webhooks/zalo", body, headers) == 200
    assert house.heard("zalo") == [f"HS {CODE}"]


async def test_a_good_call_repeated_is_heard_once(house: House) -> None:
    zalo, bot = zalo_event(), bot_update()
    gateway = f"/webhooks/gateway/{GATEWAY_SECRET}/mo?id=7&from=84912345678&text=HS"

    for _ in range(5):
        assert await call(house, "/webhooks/zalo", zalo, zalo_headers(zalo)) == 200
        assert await call(house, "/webhooks/zalobot", bot, {"X-Bot-Api-Secret-Token": BOT_SECRET}) == 200
        assert await house.status("GET", gateway) == 200

    assert [len(house.heard(channel)) for channel in ("zalo", "zalobot", "gateway")] == [1, 1, 1]


async def test_a_secret_in_the_path_is_known_whole_or_not_at_all(house: House) -> None:
    query = "id=9&from=84912345678&text=HS"
    wrong = [
        "",
        "x",
        GATEWAY_SECRET[:-1],
        GATEWAY_SECRET + "x",
        GATEWAY_SECRET.upper(),
        "%00",
        "..",
        f"../{GATEWAY_SECRET}",
        "é",
    ]

    for secret in wrong:
        assert await house.status("GET", f"/webhooks/gateway/{secret}/mo?{query}") in (400, 403, 404), secret
    for method in ("PUT", "DELETE", "PATCH", "HEAD", "TRACE", "OPTIONS"):
        assert await house.status(method, f"/webhooks/gateway/{GATEWAY_SECRET}/mo?{query}") == 405, method

    assert house.heard("gateway") == []


async def test_the_secret_of_one_channel_opens_no_other(house: House) -> None:
    bot, zalo = bot_update(), zalo_event()

    assert await call(house, "/webhooks/zalobot", bot, {"X-Bot-Api-Secret-Token": GATEWAY_SECRET}) == 403
    assert await call(house, "/webhooks/zalobot", bot, zalo_headers(bot)) == 403
    assert await call(house, f"/webhooks/zalo/{GATEWAY_SECRET}", zalo, zalo_headers(zalo)) == 404
    assert await call(house, "/webhooks/webchat", zalo, zalo_headers(zalo)) == 404
    assert await call(house, "/webhooks/sms", zalo, {}) == 404
    assert all(house.heard(channel) == [] for channel in ("zalo", "zalobot", "gateway", "webchat"))


async def test_another_content_type_makes_no_difference_to_what_is_signed(house: House) -> None:
    kinds = ["text/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "\t", "a" * 4_000]

    for number, kind in enumerate(kinds):
        body = zalo_event(kind[:9], number=number)
        assert await call(house, "/webhooks/zalo", body, {**zalo_headers(body), "Content-Type": kind}) == 200, kind
        assert await call(house, "/webhooks/zalo", body, {"Content-Type": kind}) == 401, kind

    assert len(house.heard("zalo")) == len(kinds)


async def test_signed_nonsense_does_nothing_and_breaks_nothing(house: House) -> None:
    nonsense = [b"", b"null", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"timestamp":' + b"9" * 5_000 + b"}", b'"\\ud800"']

    for body in nonsense:
        headers = {"X-ZEvent-Signature": f"mac={mac(body, _AT)}", "X-ZEvent-Timestamp": _AT}
        assert await call(house, "/webhooks/zalo", body, headers) == 200, body[:20]
        assert await call(house, "/webhooks/zalobot", body, {"X-Bot-Api-Secret-Token": BOT_SECRET}) == 200, body[:20]
        assert await call(house, f"/webhooks/gateway/{GATEWAY_SECRET}/mo", body, {}) == 400, body[:20]

    assert house.rows("SELECT * FROM inbound") == []


async def test_a_push_call_needs_its_own_key_and_repeated_says_nothing_new(house: House) -> None:
    record: dict[str, Any] = {"MaHoSo": CODE, "TrangThaiHoSo": "4", "ChuHoSo": "Lan", "NgayTiepNhan": "20261122081500"}
    body = json.dumps([record]).encode()
    door = "/onestop/v1/dossiers?source=ward"

    for headers in (
        {},
        {"X-Api-Key": ""},
        {"X-Api-Key": SIGNING_KEY},
        {"X-Api-Key": PUSH_KEY + " x"},
        {"Authorization": f"Bearer {PUSH_KEY}x"},
    ):
        assert await call(house, door, body, headers) == 401, headers
    assert house.rows("SELECT code FROM dossiers") == []

    for _ in range(3):
        assert await call(house, door, body, {"X-Api-Key": PUSH_KEY}) == 200
    assert len(house.rows("SELECT code FROM dossiers")) == 1
    assert len(house.rows("SELECT * FROM changes")) == len(house.rows("SELECT DISTINCT code FROM changes"))
