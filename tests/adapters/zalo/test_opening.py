"""Opening the channel, trying it, its listener, the first consent; and that no secret reaches a log."""

import asyncio
import logging
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from adapters.channels import zalo
from adapters.channels.zalo.grant import Grant
from bot.model.clock import utc_now
from bot.model.errors import ChannelError, ConfigError
from bot.model.message import Accepted
from bot.ports import Vault
from bot.vaults import vault_for
from tests.adapters.zalo.support import (
    ACCESS,
    APP_SECRET,
    CALLBACK,
    NAME,
    OA_SECRET,
    REFRESH,
    USER,
    bench,
    database,
    free_port,
    grant,
    item,
    person,
    settings_for,
    simulated,
)


def test_limits_are_those_of_zalo(tmp_path: Path) -> None:
    settings = settings_for("http://127.0.0.1:1", tmp_path)

    assert settings.rate * 60 <= 4000


async def test_a_channel_opens_without_a_network_and_names_its_secrets(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    async with database(tmp_path) as storage:
        vault = vault_for(storage, NAME, clock=utc_now)
        await vault.keep(grant(utc_now()).text)

        async with zalo.open(
            NAME, settings_for(nowhere, tmp_path, proxy="http://me:pässwort@127.0.0.1:1"), vault=vault
        ) as it:
            assert set(it.secrets) == {APP_SECRET, OA_SECRET, ACCESS, REFRESH, "pässwort"}
            assert not any(secret in repr(it) for secret in it.secrets)
            assert (it.limits.longest, it.limits.buttons, it.limits.honours_reference) == (2000, False, False)
            assert it.limits.shares_phone is False


async def test_a_try_names_the_account_and_what_is_left_today(tmp_path: Path) -> None:
    async with bench(tmp_path, simulated_with={"quota": 320}) as us:
        line = await zalo.check(us.settings, us.vault)

        assert (
            line == "OA Một cửa (mô phỏng): kết nối được (connected), ZBS hôm nay còn / template messages left: 320/320"
        )


async def test_a_try_without_consent_or_without_zalo_says_what_is_wrong(tmp_path: Path) -> None:
    nowhere = settings_for(f"http://127.0.0.1:{free_port()}", tmp_path)
    async with database(tmp_path) as storage:
        vault = vault_for(storage, NAME, clock=utc_now)

        with pytest.raises(ChannelError, match="motcua zalo login"):
            await zalo.check(nowhere, vault)
        await vault.keep(grant(utc_now()).text)
        with pytest.raises(ChannelError, match="no connection"):
            await zalo.check(nowhere, vault)


async def test_the_standing_of_an_account_is_told_without_a_secret(tmp_path: Path) -> None:
    async with bench(tmp_path) as us:
        found = await zalo.status(us.settings, us.vault)

        kept = await us.kept()
        assert (found.account, found.remaining, found.trouble) == ("Một cửa (mô phỏng)", 500, "")
        assert found.token_ends_at == kept.expires_at
        assert found.consent_ends_at == kept.refreshed_at + timedelta(days=90)
        assert ACCESS not in repr(found)


async def test_the_listener_renews_what_is_due_and_reads_the_quota_at_the_start(tmp_path: Path) -> None:
    due = grant(utc_now(), hours=1, age=24)
    async with bench(tmp_path, kept=due, simulated_with={"quota": 0}) as us:
        assert us.channel.listener
        listening = asyncio.create_task(us.channel.listener.listen(us.heard.deliver))
        async with asyncio.timeout(20):
            while not await us.zalo.rotations() or (await us.zalo.get("stats")).get("0", 0) == 0:
                await asyncio.sleep(0.02)
        while (outcome := await us.send(item(phone=person()[1]))).reason.startswith("Zalo"):
            await asyncio.sleep(0.02)
        listening.cancel()
        await asyncio.wait([listening])

        assert outcome.reason == "today's template messages are used up"


# The first consent


@asynccontextmanager
async def consenting(place: Path):  # type: ignore[no-untyped-def]
    async with simulated() as simulation, database(place) as storage:
        yield simulation, settings_for(simulation.base, place / "spool"), vault_for(storage, NAME, clock=utc_now)


def code_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["code"][0]


async def test_an_administrators_consent_becomes_a_pair_that_works(tmp_path: Path) -> None:
    async with consenting(tmp_path) as (simulation, settings, vault):
        asked = zalo.consent(settings)
        address = await simulation.consented(asked.url)

        granted = await zalo.exchange(settings, vault, code=code_of(address), verifier=asked.verifier)

        assert address.startswith(CALLBACK)
        assert parse_qs(urlsplit(address).query)["state"] == [asked.state]
        assert granted.expires_at - utc_now() > timedelta(hours=24)
        assert Grant.read(await vault.read()) == granted
        assert "Một cửa" in await zalo.check(settings, vault)


def test_the_challenge_is_the_same_each_time_as_the_apps_settings_keep_it(tmp_path: Path) -> None:
    settings = settings_for("https://oauth.test", tmp_path)

    first, second = zalo.consent(settings), zalo.consent(settings)

    assert (first.challenge, first.verifier) == (second.challenge, second.verifier)
    assert len(first.verifier) == len(first.challenge) == 43
    assert first.state != second.state
    assert first.verifier not in first.url + repr(first)
    assert APP_SECRET not in first.url


async def refusal(settings: zalo.Settings, vault: Vault, *, code: str, verifier: str) -> str:
    with pytest.raises(ChannelError) as error:
        await zalo.exchange(settings, vault, code=code, verifier=verifier)
    return str(error.value)


async def test_a_refused_code_is_explained_and_leaves_the_vault_as_it_was(tmp_path: Path) -> None:
    async with consenting(tmp_path) as (simulation, settings, vault):
        asked = zalo.consent(settings)
        address = await simulation.consented(asked.url)
        before = grant(utc_now()).text
        await vault.keep(before)

        wrong_pair = await refusal(settings, vault, code=code_of(address), verifier="x" * 43)
        used = await refusal(settings, vault, code=code_of(address), verifier=asked.verifier)
        other_app = settings.model_copy(update={"app_id": "5"})
        wrong_app = await refusal(other_app, vault, code="x", verifier=asked.verifier)

        assert "get a new code" in wrong_pair
        assert "older than 10 minutes" in used
        assert wrong_app.startswith("Zalo -14002: ứng dụng chưa được kích hoạt")
        assert await vault.read() == before
        assert code_of(address) not in used + wrong_pair


async def test_while_the_service_renews_a_login_waits_and_the_code_stays_good(tmp_path: Path) -> None:
    async with consenting(tmp_path) as (simulation, settings, vault):
        asked = zalo.consent(settings)
        code = code_of(await simulation.consented(asked.url))

        async with vault.turn():
            told = await refusal(settings, vault, code=code, verifier=asked.verifier)

        assert "with the same code" in told
        await zalo.exchange(settings, vault, code=code, verifier=asked.verifier)


async def test_a_login_behind_a_closed_door_can_be_tried_again(tmp_path: Path) -> None:
    async with database(tmp_path) as storage:
        vault = vault_for(storage, NAME, clock=utc_now)

        told = await refusal(settings_for(f"http://127.0.0.1:{free_port()}", tmp_path), vault, code="x", verifier="y")

        assert "no connection (ECONNREFUSED)" in told
        assert await vault.read() == ""


def test_without_a_callback_address_a_consent_cannot_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="redirect_uri"):
        zalo.consent(settings_for("https://oauth.test", tmp_path, redirect_uri=""))


