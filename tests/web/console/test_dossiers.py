"""Hồ sơ: what a clerk finds, reads and does, and what somebody of another agency does not."""

from datetime import timedelta
from typing import Any

from bot.model.apology import Apology
from bot.model.dossier import Change, ChangeKind, Dossier, Status, Step
from bot.model.message import DeliveryState, OutboxItem
from bot.model.person import Address, Binding, Proof
from bot.model.staff import Grant, Role
from bot.ports import Mirrored, Transaction
from tests.support.making import OWNER_PHONE, dossier, message
from tests.web.console.rig import Rig

HERE = "H32.10"
PATH = f"/ho-so/office/{dossier().code}"


async def keep(rig: Rig, *numbers: int, **changes: Any) -> list[Dossier]:
    """Dossiers that were received yesterday, and are in work."""
    now = rig.clock()
    given: dict[str, Any] = {
        "agency": HERE,
        "procedure": "1.005129",
        "status": Status.PROCESSING,
        "received_at": now - timedelta(days=1),
        "appointment_at": now + timedelta(days=20),
    }
    made = [dossier(number, **(given | changes)) for number in numbers]
    await rig.storage.write(lambda tx: tx.dossiers.save([Mirrored.of(each, 0) for each in made], at=now))
    return made


async def tell(rig: Rig, **changes: Any) -> OutboxItem:
    """A message about dossier 1."""
    now = rig.clock()
    given: dict[str, Any] = {
        "id": rig.app.new_id(), "agency": HERE, "source": "office", "code": dossier().code, "created_at": now,
        "next_at": now, "expires_at": now + timedelta(days=1), "settled_at": now, "state": DeliveryState.DELIVERED,
    }  # fmt: skip
    item = message(**(given | changes))
    await rig.storage.write(lambda tx: tx.outbox.enqueue([item]))
    return item


async def test_a_clerk_finds_her_agencys_dossiers_and_no_others(rig: Rig) -> None:
    await keep(rig, 1)
    await keep(rig, 2, agency="H32.11")
    clerk = await rig.staff(Grant(Role.CLERK, HERE))

    await clerk.get("/ho-so")

    assert dossier(1).code in clerk.words
    assert dossier(2).code not in clerk.words


async def test_a_whole_code_leads_right_to_its_dossier_however_it_is_typed(rig: Rig) -> None:
    await keep(rig, 1, 2)
    clerk = await rig.staff(Role.CLERK)

    await clerk.get(f"/ho-so?ma={dossier(1).code}")
    assert clerk.where == PATH

    await clerk.get(f"/ho-so?ma={dossier(1).code[:14].lower()}")
    assert dossier(1).code in clerk.words
    assert dossier(2).code in clerk.words


async def test_filters_stand_in_the_address_and_narrow_the_list(rig: Rig) -> None:
    await keep(rig, 1, appointment_at=rig.clock() - timedelta(days=3))
    await keep(rig, 2, status=Status.RETURNED)
    await keep(rig, 3, procedure="2.000815")
    clerk = await rig.staff(Role.CLERK)

    found = {}
    for query in ("trang-thai=10", "thu-tuc=2.000815", "tre=1", f"co-quan={HERE}"):
        await clerk.get(f"/ho-so?{query}")
        found[query] = [number for number in (1, 2, 3) if dossier(number).code in clerk.words]

    assert found == {"trang-thai=10": [2], "thu-tuc=2.000815": [3], "tre=1": [1], f"co-quan={HERE}": [1, 2, 3]}


async def test_many_dossiers_come_page_by_page(rig: Rig) -> None:
    await keep(rig, *range(1, 36))
    clerk = await rig.staff(Role.CLERK)

    first = await clerk.get("/ho-so")
    href = first.split('rel="next"')[0].rpartition('href="/can-bo')[2].partition('"')[0].replace("&amp;", "&")
    second = await clerk.get(href)

    assert [number for number in range(1, 36) if dossier(number).code in first] == list(range(6, 36))
    assert [number for number in range(1, 36) if dossier(number).code in second] == list(range(1, 6))


