"""The rules without a network: templates filled or refused, classes of errors, texts that are cut, hours."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from pydantic import ValidationError

from adapters.channels.zalo import Settings
from adapters.channels.zalo.composing import filled
from adapters.channels.zalo.errors import ERRORS, Class, meaning_of
from adapters.channels.zalo.hours import until_midnight, until_morning, until_next_minute
from adapters.channels.zalo.quota import Quota
from adapters.channels.zalo.settings import Template
from adapters.channels.zalo.verdicts import Reply, outcome_of, reply_in
from adapters.http import Answer
from bot.model.message import ChannelDown, Rejected, Retry, Uncertain
from tests.adapters.zalo.support import VALUES, settings_for
from tests.support.making import Time

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


def template(**params: tuple[str, str]) -> Template:
    shaped = {name: {"value": value, "type": kind} for name, (value, kind) in params.items()}
    return Template.model_validate({"id": "1", "params": shaped})


@pytest.mark.parametrize(
    ("kind", "value", "text", "longest"),
    [
        ("code", "code", "H" * 30, 30), ("status", "status_label", "ế" * 30, 30), ("address", "reason", "x" * 200, 200),
        ("custom", "hours", "x" * 30, 30), ("name", "supplement", "x" * 30, 30),
    ],
)  # fmt: skip
def test_a_value_of_the_greatest_length_fits_and_one_more_character_does_not(
    kind: str, value: str, text: str, longest: int
) -> None:
    shape = template(x=(value, kind))

    assert filled(shape, {value: text}) == {"x": text}
    assert filled(shape, {value: text + "x"}) == Rejected(
        f"template parameter x: {value} has {longest + 1} characters, more than {longest}"
    )


def test_lengths_are_those_of_the_composed_form() -> None:
    decomposed = normalize("NFD", "ế" * 30)
    assert len(decomposed) == 90

    assert filled(template(x=("status_label", "status")), {"status_label": decomposed}) == {"x": "ế" * 30}


def test_the_national_label_of_payment_is_too_long_and_the_short_one_is_not() -> None:
    shape = template(x=("status", "status"), y=("status_label", "status"))

    refused = filled(shape, {"status": "Yêu cầu thực hiện nghĩa vụ tài chính", "status_label": "Chờ nộp phí, lệ phí"})

    assert refused == Rejected("template parameter x: status has 36 characters, more than 30")


@pytest.mark.parametrize("value", ["procedure", "agency", "place"])
def test_names_are_shortened_so_that_one_sees_it(value: str) -> None:
    found = filled(template(x=(value, "name")), {value: "Đăng ký khai sinh có yếu tố nước ngoài"})

    assert found == {"x": "Đăng ký khai sinh có yếu tố n…"}


@pytest.mark.parametrize(
    "moment", ["16:30 30/11/2026", "16:30:00 30/11/2026", "30/11/2026", "11/2026", "16:30", "16:30:15"]
)
def test_a_moment_in_one_of_zalos_forms_fits(moment: str) -> None:
    assert filled(template(x=("appointment", "date")), {"appointment": moment}) == {"x": moment}


@pytest.mark.parametrize("moment", ["16h30 30/11/2026", "30-11-2026", "16:3030/11/2026", "ngày mai"])
def test_a_moment_in_another_form_is_refused_by_name(moment: str) -> None:
    refused = filled(template(ngay=("appointment", "date")), {"appointment": moment})

    assert refused == Rejected("template parameter ngay: appointment is no date")


def test_values_come_in_one_line() -> None:
    assert filled(template(x=("reason", "address")), {"reason": " Chờ \n xác minh "}) == {"x": "Chờ xác minh"}


@pytest.mark.parametrize("values", [{}, {"code": ""}, {"code": " \n"}])
def test_a_missing_value_is_refused_by_name(values: dict[str, str]) -> None:
    assert filled(template(ma=("code", "code")), values) == Rejected("template parameter ma: there is no code")


def test_an_unknown_value_or_kind_is_found_when_the_configuration_is_read(tmp_path: Path) -> None:
    for wrong in ({"value": "name", "type": "name"}, {"value": "code", "type": "text"}):
        shape: dict[str, Any] = {"result": {"id": "1", "params": {"x": wrong}}}
        with pytest.raises(ValidationError) as error:
            settings_for("http://127.0.0.1:1", tmp_path, templates=shape)
        assert "templates.result.params.x" in ".".join(map(str, error.value.errors()[0]["loc"]))


def test_templates_are_written_as_the_guide_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZALO_APP_SECRET", "a-secret")
    guide = (Path(__file__).parents[3] / "docs" / "zalo.md").read_text(encoding="utf-8")
    table = tomllib.loads(guide.split("```toml")[1].split("```")[0])["channels"]["zalo"]

    settings = Settings.model_validate({key: value for key, value in table.items() if key != "kind"})

    assert {"progress", "supplement", "result", "apology"} <= {str(each) for each in settings.templates}
    for shape in settings.templates.values():
        assert isinstance(
            filled(shape, {**VALUES, "supplement": "Bản sao", "old_appointment": "16:30 28/11/2026"}), dict
        )


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_each_error_has_an_outcome_that_names_it(code: int) -> None:
    outcome = outcome_of(code, now=NOON, expires_at=NOON + timedelta(days=1))

    assert outcome.reason.startswith(f"Zalo {code}: ")


def test_an_error_that_no_table_has_lets_the_message_take_the_next_way() -> None:
    assert outcome_of(-9999, now=NOON, expires_at=NOON) == Rejected("Zalo -9999: error -9999")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Class.ACCOUNT, ChannelDown), (Class.TRANSIENT, Retry), (Class.DAY, Retry), (Class.NIGHT, Retry),
        (Class.SERVICE, Retry), (Class.PERSON, Rejected), (Class.REFUSED, Rejected), (Class.CONTENT, Rejected),
    ],
)  # fmt: skip
def test_each_class_of_errors_has_its_kind_of_outcome(kind: Class, expected: type) -> None:
    codes = [code for code in ERRORS if meaning_of(code).kind is kind]

    assert codes
    assert all(isinstance(outcome_of(code, now=NOON, expires_at=NOON), expected) for code in codes)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b'{"error":0,"data":{"msg_id":"a"}}', Reply(0, {"msg_id": "a"})),
        (200, b'{"error":"-118","message":"x"}', Reply(-118)),
        (200, b'{"data":{}}', Uncertain("HTTP 200 that is not understood")),
        (200, b'{"error":true}', Uncertain("HTTP 200 that is not understood")),
        (200, b"[" * 10_000, Uncertain("HTTP 200 that is not understood")),
        (400, b'{"error":-201}', Reply(-201)),
        (408, b"", Retry("HTTP 408")),
        (429, b"", Retry("HTTP 429", 60.0, counts=False)),
        (500, b'{"error":-200}', Uncertain("HTTP 500 that is not understood")),
        (502, b"", Uncertain("HTTP 502 that is not understood")),
        (503, b"", Retry("HTTP 503")),
        (504, b"", Uncertain("HTTP 504 that is not understood")),
    ],
)
def test_an_answer_is_zalos_word_or_what_http_tells(status: int, body: bytes, expected: object) -> None:
    assert reply_in(Answer(status, {}, body), NOON) == expected


@pytest.mark.parametrize("status", [301, 302, 401, 403, 404, 407])
def test_a_block_page_pauses_the_channel_and_nothing_was_sent(status: int) -> None:
    assert isinstance(reply_in(Answer(status, {}, b"<p>blocked"), NOON), ChannelDown)


def test_a_pause_that_is_asked_for_is_kept() -> None:
    assert reply_in(Answer(503, {"retry-after": "30"}, b""), NOON) == Retry("HTTP 503", 30.0)
    assert reply_in(Answer(429, {"retry-after": "9"}, b""), NOON) == Retry("HTTP 429", 9.0, counts=False)


@pytest.mark.parametrize(("hour", "hours"), [(22, 8), (0, 6), (5, 1), (6, 24), (12, 18)])
def test_morning_is_at_six_in_vietnam(hour: int, hours: int) -> None:
    now = datetime(2026, 11, 24, hour, tzinfo=UTC) - timedelta(hours=7)

    assert until_morning(now) == hours * 3600


def test_days_end_at_midnight_in_vietnam_and_minutes_when_they_end() -> None:
    assert until_midnight(NOON) == 12 * 3600
    assert until_next_minute(NOON + timedelta(seconds=59.9)) == 1.0


def test_a_quota_is_read_in_either_form_and_nonsense_changes_nothing() -> None:
    quota = Quota(Time(NOON))

    quota.read({"dailyQuota": "500", "remainingQuota": "499"})
    quota.read({"quota_type": "purchase_quota", "remain": 0})
    quota.read("x")
    assert (quota.remaining, quota.daily, quota.wait()) == (499, 500, None)
    quota.read({"dailyQuota": 500, "remainingQuota": 0})
    assert quota.wait() == 12 * 3600
