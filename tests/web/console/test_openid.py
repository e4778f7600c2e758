"""Log-in by an OpenID provider: a real one on localhost, and what it may get wrong."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.model.staff import Grant, Role
from bot.ports import Storage
from bot.web.prefix import PREFIX
from tests.support.openid import CLIENT, CLIENT_SECRET, Provider, open_provider
from tests.web.console.rig import Clerk, Rig, open_rig

EMAIL = "lan@tinh.gov.vn"


@dataclass
class Province:
    rig: Rig
    provider: Provider

    async def invite(self, login: str = "lan", email: str = EMAIL) -> None:
        await self.rig.staffing.invite(login, f"Cán bộ {login}", {Grant(Role.CLERK)}, email=email)

    async def come(self, then: str = "/toi") -> Clerk:
        """Somebody follows the button, is sent to the provider, and comes back."""
        browser = await self.rig.stranger()
        await browser.get(f"/dang-nhap/openid?tiep={then}")
        return browser


@pytest.fixture
async def province(sqlite_storage: Storage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Province]:
    monkeypatch.setenv("MOTCUA_TEST_OPENID", CLIENT_SECRET)
    async with open_provider() as provider:
        openid = {"issuer": provider.issuer, "client_id": CLIENT, "client_secret": "env:MOTCUA_TEST_OPENID"}
        async with open_rig(sqlite_storage, console={"openid": openid}) as rig:
            yield Province(rig, provider)


async def test_somebody_invited_is_known_by_her_verified_e_mail_and_from_then_on_by_her_subject(
    province: Province,
) -> None:
    await province.invite()
    province.provider.amr = ("pwd", "mfa")

    first = await province.come()
    province.provider.email = "lan.moi@tinh.gov.vn"
    second = await province.come()

    members = await province.rig.storage.read(lambda tx: tx.staff.members())
    assert first.where == second.where == "/toi"
    assert [each.login for each in members] == ["lan"]
    assert members[0].subject == f"{province.provider.issuer}#u-1"
    assert await province.rig.storage.read(lambda tx: tx.staff.invitations()) == []
    whats = [each.what for each in await province.rig.recorded("staff.")]
    assert whats == ["staff.invited", "staff.joined", "staff.entered", "staff.entered"]


async def test_who_gave_no_second_factor_there_sets_one_up_here(province: Province) -> None:
    await province.invite()

    browser = await province.come()
    await browser.get("/")

    assert browser.where == "/toi/hai-lop"


async def test_an_account_with_a_password_is_linked_by_its_e_mail_and_still_asks_for_its_code(
    province: Province,
) -> None:
    clerk = await province.rig.login(Role.CLERK, login="lan")
    member = await province.rig.storage.read(lambda tx: tx.staff.by_login("lan"))
    assert member
    await province.rig.storage.write(lambda tx: tx.staff.save(replace(member, email=EMAIL)))

    browser = await province.come()

    assert browser.where == "/dang-nhap/ma?tiep=/toi"
    assert clerk.phone


async def test_the_e_mail_may_come_from_userinfo(province: Province) -> None:
    await province.invite()
    province.provider.email_in_token = False

    assert (await province.come()).where.startswith("/toi/hai-lop")


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"azp": "another-client"},
        {"iss": "https://evil.vn"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"sub": ""},
        {"email_verified": False},
        {"email_verified": None},
        {"email": "somebody.else@tinh.gov.vn"},
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_us_here_and_now_opens_nothing(province: Province, wrong: dict[str, Any]) -> None:
    await province.invite()
    province.provider.wrong = wrong

    browser = await province.come()

    assert province.provider.redeemed == 1
    await _is_out(province, browser)


@pytest.mark.parametrize("signature", ["none", "hmac", "foreign"])
async def test_a_token_that_the_provider_has_not_signed_opens_nothing(province: Province, signature: str) -> None:
    await province.invite()
    province.provider.signature = signature

    await _is_out(province, await province.come())


async def test_who_is_not_invited_or_disabled_stays_out(province: Province) -> None:
    stranger = await province.come()
    await province.invite()
    province.provider.amr = ("mfa",)
    await province.come()
    member = (await province.rig.storage.read(lambda tx: tx.staff.members()))[0]
    await province.rig.staffing.disable(member.id)

    disabled = await province.come()

    assert stranger.status == disabled.status == 403
    assert await province.rig.storage.read(lambda tx: tx.staff.sessions()) == []


async def test_an_e_mail_of_two_accounts_means_neither(province: Province) -> None:
    await province.invite("lan")
    await province.invite("lan2")

    await _is_out(province, await province.come())


async def test_an_answer_for_another_browser_is_refused_before_the_code_is_used(province: Province) -> None:
    await province.invite()
    attacker, victim = await province.rig.stranger(), await province.rig.stranger()
    start = f"{province.rig.url}{PREFIX}/dang-nhap/openid"
    async with attacker.http.get(start, allow_redirects=False) as answer:
        to = answer.headers["Location"]
    async with attacker.http.get(to, allow_redirects=False) as answer:
        back = answer.headers["Location"]

    parts = urlsplit(back)
    await victim.get(f"{parts.path.removeprefix(PREFIX)}?{parts.query}")

    asked = parse_qs(urlsplit(to).query)
    assert asked["code_challenge"][0] != asked["state"][0]
    assert province.provider.redeemed == 0
    await _is_out(province, victim)


async def test_the_way_back_works_once(province: Province) -> None:
    await province.invite()
    province.provider.amr = ("mfa",)
    browser = await province.rig.stranger()
    start = f"{province.rig.url}{PREFIX}/dang-nhap/openid?tiep=//evil.vn"
    async with browser.http.get(start, allow_redirects=False) as answer:
        to = answer.headers["Location"]
    async with browser.http.get(to, allow_redirects=False) as answer:
        back = answer.headers["Location"]

    async with browser.http.get(back, allow_redirects=False) as answer:
        first = answer.status, answer.headers["Location"]
    again = await province.rig.stranger()
    async with again.http.get(back, allow_redirects=False) as answer:
        second = answer.status

    assert first == (303, f"{PREFIX}/")
    assert second == 403


async def test_a_silent_provider_is_said_in_words_and_the_password_still_works(province: Province) -> None:
    province.provider.is_silent = True

    browser = await province.come()

    assert browser.status == 403
    assert "không trả lời" in browser.words
    assert "Mật khẩu" in browser.words


async def test_without_a_provider_there_is_no_such_way(rig: Rig) -> None:
    stranger = await rig.stranger()

    await stranger.get("/dang-nhap/openid")

    assert stranger.status == 404


async def _is_out(province: Province, browser: Clerk) -> None:
    assert browser.status == 403
    assert "Chưa đăng nhập được" in browser.words
    storage = province.rig.storage
    assert await storage.read(lambda tx: tx.staff.members()) == []
    assert await storage.read(lambda tx: tx.staff.sessions()) == []
