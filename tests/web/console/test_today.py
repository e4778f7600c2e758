"""The page of the day and its lists: what waits, how the service stands, and only of one's own agencies."""

from datetime import timedelta

import pytest

from bot.model.message import DeliveryState, OutboxItem
from bot.model.staff import Grant, Role
from bot.ports.broadcasts import STOPPED
from bot.ports.watching import Alarm
from tests.support.making import OWNER_PHONE, code
from tests.web.console.desk import OTHER, WARD, drafted, failed, held_for_the_night, mirrored, soon
from tests.web.console.rig import Rig

LATE = timedelta(days=2)
XSS = "<script>alert(1)</script>"


async def test_an_empty_office_is_told_that_nothing_waits(rig: Rig) -> None:
    clerk = await rig.staff(Role.CLERK)

    await clerk.get("/")

    assert clerk.status == 200
    assert "Không có hồ sơ nào đến hạn trong 1 ngày làm việc tới." in clerk.words
    assert "24 giờ qua chưa có tin nào được gửi." in clerk.words
    assert "Không có cảnh báo nào" in clerk.words
    assert "Không giữ tin nào." in clerk.words


async def test_what_is_due_late_drafted_and_unreached_is_counted_with_a_way_to_its_list(rig: Rig) -> None:
    await mirrored(rig, 1, due=rig.clock() + timedelta(minutes=1))
    await mirrored(rig, 2, due=rig.clock() - LATE)
    await drafted(rig, 3)
    await failed(rig, 2)
    clerk = await rig.staff(Role.CLERK)

    await clerk.get("/")

    assert "1 hồ sơ đến hạn trong 3 giờ làm việc" in clerk.words
    assert "1 hồ sơ trễ hạn chưa được xin lỗi" in clerk.words
    assert "1 thư xin lỗi chờ duyệt" in clerk.words
    assert "1 công dân chưa nhận được tin nào" in clerk.words
    assert "Thư xin lỗi gấp nhất là XL-" in clerk.words
    assert "Không gửi được: số không tồn tại" in clerk.words
    assert code(1) in clerk.words


async def test_a_ward_sees_its_own_alone(rig: Rig) -> None:
    await mirrored(rig, 1, due=rig.clock() + timedelta(minutes=1))
    await mirrored(rig, 2, due=rig.clock() - LATE)
    await drafted(rig, 3)
    await failed(rig, 2)
    await held_for_the_night(rig, 2)
    await rig.storage.write(
        lambda tx: tx.watch.raise_alarms([Alarm("unsent", "sms", rig.clock(), "tin chờ lâu", "they wait")])
    )
    stranger = await rig.staff(Grant(Role.APPROVER, OTHER))
    seen = ""

    for path in ("/", "/hom-nay/den-han?loc=1-ngay", "/hom-nay/den-han?loc=qua-han", "/hom-nay/khong-lien-lac",
                 "/hom-nay/tam-giu", "/xin-loi", "/xin-loi/thang"):  # fmt: skip
        seen += await stranger.get(path)
        assert stranger.status == 200

    assert code(1) not in seen
    assert code(2) not in seen
    assert "tin chờ lâu" not in seen
    await stranger.get("/")
    assert "0 hồ sơ trễ hạn" in stranger.words


async def test_messages_of_a_paused_broadcast_are_named_among_what_is_held(rig: Rig) -> None:
    await held_for_the_night(rig, 1, held_for=STOPPED)
    clerk = await rig.staff(Role.CLERK)

    await clerk.get("/")
    today = clerk.words
    await clerk.get("/hom-nay/tam-giu")

    assert "1 tin của đợt phát tin đang tạm dừng" in today
    assert "Không giữ tin nào" not in today
    assert "Đợt phát tin đang tạm dừng" in clerk.words
    assert "Người xem lại" not in clerk.words


async def test_another_agency_cannot_be_asked_for(rig: Rig) -> None:
    stranger = await rig.staff(Grant(Role.APPROVER, OTHER))

    for path in ("/hom-nay/den-han", "/hom-nay/khong-lien-lac", "/hom-nay/tam-giu", "/xin-loi", "/xin-loi/thang"):
        await stranger.get(f"{path}?co-quan={WARD}")
        assert stranger.status == 404, path


async def test_alarms_and_freshness_are_said_in_words_and_stay_fresh(rig: Rig) -> None:
    await mirrored(rig, 1, due=soon(rig))
    await rig.storage.write(lambda tx: tx.watch.raise_alarms([Alarm("unsent", "sms", rig.clock(), XSS, "they wait")]))
    clerk = await rig.staff(Role.CLERK)

    page = await clerk.get("/hom-nay/tinh-hinh")

    assert page.lstrip().startswith('<section data-live="/can-bo/hom-nay/tinh-hinh"')
    assert "Tin chờ gửi quá lâu" in clerk.words
    assert "Nguồn office Số liệu cách đây dưới 1 phút" in clerk.words
    assert XSS not in page


