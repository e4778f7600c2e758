"""Our client against an SMS centre that we did not write: the npm package `smpp`."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.model.clock import utc_now
from bot.model.message import Accepted, ChannelDown, DeliveryState
from tests.adapters.sms_smpp.support import item, number, opened, settings_for
from tests.adapters.smsc.support import certificate
from tests.interop.node import NodeCentre, node_centre

ACCENTED = "Hồ sơ H56.14-240823-0001 của ông/bà đã có kết quả; mời đến nhận tại bộ phận Một cửa. " * 3
PLAIN = "Ho so [H56.14-240823-0001] co ket qua, le phi 10.000 d {bien lai}. " * 4


async def submitted(centre: NodeCentre, outcome: Accepted, *, after: int) -> str:
    """The text that the submits of a message make, joined as a phone joins it."""
    total = len(outcome.references)
    submits = (await centre.until("submit", after + total))[after:]
    assert [submit["id"] for submit in submits] == list(outcome.references)
    assert [submit["part"] and submit["part"]["number"] for submit in submits] == (
        list(range(1, total + 1)) if total > 1 else [None]
    )
    assert len({submit["part"]["reference"] for submit in submits if submit["part"]}) <= 1
    return "".join(submit["text"] for submit in submits)


@pytest.mark.parametrize(
    "form", [{}, {"udh_reference": 16}, {"long_messages": "sar"}, {"long_messages": "payload"}], ids=str
)
async def test_texts_arrive_and_their_receipts_come_back(node_packages: Path, form: dict[str, Any]) -> None:
    async with node_centre(node_packages) as centre, opened(settings_for(centre.port, **form)) as ours:
        references: list[str] = []
        for text in (ACCENTED, PLAIN, "Ho so", "Hồ sơ"):
            outcome = await ours.send(item(text))

            assert isinstance(outcome, Accepted)
            assert await submitted(centre, outcome, after=len(references)) == text
            references += outcome.references
        receipts = await centre.until("receipt", len(references))
        assert {receipt["status"] for receipt in receipts} == {0}
        assert sorted(receipt.reference for receipt in ours.events.receipts) == sorted(references)
        assert {receipt.state for receipt in ours.events.receipts} == {DeliveryState.DELIVERED}


async def test_citizens_texts_come_in_whole(node_packages: Path) -> None:
    async with node_centre(node_packages) as centre, opened(settings_for(centre.port)) as ours:
        await centre.until("bind")
        for place, text in enumerate((ACCENTED, PLAIN, "HS 8041", "Xin hỏi"), 1):
            sender = number()

            await centre.write(sender[1:], "8041", text)

            assert (await centre.until("mo", place))[-1]["status"] == 0
            message = ours.events.messages[-1]
            assert (message.sender.value, message.to, message.text) == (sender, "8041", text)


@pytest.mark.parametrize("form", ["relative", "absolute"])
async def test_the_expiry_is_understood(node_packages: Path, form: str) -> None:
    async with node_centre(node_packages) as centre, opened(settings_for(centre.port, validity=form)) as ours:
        await ours.send(item(expires_in=7200))

        [submit] = await centre.until("submit")
        expiry = datetime.fromisoformat(submit["validity"])
        assert abs(expiry - utc_now() - timedelta(hours=2)) < timedelta(minutes=1)


async def test_over_tls(node_packages: Path, tmp_path: Path) -> None:
    made, key = certificate(tmp_path)
    async with node_centre(node_packages, tls={"cert": str(made), "key": str(key)}) as centre:
        trusting = settings_for(centre.port, host="localhost", tls=True, tls_ca=made)
        async with opened(trusting) as ours:
            assert isinstance(await ours.send(item(ACCENTED)), Accepted)
            await centre.write("84912345678", "8041", ACCENTED)
            await ours.events.until(lambda events: bool(events.messages and events.receipts))

        async with opened(settings_for(centre.port, host="localhost", tls=True)) as stranger:
            assert isinstance(await stranger.send(item()), ChannelDown)
        assert [bind["secure"] for bind in centre.events("bind")] == [True]


async def test_transmitter_and_receiver_as_two_links(node_packages: Path) -> None:
    async with node_centre(node_packages) as centre, opened(settings_for(centre.port, bind="separate")) as ours:
        binds = await centre.until("bind", 2)
        assert {bind["kind"] for bind in binds} == {"bind_transmitter", "bind_receiver"}

        assert isinstance(await ours.send(item(ACCENTED)), Accepted)

        await ours.events.until(lambda events: bool(events.receipts))
    await centre.until("unbind", 2)


async def test_a_wrong_password_is_told(node_packages: Path) -> None:
    async with node_centre(node_packages, password="another") as centre, opened(settings_for(centre.port)) as ours:
        outcome = await ours.send(item())

        assert isinstance(outcome, ChannelDown)
        assert "ESME_RINVPASWD" in outcome.reason


async def test_a_lost_link_is_made_anew(node_packages: Path) -> None:
    async with node_centre(node_packages) as centre, opened(settings_for(centre.port)) as ours:
        assert isinstance(await ours.send(item()), Accepted)

        await centre.drop()

        await centre.until("bind", 2)
        assert isinstance(await ours.send_once_bound(item()), Accepted)


async def test_a_query_finds_what_no_receipt_told(node_packages: Path) -> None:
    async with (
        node_centre(node_packages, receipts=False) as centre,
        opened(settings_for(centre.port, query=0.3)) as ours,
    ):
        outcome = await ours.send(item())
        assert isinstance(outcome, Accepted)

        await ours.events.until(lambda events: bool(events.receipts))

        [receipt] = ours.events.receipts
        assert (receipt.reference, receipt.state) == (outcome.references[0], DeliveryState.DELIVERED)
        assert [query["id"] for query in centre.events("query")] == list(outcome.references)
