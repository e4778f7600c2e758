"""Zalo's two ways with their simulators: an official account, by user id and by phone, and a bot of the platform."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.channels import zalo, zalobot
from adapters.simulators import zalobot as zalobot_simulator
from bot.demo.processes import free_ports
from bot.model.clock import utc_now
from bot.model.message import OutboxItem, Situation
from bot.model.person import Address
from bot.vaults import vault_for
from tests.adapters.zalo import support
from tests.contract.channels import PATIENCE, Bench, nobody, running

BOT_TOKEN = "284504610524:very-secret-token-of-the-bot"
SECRETS = (BOT_TOKEN, support.APP_SECRET, support.OA_SECRET, support.ACCESS, support.REFRESH)

_ENDINGS = ("7777", "0001", "0006", "0008")
"""Of those who get their messages, are refused, are throttled, are never answered."""


@asynccontextmanager
async def zalobot_bench(
    place: Path, *, token: str = BOT_TOKEN, door_open: bool = True, patience: float = PATIENCE
) -> AsyncIterator[Bench]:
    (port,) = free_ports(1)
    secret = place / "bot-token"
    secret.write_text(token, encoding="utf-8")
    settings = zalobot.Settings.model_validate(
        {"token": f"file:{secret}", "base_url": f"http://127.0.0.1:{port}", "read_timeout": patience, "mode": "polling"}
    )
    server = zalobot_simulator.Settings(port=port, token=BOT_TOKEN)
    provider = running(lambda ready: zalobot_simulator.run(server, ready)) if door_open else nobody()
    async with provider, zalobot.open("zalobot", settings) as channel:
        good, rejected, throttled, silent = (Address("zalobot", f"6ede9afa66b88fe6{ending}") for ending in _ENDINGS)
        yield Bench(channel, good, rejected, throttled, silent)


def zalo_bench(scheme: str, worded: Callable[..., OutboxItem]) -> Callable[..., AbstractAsyncContextManager[Bench]]:
    """The bench of an official account whose citizens are known by user id (`zalo`) or by phone (`zalophone`)."""

    @asynccontextmanager
    async def bench(
        place: Path, *, wrong_key: bool = False, door_open: bool = True, patience: float = PATIENCE
    ) -> AsyncIterator[Bench]:
        people = [support.person(ending) for ending in _ENDINGS]
        async with AsyncExitStack() as stack:
            base = f"http://127.0.0.1:{support.free_port()}"
            if door_open:
                simulated = await stack.enter_async_context(support.simulated())
                base = simulated.base
                for user, _ in people:
                    await simulated.heard(user)
            storage = await stack.enter_async_context(support.database(place))
            vault = vault_for(storage, "zalo", clock=utc_now)
            # An app whose secret is wrong finds out when its access token has ended.
            await vault.keep(support.grant(utc_now(), hours=0 if wrong_key else 25, age=25).text)
            wrong = {"app_secret": SecretStr("a-wrong-app-secret")} if wrong_key else {}
            settings = support.settings_for(base, place / "spool", response_timeout=patience, **wrong)
            channel = await stack.enter_async_context(zalo.open("zalo", settings, vault=vault))
            good, rejected, throttled, silent = (
                Address(scheme, user if scheme == "zalo" else phone) for user, phone in people
            )
            yield Bench(channel, good, rejected, throttled, silent, worded=worded)

    return bench


def _registered(*, text: str = support.VALUES["reason"], **changes: Any) -> OutboxItem:
    """A template message, which says `text` as a value of the template."""
    values = {**support.VALUES, "reason": text}
    return support.item(situation=Situation.APOLOGY, values=values, heard=None, text=text, **changes)


BENCHES: dict[str, Callable[..., AbstractAsyncContextManager[Bench]]] = {
    "zalobot": zalobot_bench,
    "zalo": zalo_bench("zalo", support.item),
    "zalo phone": zalo_bench("zalophone", _registered),
}
