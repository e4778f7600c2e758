"""Khóa API: who makes keys, what is shown once, and what is told of them."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page

from adapters.callbacks import callback_door
from bot.api_keys import ApiKeys
from bot.callbacks import Callbacks
from bot.model.api import ApiKey, KeyKind
from bot.model.staff import Grant, Role
from tests.web.api.receiver import open_receiver
from tests.web.axe import grave_violations
from tests.web.console.rig import Clerk, Rig

NEW = {"name": "phan-mem-ho-tich", "kind": "live", "agency": "H56.14", "rights": ["send", "read"], "days": "30"}


@pytest.fixture
async def calling(rig: Rig) -> AsyncIterator[Rig]:
    """The console of a service that may call addresses of this machine."""
    async with callback_door(ports=(443,), timeout=1.0, is_open_to_private=True) as door:
        settings = rig.app.plan.config.api
        object.__setattr__(settings, "callback_private", True)
        rig.app.callbacks = Callbacks(
            storage=rig.storage, door=door, settings=settings, clock=rig.clock, new_id=rig.app.new_id
        )
        yield rig
        object.__setattr__(settings, "callback_private", False)


async def administrator(rig: Rig, agency: str = "") -> Clerk:
    return await rig.staff(Grant(Role.ADMINISTRATOR, agency), login=f"quan-tri{agency.replace('.', '')}".lower())


async def made(rig: Rig, clerk: Clerk, **fields: object) -> ApiKey:
    await clerk.get("/khoa-api/moi")
    await clerk.post("/khoa-api/moi", {**NEW, **fields})
    assert clerk.status == 200, clerk.words
    return (await rig.storage.read(lambda tx: tx.api.keys()))[0]


async def test_a_key_is_shown_once_and_opens(rig: Rig) -> None:
    clerk = await administrator(rig)

    key = await made(rig, clerk)
    shown = re.search(r"mc_live_[a-z0-9]{16}_[A-Za-z0-9]{43}", clerk.page)
    await clerk.get(f"/khoa-api/{key.id}")

    assert shown
    assert await ApiKeys(rig.storage, rig.clock).opened(shown[0])
    assert shown[0] not in clerk.page
    assert shown[0].rpartition("_")[2] not in clerk.page
    assert (key.kind, key.agency, sorted(key.rights)) == (KeyKind.LIVE, "H56.14", ["read", "send"])
    assert key.expires_at
    entry = (await rig.recorded("key.made"))[0]
    assert (entry.subject, entry.agency) == ("phan-mem-ho-tich", "H56.14")
    assert shown[0].rpartition("_")[2] not in str(entry)


async def test_what_is_wrong_with_a_new_key_is_said_beside_it(rig: Rig) -> None:
    clerk = await administrator(rig, "H56.14")
    await clerk.get("/khoa-api/moi")

    said = await clerk.post("/khoa-api/moi", {"name": "Phần mềm", "kind": "x", "agency": "H56", "days": "0"})

    assert clerk.status == 422
    for word in ("chữ thường không dấu", "chọn loại khóa", "không quản trị cơ quan này", "ít nhất một quyền", "3650"):
        assert word in said
    assert await rig.storage.read(lambda tx: tx.api.keys()) == []


async def test_keys_of_other_agencies_are_not_there(rig: Rig) -> None:
    province, commune = await administrator(rig), await administrator(rig, "H56.15")
    key = await made(rig, province)

    await commune.get("/khoa-api")
    listed = commune.words
    seen = []
    for path in ("", "/thu-hoi"):
        await commune.get(f"/khoa-api/{key.id}{path}")
        seen.append(commune.status)
    for path in ("/thu-hoi", "/goi-lai", "/thu-goi-lai", "/danh-sach"):
        await commune.get("/khoa-api/moi")
        await commune.post(f"/khoa-api/{key.id}{path}", {"url": "", "guests": ""})
        seen.append(commune.status)

    assert "phan-mem-ho-tich" not in listed
    assert set(seen) == {404}
    assert (await rig.storage.read(lambda tx: tx.api.keys()))[0].revoked_at is None


async def test_a_revoked_key_opens_nothing_and_stays_in_the_list(rig: Rig) -> None:
    clerk = await administrator(rig)
    key = await made(rig, clerk)
    shown = re.search(r"mc_live_\w+", clerk.page)
    assert shown

    await clerk.get(f"/khoa-api/{key.id}/thu-hoi")
    await clerk.post(f"/khoa-api/{key.id}/thu-hoi")

    assert clerk.where == "/khoa-api"
    assert "Đã thu hồi khóa phan-mem-ho-tich" in clerk.words
    assert "Thu hồi bởi Cán bộ quan-tri" in clerk.words
    assert await ApiKeys(rig.storage, rig.clock).opened(shown[0]) is None
    assert [each.by for each in await rig.recorded("key.revoked")] == ["quan-tri"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://hook.example.vn/", "https://"),
        ("https://hook.example.vn:22/", "443, 8443"),
        ("https://lan:x@hook.example.vn/", "tên và mật khẩu"),
        ("javascript:alert(1)", "Không phải một địa chỉ web"),
        ("https://hook.example.vn/\r\nX: 1", "Không phải một địa chỉ web"),
    ],
)
async def test_an_address_that_may_not_be_called_is_refused(rig: Rig, url: str, words: str) -> None:
    clerk = await administrator(rig)
    key = await made(rig, clerk)
    await clerk.get(f"/khoa-api/{key.id}")

    said = await clerk.post(f"/khoa-api/{key.id}/goi-lai", {"url": url})

    assert clerk.status == 422
    assert words in said


async def test_an_address_is_set_with_a_secret_shown_once_and_tried_out(calling: Rig) -> None:
    clerk = await administrator(calling)
    key = await made(calling, clerk)
    async with open_receiver() as receiver:
        receiver.answers = [204, 500]

        await clerk.get(f"/khoa-api/{key.id}")
        secret = re.search(
            r"mcs_[A-Za-z0-9]{43}", await clerk.post(f"/khoa-api/{key.id}/goi-lai", {"url": receiver.url})
        )
        await clerk.get(f"/khoa-api/{key.id}")
        hidden = clerk.page
        await clerk.post(f"/khoa-api/{key.id}/thu-goi-lai")
        taken = clerk.words
        await clerk.post(f"/khoa-api/{key.id}/thu-goi-lai")

    assert secret
    assert secret[0] not in hidden
    assert "đã nhận cuộc gọi thử (HTTP 204)" in taken
    assert "HTTP 500: chưa nhận" in clerk.words
    assert receiver.heard[0].is_signed_with(secret[0])
    entries = await calling.recorded("key.callback")
    assert [each.what for each in entries] == ["key.callback_set", "key.callback_tried", "key.callback_tried"]
    assert "hook" not in str(entries[0].after)


async def test_a_guest_list_is_read_line_by_line(rig: Rig) -> None:
    clerk = await administrator(rig)
    key = await made(rig, clerk, kind="team")
    await clerk.get(f"/khoa-api/{key.id}")

    wrong = await clerk.post(f"/khoa-api/{key.id}/danh-sach", {"guests": "0912 345 678\nviber:1\n0243825432"})
    await clerk.post(f"/khoa-api/{key.id}/danh-sach", {"guests": "0912 345 678\n\nzalo:77\n84912345678"})

    assert "Không đọc được dòng 2, 3" in wrong
    assert "Danh sách có 2 người nhận" in clerk.words
    kept = await rig.storage.read(lambda tx: tx.api.key(key.id))
    assert kept
    assert kept.guests == ("sms:+84912345678", "zalo:77")
    assert "+84" not in str(await rig.recorded("key.guests_set"))


@pytest.mark.parametrize("width", [390, 1280])
async def test_axe_finds_nothing_serious(rig: Rig, page: Page, axe: str, width: int) -> None:
    clerk = await administrator(rig)
    key = await made(rig, clerk, kind="team")
    cookie = {"name": rig.console.cookie("staff"), "value": clerk.cookie, "url": rig.url}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]
    await page.set_viewport_size({"width": width, "height": 800})
    found = {}

    for path in ("", "/moi", f"/{key.id}", f"/{key.id}/thu-hoi"):
        await page.goto(f"{rig.url}/can-bo/khoa-api{path}")
        found[path] = await grave_violations(page, axe)

    assert [each for violations in found.values() for each in violations] == []
