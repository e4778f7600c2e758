"""Whoever sees a person is seen: every way by which the console shows somebody leaves an entry in the record."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from bot import privacy
from bot.model.message import DeliveryState
from bot.model.service import FeedbackKind
from bot.model.staff import Role
from bot.ports import Storage
from bot.retention import Retention
from bot.retention_settings import RetentionSettings
from bot.web.console.server import routes_of
from tests.contract.test_storage_privacy import everything
from tests.support.making import dossier
from tests.web.console.filled import Filled, open_filled
from tests.web.console.rig import Rig
from tests.web.console.test_dossiers import keep
from tests.web.console.test_inbox import PHONE, feedback_of
from tests.web.console.test_messages import tell


@pytest.fixture
async def filled(sqlite_storage: Storage, tmp_path: Path) -> AsyncIterator[Filled]:
    async with open_filled(sqlite_storage, tmp_path) as office:
        yield office


def numbers_in(page: str) -> set[str]:
    """Whole phone numbers, E.164, however they are written."""
    written = re.findall(r"(?<![\d.\-])(?:\+84|0)(?:[ .]?\d){9}(?!\d)", page)
    digits = (re.sub(r"\D", "", each) for each in written)
    return {f"+84{each[2:] if each.startswith('84') else each[1:]}" for each in digits}


async def known_people(storage: Storage) -> tuple[set[str], set[str], set[str]]:
    """Phones, names, and what they wrote."""
    content = await everything(storage)
    dossiers, feedback = content["dossiers"], content["feedback"]
    phones = {row["phone"] for row in [*dossiers, *feedback, *content["broadcast_recipients"]] if row["phone"]}
    names = {row[name] for row, name in [*((row, "applicant") for row in dossiers), *((r, "name") for r in feedback)]}
    words = {row["text"] for row in [*feedback, *content["inbound"]] if len(row["text"]) > 8}
    return phones, names - {""}, words


EXAMPLE = "+84912345678"
"""Stands below the field for a number, as a hint how to write one."""
NOBODY_IN_IT = {
    "/tin-nhan/{id}/trang-thai",
    "/phat-tin/{id}/tien-do",
    "/phat-tin/{id}/tep-mau",
    "/nhat-ky/tep/{kind}",
}
"""Figures, an empty form, and the record itself."""


async def test_every_page_that_shows_a_person_leaves_an_entry(filled: Filled) -> None:
    rig, chief = filled.rig, filled.chief
    phones, names, words = await known_people(rig.storage)
    routes = [route.path or "/" for route in routes_of(rig.console) if route.method == "GET"]
    broadcast = next(path for path in filled.paths.values() if path.startswith("/phat-tin/") and "ket-qua" in path)
    apology = filled.paths["apology, approved"]
    paths = {
        *(path for path in routes if "{" not in path),
        *filled.paths.values(),
        "/hom-nay/khong-lien-lac/tep/csv",
        broadcast.replace("ket-qua", "tai-ve?dang=csv"),
        f"{apology}/van-ban",
        f"{filled.paths['talk']}/moi",
    }
    silent: list[str] = []
    seen: dict[str, list[str]] = {}

    for path in sorted(paths):
        before = len(await rig.recorded())
        content, _ = await chief.bytes_of(path)
        page = unescape(content.decode("utf-8", "replace"))
        shown = numbers_in(page) & (phones - {EXAMPLE}) or [name for name in names if name in page]
        if shown or [each for each in words if each[:40] in page]:
            entries = await rig.recorded()
            # What a page fetches again and again is the look that was noted a moment ago.
            seen[path] = [each.what for each in entries[before:]] or [
                each.what for each in entries if path.endswith("/moi") and each.subject and each.subject in path
            ]
            if not seen[path]:
                silent.append(path)

    assert silent == []
    assert len(seen) >= 12
    assert {route for route in routes if not any(fits(route, path) for path in paths)} == NOBODY_IN_IT


def fits(route: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", route), path.partition("?")[0]) is not None


# A request for erasure


async def test_a_clerk_erases_who_asked_for_it_once_she_is_sure_who_that_is(rig: Rig) -> None:
    await keep(rig, 1)
    number = await feedback_of(rig, kind=FeedbackKind.ERASURE, agency="", phone=PHONE.value, address=PHONE)
    other = await feedback_of(rig)
    clerk = await rig.staff(Role.CLERK)
    viewer = await rig.staff(Role.VIEWER)

    seen = await viewer.get(f"/hop-thu/phan-anh/{number}")
    await clerk.get(f"/hop-thu/phan-anh/{number}")
    unsure = await clerk.post(f"/hop-thu/phan-anh/{number}/xoa-du-lieu")
    status, before = clerk.status, await rig.storage.read(lambda tx: tx.dossiers.find(dossier(1).code))
    done = await clerk.post(f"/hop-thu/phan-anh/{number}/xoa-du-lieu", {"dung-nguoi": "co"})
    after = await rig.storage.read(lambda tx: tx.dossiers.find(dossier(1).code))
    await clerk.get(f"/hop-thu/phan-anh/{other}")
    await clerk.post(f"/hop-thu/phan-anh/{other}/xoa-du-lieu", {"dung-nguoi": "co"})

    assert "/xoa-du-lieu" not in seen
    assert "Xin xác định người yêu cầu trước khi xóa" in unsure
    assert (status, before[0].phone, after[0].phone, after[0].applicant) == (422, PHONE.value, "", "")
    assert f"Đã xóa dữ liệu theo yêu cầu {number}" in done
    assert clerk.status == 404
    [entry] = await rig.recorded("person.erased")
    assert (entry.subject, entry.by) == (number, clerk.member.login)
    assert [each.feedback.number for each in await rig.storage.read(privacy.requests)] == []


async def test_a_request_that_the_law_forbids_is_refused_once_its_sender_was_told_why(rig: Rig) -> None:
    number = await feedback_of(rig, kind=FeedbackKind.ERASURE, agency="", phone=PHONE.value, address=PHONE)
    clerk = await rig.staff(Role.CLERK)
    await clerk.get(f"/hop-thu/phan-anh/{number}")

    untold = await clerk.post(f"/hop-thu/phan-anh/{number}/khong-xoa")
    await rig.storage.write(lambda tx: tx.service.answer_feedback(number, "Đang khiếu nại", by="lan", at=rig.clock()))
    still = [each.feedback.number for each in await rig.storage.read(privacy.requests)]
    await clerk.get(f"/hop-thu/phan-anh/{number}")
    refused = await clerk.post(f"/hop-thu/phan-anh/{number}/khong-xoa")

    assert "Xin trả lời lý do cho người yêu cầu trước" in untold
    assert still == [number]
    assert f"Đã ghi là không xóa theo yêu cầu {number}" in refused
    assert await rig.storage.read(privacy.requests) == []
    assert [each.subject for each in await rig.recorded("erasure.refused")] == [number]


async def test_of_messages_that_are_forgotten_a_page_says_so_and_sends_none_again(rig: Rig) -> None:
    lost = await tell(rig, state=DeliveryState.FAILED, settled_at=rig.clock())
    later = rig.clock() + timedelta(days=40)
    await Retention(rig.storage, RetentionSettings(), lambda: later, inbound_days=30).night()
    clerk = await rig.staff(Role.CLERK)

    page = await clerk.get(f"/tin-nhan/{lost.id}")

    assert "hoặc vì đã hết thời hạn lưu" in page
    assert "912345678" not in page.replace(" ", "")
    assert "không gửi lại được" in page
