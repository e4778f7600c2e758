"""The whole way through two gateways: routes, SMPP, a provider's HTTP API, and its calls to our web server."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import App, open_app, read_plan
from bot.config import Config
from bot.demo.processes import free_ports, simulator
from bot.ledger import balance
from bot.model.clock import month_of, utc_now
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.serving import serve_web

SECRET = "s3cret-path-of-the-office"
KEYS = {"ApiKey": "api-key-1", "SecretKey": "secret-key-1", "cpid": "motcua", "PrivateKey": "private-key-1"}
CITIZEN = "+84912345678"

_new_id = id_maker(utc_now)


@dataclass
class Province:
    """The service, an SMS centre and an eSMS around it."""

    app: App
    http: aiohttp.ClientSession
    smsc: str
    esms: str

    async def plan(self, agency: str, number: str) -> OutboxItem:
        """A message of this agency, where the planner would put it."""
        route, queue = self.app.dispatch.gateways.routes.place(agency, number)
        now, fresh = utc_now(), _new_id()
        item = OutboxItem(
            id=fresh, dedupe_key=fresh, origin=f"test:{fresh}", channel=queue, route=route, agency=agency,
            address=Address("sms", number), lane=Lane.PUSH, situation=Situation.RESULT,
            text="Ho so H32.15-261122-0001 da co ket qua.", created_at=now, next_at=now,
            expires_at=now + timedelta(hours=1),
        )  # fmt: skip
        await self.app.storage.write(lambda tx: tx.outbox.enqueue([item]))
        return item

    async def ended(self, item: OutboxItem, state: DeliveryState) -> OutboxItem:
        while True:
            found = await self.app.storage.read(lambda tx: tx.outbox.get(item.id))
            if found and found.state is state:
                return found
            await asyncio.sleep(0.02)

    async def texts(self, control: str, number: str) -> list[dict[str, Any]]:
        """What a phone shows, as soon as it shows anything."""
        async with self.http.get(f"{control}/messages", params={"number": number, "wait": "10"}) as answer:
            return list(await answer.json())


@asynccontextmanager
async def province(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Province]:
    smsc, smsc_control, esms, esms_control, web = free_ports(5)
    for name, value in {
        "KEY": KEYS["ApiKey"],
        "SECRET": KEYS["SecretKey"],
        "SIGN": KEYS["PrivateKey"],
        "PATH": SECRET,
    }.items():
        monkeypatch.setenv(f"MOTCUA_TEST_{name}", value)
    callback = f"http://127.0.0.1:{web}/webhooks/esms/{SECRET}"
    config = Config.model_validate(
        {
            "storage": {"url": f"sqlite:{tmp_path / 'motcua.db'}"},
            "quiet": {way: {"begin": "00:00", "end": "00:00"} for way in ("personal", "bulk")},  # whatever the hour is
            "web": {"port": web, "key_file": tmp_path / "web.key"},
            "channels": {
                "viettel": {
                    "kind": "sms_smpp", "host": "127.0.0.1", "port": smsc, "system_id": "motcua",
                    "password": "env:MOTCUA_TEST_KEY", "source_addr": "8041", "reconnect_min": 0.05,
                    "prices": {"default": 350},
                },
                "esms": {
                    "kind": "sms_http", "provider": "esms", "sender": "KHANHHOA",
                    "url": f"http://127.0.0.1:{esms}/MainService.svc/json", "api_key": "env:MOTCUA_TEST_KEY",
                    "secret_key": "env:MOTCUA_TEST_SECRET", "private_key": "env:MOTCUA_TEST_SIGN",
                    "callback_secret": "env:MOTCUA_TEST_PATH", "callback_networks": ["127.0.0.0/8"],
                    "callback_base": f"http://127.0.0.1:{web}", "reply_in_answer": True,
                    "prices": {"viettel": 300, "default": 500},
                },
                "webchat": {"kind": "webchat"},
            },
            "routes": {
                "default": {"gateways": {"esms": 100, "viettel": 0}},
                "so-xay-dung": {"agencies": ["H32.10"], "sender": "SXD-KH", "gateways": {"viettel": 100}},
            },
        }
    )  # fmt: skip
    simulators: dict[str, dict[str, object]] = {
        "smsc": {"port": smsc, "control_port": smsc_control, "delay": 0.05},
        "sms_http": {
            "port": esms, "control_port": esms_control, "delay": 0.05, "accounts": json.dumps({"esms": KEYS}),
            "mo_callback": f"{callback}/mo",
        },
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        for word, settings in simulators.items():
            await stack.enter_async_context(simulator(word, settings, tmp_path / f"{word}.log"))
        app = await stack.enter_async_context(open_app(read_plan(config), migrate=True))
        await stack.enter_async_context(serve_web(app))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        running = asyncio.ensure_future(app.run())
        yield Province(app, http, f"http://127.0.0.1:{smsc_control}", f"http://127.0.0.1:{esms_control}")
        app.stop()
        await running


@pytest.mark.slow
async def test_each_agency_goes_its_way_and_receipts_come_back_to_our_web_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with province(tmp_path, monkeypatch) as here:
        common = await here.plan("H32.99", "+84961234567")
        of_the_department = await here.plan("H32.10.02", "+84901234567")
        by_http = await here.ended(common, DeliveryState.DELIVERED)
        by_smpp = await here.ended(of_the_department, DeliveryState.DELIVERED)
        (from_esms,) = await here.texts(here.esms, "+84961234567")
        (from_smsc,) = await here.texts(here.smsc, "+84901234567")
        spent = await here.app.storage.read(lambda tx: tx.spending.of_month(month_of(utc_now())))
        carriers = await here.app.storage.read(lambda tx: tx.routing.carriers([common.address.key]))
        books = await balance(here.app.storage)

    assert (by_http.gateway, by_http.cost, from_esms["from"]) == ("esms", 300, "KHANHHOA")
    assert (by_smpp.gateway, by_smpp.cost, from_smsc["from"]) == ("viettel", 350, "SXD-KH")
    assert {agency: each.cost for agency, each in spent.items()} == {"H32.99": 300, "H32.10.02": 350}
    assert carriers == {common.address.key: "viettel"}, "the receipt named it"
    assert books.balanced


@pytest.mark.slow
async def test_a_citizen_who_writes_to_the_short_code_gets_the_reply_in_the_answer_to_the_providers_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with province(tmp_path, monkeypatch) as here:
        asked = {"from": CITIZEN, "to": "8041", "text": "HS H32.15-261122-0001", "provider": "esms", "wait": 5}
        async with here.http.post(f"{here.esms}/mo", json=asked) as answer:
            said = await answer.json()
        books = await balance(here.app.storage)

    assert "H32.15-261122-0001" in said["reply"]
    assert books.balanced
    assert books.inbound["esms"]


@pytest.mark.slow
async def test_when_the_provider_is_away_the_other_gateway_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with province(tmp_path, monkeypatch) as here:
        async with here.http.post(f"{here.esms}/fault", json={"kind": "down"}) as ordered:
            assert ordered.status == 200
        began = utc_now()
        items = [await here.plan("H32.99", f"+8496123{number:04}") for number in range(5000, 5020)]
        done = [await here.ended(item, DeliveryState.DELIVERED) for item in items]
        took = utc_now() - began
        while not (moves := await here.app.storage.read(lambda tx: tx.routing.moves(limit=10, name="esms"))):
            await asyncio.sleep(0.05)

    assert {item.gateway for item in done} == {"viettel"}
    assert took < timedelta(seconds=30)
    assert moves[-1].after == 0
    assert moves[-1].reason


@pytest.mark.slow
async def test_a_stranger_who_calls_our_web_server_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with province(tmp_path, monkeypatch) as here:
        item = await here.plan("H32.99", "+84961230003")
        accepted = await here.ended(item, DeliveryState.ACCEPTED)
        port = here.app.plan.config.web.port
        forged = {"SMSID": "1", "RequestId": item.id, "SendStatus": "5", "SendSuccess": "1", "SendFailed": "0"}
        async with here.http.get(f"http://127.0.0.1:{port}/webhooks/esms/wrong-secret/dlr", params=forged) as answer:
            status = answer.status
        still = await here.app.storage.read(lambda tx: tx.outbox.get(item.id))

    assert status == 403
    assert still is not None
    assert still.state is accepted.state is DeliveryState.ACCEPTED
