"""What a log line may hold: one line an event, in both formats, without secrets, phones and the values of errors."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pytest

from bot.api_keys import fresh_callback_secret, fresh_key
from bot.log_masks import clean
from bot.log_settings import LogFormat
from bot.logs import Blotting, JsonLines, name_process, start_logging
from bot.model.api import ApiRight, KeyKind
from bot.model.clock import utc_now
from bot.model.errors import ConfigError, StorageError

Raised = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


def line(message: str, *values: object, is_raised: bool = False, name: str = "bot.x", **extra: object) -> str:
    return Blotting().format(made(message, *values, is_raised=is_raised, name=name, **extra))


def as_json(message: str, *values: object, is_raised: bool = False, name: str = "bot.x", **extra: object) -> str:
    return JsonLines().format(made(message, *values, is_raised=is_raised, name=name, **extra))


def made(message: str, *values: object, is_raised: bool, name: str, **extra: object) -> logging.LogRecord:
    raised: Raised | None = sys.exc_info() if is_raised else None
    place = {"pathname": "/usr/lib/library.py", "lineno": 7}
    return logging.makeLogRecord(
        {"msg": message, "args": values, "name": name, "exc_info": raised, "levelname": "ERROR"} | place | extra
    )


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """As it was afterwards."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    logger.handlers.clear()
    yield logger
    for handler in logger.handlers:
        handler.close()
    logger.handlers[:] = handlers
    logger.setLevel(level)


@pytest.mark.parametrize("written", [line, as_json])
@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_key_of_the_api_never_reaches_a_log_line(written: type[str], kind: KeyKind) -> None:
    shown = fresh_key(kind, "ho-tich", agency="", rights=frozenset(ApiRight), by="lan", at=utc_now()).shown

    seen = written("refused: %s", {"Authorization": f"Bearer {shown}", "Cookie": f"key={shown}"})

    assert shown.rpartition("_")[2] not in seen
    assert "'Bearer •••'" in seen
    assert "key=•••" in seen


def test_a_secret_that_was_told_is_found_whatever_signs_it_has() -> None:
    secret = 'p"a\\ss\nword'
    for formatter in (Blotting(), JsonLines()):
        formatter.hide([secret, ""])
        record = made("bound with %s", secret, is_raised=False, name="bot.x")
        assert formatter.format(record).rstrip("}").endswith(('bound with •••"', "bound with •••"))


def test_what_only_begins_like_one_stays() -> None:
    assert "mc_live and mcs_short stay" in line("mc_live and mcs_short stay")


# Errors


@pytest.mark.parametrize("written", [line, as_json])
def test_an_error_is_told_by_its_kind_and_place_and_never_by_its_words(written: type[str]) -> None:
    secret = fresh_callback_secret()
    try:
        try:
            int("Nguyễn Thị Lan")
        except ValueError as error:
            raise KeyError(f"wrong {secret} of 0912345678") from error
    except KeyError:
        seen = written("failed", is_raised=True)

    assert "KeyError at test_logs.py:" in seen
    assert "because of ValueError at test_logs.py:" in seen
    assert [word for word in ("Lan", "0912", secret, "wrong") if word in seen] == []


def test_an_error_of_the_storage_is_told_in_its_own_words_for_an_administrator() -> None:
    try:
        raise StorageError("cannot open motcua.db: disk full")
    except StorageError:
        assert line("alarm", is_raised=True).endswith("alarm  cannot open motcua.db: disk full")


# One line an event

_TRICKS = "a\nb\r\nc\x1b[2Jd\x85e\u2028f\u202eg\x00h\ud800i"


@pytest.mark.parametrize("written", [line, as_json])
def test_nothing_in_a_value_ends_the_line_or_moves_the_cursor(written: type[str]) -> None:
    seen = written("said %s", _TRICKS, source=f"x\n2026 ERROR bot: alarm {_TRICKS}")

    assert len(seen.splitlines()) == 1
    assert seen.isprintable()
    shown = json.loads(seen)["message"] if written is as_json else seen
    assert r"a\nb\r\nc\x1b[2Jd\x85e\u2028f\u202eg\x00h\ud800i" in shown
    assert str(shown).isprintable()


def test_a_line_of_json_has_the_moment_in_utc_what_was_given_and_the_process() -> None:
    formatter = JsonLines()
    formatter.process = {"roles": "send,web", "owner": "ab12"}
    record = made("alarm %s", "unsent", is_raised=False, name="bot.alarms", alarm="unsent", subject="sms/push")
    record.created, record.msecs = 1_795_413_637.123, 123.0

    assert json.loads(formatter.format(record)) == {
        "time": "2026-11-23T06:00:37.123Z",
        "level": "ERROR",
        "logger": "bot.alarms",
        "message": "alarm unsent",
        "fields": {"alarm": "unsent", "subject": "sms/push"},
        "roles": "send,web",
        "owner": "ab12",
    }


