"""`motcua top`: the service in one picture, in 80 columns, live, and on through a database that goes away."""

import asyncio
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from bot.app import open_database, read_plan
from bot.config import load_config
from bot.model.message import Lane
from bot.ports import Failure, Minute, Pause, SourceState
from bot.ports.watching import Alarm, Heartbeat, Holding, Proof, Speed, Waiting
from bot.readings import Rules
from bot.settings import SourceSettings
from bot.show_top import age, as_json, view
from bot.top import MOST, Frame, look, sent_per_second
from bot.top_commands import pictures
from tests.support.making import START, batch, dossier
from tests.support.whole import Whole, whole

NOW = START.replace(second=30)
MINUTE = NOW.replace(second=0)
RULES = Rules(begun=NOW, sources={"office": SourceSettings(), "a-source-with-a-very-long-name": SourceSettings()})
CONFIG = """
[storage]
url = "sqlite:{folder}/motcua.db"
[channels.webchat]
kind = "webchat"
"""


def full() -> Frame:
    """Something of everything, with long names and large numbers."""
    ago = NOW - timedelta(minutes=12)
    beats = [
        Heartbeat("0123456789abcdef", "sender:viettel", NOW, 60.0), Heartbeat("feedbeefcafebabe", "watch", ago, 15.0),
        Heartbeat("0123456789abcdef", "channel:esms", NOW, 60.0, "không nhận tin", "takes nothing"),
    ]  # fmt: skip
    return Frame(
        at=NOW,
        waiting=[
            Waiting("a-route-of-a-district-with-a-long-name", Lane.BULK, ago, MOST),
            Waiting("default", Lane.PUSH, NOW, 3),
        ],
        held=[Holding("quiet", ago, 1200), Holding("", ago, 1)],
        minutes=[
            Minute(gateway="viettel", minute=MINUTE - timedelta(minutes=1), accepted=120_000, rejected=7, delivered=99),
            Minute(gateway="viettel", minute=MINUTE, accepted=100),
        ],
        shares={"viettel": 100, "esms": 40},
        pauses={"fpt": Pause("fpt", ago, "khanh", "bảo trì")},
        speeds=[Speed(Lane.REPLY, 1000, dict.fromkeys((1, 2, 5, 10, 30, 60, 300), 999))],
        sources={"office": SourceState(None, NOW, ago, ago, revision=1)},
        failures={"office": Failure(ago, NOW, 4, "lý do")},
        beats=beats,
        posts={"watch": "0123456789abcdef", "source:office": "0123456789abcdef", "plan": "somebody-else-who-is-new"},
        alarms=[Alarm("unsent", "default/push", ago, "chờ lâu", "waits")],
        proof=Proof(ago, ago, ago),
    )


def drawn(frame: Frame, before: Frame | None = None, *, width: int = 80, lost: str = "") -> str:
    console = Console(width=width, highlight=False, markup=False, emoji=False, force_terminal=False)
    with console.capture() as captured:
        console.print(view(frame, before, RULES, lost=lost))
    return captured.get()


@pytest.mark.parametrize("width", [80, 200])
def test_a_picture_fits_the_terminal_and_holds_the_worst(width: int) -> None:
    page = drawn(full(), width=width)

    assert max(len(line) for line in drawn(full(), width=50).splitlines()) <= 50
    assert max(len(line) for line in page.splitlines()) <= width
    for words in (
        "BÁO ĐỘNG / ALARM",
        "≥ 10,000",
        "hỏng",
        "dừng",
        "120,000",
        "99,9%",
        "×4",
        "12 min",
        "0123456",
        "plan",
    ):
        assert words in page, words


def test_what_is_shown_while_nothing_can_be_read_says_so() -> None:
    assert "CANNOT BE READ" in drawn(full(), lost="disk full")
    assert "disk full" in drawn(full(), lost="disk full")


def test_an_empty_service_says_that_nothing_runs() -> None:
    page = drawn(Frame(at=NOW))

    assert "no `motcua run` is running" in page
    assert "chưa / not yet" in page


