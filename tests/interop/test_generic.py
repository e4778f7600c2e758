"""Our `generic` HTTP gateway, described as docs/examples/channels/kannel.toml has it, with the real Kannel before our
simulated centre: from our outbox's message to the phone, and back again."""

import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from adapters.channels import sms_http
from bot.demo.processes import free_ports
from bot.model.message import Accepted, ChannelDown, DeliveryState
from bot.ports import Channel, WebhookRequest
from tests.adapters.sms_smpp.support import Centre, Events, centre, item, number
from tests.interop.kannel import PATIENCE, Kannel, kannel

EXAMPLE = Path("docs/examples/channels/kannel.toml")
CALLBACK = "a-secret-0f-the-0ffice"
ACCENTED = "Hồ sơ H56.14-240823-0001 của ông/bà đã có kết quả; mời đến nhận tại bộ phận Một cửa. " * 3
PLAIN = "Ho so [H56.14-240823-0001] co ket qua, le phi 10.000 d {bien lai}. " * 4


@dataclass
class Bench:
    """The channel, what its webhook heard, and the centre behind Kannel."""

    channel: Channel
    events: Events
    smsc: Centre


def described(gateway: Kannel, port: int) -> dict[str, Any]:
    """The shipped example, with our addresses in place of an office's."""
    table = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))["channels"]["kannel"]
    assert table.pop("kind") == "sms_http"
    dlr_url = table["dlr_url"].replace("https://mot-cua.tinh.gov.vn", f"http://127.0.0.1:{port}")
    ours = {"url": gateway.sendsms, "user": gateway.user, "dlr_url": dlr_url, "callback_networks": ["127.0.0.0/8"]}
    return dict(table) | ours


@asynccontextmanager
async def listening(port: int, events: Events, channels: list[Channel]) -> AsyncIterator[None]:
    """What the service's own web server does with a provider's call."""

    async def hear(request: web.Request) -> web.Response:
        webhook = channels[0].webhook
        assert webhook
        headers = {key.lower(): value for key, value in request.headers.items()}
        result = webhook.parse(
            WebhookRequest(
                request.method, request.path, dict(request.query), headers, await request.read(), "127.0.0.1"
            )
        )
        if result.events:
            await events.deliver(result.events)
        body = await result.answer() if result.answer else result.body
        return web.Response(status=result.status, body=body, headers={"Content-Type": result.content_type})

    application = web.Application()
    application.router.add_route("*", "/webhooks/kannel/{tail:.+}", hear)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def bench(place: Path, monkeypatch: pytest.MonkeyPatch, password: str = "") -> AsyncIterator[Bench]:
    (port,) = free_ports(1)
    mo = f'post-url = "http://127.0.0.1:{port}/webhooks/kannel/{CALLBACK}/mo?id=%I&from=%p&to=%P"'
    events, channels = Events(), list[Channel]()
    async with (
        centre(place / "smsc.jsonl") as smsc,
        listening(port, events, channels),
        kannel(place, smsc_port=smsc.port, mo=mo) as gateway,
    ):
        monkeypatch.setenv("MOTCUA_KANNEL_PASSWORD", password or gateway.password)
        monkeypatch.setenv("MOTCUA_KANNEL_CALLBACK", CALLBACK)
        settings = sms_http.VARIANTS["generic"].model_validate(described(gateway, port))
        async with sms_http.open("kannel", settings) as channel:
            channels.append(channel)
            yield Bench(channel, events, smsc)


async def test_messages_reach_the_phone_and_receipts_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fates = {"7777": DeliveryState.DELIVERED, "0002": DeliveryState.FAILED, "0001": DeliveryState.FAILED}
    async with bench(tmp_path, monkeypatch) as each:
        sent = [item(ACCENTED), item(PLAIN), *(item(to=number(ending)) for ending in fates)]
        wanted = [DeliveryState.DELIVERED] * 2 + list(fates.values())

        for message in sent:
            assert isinstance(await each.channel.sender.send(message), Accepted)

        final = (DeliveryState.DELIVERED, DeliveryState.FAILED)
        await each.events.until(
            lambda events: sum(receipt.state in final for receipt in events.receipts) == len(sent), within=PATIENCE
        )
        states = {receipt.item_id: receipt.state for receipt in each.events.receipts if receipt.state in final}
        assert [states[message.id] for message in sent] == wanted
        for message in sent[:2]:
            assert [text["text"] for text in await each.smsc.texts(message.address.value)] == [message.text]


async def test_what_citizens_write_comes_in_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(tmp_path, monkeypatch) as each:
        for place, text in enumerate((ACCENTED, PLAIN, "HS 8041"), 1):
            sender = number()

            status, _ = await each.smsc.write(sender, text, wait=True)

            assert status == 202
            await each.events.until(lambda events, place=place: len(events.messages) == place, within=PATIENCE)  # type: ignore[misc]
            message = each.events.messages[-1]
            assert (message.sender.value, message.to, message.text) == (sender, "8041", text)


async def test_a_wrong_password_is_our_mistake_and_not_the_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path, monkeypatch, password="wr0ng") as each:
        assert isinstance(await each.channel.sender.send(item()), ChannelDown)