async def test_an_applicant_is_found_by_phone_and_name_which_never_stand_in_an_address(rig: Rig) -> None:
    await keep(rig, 1, applicant="Nguyễn Thị Ánh")
    await keep(rig, 2, applicant="Trần Bình", phone="+84987654321")
    clerk = await rig.staff(Role.CLERK)
    await clerk.get("/ho-so")

    by_name = await clerk.post("/ho-so", ten="nguyen anh")
    assert dossier(1).code in by_name
    assert dossier(2).code not in by_name
    assert clerk.where == "/ho-so"

    by_phone = await clerk.post("/ho-so", so="0987 654 321")
    assert dossier(2).code in by_phone
    assert dossier(1).code not in by_phone
    searched = await rig.recorded("dossiers.searched")
    assert [each.after["by"] for each in searched] == ["name", "phone"]
    assert "654" not in repr([(each.subject, each.before, each.after) for each in searched])


async def test_a_wrong_number_is_told_beside_its_field(rig: Rig) -> None:
    clerk = await rig.staff(Role.CLERK)
    await clerk.get("/ho-so")

    await clerk.post("/ho-so", so="123")

    assert clerk.status == 422
    assert "Xin ghi một số điện thoại Việt Nam" in clerk.words


async def test_another_agencys_dossier_is_as_if_it_did_not_exist(rig: Rig) -> None:
    await keep(rig, 1)
    stranger = await rig.staff(Grant(Role.CLERK, "H32.11"), Grant(Role.VIEWER, "H32.1"))

    await stranger.get(PATH)
    hers = (stranger.status, stranger.words)
    await stranger.get("/ho-so/office/H32.15-261122-9999")

    assert hers == (stranger.status, stranger.words)
    assert stranger.status == 404
    for act in ("ngung-nhan", "nhan-lai"):
        await stranger.get("/ho-so")
        await stranger.post(f"{PATH}/{act}", {"ly-do": "x"})
        assert stranger.status == 404
    assert not await rig.recorded("phone.stopped")
    assert not await rig.recorded("dossier.looked")


async def test_a_viewer_reads_the_ends_of_a_number_and_a_clerk_all_of_it(rig: Rig) -> None:
    await keep(rig, 1)
    viewer, clerk = await rig.staff(Role.VIEWER), await rig.staff(Grant(Role.CLERK, HERE))

    masked, whole = await viewer.get(PATH), await clerk.get(PATH)

    assert "+8491•••678" in masked
    assert "345" not in masked.partition("<main")[2]
    assert "0912 345 678" in whole
    looks = await rig.recorded("dossier.looked")
    assert [(each.by, each.agency, each.after["whole"]) for each in looks] == [
        (viewer.member.login, HERE, False), (clerk.member.login, HERE, True),
    ]  # fmt: skip


async def test_all_that_happened_is_one_list_newest_first(rig: Rig) -> None:
    one = (await keep(rig, 1))[0]
    now = rig.clock()
    change = Change(
        source="office", code=one.code, number=1, kind=ChangeKind.STATUS, at=now - timedelta(hours=5),
        status_before=Status.RECEIVED, status_after=Status.PROCESSING, fate="planned",
    )  # fmt: skip
    apology = Apology(
        id="", source="office", code=one.code, agency=HERE, agency_name="", reason="r", old_at=now, new_at=now,
        limit_at=now, form="f", drafted_at=now - timedelta(hours=3), drafted_by="lan",
    )  # fmt: skip

    async def live(tx: Transaction) -> None:
        await tx.dossiers.add_changes([change])
        await tx.apologies.add([apology], reopen=())

    await rig.storage.write(live)
    await tell(rig, created_at=now - timedelta(hours=4), state=DeliveryState.FAILED, reason="stat:UNDELIV err:011")
    viewer = await rig.staff(Role.VIEWER)
    await viewer.get(PATH)
    await viewer.get(PATH)

    timeline = viewer.words.partition("Diễn biến")[2]
    told = ["xem hồ sơ", "lan soạn thư xin lỗi", "máy không nhận được tin", "Trạng thái: đang"]
    places = [timeline.find(each) for each in told]
    assert -1 not in places
    assert places == sorted(places)


