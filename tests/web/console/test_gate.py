"""Who gets through the gate of the console, and what others are told."""

from datetime import timedelta

from bot.model.staff import Role
from tests.web.console.rig import Rig


async def test_who_has_no_session_is_sent_to_the_door(rig: Rig) -> None:
    stranger = await rig.staff(Role.CLERK, logged_in=False)

    async with stranger.http.post(f"{rig.url}/can-bo/dang-xuat", data={}) as answer:
        said = await answer.text()

    assert answer.status == 401
    assert "Phiên làm việc đã hết" in said


async def test_a_form_without_the_token_is_not_ours(rig: Rig) -> None:
    clerk = await rig.staff(Role.CLERK)

    said = await clerk.post("/dang-xuat")

    assert clerk.status == 403
    assert "không do trang của chúng tôi" in said
    assert await rig.storage.read(lambda tx: tx.staff.sessions())


async def test_a_form_that_another_site_sends_is_refused_even_with_the_token(rig: Rig) -> None:
    clerk = await rig.staff(Role.CLERK)
    session = (await rig.storage.read(lambda tx: tx.staff.sessions()))[0]
    fields = {"token": rig.console.seal("form", session.digest)}

    headers = {"Sec-Fetch-Site": "cross-site"}
    async with clerk.http.post(f"{rig.url}/can-bo/dang-xuat", data=fields, headers=headers) as answer:
        assert answer.status == 403


async def test_leaving_ends_the_session_and_is_recorded(rig: Rig) -> None:
    clerk = await rig.staff(Role.CLERK, login="lan")
    session = (await rig.storage.read(lambda tx: tx.staff.sessions()))[0]
    fields = {"token": rig.console.seal("form", session.digest)}

    async with clerk.http.post(f"{rig.url}/can-bo/dang-xuat", data=fields, allow_redirects=False) as answer:
        assert answer.status == 303

    assert await rig.storage.read(lambda tx: tx.staff.sessions()) == []
    assert [(each.what, each.by) for each in await rig.recorded()] == [("staff.left", "lan")]


async def test_a_session_ends_when_nobody_clicks(rig: Rig) -> None:
    clerk = await rig.staff(Role.CLERK)
    rig.clock.moved += timedelta(minutes=61)

    async with clerk.http.post(f"{rig.url}/can-bo/dang-xuat", data={}) as answer:
        assert answer.status == 401

    assert await rig.storage.read(lambda tx: tx.staff.sessions()) == []


async def test_no_page_of_the_console_may_be_framed_and_none_is_kept(rig: Rig) -> None:
    clerk = await rig.staff(Role.CLERK)

    async with clerk.http.post(f"{rig.url}/can-bo/dang-xuat", data={}) as answer:
        policy = answer.headers["Content-Security-Policy"]

    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_refusal_keeps_the_navigation_for_whoever_has_logged_in(rig: Rig) -> None:
    clerk = await rig.staff(Role.VIEWER)

    await clerk.get("/nhan-su")
    no_right = (clerk.status, "Các trang" in clerk.page, "chưa được giao quyền" in clerk.words)
    await clerk.get("/khong-co-trang-nay")
    nowhere = (clerk.status, "Các trang" in clerk.page, "Không có trang này" in clerk.words)

    assert no_right == (403, True, True)
    assert nowhere == (404, True, True)
