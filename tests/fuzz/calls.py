"""What other people's systems call us with, and answer: webhooks, one-stop software, providers, log-ins by OpenID."""

import base64
import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl

import jwt
from aiohttp import ClientSession
from pydantic import ValidationError
from telegram.error import TelegramError

from adapters.channels.telegram.failures import judge
from adapters.channels.telegram.keyboards import Keyboards
from adapters.channels.telegram.updates import Ear
from adapters.channels.telegram.webhook import SECRET_HEADER, TelegramWebhook
from adapters.channels.zalobot.webhook import ZaloBotWebhook
from adapters.http import Answer
from adapters.records.objects import ObjectReader
from adapters.records.settings import ObjectSettings
from adapters.sources.rest.answers import Unreadable, finder, json_in
from adapters.sources.rest.progress import Progress
from bot.console_settings import OpenIdSettings
from bot.model.errors import SourceError
from bot.openid import Provider, RefusedTokenError, _Discovery, _key_set
from bot.ports import WebhookRequest
from tests.adapters.push.support import software
from tests.adapters.sms_http.fuzzing import targets
from tests.adapters.zalo.test_webhook import WEBHOOK as ZALO
from tests.adapters.zalo.test_webhook import mac
from tests.fuzz.parser import Parser, answered, fit_to_be_kept, judged, text_of

T = TypeVar("T")
_NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
_JSON = (
    b"null", b"true", b"[]", b"{}", b'""', b"-1", b"1e999", b"9" * 30, b"NaN", b'"\\u0000"', b'"\\ud800"',
    b"[[[[[[[[", b"\xef\xbb\xbf",
    b'"a":', b",", b"}", b"]", b"\\", b"\0", "ầ".encode(), b'"1.5"', b"253402300800000",
)  # fmt: skip
_DEEP = ((b"", b"[", b""), (b"", b'{"a":', b""), (b"[", b"1,", b"1]"), (b'"', b"\\u0000", b'"'), (b"", b" ", b"{"))


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of work that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as ended:
        return cast("T", ended.value)
    work.close()
    raise AssertionError("it waits for something")


def _zalo(raw: bytes) -> None:
    headers = {"x-zevent-timestamp": "1764000000000", "x-zevent-signature": f"mac={mac(raw, '1764000000000')}"}
    call = WebhookRequest("POST", "/webhooks/zalo", {}, headers, raw)
    result = ZALO.parse(call)
    assert result.status == 200
    judged(result.events)
    stranger = replace(call, headers={**headers, "x-zevent-signature": f"mac={mac(raw, '1', secret='of others')}"})
    assert ZALO.parse(stranger).status == 401


@cache
def _bots() -> tuple[TelegramWebhook, ZaloBotWebhook]:
    ear = Ear("telegram", Keyboards(), lambda: _NOW)
    return TelegramWebhook(ear, "a secret of the office"), ZaloBotWebhook(
        "zalobot", "a secret of it", clock=lambda: _NOW
    )


def _telegram(raw: bytes) -> None:
    hook, _ = _bots()
    call = WebhookRequest("POST", "/webhooks/telegram", {}, {SECRET_HEADER: "a secret of the office"}, raw)
    result = hook.parse(call)
    assert result.status in (200, 400)
    judged(result.events)
    assert hook.parse(replace(call, headers={})).status == 401


def _zalobot(raw: bytes) -> None:
    _, hook = _bots()
    call = WebhookRequest("POST", "/webhooks/zalobot", {}, {"x-bot-api-secret-token": "a secret of it"}, raw)
    judged(hook.parse(call).events)


@cache
def _gateways() -> dict[str, Any]:
    return {f"{number}": each for number, each in enumerate(targets())}


def _sms_http(raw: bytes) -> None:
    """The first octet chooses the gateway and the kind of its call; the rest is its query, or its body."""
    kinds = _gateways()
    target = kinds[str((raw[0] if raw else 0) % len(kinds))]
    if target.call.method == "GET":
        query = dict(parse_qsl(text_of(raw[1:]), keep_blank_values=True, errors="surrogateescape"))
        call = replace(target.call, query=query)
    else:
        call = replace(target.call, body=raw[1:])
    result = target.hook.parse(call)
    assert result.status in (200, 400, 403, 404, 405)
    judged(result.events)


def _push(path: str) -> Callable[[bytes], None]:
    caller = software()

    def read(raw: bytes) -> None:
        caller.office.batches.clear()
        call = at_once(caller.send(path, raw))
        answered(call.answer)
        if path in ("dossiers", "progress") and call.status == 200:
            assert (
                sum(result["result"] == "refused" for result in call.json["results"])
                == len({error["row"] for error in call.json["errors"]})
                or call.json["errors"]
            )
        for dossier in caller.office.dossiers:
            for part in (dossier.code, dossier.applicant, dossier.phone, dossier.reason, dossier.place, dossier.fee):
                fit_to_be_kept(part)

    return read


def _rest(raw: bytes) -> None:
    """A page of a one-stop software, and what its records come to."""
    try:
        value = json_in(raw)
    except Unreadable:
        return
    records = finder("data.items || data || @")(value)
    reader = ObjectReader(ObjectSettings(), source="office", place="GET /hoso")
    for row, record in enumerate(records if isinstance(records, list) else [records], 1):
        dossier = reader.read(row, record)
        if dossier is None:
            assert reader.quarantined
    for note in reader.quarantined:
        assert note.reason
        fit_to_be_kept(note.column + note.reason)


def _cursor(raw: bytes) -> None:
    """What a source kept of its place; the database may have been edited."""
    try:
        Progress.load(text_of(raw))
    except SourceError:
        return


