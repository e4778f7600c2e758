"""The stand-in for HTTP providers itself: faults on order, receipts that are repeated, a journal that remembers."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from adapters.fates import Fate
from bot.model.message import Accepted, ChannelDown, DeliveryState, Retry, Uncertain
from tests.adapters.sms_http.support import HASTE, SOON, free_port, http_bench, item
from tests.adapters.sms_http.test_generic import example


async def test_a_fault_meets_its_share_of_the_messages() -> None:
    async with http_bench("generic", **example("kannel", window=50)) as bench:
        await bench.provider.fault("throttle", share=0.5)
        outcomes = await asyncio.gather(*(bench.send(item()) for _ in range(200)))
        stats = await bench.provider.stats()

    throttled = sum(isinstance(outcome, Retry) for outcome in outcomes)
    assert 60 < throttled < 140
    assert stats["refused_throttled"] == throttled
    assert stats["accepted"] == 200 - throttled


async def test_slow_answers_come_late_and_the_message_arrives() -> None:
    message = item()
    async with http_bench("generic", **example("kannel", response_timeout=5.0)) as bench:
        await bench.provider.fault("slow", latency=0.3)
        begun = time.monotonic()
        outcome = await bench.send(message)
        took = time.monotonic() - begun
        texts = await bench.provider.texts(message.address.value)

    assert isinstance(outcome, Accepted)
    assert took >= 0.3
    assert [text["state"] for text in texts] == ["delivered"]


async def test_what_was_cut_off_was_taken_and_what_hung_was_not() -> None:
    cut, hung = item(), item()
    async with http_bench("generic", **example("jasmin"), response_timeout=HASTE) as bench:
        await bench.provider.fault("cut")
        outcomes = [await bench.send(cut)]
        await bench.provider.fault("hang")
        outcomes.append(await bench.send(hung))
        receipt = await bench.heard.receipt()
        texts = await bench.provider.texts(hung.address.value, wait=0.1)

    assert [type(outcome) for outcome in outcomes] == [Uncertain, Uncertain]
    assert (receipt.item_id, receipt.state) == (cut.id, DeliveryState.DELIVERED), "the uncertain one becomes known"
    assert texts == []


async def test_an_outage_closes_the_port_and_its_end_opens_it() -> None:
    async with http_bench("generic", **example("kannel")) as bench:
        await bench.send(item())
        await bench.provider.fault("down")
        during = [await bench.send(item()) for _ in range(3)]
        await bench.provider.no_fault()
        after = await bench.send(item())

    assert during == [ChannelDown("no connection (ECONNREFUSED)")] * 3
    assert isinstance(after, Accepted)


async def test_the_first_times_are_bad_luck_and_then_it_goes_through() -> None:
    throttled, dropped = item(to=Fate.THROTTLED), item(to=Fate.DROPPED)
    async with http_bench("generic", **example("kannel")) as bench:
        first = [type(await bench.send(throttled)) for _ in range(3)]
        second = [type(await bench.send(dropped)) for _ in range(2)]

    assert first == [Retry, Retry, Accepted]
    assert second == [Uncertain, Accepted], "who repeats a dropped one blindly reaches the citizen twice"


async def test_too_many_a_second_are_too_fast() -> None:
    async with http_bench("generic", simulated={"rate": 5}, **example("kannel", window=30)) as bench:
        outcomes = await asyncio.gather(*(bench.send(item()) for _ in range(20)))

    assert 5 <= sum(isinstance(outcome, Accepted) for outcome in outcomes) <= 7


@pytest.mark.parametrize("refusals", [4, 5])
async def test_a_receipt_is_brought_five_times_at_most(refusals: int) -> None:
    calls = 0

    async def hear(_: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return web.Response(status=503 if calls <= refusals else 200)

    port = free_port()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", hear)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    places = {"dlr_url": f"http://127.0.0.1:{port}/dlr?id={{id}}&type=%d"}
    async with http_bench("generic", simulated={"repeat_after": 0.01}, **example("kannel", **places)) as bench:
        await bench.send(item())
        await bench.provider.until("receipt_taken" if refusals < 5 else "receipt_given_up")
    await runner.cleanup()

    assert calls == 5


async def test_the_journal_outlives_the_simulator(tmp_path: Path) -> None:
    log, message = tmp_path / "journal.jsonl", item("Hồ sơ đã có kết quả")
    async with http_bench("generic", simulated={"log": log}, **example("kannel")) as bench:
        await bench.send(message)
        await bench.heard.receipt()
        await bench.provider.until("receipt_taken")

    lines: list[dict[str, Any]] = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert [line["event"] for line in lines] == ["submit", "receipt_taken"]
    assert (lines[0]["text"], lines[0]["to"]) == (message.text, message.address.value[1:])
    assert lines[0]["message_id"] == lines[1]["message_id"]


async def test_the_control_api_says_what_it_expects() -> None:
    async with http_bench("generic", **example("kannel")) as bench, ClientSession() as http:
        url = bench.provider.url
        answers = [
            await http.post(f"{url}/fault", json={"kind": "earthquake"}),
            await http.post(f"{url}/fault", json={"kind": "slow", "share": 2}),
            await http.post(f"{url}/fault", data=b"\xff"),
            await http.post(f"{url}/mo", json={"from": "+84912345678", "to": "8041", "text": "TC"}),
            await http.post(f"{url}/mo", json={"from": "1", "to": "2", "text": "TC", "provider": "nobody"}),
            await http.get(f"{url}/messages?after=x"),
        ]
        statuses = [answer.status for answer in answers]
        numbers = await (await http.get(f"{url}/numbers")).json()

    assert statuses == [400] * 6
    assert numbers == []


async def test_a_citizens_message_that_nobody_takes_is_told_to_whoever_wrote_it() -> None:
    async with http_bench("generic", simulated={"repeat_after": 0.01}, **example("kannel")) as bench:
        closed = f"http://127.0.0.1:{free_port()}/mo"
        async with asyncio.timeout(SOON):
            answer = await bench.provider.write("kannel", "+84912345678", "TC", url=closed)

    assert answer["acknowledged"] is False
