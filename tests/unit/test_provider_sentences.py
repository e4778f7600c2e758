"""Every word that an adapter can say about a message is a sentence for people, in both languages."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

import adapters
from adapters.channels.sms_smpp import receipt, spec
from adapters.channels.zalo.errors import ERRORS
from adapters.channels.zalo.verdicts import outcome_of
from bot.app import read_plan
from bot.config import Config
from bot.model.message import Accepted, DeliveryState
from bot.sentences import dialects_of, explained, sentence_of
from tests.support.making import START, message

_MAKERS = {
    "Rejected": 0, "Retry": 0, "ChannelDown": 0, "Uncertain": 0, "NotSent": 0, "Unanswered": 0, "DoorClosed": 0,
    "Unsent": 0, "DoorClosedError": 0, "NotSentError": 0, "InterceptedError": 0, "UnansweredError": 0, "Reading": 1,
    "hang_up": 0, "_abort": 0, "_later": 0,
}  # fmt: skip
"""What makes a reason → which of its arguments that is."""
_PROVIDERS = ("esms", "fpt", "speedsms", "stringee", "vietguys", "viettel", "vnpt")
_WRAPPED = ("7: the 7 is refused", "stat:7 err:7", "stat:7 err:7 query_sm", "piece 7 of 7: 7")
"""Forms of which what is filled in says everything: those have tests of their own."""


def _reasons() -> Iterator[tuple[str, str]]:
    """(dialect, reason) of every literal one in the adapters' sources; what is filled in at run time is 7."""
    root = Path(adapters.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if "simulators" in path.parts or "sources" in path.parts:
            continue
        dialect = path.parts[len(root.parts) + 1] if "channels" in path.parts else ""
        dialect = path.stem if "providers" in path.parts else dialect
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from ((dialect, reason) for reason in _made_by(node))


def _made_by(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    given = [each.value for each in call.keywords if each.arg in ("reason", "code")]
    if name in _MAKERS and len(call.args) > _MAKERS[name]:
        given.append(call.args[_MAKERS[name]])
    for each in given:
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value:
            yield each.value
        elif isinstance(each, ast.JoinedStr):
            filled = "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in each.values)
            if filled.strip("7: "):
                yield filled


LITERAL = sorted(each for each in set(_reasons()) if each[1] not in _WRAPPED)


def test_the_adapters_were_read() -> None:
    assert len(LITERAL) > 60
    assert ("zalo", "the text is empty") in LITERAL


@pytest.mark.parametrize(("dialect", "reason"), LITERAL)
def test_what_an_adapter_says_itself_is_translated(dialect: str, reason: str) -> None:
    _is_a_sentence(reason, dialect)


@pytest.mark.parametrize("status", sorted(spec.STATUS_NAMES))
def test_every_status_of_smpp_is_translated(status: int) -> None:
    _is_a_sentence(spec.status_name(status), "smpp")
    _is_a_sentence(f"part 2: {spec.status_name(status)}", "smpp")


def test_a_networks_own_status_keeps_its_number() -> None:
    assert "0x450" in explained(spec.status_name(0x450))


@pytest.mark.parametrize("word", sorted({*receipt._STATES, *receipt._CODES.values()}))
def test_every_state_of_a_receipt_is_translated(word: str) -> None:
    _is_a_sentence(f"stat:{word} err:011", "smpp")
    _is_a_sentence(f"stat:{word} err:000 query_sm", "smpp")


CODES = [
    (provider, code)
    for provider in _PROVIDERS
    for code in import_module(f"adapters.channels.sms_http.providers.{provider}").CODES
]


@pytest.mark.parametrize(("provider", "code"), CODES)
def test_every_code_of_an_sms_provider_is_translated(provider: str, code: str) -> None:
    kept = code.replace(": ", ":").replace(" ", "_") if provider == "viettel" else code

    for form in ("{}", "template: {}", "blocked: {}", "{}: taken before", "token: {}"):
        _is_a_sentence(form.format(kept), provider)


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_every_error_of_zalo_is_translated(code: int) -> None:
    outcome = outcome_of(code, now=START, expires_at=START)
    assert not isinstance(outcome, Accepted)

    _is_a_sentence(outcome.reason, "zalo")


@pytest.mark.parametrize(
    ("dialect", "reason", "vietnamese", "english"),
    [
        ("esms", "101", "sai ApiKey hoặc SecretKey", "the ApiKey or SecretKey is wrong"),
        ("speedsms", "101", "tham số sai hoặc thiếu", "invalid or missing parameters"),
        ("telegram", "blocked: Forbidden: bot was blocked by the user", "người nhận đã chặn bot", "blocked the bot"),
        ("telegram", "Bad Request: chat not found", "không có cuộc trò chuyện này", "no such chat"),
        ("telegram", "piece 2 of 3: no answer in time", "đang gửi dở thì nhà mạng không trả lời", "half sent"),
        ("zalobot", "blocked: 403 user has blocked the bot", "người nhận đã chặn bot", "blocked the bot"),
        ("email", "SMTP 550 5.1.1: the recipient is refused", "hộp thư người nhận không có", "mailbox"),
        ("esms", "HTTP 502", "có thể đã gửi", "perhaps sent"),
        ("smpp", "stat:UNDELIV err:011", "máy không nhận được tin (mã 011)", "(code 011)"),
        ("", "blocked: whatever", "người nhận đã chặn", "has blocked us"),
        ("", "không đúng khóa / the key is wrong", "không đúng khóa", "the key is wrong"),
        ("", "quiet hours until 06:00", "đang giờ yên tĩnh", "quiet hours"),
        ("", "no other way: its time is over", "không còn đường nào khác", "no other way is left"),
    ],
)
def test_each_dialect_is_understood(dialect: str, reason: str, vietnamese: str, english: str) -> None:
    assert vietnamese in explained(reason, "vi", dialect)
    assert english in explained(reason, "en", dialect)


def test_what_nobody_has_translated_is_shown_as_the_providers_own_words() -> None:
    item = replace(message(), state=DeliveryState.FAILED, reason="999 oh no", settled_at=START)

    assert sentence_of(item, "vi", "esms") == "Không gửi được: nhà cung cấp báo “999 oh no”"
    assert sentence_of(item, "en", "esms") == "Could not be delivered: the provider says “999 oh no”"


def test_what_arrived_needs_no_reason() -> None:
    item = replace(message(), state=DeliveryState.DELIVERED, reason="stat:DELIVRD err:000", settled_at=START)

    assert sentence_of(item) == "Đã tới máy lúc 08:00 22/11/2026"


def test_a_channel_speaks_as_its_provider_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "key")
    tables = {
        "webchat": {"kind": "webchat"},
        "esms": {
            "kind": "sms_http",
            "provider": "esms",
            "api_key": "env:KEY",
            "secret_key": "env:KEY",
            "sender": "TEN",
        },
    }
    plan = read_plan(Config.model_validate({"channels": tables}))

    assert dialects_of(plan) == {"webchat": "webchat", "esms": "esms"}


def _is_a_sentence(reason: str, dialect: str) -> None:
    for language, quoted in (("vi", "nhà cung cấp báo “"), ("en", "the provider says “")):
        words = explained(reason, language, dialect)
        assert words, reason
        assert quoted not in words, f"{dialect}: {reason}"
