"""Each channel with its provider's simulator: the benches on which the contract of channels is tried."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.channels import log, sms_http, sms_smpp, telegram, webchat
from adapters.fates import Fate
from adapters.sandbox import sandboxed
from adapters.simulators import smsc
from adapters.simulators import telegram as telegram_simulator
from bot.demo.processes import free_ports
from bot.model.message import InboundMessage, OutboxItem, Receipt
from bot.model.person import Address
from bot.ports import Channel
from bot.settings import SmsSettings
from tests.adapters.sms_http import (
    support,
    test_esms,
    test_fpt,
    test_generic,
    test_speedsms,
    test_stringee,
    test_vietguys,
    test_viettel,
    test_vnpt,
)
from tests.support.making import message

SECRET = "k3y-0f-th3-0ff1ce"[:8]
TOKEN = "12345:very-secret-token-of-the-office"


@dataclass
class Bench:
    """An open channel and the addresses at which its provider behaves in a certain way; None: it cannot."""

    channel: Channel
    good: Address
    rejected: Address | None = None
    throttled: Address | None = None
    silent: Address | None = None
    heard: list[Receipt | InboundMessage] = field(default_factory=list)
    worded: Callable[..., OutboxItem] = message
    """A message as this channel's are, with an `address` and, where it matters, a `text`."""


Opened = Callable[[Path], AbstractAsyncContextManager[Bench]]


@asynccontextmanager
async def running(start: Callable[[Callable[[], None]], object]) -> AsyncIterator[None]:
    """A simulator in this event loop, from ready to cancelled."""
    ready = asyncio.Event()
    task = asyncio.ensure_future(start(ready.set))  # type: ignore[call-overload]
    try:
        await ready.wait()
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def listening(bench: Bench) -> AsyncIterator[Bench]:
    async def deliver(events: Sequence[Receipt | InboundMessage]) -> None:
        bench.heard.extend(events)

    assert bench.channel.listener is not None
    task = asyncio.ensure_future(bench.channel.listener.listen(deliver))
    try:
        yield bench
    finally:
        task.cancel()
        await asyncio.wait([task])


PATIENCE = 10.0
"""Seconds that a provider has for its answer, except where the test is about one that never comes."""
HASTE = 0.5
"""And there."""


def phone(ending: str) -> Address:
    return Address("sms", f"+8491234{ending}")


@asynccontextmanager
async def smpp_bench(
    place: Path, *, password: str = SECRET, door_open: bool = True, patience: float = PATIENCE
) -> AsyncIterator[Bench]:
    port, control = free_ports(2)
    secret = place / "password"
    secret.write_text(password, encoding="utf-8")
    settings = sms_smpp.Settings.model_validate(
        {
            "host": "127.0.0.1", "port": port, "system_id": "motcua", "password": f"file:{secret}",
            "source_addr": "8041", "response_timeout": patience, "reconnect_min": 0.05, "reference_tlv": 0x1501,
        }
    )  # fmt: skip
    centre = smsc.Settings(port=port, control_port=control, accounts={"motcua": SECRET}, delay=0.02)
    provider = running(lambda ready: smsc.run(centre, ready)) if door_open else nobody()
    async with provider, sms_smpp.open("sms", settings) as channel:
        bench = Bench(channel, phone("5678"), phone("0001"), phone("0006"), phone("0008"))
        async with listening(bench):
            yield bench


@asynccontextmanager
async def telegram_bench(
    place: Path, *, token: str = TOKEN, door_open: bool = True, patience: float = PATIENCE
) -> AsyncIterator[Bench]:
    (port,) = free_ports(1)
    secret = place / "token"
    secret.write_text(token, encoding="utf-8")
    settings = telegram.Settings.model_validate(
        {
            "token": f"file:{secret}",
            "base_url": f"http://127.0.0.1:{port}/bot",
            "read_timeout": patience,
            "poll_seconds": 1,
        }
    )
    server = telegram_simulator.Settings(port=port, token=TOKEN)
    provider = running(lambda ready: telegram_simulator.run(server, ready)) if door_open else nobody()
    async with provider, telegram.open("telegram", settings) as channel:
        where = lambda ending: Address("telegram", f"1000{ending}")  # noqa: E731
        yield Bench(channel, where("111"), where("901"), where("903"), where("904"))