def test_in_text_the_fields_follow_the_words() -> None:
    assert line("alarm", alarm="unsent", subject="sms").endswith("ERROR bot.x: alarm  alarm=unsent subject=sms")


# Phones


@pytest.mark.parametrize(
    "number",
    [
        "+84912345678", "84912345678", "0912345678", "0912 345 678", "0912.345.678", "+84 912 345 678",
        "(+84) 912-345-678", "+84 (0)912345678", "02438254321", "+842438254321", "tel:0912345678", "%2B84912345678",
        "sms:84912345678", "'0912345678'", "<+84912345678>", "phone=0912345678,",
    ],
)  # fmt: skip
def test_what_looks_like_a_phone_number_of_this_country_is_masked(number: str) -> None:
    seen = line(f"to {number} it failed").partition("bot.x: ")[2]

    assert [digits for digits in ("345", "825") if digits in seen] == []
    assert "•••" in seen


@pytest.mark.parametrize(
    "told",
    [
        "H56.14-251103-0042", "01KB0912345678ABCDEFGHJKMN", "1795413637123", "0.912345678", "took 84 ms",
        "2026-11-23 06:00:37", "127.0.0.1:8080", "sms:+8491•••678", "9 of 84912 rows", "000.00.01.H56-240823-0001",
    ],
)  # fmt: skip
def test_what_only_has_digits_stays(told: str) -> None:
    assert told in line("about %s", told)


# What others say


def test_of_what_a_library_says_its_own_words_stay_and_the_values_go() -> None:
    seen = line("cannot send %s to %r: %d bytes", "Trần Văn Bình", {"to": "0912345678"}, 80, name="aiohttp.client")

    assert seen.endswith("cannot send <str> to <dict>: 80 bytes [library.py:7]")


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Task exception was never retrieved\n<Task ValueError('Lan')>", "Task exception was never retrieved …"),
        ("Unclosed client session", "Unclosed client session"),
        ("cannot parse Nguyen Van An of 2026", "cannot parse …"),
        ("Error for nguyễn thị lan", "Error for …"),
        ("Đã nhận tin của bà Lan", "…"),
        ("{'text': 'xin chao'}", "…"),
    ],
)  # fmt: skip
def test_a_finished_sentence_of_a_library_is_cut_where_a_value_may_begin(said: str, left: str) -> None:
    assert line(said, name="asyncio").endswith(f"asyncio: {left} [library.py:7]")


def test_a_task_that_nobody_waits_for_tells_no_values(root: logging.Logger, tmp_path: Path) -> None:
    path = tmp_path / "motcua.log"
    start_logging("DEBUG", path, form=LogFormat.JSON)

    async def work(text: str) -> None:
        raise ValueError(text)

    async def forget() -> None:
        task = asyncio.ensure_future(work("bà Lan, 0912345678"))
        await asyncio.wait([task])
        del task

    asyncio.run(forget())

    (told,) = [json.loads(each) for each in path.read_text(encoding="utf-8").splitlines()]
    assert told["logger"] == "asyncio"
    assert told["message"].startswith("Task exception was never retrieved …")
    assert told["error"].startswith("ValueError at test_logs.py:")
    assert "Lan" not in path.read_text(encoding="utf-8")


# The file


def test_after_logrotate_the_next_line_is_in_a_new_file(root: logging.Logger, tmp_path: Path) -> None:
    path = tmp_path / "motcua.log"
    start_logging("INFO", path)

    logging.getLogger("bot.x").info("first")
    path.rename(tmp_path / "motcua.log.1")
    logging.getLogger("bot.x").info("second")

    assert (tmp_path / "motcua.log.1").read_text(encoding="utf-8").endswith("bot.x: first\n")
    assert path.read_text(encoding="utf-8").endswith("bot.x: second\n")


def test_begun_again_in_another_form_it_knows_the_secrets_and_the_process_of_before(
    root: logging.Logger, tmp_path: Path
) -> None:
    first = start_logging("INFO", tmp_path / "one.log")
    first.hide(["s3cr3t"])
    name_process(["web", "send"], "ab12")
    second = start_logging("WARNING", tmp_path / "two.log", form=LogFormat.JSON)
    first.hide(["l4ter"])

    logging.getLogger("bot.x").info("nothing")
    logging.getLogger("bot.x").warning("with %s and %s", "s3cr3t", "l4ter")

    assert second.secrets == {"s3cr3t", "l4ter"}
    (told,) = (tmp_path / "two.log").read_text(encoding="utf-8").splitlines()
    assert json.loads(told)["message"] == "with ••• and •••"
    assert (json.loads(told)["roles"], json.loads(told)["owner"]) == ("send,web", "ab12")


def test_a_file_that_cannot_be_written_is_named(root: logging.Logger, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[log.file\].*nowhere/motcua.log"):
        start_logging("INFO", tmp_path / "nowhere" / "motcua.log")


def test_letters_that_are_composed_stay_vietnamese() -> None:
    assert clean("Trần", ()) == "Trần"
