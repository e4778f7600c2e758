"""What every channel promises, tried against its provider's simulator; and the checks that no adapter escapes."""

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from adapters.channels.sms_http import VARIANTS
from adapters.registry import CHANNELS
from bot.model.message import Accepted, ChannelDown, Rejected, Retry, Uncertain
from bot.model.person import Address
from tests.contract import bench_email, bench_zalo, channels
from tests.contract.channels import (
    GATEWAYS,
    HASTE,
    SECRET,
    TOKEN,
    Bench,
    Opened,
    http_gateway,
    smpp_bench,
    telegram_bench,
)

HTTP = {f"sms_http {provider}": http_gateway(provider) for provider in GATEWAYS}
PROVIDERS = {
    "sms_smpp": smpp_bench,
    "telegram": telegram_bench,
    "email": bench_email.email_bench,
    **bench_zalo.BENCHES,
    **HTTP,
}
BENCHES: dict[str, Opened] = {**channels.BENCHES, **bench_zalo.BENCHES, "email": bench_email.email_bench}
WRONG_KEYS = {
    "sms_smpp": {"password": "wr0ng-pw"},
    "telegram": {"token": "12345:another-token"},
    "email": {"password": "an0ther-password"},
    "zalobot": {"token": "1:wrong"},
}
MUTE = ("sms_http vietguys",)
"""Providers without a word for "too fast": it looks like any trouble of the moment."""
LONG = "Hồ sơ của Ông/Bà cần bổ sung giấy tờ. " * 200

every_channel = pytest.mark.parametrize("bench", list(BENCHES.values()), ids=list(BENCHES))
every_provider = pytest.mark.parametrize("bench", list(PROVIDERS.values()), ids=list(PROVIDERS))


def test_no_channel_escapes_the_contract() -> None:
    assert {name.partition(" ")[0] for name in BENCHES} - {"sandbox"} == set(CHANNELS)
    assert set(GATEWAYS) == set(VARIANTS)


@every_channel
async def test_a_message_is_accepted(bench: Opened, tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        outcome = await here.channel.sender.send(here.worded(address=here.good))

    assert isinstance(outcome, Accepted)


@every_channel
async def test_an_over_long_text_is_carried_whole_or_refused_and_never_cut(bench: Opened, tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        outcome = await here.channel.sender.send(here.worded(address=here.good, text=LONG))
        longest = here.channel.limits.longest

    assert isinstance(outcome, Accepted | Rejected)
    if isinstance(outcome, Accepted) and here.channel.name in PROVIDERS:
        assert len(outcome.references) > 1, "it needs several parts or pieces"
    assert longest == 0 or longest < len(LONG)


@every_channel
@pytest.mark.parametrize("value", ["", "0", "abc", "+84", "\x00", "9" * 400, "ần", "../etc", "+84912345678\n"])
async def test_an_odd_address_is_an_outcome_and_not_an_error(bench: Opened, tmp_path: Path, value: str) -> None:
    async with bench(tmp_path) as here:
        outcome = await here.channel.sender.send(here.worded(address=Address(here.good.scheme, value)))

    assert isinstance(outcome, Accepted | Rejected | Retry | ChannelDown)


@every_provider
async def test_an_address_that_the_provider_refuses_is_rejected(bench: Opened, tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        assert here.rejected is not None
        outcome = await here.channel.sender.send(here.worded(address=here.rejected))

    assert isinstance(outcome, Rejected)


@pytest.mark.parametrize(
    "bench",
    [bench for name, bench in PROVIDERS.items() if name not in MUTE],
    ids=[n for n in PROVIDERS if n not in MUTE],
)
async def test_a_throttled_message_may_be_tried_again_and_is_not_blamed(bench: Opened, tmp_path: Path) -> None:
    async with bench(tmp_path) as here:
        assert here.throttled is not None
        outcome = await here.channel.sender.send(here.worded(address=here.throttled))

    assert isinstance(outcome, Retry)
    assert not outcome.counts
    assert outcome.after


@every_provider
async def test_silence_after_the_request_is_uncertain(bench: Opened, tmp_path: Path) -> None:
    async with bench(tmp_path, patience=HASTE) as here:
        assert here.silent is not None
        outcome = await here.channel.sender.send(here.worded(address=here.silent))

    assert isinstance(outcome, Uncertain)


@every_provider
async def test_a_closed_door_is_the_channels_trouble_and_not_the_messages(
    bench: Callable[..., AbstractAsyncContextManager[Bench]], tmp_path: Path
) -> None:
    async with bench(tmp_path, door_open=False) as here:
        outcome = await here.channel.sender.send(here.worded(address=here.good))

    assert isinstance(outcome, ChannelDown)


@pytest.mark.parametrize(
    ("bench", "wrong"),
    [(bench, WRONG_KEYS.get(name, {"wrong_key": True})) for name, bench in PROVIDERS.items()],
    ids=list(PROVIDERS),
)
async def test_a_wrong_key_is_the_channels_trouble(
    bench: Callable[..., AbstractAsyncContextManager[Bench]], wrong: dict[str, Any], tmp_path: Path
) -> None:
    async with bench(tmp_path, **wrong) as here:
        outcome = await here.channel.sender.send(here.worded(address=here.good))

    assert isinstance(outcome, ChannelDown)


@every_provider
async def test_no_secret_number_or_text_reaches_a_log(
    bench: Callable[..., AbstractAsyncContextManager[Bench]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    # It logs the values of its statements; the service hushes it (`bot.logs`), and here only a vault needs it.
    caplog.set_level(logging.WARNING, "aiosqlite")
    text = "Nội dung riêng của công dân"
    hidden = [SECRET, TOKEN, bench_email.PASSWORD, *bench_zalo.SECRETS, text, "Noi dung rieng"]
    for circumstances in ({}, {"door_open": False}):
        async with bench(tmp_path, patience=HASTE, **circumstances) as here:
            for address in (here.good, here.rejected, here.throttled, here.silent):
                assert address is not None
                await here.channel.sender.send(here.worded(address=address, text=text))
                hidden.append(address.value.removeprefix("+84"))
            assert here.channel.secrets
            hidden += here.channel.secrets

    assert [word for word in hidden if word in caplog.text] == []
