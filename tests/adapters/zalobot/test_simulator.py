"""The simulated platform as a Bot API of its own: a plain HTTP client is the judge."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ServerDisconnectedError

from tests.adapters.zalobot.support import ALICE, BOB, SECRET, TOKEN, Platform, chat, running


async def test_its_answers_have_the_platforms_form(platform: Platform) -> None:
    me = await platform.api("getMe")
    sent = await platform.api("sendMessage", chat_id=ALICE, text="Xin chào")

    assert me["result"]["id"] == TOKEN.partition(":")[0]
    assert me["result"]["account_type"] == "BASIC"
    assert set(sent["result"]) == {"message_id", "date"}
    assert await platform.api("sendChatAction", chat_id=ALICE, action="typing") == {"ok": True}
    assert await platform.api("getMe", token="1:wrong") == {
        "ok": False, "error_code": 401, "description": "Unauthorized"
    }  # fmt: skip
    assert (await platform.api("getme"))["error_code"] == 404


async def test_a_poll_takes_one_update_and_takes_it_away(platform: Platform) -> None:
    await platform.say(ALICE, "một", name="Lan")
    await platform.say(BOB, "hai")
    first = await platform.api("getUpdates", timeout="1")
    second = await platform.api("getUpdates", timeout=1)
    third = await platform.api("getUpdates", timeout="0")

    assert first["result"]["event_name"] == "message.text.received"
    assert first["result"]["message"]["from"] == {"id": ALICE, "display_name": "Lan", "is_bot": False}
    assert first["result"]["message"]["chat"] == {"id": ALICE, "chat_type": "PRIVATE"}
    assert second["result"]["message"]["text"] == "hai"
    assert third == {"ok": False, "error_code": 408, "description": "Request timeout"}


async def test_a_poll_that_waits_is_answered_by_the_next_word(platform: Platform) -> None:
    async with asyncio.TaskGroup() as tasks:
        poll = tasks.create_task(platform.api("getUpdates", timeout="20"))
        async with asyncio.timeout(20):
            while (await platform.stats()).get("getUpdates") != 1:
                pass
        await platform.say(ALICE, "tin mới")

    assert poll.result()["result"]["message"]["text"] == "tin mới"


async def test_polls_and_webhook_exclude_each_other(platform: Platform) -> None:
    set_ = await platform.api("setWebhook", url="http://127.0.0.1:9/w", secret_token=SECRET)
    polled = await platform.api("getUpdates", timeout="0")
    known = await platform.api("getWebhookInfo")
    gone = await platform.api("deleteWebhook")

    assert set_["result"] == known["result"]
    assert polled["error_code"] == 409
    assert (known["result"]["url"], gone["result"]["url"]) == ("http://127.0.0.1:9/w", "")


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("setWebhook", {"url": "ftp://x", "secret_token": SECRET}),
        ("setWebhook", {"url": "https://x/w", "secret_token": "short"}),
        ("sendMessage", {"chat_id": "x", "text": "a"}),
        ("sendMessage", {"chat_id": ALICE, "text": " "}),
        ("sendMessage", {"chat_id": ALICE, "text": "x" * 2001}),
        ("sendMessage", {"chat_id": ALICE}),
        ("getUpdates", {"timeout": "long"}),
    ],
)
async def test_wrong_parameters_are_refused(platform: Platform, method: str, given: dict[str, Any]) -> None:
    assert (await platform.api(method, **given))["error_code"] == 400


async def test_endings_choose_misfortunes(platform: Platform) -> None:
    async def sent(ending: str) -> Any:
        return (await platform.api("sendMessage", chat_id=chat(ending), text="x")).get("error_code")

    with pytest.raises(ServerDisconnectedError):
        await sent("0007")

    assert [await sent(ending) for ending in ("0001", "0002", "0500")] == [403, 400, 500]
    assert [await sent("0006") for _ in range(3)] == [429, 429, None]
    assert await platform.shown(chat("0007")) == ["x"]
    assert await sent("0007") is None


async def test_all_chats_together_have_a_limit() -> None:
    async with running(rate=2) as platform:
        answers = [await platform.api("sendMessage", chat_id=chat(f"aaa{n}"), text="x") for n in range(3)]

    assert [answer.get("error_code") for answer in answers] == [None, None, 429]


async def test_the_talk_is_shown_both_ways(platform: Platform) -> None:
    await platform.say(ALICE, "chào", name="Lan")
    await platform.say(ALICE, event="image", caption="giấy tờ")
    await platform.api("sendMessage", chat_id=ALICE, text="Kính chào")
    talk = await platform.control(f"users/{ALICE}/messages")
    people = await platform.control("users")

    assert [(entry["by"], entry["text"]) for entry in talk] == [
        ("citizen", "chào"), ("citizen", "[image]"), ("office", "Kính chào")
    ]  # fmt: skip
    assert people == [{"user": ALICE, "name": "Lan"}]


async def test_its_log_holds_every_call(tmp_path: Path) -> None:
    async with running(log=tmp_path / "calls") as platform:
        await platform.api("sendMessage", chat_id=chat("0001"), text="x")

    [line] = (tmp_path / "calls").read_text().splitlines()
    assert json.loads(line) | {"at": 0} == {
        "event": "call", "at": 0, "method": "sendMessage", "code": 403, "given": {"chat_id": chat("0001"), "text": "x"}
    }  # fmt: skip


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff"])
async def test_a_broken_body_is_refused(platform: Platform, body: bytes) -> None:
    url = f"{platform.base}/bot{TOKEN}/sendMessage"
    async with platform.http.post(url, data=body, headers={"Content-Type": "application/json"}) as response:
        assert (await response.json())["error_code"] == 400
