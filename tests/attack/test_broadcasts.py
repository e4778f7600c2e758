"""Messages to thousands: nobody approves her own, nobody approves twice, nobody approves what she has not seen."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.model.broadcast import BroadcastState
from bot.model.staff import Grant, Role
from bot.ports import Storage
from bot.web.prefix import PREFIX
from tests.web.console.broadcasting import Sending, open_sending, revision, submitted
from tests.web.console.rig import Clerk, found
from tests.web.console.test_broadcast_pages import APPROVAL, people


@pytest.fixture
async def sending(sqlite_storage: Storage, tmp_path: Path) -> AsyncIterator[Sending]:
    async with open_sending(sqlite_storage, tmp_path, broadcasts=APPROVAL) as opened:
        yield opened


async def approves(clerk: Clerk, broadcast_id: str, seen: str) -> int:
    token = found(r'name="token" value="([^"]+)"', clerk.page)
    form = {"token": token, "act": "approve", "revision": seen}
    async with clerk.http.post(f"{clerk.url}{PREFIX}/phat-tin/{broadcast_id}/duyet", data=form) as answer:
        await answer.read()
        return answer.status


async def test_what_was_taken_back_and_changed_is_not_approved_from_an_old_page(sending: Sending) -> None:
    clerk, head = await sending.rig.staff(Role.CLERK), await sending.rig.staff(Role.APPROVER)
    broadcast_id = await submitted(clerk, people(30))
    await head.get(f"/phat-tin/{broadcast_id}")
    seen = revision(head)

    await clerk.post(f"/phat-tin/{broadcast_id}/rut-lai")
    await clerk.get(f"/phat-tin/{broadcast_id}/noi-dung")
    text = "Kính gửi Ông/Bà {{ ho_ten }}, xin chuyển tiền tới {{ dia_diem }}."
    await clerk.post(f"/phat-tin/{broadcast_id}/noi-dung", revision=revision(clerk), chat=text, sms="", accented="")
    await clerk.get(f"/phat-tin/{broadcast_id}/kiem-tra")
    await clerk.post(f"/phat-tin/{broadcast_id}/kiem-tra")
    await clerk.get(f"/phat-tin/{broadcast_id}/gui-thu")
    await clerk.post(f"/phat-tin/{broadcast_id}/gui-thu", phone="0912 000 111")
    await clerk.post(f"/phat-tin/{broadcast_id}/gui", revision=revision(clerk))
    assert (await sending.get(broadcast_id)).state is BroadcastState.SUBMITTED, clerk.words

    assert await approves(head, broadcast_id, seen) == 409
    assert await approves(head, broadcast_id, "") == 409
    assert await approves(head, broadcast_id, "999999") == 409
    assert (await sending.get(broadcast_id)).state is BroadcastState.SUBMITTED
    await head.get(f"/phat-tin/{broadcast_id}")
    assert await approves(head, broadcast_id, revision(head)) == 200
    assert (await sending.get(broadcast_id)).state is BroadcastState.APPROVED


async def test_of_many_approvals_at_the_same_moment_one_counts(sending: Sending) -> None:
    clerk = await sending.rig.staff(Role.CLERK)
    broadcast_id = await submitted(clerk, people(30))
    heads = [await sending.rig.staff(Role.APPROVER) for _ in range(4)]
    for head in heads:
        await head.get(f"/phat-tin/{broadcast_id}")

    statuses = await asyncio.gather(*(approves(head, broadcast_id, revision(head)) for head in heads for _ in range(2)))

    assert sorted(statuses) == [200] + [409] * 7
    acts = [each.what for each in await sending.rig.recorded() if each.subject == broadcast_id]
    assert acts.count("broadcast.approved") == 1


async def test_nobody_approves_her_own_in_another_browser_nor_from_another_agency(sending: Sending) -> None:
    author = await sending.rig.staff(Role.APPROVER)
    broadcast_id = await submitted(author, people(30))
    elsewhere = await sending.rig.staff(Grant(Role.APPROVER, "H99"))
    again = await sending.rig.enter(author.member)
    for clerk, status in ((author, 409), (again, 409), (elsewhere, 404)):
        await clerk.get("/phat-tin")
        assert await approves(clerk, broadcast_id, revision(author) or "5") == status

    assert (await sending.get(broadcast_id)).state is BroadcastState.SUBMITTED