@pytest.mark.parametrize(
    "wrong",
    [
        {"app_id": "abc"}, {"api_url": "openapi.zalo.me"}, {"templates": {"result": {"id": "a b"}}},
        {"templates": {"results": {"id": "1"}}}, {"price_late": -1}, {"refresh_before": 0}, {"apikey": "x"},
    ],
)  # fmt: skip
def test_a_table_that_cannot_work_is_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings_for("https://zalo.test", tmp_path, **wrong)


# Secrets


async def test_nothing_secret_or_personal_reaches_a_log_or_a_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for logger in ("adapters.channels", "bot", "aiohttp.client", "asyncio"):
        caplog.set_level(logging.DEBUG, logger)
    text = "Bà Nguyễn Thị Bí Mật có kết quả"
    seen: list[str] = []
    async with bench(tmp_path, kept=grant(utc_now(), hours=1, age=24)) as us:
        assert us.channel.listener
        listening = asyncio.create_task(us.channel.listener.listen(us.heard.deliver))
        await us.zalo.heard(USER)
        for ending in ("7777", "0001", "0006", "0007", "0115", "0139", "0216", "0500", "0999"):
            user, phone = person(ending)
            await us.zalo.heard(user)
            seen += [repr(await us.send(item(phone=phone))), repr(await us.send(item(user, text=text)))]
        await us.zalo.post(f"users/{USER}/say", {"text": text})
        await us.zalo.post(f"users/{USER}/submit", {"name": "Bí Mật"})
        listening.cancel()
        await asyncio.wait([listening])
        kept = await us.kept()

        assert any(each.startswith(Accepted.__name__) for each in seen)
        told = caplog.text + "".join(seen) + "".join(repr(vars(record)) for record in caplog.records)
        for secret in (ACCESS, REFRESH, kept.access_token, kept.refresh_token, APP_SECRET, OA_SECRET):
            assert secret not in told
        for private in ("Bí Mật", "84912345678", USER, "+8491", "880000091"):
            assert private not in told
