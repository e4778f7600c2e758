"""Sessions and keys that were stolen, taken back or replaced; and the words of one visitor before another."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar

from bot.model.staff import Grant, Role
from tests.attack.house import CODE, WARD, House, open_house
from tests.web.console.rig import Clerk


async def test_a_stolen_cookie_ends_with_whatever_ends_the_session(house: House) -> None:
    """The thief has the cookie on another machine; the owner leaves, is disabled, gets a new letter or ends it."""
    endings: dict[str, Callable[[Clerk], Awaitable[object]]] = {
        "leaves": lambda clerk: clerk.post("/dang-xuat"),
        "disabled": lambda clerk: house.rig.staffing.disable(clerk.member.id),
        "letter": lambda clerk: house.rig.staffing.reset(clerk.member.id),
        "sessions": lambda clerk: house.rig.staffing.end_sessions(clerk.member.id),
    }
    await house.staff(Role.ADMINISTRATOR)
    await house.staff(Role.ADMINISTRATOR)
    for name, end in endings.items():
        clerk = await house.rig.login(Role.CLERK)
        cookies = {each.key: each.value for each in clerk.http.cookie_jar}
        async with ClientSession(cookies=cookies, cookie_jar=CookieJar(unsafe=True)) as thief:
            assert await _status_of(thief, f"{house.url}/can-bo/ho-so") == 200, name
            await clerk.get("/")
            await end(clerk)
            assert await _status_of(thief, f"{house.url}/can-bo/ho-so") == 303, name


async def _status_of(http: ClientSession, url: str) -> int:
    async with http.get(url, allow_redirects=False) as answer:
        await answer.read()
        return answer.status


async def test_a_role_that_was_taken_away_is_gone_with_the_next_click(house: House) -> None:
    for _ in range(3):
        await house.staff(Role.ADMINISTRATOR)
    clerk = await house.staff(Role.CLERK, Role.AUDITOR)
    await clerk.get("/nhat-ky")
    before = clerk.status

    await house.rig.staffing.grant(clerk.member.id, frozenset({Grant(Role.VIEWER)}))
    await clerk.get("/nhat-ky")

    assert (before, clerk.status) == (200, 403)


async def test_what_an_older_key_has_signed_is_worth_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`[web] key_file` is replaced because somebody has seen it: cookies and tokens made with it open nothing."""
    async with open_house(tmp_path, monkeypatch) as before:
        visitor = await before.visitor()
        clerk = await before.staff(Role.CLERK)
        await clerk.get("/toi")
        cookies = {each.key: each.value for each in visitor.http.cookie_jar}
        token, form, cookie = visitor.token, clerk.page, clerk.cookie
    (tmp_path / "web.key").unlink()

    async with open_house(tmp_path, monkeypatch) as after:
        async with ClientSession(cookies=cookies, cookie_jar=CookieJar(unsafe=True)) as http:
            async with http.post(
                f"{after.url}/chat/messages", json={"id": "aaaaaaaa", "text": "x"}, headers={"X-Form-Token": token}
            ) as answer:
                assert answer.status == 403
            async with http.get(f"{after.url}/chat/events") as answer:
                assert answer.status == 403
        headers = {"Cookie": f"{after.console.cookie('staff')}={cookie}"}
        fields = {"token": re.findall(r'name="token" value="([^"]+)"', form)[0], "name": "Kẻ trộm"}
        assert await after.status("POST", "/can-bo/toi/ten", headers=headers, data=fields) == 403


async def test_no_visitor_comes_to_the_words_of_another(house: House) -> None:
    one, other = await house.visitor(), await house.visitor()
    await one.post("/chat/messages", {"id": "aaaaaaaa", "text": f"HS {CODE} bí mật của tôi"})

    assert "bí mật của tôi" not in await other.come()
    for way in ("?after=", "?after=00000000000000000000000000", "?session=x"):
        async with other.http.get(f"{house.url}/chat/events{way}") as answer:
            lines = [await answer.content.readline() for _ in range(1)]
            assert b"b\xc3\xad m\xe1\xba\xadt" not in b"".join(lines)
    for path in ("/tai-lieu/01KAQ3ZZZZ0000000000000001/0", "/tai-lieu/../x/0"):
        assert await house.status("GET", path) in (303, 400, 403, 404)


async def test_a_key_revoked_in_the_middle_of_a_batch_sends_nothing_more(house: House) -> None:
    key, header = await house.key(WARD)
    body = {
        "situation": "result",
        "to": {"kind": "phone", "phone": "0912345678", "values": {"code": CODE, "agency": "x", "place": "quầy 2"}},
    }

    async def send(number: int) -> int:
        if number == 10:
            await house.app.storage.write(lambda tx: tx.api.revoke(key.id, at=house.app.clock(), by="lan"))
        return await house.status(
            "POST", "/api/v1/notifications", headers=header, json={**body, "reference": f"r{number}"}
        )

    statuses = [await send(number) for number in range(10)]
    together = await asyncio.gather(*(send(number) for number in range(10, 40)))
    after = [await send(number) for number in range(40, 45)]
    planned = house.rows("SELECT COUNT(*) FROM outbox WHERE situation = 'result'")[0][0]

    assert statuses == [202] * 10 or statuses == [201] * 10, statuses
    assert after == [401] * 5
    assert set(together) <= {401, statuses[0]}
    assert planned == (statuses + together).count(statuses[0])