async def test_a_call_is_noted_with_who_and_when_and_the_citizen_waits_no_more(rig: Rig) -> None:
    await mirrored(rig, 1, due=soon(rig))
    await failed(rig, 1)
    clerk = await rig.staff(Grant(Role.CLERK, WARD), login="lan")
    await clerk.get("/hom-nay/khong-lien-lac")

    await clerk.post("/hom-nay/khong-lien-lac", nguon="office", ma=code(1), cach="call")

    assert clerk.where == "/hom-nay/khong-lien-lac"
    assert "Đã gọi điện Cán bộ lan" in clerk.words
    await clerk.get("/")
    assert "0 công dân chưa nhận được tin nào" in clerk.words
    told = await rig.recorded("dossier.told_by_hand")
    assert [(each.by, each.subject, each.agency, each.after) for each in told] == [
        ("lan", code(1), WARD, {"way": "call"})
    ]


async def test_of_another_agencys_dossier_no_call_can_be_noted(rig: Rig) -> None:
    await mirrored(rig, 1, due=soon(rig))
    await failed(rig, 1)
    stranger = await rig.staff(Grant(Role.CLERK, OTHER))
    await stranger.get("/")

    await stranger.post("/hom-nay/khong-lien-lac", nguon="office", ma=code(1), cach="call")

    assert stranger.status == 404
    assert await rig.recorded("dossier.told_by_hand") == []


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_the_list_for_calling_has_names_and_phones_no_formula_and_is_recorded(rig: Rig, kind: str) -> None:
    await mirrored(rig, 1, due=soon(rig), applicant="=1+1")
    await failed(rig, 1)
    clerk = await rig.staff(Grant(Role.CLERK, WARD))
    viewer = await rig.staff(Grant(Role.VIEWER, WARD))

    content, headers = await clerk.bytes_of(f"/hom-nay/khong-lien-lac/tep/{kind}")
    await viewer.bytes_of(f"/hom-nay/khong-lien-lac/tep/{kind}")

    assert headers["Content-Disposition"] == f'attachment; filename="chua-lien-lac.{kind}"'
    if kind == "csv":
        text = content.decode("utf-8-sig")
        assert OWNER_PHONE in text
        assert ";'=1+1;" in text
    assert viewer.status == 403
    assert [each.after["rows"] for each in await rig.recorded("unreachable.downloaded")] == [1]


async def now_of(rig: Rig, item: OutboxItem) -> OutboxItem:
    found = await rig.storage.read(lambda tx: tx.outbox.get(item.id))
    assert found is not None
    return found


async def test_held_messages_are_cancelled_by_their_ticks_and_only_ones_own(rig: Rig) -> None:
    mine = await held_for_the_night(rig, 1)
    other = await held_for_the_night(rig, 2, agency=OTHER)
    clerk = await rig.staff(Grant(Role.CLERK, WARD), login="lan")
    await clerk.get("/hom-nay/tam-giu")
    listed = clerk.words

    await clerk.post("/hom-nay/tam-giu/huy", tin=[mine.id, other.id])

    assert "SMS +84" in listed
    assert "sms:" not in listed
    assert "Đã hủy 1 tin." in clerk.words
    assert (await now_of(rig, mine)).state is DeliveryState.CANCELLED
    assert (await now_of(rig, other)).state is DeliveryState.HELD
    assert [each.by for each in await rig.recorded("messages.cancelled")] == ["lan"]


async def test_to_send_in_quiet_hours_asks_for_a_reason_that_is_kept(rig: Rig) -> None:
    item = await held_for_the_night(rig, 1)
    clerk = await rig.staff(Grant(Role.CLERK, WARD), login="lan")
    await clerk.get("/hom-nay/tam-giu")

    await clerk.post("/hom-nay/tam-giu/gui", tin=[item.id])
    refused, state = clerk.words, (await now_of(rig, item)).state
    await clerk.post("/hom-nay/tam-giu/gui", tin=[item.id], why="giỗ Tổ, phải báo ngay")
    done = clerk.words
    await clerk.get("/")
    await clerk.post("/hom-nay/tam-giu/gui", tin=[item.id], why="lần nữa")

    bypasses = await rig.storage.read(lambda tx: tx.outbox.bypasses(since=rig.clock() - LATE))
    assert "Xin ghi lý do" in refused
    assert state is DeliveryState.HELD
    assert "1 tin được gửi ngay." in done
    assert "không còn bị giữ" in clerk.words
    assert [(each.rule, each.by) for each in bypasses] == [("giỗ Tổ, phải báo ngay", "lan")]
    assert len(await rig.recorded("messages.hurried")) == 1


async def test_a_long_list_goes_on_where_the_page_ended(rig: Rig) -> None:
    for number in range(1, 54):
        await mirrored(rig, number, due=rig.clock() - LATE - timedelta(minutes=number // 2))
    clerk = await rig.staff(Grant(Role.CLERK, WARD))

    first = await clerk.get("/hom-nay/den-han?loc=qua-han")
    older = first.split('rel="next"')[0].rsplit('href="/can-bo', 1)[1].split('"')[0].replace("&amp;", "&")
    second = await clerk.get(older)

    listed = [code(number) for number in range(1, 54)]
    assert sum(f">{each}<" in first for each in listed) == 50
    assert sum(f">{each}<" in second for each in listed) == 3