def _provider_answer(raw: bytes) -> None:
    """What Telegram and the HTTP gateways answer a message with: status in the first two octets."""
    status = int.from_bytes(raw[:2]) % 600
    body = raw[2:]
    with suppress(TelegramError):
        judge(status, body)
    answer = Answer(status, {"retry-after": text_of(body)}, body)
    assert isinstance(answer.json(), dict)
    wait = answer.retry_after(_NOW)
    assert wait is None or 0 <= wait <= 3600


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


_KEY = b"a key of the provider, long enough ..."


@cache
def _provider() -> tuple[Provider, _Discovery]:
    settings = OpenIdSettings.model_validate({"issuer": "https://id.example.vn", "client_id": "motcua"})
    provider = Provider(settings, lambda: _NOW)
    keys = jwt.PyJWKSet.from_dict({"keys": [{"kty": "oct", "k": b64(_KEY), "kid": "one", "alg": "HS256"}]})
    provider._keys = (_NOW, keys)
    found = _Discovery(
        issuer="https://id.example.vn", authorization_endpoint="https://id.example.vn/a",
        token_endpoint="https://id.example.vn/t", jwks_uri="https://id.example.vn/k",
    )  # fmt: skip
    return provider, found


def _openid(raw: bytes) -> None:
    """A token as it came: nobody may become somebody by one that the provider has not signed with its own key."""
    provider, found = _provider()
    checked = provider._checked(cast("ClientSession", None), found, text_of(raw)[:32_768], "a nonce")
    try:
        at_once(checked)
    except (ValueError, jwt.PyJWTError, RefusedTokenError, ValidationError):
        return
    raise AssertionError("a token was believed")


def _openid_keys(raw: bytes) -> None:
    """What the provider says of itself and of its keys."""
    try:
        said = json.loads(raw)
        _Discovery.model_validate(said)
    except (ValueError, RecursionError):
        pass
    else:
        assert isinstance(said, dict)
    try:
        said = json.loads(raw)
        _key_set(said if isinstance(said, dict) else {})
    except (ValueError, RecursionError, jwt.PyJWTError, RefusedTokenError):
        return


PARSERS = (
    Parser(name="zalo", read=_zalo, words=(*_JSON, b'"user_send_text"', b'"follow"', b'"user_received_message"',
        b'"sender":{"id":"1"}'),
           pumps=_DEEP),
    Parser(name="telegram", read=_telegram, words=(*_JSON, b'"contact":', b'"callback_query":', b'"my_chat_member":',
        b'"private"', b"/start "),
           pumps=_DEEP),
    Parser(name="zalobot", read=_zalobot, words=(*_JSON, b'"message.text.received"', b'"date":',
        b'"chat":{"id":"a"}'), pumps=_DEEP),
    Parser(name="sms_http", read=_sms_http, words=(*_JSON, b"&", b"=", b"%00", b"%ED%A0%80", b"+", b"id=", b"type=8",
        b"sign="),
           pumps=((b"\1", b"a=1&", b""), (b"\5", b"%ff", b""), (b"\2", b"[", b""))),
    Parser(name="push_dossiers", read=_push("dossiers"), words=(*_JSON, b'"MaHoSo"', b'"QuaTrinhXuLy":[',
        b'"NgayHenTra":"20261125170000"'),
           pumps=(*_DEEP, (b'{"MaHoSo":"H56.14-261122-0001","TrangThaiHoSo":"4","NgayHenTra":"', b" ", b'x"}'),
                  (b'{"MaHoSo":"H56.14-261122-0001","TrangThaiHoSo":"4","LePhi":"1', b" ", b'x"}'),
                  (b'{"MaHoSo":"H56', b".1", b'","TrangThaiHoSo":"4"}'),
                      (b'{"MaHoSo":"H56.14-261122-0001","SoDienThoai":"', b"0 ", b'"}'))),
    Parser(name="push_progress", read=_push("progress"), words=(*_JSON, b'"MaHoSo"', b'"ThoiDiemXuLy"',
        b'"PhienBan":"3"'), pumps=_DEEP),
    Parser(name="push_national", read=_push("DongBoHoSoMC"), words=(*_JSON, b'"session"', b'"data":[',
        b'"isUpdating":"True"'), pumps=_DEEP),
    Parser(name="push_login", read=_push("auth"), words=(*_JSON, b'"username":', b'"password":'), pumps=_DEEP),
    Parser(name="rest", read=_rest, words=(*_JSON, b'"data":{"items":[', b'"MaHoSo"', b"<html>"), pumps=(*_DEEP,
        (b"<", b"a", b""))),
    Parser(name="cursor", read=_cursor, words=(*_JSON, b'"round"', b'"newest"'), pumps=_DEEP),
    Parser(name="provider_answer", read=_provider_answer, words=(*_JSON, b'"ok":false', b'"retry_after":',
        b'"parameters":'),
           pumps=tuple((b"\0\xc8" + start, piece, end) for start, piece, end in _DEEP)),
    Parser(name="openid_keys", read=_openid_keys, words=(*_JSON, b'"keys":[', b'"kty":"RSA"', b'"n":',
        b'"kty":"EC","crv":"P-256","x":'), pumps=_DEEP),
    Parser(name="openid", read=_openid, words=(b".", b"..", b64(b'{"alg":"none"}').encode(),
        b64(b'{"alg":"HS256","kid":"one"}').encode(),
                                               b64(b'{"alg":"RS256","kid":"one"}').encode(), b64(b"[" * 50).encode()),
                                               most=32_768,
           pumps=((b"", b"W1tb", b".e30.c2ln"), (b"", b"e30.", b""))),
)  # fmt: skip


def token(header: dict[str, Any], claims: dict[str, Any]) -> bytes:
    """A token without a signature."""
    return f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}.".encode()