async def test_the_page_says_who_holds_it_until_when_and_what_is_to_be_paid(rig: Rig) -> None:
    now = rig.clock()
    step = Step(agency="Phòng Tư pháp", holder="Bà Hoa", task="Thẩm định", started_at=now, due_at=now)
    await keep(rig, 1, steps=(step,), fee="150.000 đồng")
    chat = Binding(Address("zalo", "998877665544"), OWNER_PHONE, Proof.CONTACT, now, now, "zalo")
    await rig.storage.write(lambda tx: tx.people.bind(chat))
    clerk = await rig.staff(Role.CLERK)

    await clerk.get(PATH)

    for words in ("Bà Hoa", "Thẩm định", "150.000 đồng, chưa thấy nộp", "ngày làm việc", "qua Zalo: 998877665544"):
        assert words in clerk.words, words


async def test_a_clerk_stops_messages_to_a_number_with_a_reason_and_lets_them_go_again(rig: Rig) -> None:
    await keep(rig, 1)
    clerk = await rig.staff(Grant(Role.CLERK, HERE), login="lan")
    await clerk.get(PATH)

    await clerk.post(f"{PATH}/ngung-nhan", {"ly-do": ""})
    assert clerk.status == 422
    await clerk.post(f"{PATH}/ngung-nhan", {"ly-do": "số 0912345678 gọi"})
    assert clerk.status == 422
    await clerk.post(f"{PATH}/ngung-nhan", {"ly-do": "đã gọi điện đề nghị"})

    assert "Đã ngừng nhắn tin tới số này" in clerk.words
    listed = await rig.storage.read(lambda tx: tx.do_not_send.listed(limit=9))
    assert {each.address.key for each in listed} == {f"sms:{OWNER_PHONE}", f"zalophone:{OWNER_PHONE}"}
    await clerk.post(f"{PATH}/nhan-lai")
    assert not await rig.storage.read(lambda tx: tx.do_not_send.listed(limit=9))
    acts = [(each.what, each.by, each.subject) for each in await rig.recorded("phone.")]
    assert acts == [("phone.stopped", "lan", dossier().code), ("phone.allowed", "lan", dossier().code)]


async def test_a_viewer_is_not_offered_what_she_may_not_do(rig: Rig) -> None:
    await keep(rig, 1)
    viewer = await rig.staff(Role.VIEWER)

    page = await viewer.get(PATH)
    await viewer.post(f"{PATH}/ngung-nhan", {"ly-do": "x"})

    assert "ngung-nhan" not in page
    assert "/xin-loi/moi" not in page
    assert viewer.status == 403


async def test_a_name_made_of_markup_is_a_name(rig: Rig) -> None:
    bad = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    await keep(rig, 1, applicant=bad, status_text=bad, agency_name=bad, procedure_name=bad, reason=bad, place=bad)
    clerk = await rig.staff(Role.CLERK)

    for page in (await clerk.get(PATH), await clerk.get("/ho-so"), await clerk.post("/ho-so", ten=bad)):
        assert "<script>alert" not in page
        assert "<img" not in page.partition("<main")[2]
        assert clerk.status == 200


async def test_the_page_speaks_english_too(rig: Rig) -> None:
    await keep(rig, 1)
    clerk = await rig.staff(Role.CLERK)

    await clerk.get("/ngon-ngu?sang=en&ve=/can-bo" + PATH)

    assert "What happened" in clerk.words
    assert "Diễn biến" not in clerk.words