@asynccontextmanager
async def webchat_bench(_: Path) -> AsyncIterator[Bench]:
    async with webchat.open("webchat", webchat.Settings()) as channel:
        yield Bench(channel, Address("webchat", "3f" * 16))


@asynccontextmanager
async def log_bench(place: Path) -> AsyncIterator[Bench]:
    async with log.open("log", log.Settings(path=place / "messages.jsonl")) as channel:
        yield Bench(channel, phone("5678"))


ANYTHING = {"progress": {"id": "560862", "pattern": "{1}"}}
"""A template that the simulated VNPT knows, whose only place is the whole text."""

GATEWAYS: dict[str, tuple[dict[str, Any], str]] = {
    "esms": (test_esms.KEYS, "secret_key"),
    "fpt": (test_fpt.KEYS, "client_secret"),
    "generic": (test_generic.example("kannel"), "password"),
    "speedsms": (test_speedsms.KEYS, "access_token"),
    "stringee": (test_stringee.ACCOUNT, "api_key_secret"),
    "vietguys": (test_vietguys.KEYS, "password"),
    "viettel": (test_viettel.ACCOUNT, "password"),
    "vnpt": ({**test_vnpt.ACCOUNT, "templates": ANYTHING}, "api_pass"),
}
"""Each HTTP provider's settings for its simulator, and which of them is its key."""


def http_gateway(provider: str) -> Callable[..., AbstractAsyncContextManager[Bench]]:
    """The bench of one HTTP provider."""
    settings, key = GATEWAYS[provider]

    @asynccontextmanager
    async def bench(
        _: Path, *, wrong_key: bool = False, door_open: bool = True, patience: float = PATIENCE
    ) -> AsyncIterator[Bench]:
        given = (
            settings
            | {"rate": 0, "response_timeout": patience}
            | ({key: SecretStr("a-wrong-key")} if wrong_key else {})
        )
        async with AsyncExitStack() as stack:
            if door_open:
                http = await stack.enter_async_context(support.http_bench(provider, **given))
                channel, heard = http.channel, http.heard.all
            else:
                nobody = f"http://127.0.0.1:{support.free_port()}"
                table = support.settings_of(provider, api=nobody, callback=nobody, changes=given)
                channel, heard = await stack.enter_async_context(sms_http.open("gateway", table)), []
            yield Bench(channel, *_numbers(), heard)

    return bench


@asynccontextmanager
async def sandbox_bench(_: Path) -> AsyncIterator[Bench]:
    async with sandboxed("sms", SmsSettings(sandbox=True), delay=0.01) as channel:
        yield Bench(channel, *_numbers())


def _numbers() -> tuple[Address, Address, Address, Address]:
    """Of a subscriber each: whose messages arrive, are refused, are throttled, are never answered."""
    fates = (Fate.ARRIVES, Fate.REFUSED, Fate.THROTTLED, Fate.SWALLOWED)
    good, rejected, throttled, silent = (Address("sms", support.phone(fate)) for fate in fates)
    return good, rejected, throttled, silent


@asynccontextmanager
async def nobody() -> AsyncIterator[None]:
    """The provider's door is closed."""
    yield


BENCHES: dict[str, Opened] = {
    "sms_smpp": smpp_bench,
    "telegram": telegram_bench,
    "webchat": webchat_bench,
    "log": log_bench,
    "sandbox": sandbox_bench,
    **{f"sms_http {provider}": http_gateway(provider) for provider in GATEWAYS},
}
