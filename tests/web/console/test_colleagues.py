"""Pages call people by their names; who shares a name has the login beside it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.model.staff import Grant, Role
from bot.ports import Storage
from bot.staffing import Invited
from bot.web.console.colleagues import called, told_apart
from tests.web.console.broadcasting import Sending, begun, open_sending
from tests.web.console.rig import Rig


@pytest.fixture
async def sending(sqlite_storage: Storage, tmp_path: Path) -> AsyncIterator[Sending]:
    async with open_sending(sqlite_storage, tmp_path) as opened:
        yield opened


def test_who_shares_a_name_has_the_login_beside_it() -> None:
    names = told_apart({"lan": "Nguyễn Thị Lan", "lan.2": "Nguyễn thị Lan", "hung": "Trần Văn Hùng", "x": ""})

    assert called(names, "hung", "Khóa API") == "Trần Văn Hùng"
    assert called(names, "Hung", "Khóa API") == "Trần Văn Hùng"
    assert called(names, "lan", "Khóa API") == "Nguyễn Thị Lan (lan)"
    assert called(names, "lan.2", "Khóa API") == "Nguyễn thị Lan (lan.2)"
    assert called(names, "x", "Khóa API") == "x"
    assert called(names, "root", "Khóa API") == "root"
    assert called(names, "api:motcua", "Khóa API") == "Khóa API motcua"
    assert called(names, "", "Khóa API") == ""


async def test_a_broadcast_names_who_made_it(sending: Sending) -> None:
    clerk = await sending.rig.staff(Role.CLERK, login="lan")
    broadcast_id = await begun(clerk)

    await clerk.get("/phat-tin")
    assert "Cán bộ lan" in clerk.words
    await clerk.get(f"/phat-tin/{broadcast_id}")
    assert f"{broadcast_id} · Cán bộ lan" in clerk.words


async def test_a_letter_names_who_wrote_it(rig: Rig) -> None:
    await rig.staff(Role.ADMINISTRATOR, login="hung", logged_in=False)
    invited = await replace(rig.staffing, by="hung").invite("moi", "Lê Thị Mới", [Grant(Role.CLERK)])
    assert isinstance(invited, Invited)

    stranger = await rig.stranger()
    await stranger.get(f"/loi-moi/{invited.secret}")

    assert "Cán bộ hung" in stranger.words
