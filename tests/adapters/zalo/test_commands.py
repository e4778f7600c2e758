"""`motcua zalo …`, as an operator types it, with the simulated Zalo to ask."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.model.errors import ConfigError
from bot.zalo_commands import code_in
from tests.adapters.zalo.support import APP_ID, APP_SECRET, CALLBACK, OA_ID, Zalo, simulated
from tests.support.desk import Desk, Done, open_desk

CONFIG = """
[storage]
url = "sqlite:motcua.db"
[channels.zalo]
kind = "zalo"
app_id = "{app_id}"
app_secret = "env:MOTCUA_TEST_ZALO_SECRET"
oa_id = "{oa_id}"
redirect_uri = "{callback}"
oauth_url = "{base}"
api_url = "{base}"
business_url = "{base}"
"""


@dataclass
class Operator:
    """Somebody at a desk, and the administrator of the account beside her."""

    desk: Desk
    zalo: Zalo

    async def types(self, *words: str, answer: str = "") -> Done:
        return await asyncio.to_thread(self.desk.types, *words, answer=answer)

    async def address(self) -> str:
        """Where the administrator's browser is led who opens the address that `login` prints."""
        asked = await self.types("zalo", "login", answer="\n")
        url = next(line.strip() for line in asked.out.splitlines() if "/v4/oa/permission?" in line)
        return await self.zalo.consented(url)


@pytest.fixture
async def operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Operator]:
    async with at_a_desk(tmp_path, monkeypatch, capsys) as found:
        yield found


@asynccontextmanager
async def at_a_desk(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Operator]:
    monkeypatch.setenv("MOTCUA_TEST_ZALO_SECRET", APP_SECRET)
    desk = open_desk(place, capsys, monkeypatch)
    async with simulated(quota=320) as zalo:
        desk.configure(CONFIG.format(app_id=APP_ID, oa_id=OA_ID, callback=CALLBACK, base=zalo.base))
        operator = Operator(desk, zalo)
        await operator.types("migrate")
        yield operator


async def test_a_consent_is_asked_for_pasted_and_kept(operator: Operator) -> None:
    before = await operator.types("zalo", "status")
    address = await operator.address()

    done = await operator.types("zalo", "login", "--code", address)

    assert "chưa được OA cấp quyền" in before.err
    assert before.code == 1
    assert (done.code, done.err) == (0, "")
    assert "Đã cất token của kênh zalo, dùng được đến " in done.out
    assert address.split("code=")[1].split("&")[0] not in done.out


async def test_the_standing_shows_account_quota_and_ages_and_no_token(operator: Operator) -> None:
    await operator.types("zalo", "login", "--code", await operator.address())

    people, programs = await operator.types("zalo", "status", "zalo"), await operator.types("zalo", "status", "--json")

    found = json.loads(programs.out)
    assert "Official Account: Một cửa (mô phỏng)" in people.out
    assert "320/320" in people.out
    assert (found["account"], found["remaining"], found["trouble"]) == ("Một cửa (mô phỏng)", 320, "")
    assert not any("token" in name and not name.endswith("_at") for name in found)


async def test_a_used_code_is_explained_and_ends_with_1(operator: Operator) -> None:
    address = await operator.address()
    await operator.types("zalo", "login", "--code", address)

    again = await operator.types("zalo", "login", "--code", address)

    assert again.code == 1
    assert "mã đã dùng, đã quá 10 phút" in again.err


async def test_a_wrong_name_of_a_channel_is_helped_with(operator: Operator) -> None:
    wrong = await operator.types("zalo", "status", "zalu")

    assert wrong.code == 1
    assert "có phải / did you mean: zalo?" in wrong.err


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        (" abc-DEF_1 ", "abc-DEF_1"),
        (f"{CALLBACK}?code=abc%2D1&state=s&oa_id=5", "abc-1"),
        ("?oa_id=5&code=abc", "abc"),
        ("code=abc&state=", "abc"),
    ],
)
def test_the_code_is_found_in_what_was_pasted(pasted: str, code: str) -> None:
    assert code_in(pasted, "s") == code


@pytest.mark.parametrize("pasted", ["", "  ", "một mã", "a b", "code="])
def test_what_is_no_code_is_refused(pasted: str) -> None:
    with pytest.raises(ConfigError):
        code_in(pasted, "s")


def test_an_address_of_another_consent_is_refused() -> None:
    with pytest.raises(ConfigError, match="another consent"):
        code_in(f"{CALLBACK}?code=abc&state=other", "mine")
