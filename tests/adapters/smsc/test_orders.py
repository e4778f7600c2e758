"""Faults ordered over the control API, each as a client with nothing but its socket meets it."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.framing import Frame, pdu
from tests.adapters.sms_smpp.support import SOON, Centre, centre
from tests.adapters.smsc.support import BIND, Client, bound, submit

SILENT = "84912340003"
"""A number without receipts."""


async def order(smsc: Centre, kind: str, **facts: Any) -> None:
    async with smsc.http.post(
        f"http://127.0.0.1:{smsc.settings.control_port}/fault", json={"kind": kind, **facts}
    ) as told:
        assert told.status == 202, await told.text()


async def forget(smsc: Centre, query: str = "") -> int:
    async with smsc.http.delete(f"http://127.0.0.1:{smsc.settings.control_port}/fault{query}") as told:
        return int((await told.json())["ended"])


async def burst(client: Client, number: int, to: str = SILENT) -> None:
    for sequence in range(10, 10 + number):
        client.write(pdu(spec.SUBMIT_SM, sequence, submit(to)))


async def until_the_end(client: Client) -> list[Frame]:
    """What comes before the link is cut."""
    frames: list[Frame] = []
    while True:
        try:
            frames.append(await client.read())
        except EOFError:
            return frames


@pytest.mark.parametrize(("kind", "taken"), [("drop", True), ("drop-untaken", False)])
async def test_a_link_is_cut_with_submits_unanswered(tmp_path: Path, kind: str, *, taken: bool) -> None:
    async with centre(tmp_path / "log") as smsc, bound(smsc) as client:
        await order(smsc, kind, times=1, share=0.2)

        await burst(client, 8)

        assert [frame.sequence for frame in await until_the_end(client)] == [10, 11, 12, 13]
        lines = await smsc.journal("submit")
        assert [bool(line["message_id"]) for line in lines] == [True] * 4 + [taken] * 4
        assert [line["status"] for line in lines] == [0] * 4 + [None] * 4
        assert [line["faults"] for line in lines] == [[]] * 4 + [[kind]] * 4
        assert [line["kind"] for line in await smsc.journal("fault", "fault_ended")] == [kind, kind]
        async with bound(smsc) as again:
            assert (await again.ask(spec.SUBMIT_SM, submit(SILENT), 2)).status == spec.OK


@pytest.mark.parametrize("taken", [True, False])
async def test_a_silent_centre_answers_no_submit_but_lives(tmp_path: Path, *, taken: bool) -> None:
    async with centre(tmp_path / "log") as smsc, bound(smsc) as client:
        await order(smsc, "silence", taken=taken)

        await burst(client, 3)

        assert await client.is_silent()
        assert (await client.ask(spec.ENQUIRE_LINK)).command == spec.ENQUIRE_LINK_RESP
        assert [bool(line["message_id"]) for line in await smsc.journal("submit")] == [taken] * 3


@pytest.mark.parametrize(
    ("kind", "status"),
    [("throttle", spec.THROTTLED), ("queue-full", spec.QUEUE_FULL), ("system-error", spec.SYSTEM_ERROR)],
)
async def test_a_share_of_the_submits_is_refused_for_a_while(tmp_path: Path, kind: str, status: int) -> None:
    async with centre(tmp_path / "log") as smsc, bound(smsc) as client:
        await order(smsc, kind, share=0.5)

        await burst(client, 6)

        assert [(await client.read()).status for _ in range(6)] == [0, status] * 3
        assert [bool(line["message_id"]) for line in await smsc.journal("submit")] == [True, False] * 3
        assert await forget(smsc) == 1
        assert (await client.ask(spec.SUBMIT_SM, submit(SILENT), 99)).status == spec.OK


@pytest.mark.parametrize("kind", ["slow", "late-response"])
async def test_a_slow_centre_answers_later_and_in_order(kind: str) -> None:
    async with centre() as smsc, bound(smsc) as client:
        await order(smsc, kind, latency=0.2)
        began = time.monotonic()

        await burst(client, 3)

        assert [(await client.read()).sequence for _ in range(3)] == [10, 11, 12]
        assert time.monotonic() - began >= 0.2


async def test_a_response_comes_under_another_number() -> None:
    async with centre() as smsc, bound(smsc) as client:
        await order(smsc, "wrong-sequence", offset=500, times=1)

        assert (await client.ask(spec.SUBMIT_SM, submit(SILENT), 2)).sequence == 502
        assert (await client.ask(spec.SUBMIT_SM, submit(SILENT), 3)).sequence == 3


async def test_a_receipt_comes_twice() -> None:
    async with centre() as smsc, bound(smsc) as client:
        await order(smsc, "duplicate-receipt")
        await client.ask(spec.SUBMIT_SM, submit(), 2)

        first, second = await client.taken(spec.DELIVER_SM), await client.taken(spec.DELIVER_SM)

        assert first.body == second.body
        assert await client.is_silent()


async def test_a_receipt_is_lost_and_only_a_query_tells() -> None:
    async with centre() as smsc, bound(smsc) as client:
        await order(smsc, "lost-receipt")
        message_id = codec.first_text((await client.ask(spec.SUBMIT_SM, submit(), 2)).body)
        assert await client.is_silent()

        asked = codec.encode_query(codec.Query(message_id, codec.Place(5, 0, "SOTNMT")))
        told = codec.decode_queried((await client.ask(spec.QUERY_SM, asked, 3)).body)

        assert told.state == spec.DELIVERED


async def test_receipts_are_kept_back_until_the_fault_ends() -> None:
    async with centre() as smsc, bound(smsc) as client:
        await order(smsc, "held-receipt")
        await client.ask(spec.SUBMIT_SM, submit(), 2)
        assert await client.is_silent()

        await forget(smsc)

        await client.taken(spec.DELIVER_SM)
        assert await client.is_silent()


async def test_a_receipt_comes_before_the_response() -> None:
    async with centre() as smsc, bound(smsc) as client:
        await order(smsc, "receipt-first")

        first, second = await client.ask(spec.SUBMIT_SM, submit(), 2), await client.read()

        assert [first.command, second.command] == [spec.DELIVER_SM, spec.SUBMIT_SM_RESP]


async def test_half_open_links_are_mute_and_new_ones_are_not(tmp_path: Path) -> None:
    async with centre(tmp_path / "log") as smsc, bound(smsc) as client:
        await order(smsc, "half-open")

        await burst(client, 3)
        client.write(pdu(spec.ENQUIRE_LINK, 20))

        assert await client.is_silent()
        assert await smsc.journal("submit") == []
        async with bound(smsc) as other:
            assert (await other.ask(spec.SUBMIT_SM, submit(SILENT), 2)).status == spec.OK
        await forget(smsc)
        assert await until_the_end(client) == []
        assert len(await smsc.journal("submit")) == 1


async def test_deliveries_into_a_half_open_link_come_again_on_another() -> None:
    async with centre(answer_timeout=0.3, enquire_link=0.3) as smsc, bound(smsc) as client:
        await order(smsc, "half-open")
        await smsc.write("+84912345678", "HS")
        assert await client.is_silent()

        async with bound(smsc) as other:
            await other.taken(spec.DELIVER_SM)
        # The centre itself has noticed that nobody answers there.
        assert await until_the_end(client) == []


async def test_a_centre_that_is_down_cuts_all_and_comes_back(tmp_path: Path) -> None:
    async with centre(tmp_path / "log") as smsc, bound(smsc) as client:
        await order(smsc, "down", **{"for": 0.3})

        assert await until_the_end(client) == []
        with pytest.raises(ConnectionError):
            await Client.connected(smsc)
        async with asyncio.timeout(SOON):
            while await smsc.get("fault") or not await _is_open(smsc):
                await asyncio.sleep(0.02)
        async with bound(smsc) as again:
            assert (await again.ask(spec.SUBMIT_SM, submit(SILENT), 2)).status == spec.OK


async def _is_open(smsc: Centre) -> bool:
    """The port listens again, which it does a moment after the fault is over."""
    try:
        (await Client.connected(smsc)).close()
    except ConnectionError:
        return False
    return True


async def test_a_centre_that_is_down_may_only_refuse_binds() -> None:
    async with centre() as smsc:
        await order(smsc, "down", refuse="bind")
        client = await Client.connected(smsc)

        assert (await client.ask(spec.BIND_TRANSCEIVER, BIND)).status == spec.BIND_FAILED
        await forget(smsc, "?kind=down")
        assert (await client.ask(spec.BIND_TRANSCEIVER, BIND)).status == spec.OK
        client.close()


async def test_garbage_stands_between_good_pdus() -> None:
    async with centre() as smsc, bound(smsc) as client:
        await order(smsc, "garbage")

        await burst(client, 14)
        frames = [await client.read() for _ in range(28)]

        assert [frame.sequence for frame in frames[::2]] == list(range(10, 24))
        assert {frame.command for frame in frames[1::2]} >= {spec.DELIVER_SM, spec.GENERIC_NACK, spec.DATA_SM, 0x99}


async def test_fatal_garbage_puts_the_stream_out_of_step() -> None:
    async with centre() as smsc, bound(smsc) as client:
        await order(smsc, "garbage", fatal=True)

        assert (await client.ask(spec.SUBMIT_SM, submit(SILENT), 2)).status == spec.OK
        assert await client.is_silent()
        assert client.broken


async def test_several_faults_at_once_and_what_is_wrong_can_be_read() -> None:
    async with centre() as smsc, bound(smsc) as client:
        await order(smsc, "slow", latency=0.1)
        await order(smsc, "wrong-sequence", offset=1)

        assert (await client.ask(spec.SUBMIT_SM, submit(SILENT), 2)).sequence == 3
        assert await smsc.get("fault") == [
            {"kind": "slow", "latency": 0.1, "strikes": 1},
            {"kind": "wrong-sequence", "offset": 1, "strikes": 1},
        ]
        assert await forget(smsc) == 2
        assert await smsc.get("fault") == []


@pytest.mark.parametrize("body", [{}, {"kind": "flood"}, {"kind": "slow", "share": 2}, {"kind": "slow", "forever": 1}])
async def test_an_unknown_order_is_refused(body: dict[str, object]) -> None:
    async with centre() as smsc:
        url = f"http://127.0.0.1:{smsc.settings.control_port}/fault"
        async with smsc.http.post(url, json=body) as told:
            assert told.status == 400
        async with smsc.http.delete(f"{url}?kind=flood") as told:
            assert told.status == 400