def test_the_rate_is_what_grew_since_the_picture_before_also_over_a_minutes_end() -> None:
    before = full()
    grown = [
        replace(before.minutes[1], accepted=150),
        Minute(gateway="viettel", minute=MINUTE + timedelta(minutes=1), accepted=50),
    ]
    after = replace(before, at=NOW + timedelta(seconds=4), minutes=grown)

    assert sent_per_second(after, before) == 25.0
    assert sent_per_second(before, None) == 2000.0
    assert sent_per_second(before, before) == 2000.0
    assert sent_per_second(replace(after, at=NOW + timedelta(hours=1), minutes=[]), before) == 0.0


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0 s"), (179, "179 s"), (600, "10 min"), (10_000, "2 h"), (10**6, "11 d")]
)
def test_an_age_is_told_in_one_unit(seconds: int, told: str) -> None:
    assert age(NOW, NOW - timedelta(seconds=seconds)) == told
    assert age(NOW, NOW + timedelta(seconds=5)) == "0 s"


def test_the_picture_for_programs_has_the_same() -> None:
    said = json.loads(json.dumps(as_json(full(), RULES), default=str))

    assert said["waiting"][0]["lane"] == "bulk"
    assert said["gateways"]["esms"] == {"share": 40, "paused": False, "down": True}
    assert said["gateways"]["fpt"]["paused"]
    assert said["processes"]["feedbeefcafebabe"]["alive"] is False
    assert said["last_minute"]["viettel"]["accepted"] == 120_000


async def test_of_a_running_service_queues_posts_and_processes_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with whole(tmp_path, monkeypatch) as here:
        await here.app.mirror_of("office").apply(batch(dossier(received_at=here.app.clock())))
        await here.app.watch.flush()
        async with asyncio.timeout(20):
            while not _is_alive(frame := await seen(here)):
                await asyncio.sleep(0.05)

    assert set(frame.posts.values()) == {here.app.owner}
    assert "office" in frame.sources
    assert here.app.owner[:8] in drawn(frame)


def _is_alive(frame: Frame) -> bool:
    """It stands on its posts, and what it had to send has left."""
    return {"watch", "plan"} <= frame.posts.keys() and sum(each.accepted for each in frame.minutes) == 1


async def seen(here: Whole) -> Frame:
    return await here.app.storage.read(lambda tx: look(tx, here.app.clock))


# The database goes away


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(folder=tmp_path / "data"), encoding="utf-8")
    return path


async def test_it_goes_on_trying_until_the_database_is_there(config: Path) -> None:
    plan = read_plan(load_config(config))
    shown = pictures(plan, 0.01)

    missing, why = await anext(shown)
    (config.parent / "data").mkdir()
    async with open_database(plan.config, migrate=True):
        pass
    async with asyncio.timeout(10):
        while (found := await anext(shown))[0] is None:
            pass
    await shown.aclose()  # type: ignore[attr-defined]

    assert missing is None
    assert why
    assert found[1] == ""


# In a terminal


@pytest.fixture
def ready(config: Path) -> Path:
    (config.parent / "data").mkdir()

    async def migrate() -> None:
        async with open_database(load_config(config), migrate=True):
            pass

    asyncio.run(migrate())
    return config


def test_without_a_terminal_one_picture_is_printed(ready: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "bot", "top", "--config", str(ready), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(told.stdout)["processes"] == {}


@contextmanager
def terminal(*words: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def until(descriptor: int, words: str, *, seconds: float = 40) -> str:
    """What the terminal has shown when these words have come."""
    shown = b""
    while words not in (page := re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode("utf-8", "replace"))):
        readable, _, _ = select.select([descriptor], [], [], seconds)
        assert readable, page
        shown += os.read(descriptor, 65_536)
    return page


def test_in_a_terminal_it_is_drawn_again_and_again_until_ctrl_c(ready: Path) -> None:
    with terminal("top", "--config", str(ready), "--every", "0.5") as (process, screen):
        until(screen, "no `motcua run`")
        until(screen, "no `motcua run`")
        process.send_signal(signal.SIGINT)
        rest = b""
        with suppress(OSError):  # its end closes the terminal
            while more := os.read(screen, 65_536):
                rest += more
        process.wait(20)

    assert process.returncode == 0
    assert b"Traceback" not in rest
