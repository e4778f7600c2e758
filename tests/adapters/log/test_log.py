"""The channel that only writes down what would be sent."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.channels.log import Settings
from adapters.channels.log import open as open_channel
from bot.model.errors import ChannelError
from bot.model.message import Accepted, ChannelDown, Lane, OutboxItem, Situation
from bot.model.person import Address

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


def item(text: str = "Hồ sơ của bà Nguyễn Thị A đã xong.\nMời đến nhận.") -> OutboxItem:
    return OutboxItem(
        id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
        dedupe_key="test:1",
        origin="test:1",
        channel="trial",
        address=Address("sms", "+84912345678"),
        lane=Lane.PUSH,
        situation=Situation.RESULT,
        text=text,
        created_at=NOON,
        next_at=NOON,
        expires_at=NOON + timedelta(days=1),
    )


async def test_a_message_becomes_a_line_without_address_or_text(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    async with open_channel("trial", Settings(path=path), clock=lambda: NOON) as channel:
        assert await channel.sender.send(item()) == Accepted()

    assert json.loads(path.read_text()) == {
        "at": "2026-11-24T05:00:00.000+00:00",
        "channel": "trial",
        "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "to": "sms:+8491•••678",
        "situation": "result",
        "lane": "push",
        "characters": 48,
    }


async def test_the_text_is_written_when_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    async with open_channel("trial", Settings(path=path, show_text=True)) as channel:
        await channel.sender.send(item())
        await channel.sender.send(item("hỏng \ud83d"))

    first, second = map(json.loads, path.read_text().splitlines())
    assert first["text"] == item().text
    assert second["text"].startswith("hỏng ")


async def test_lines_are_added_to_what_is_there_and_only_the_owner_may_read_them(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    for _ in range(2):
        async with open_channel("trial", Settings(path=path)) as channel:
            await channel.sender.send(item())

    assert len(path.read_text().splitlines()) == 2
    assert path.stat().st_mode & 0o077 == 0


async def test_without_a_path_it_writes_to_standard_output_and_leaves_it_open(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with open_channel("trial", Settings()) as channel:
        await channel.sender.send(item())
    os.write(1, "còn mở\n".encode())

    line, after = capfd.readouterr().out.splitlines()
    assert json.loads(line)["channel"] == "trial"
    assert after == "còn mở"


async def test_a_place_that_cannot_be_written_is_named_when_opening(tmp_path: Path) -> None:
    with pytest.raises(ChannelError, match="nowhere"):
        async with open_channel("trial", Settings(path=tmp_path / "nowhere" / "x")):
            pass


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs the device /dev/full")
async def test_a_full_disk_closes_the_channel_and_nothing_is_accepted() -> None:
    async with open_channel("trial", Settings(path=Path("/dev/full"))) as channel:
        outcome = await channel.sender.send(item())

    assert isinstance(outcome, ChannelDown)
    assert "No space left" in outcome.reason
