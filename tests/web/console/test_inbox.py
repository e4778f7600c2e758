"""The inbox: who waits, what is overdue, answers that are seen before they leave and never lost."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from adapters.channels import log
from bot.desk import handle_of
from bot.model.message import DeliveryState, InboundMessage, OutboxItem
from bot.model.person import Address
from bot.model.service import Feedback, FeedbackKind, Talk
from bot.model.staff import Grant, Role
from bot.plan import Configured
from tests.web.console.rig import Rig

WEB = Address("webchat", "visitor-70012")
PHONE = Address("sms", "+84912345678")


async def talk_of(rig: Rig, address: Address = WEB, *, agency: str = "H32.10", clerk: str = "") -> tuple[str, Talk]:
    now = rig.clock()
    talk = Talk(address=address, channel="webchat", agency=agency, begun_at=now, heard_at=now, clerk=clerk)
    await rig.storage.write(lambda tx: tx.service.begin_talk(talk))
    kept = await rig.storage.read(lambda tx: tx.service.talk(address))
    assert kept is not None
    return handle_of(kept), kept


async def says(rig: Rig, text: str, address: Address = WEB) -> None:
    message = InboundMessage(channel="webchat", message_id=rig.app.new_id(), sender=address, text=text, at=rig.clock())
    await rig.storage.write(lambda tx: tx.conversations.first_time(message))


async def feedback_of(rig: Rig, *, days_ago: float = 0, **given: Any) -> str:
    values: dict[str, Any] = {
        "kind": FeedbackKind.PROPOSAL, "address": WEB, "channel": "webchat", "agency": "H32.10", "text": "Phải chờ lâu",
        "name": "Trần Văn Mai", "phone": "+84912345678", "home": "12 Trần Phú",
        "at": rig.clock() - timedelta(days=days_ago),
    }  # fmt: skip
    feedback = Feedback(**values | given)
    return await rig.storage.write(lambda tx: tx.service.add_feedback(feedback, day="261122", prefix="PA"))


async def sent(rig: Rig) -> list[OutboxItem]:
    return await rig.storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=99))


async def test_an_empty_inbox_says_how_it_fills(rig: Rig) -> None:
    clerk = await rig.staff(Role.CLERK)

    await clerk.get("/hop-thu")

    assert "Không có ai đang chờ" in clerk.words
    assert "Không có nội dung nào chờ trả lời" in clerk.words


async def test_those_who_wait_for_a_clerk_come_first_with_their_time(rig: Rig) -> None:
    answered, _ = await talk_of(rig, Address("webchat", "visitor-1"), clerk="hoa")
    rig.clock.moved += timedelta(minutes=5)
    waiting, _ = await talk_of(rig)
    rig.clock.moved += timedelta(minutes=7)
    clerk = await rig.staff(Role.CLERK)

    await clerk.get("/hop-thu")

    assert clerk.words.index(waiting) < clerk.words.index(answered)
    assert "Đang chờ đã 7 phút" in clerk.words
    assert "hoa đã trả lời, im lặng 12 phút" in clerk.words
    assert "visitor-70012" not in clerk.page


async def test_who_writes_again_after_an_answer_waits_again(rig: Rig) -> None:
    handle, talk = await talk_of(rig)
    clerk = await rig.staff(Role.CLERK, login="lan")
    rig.clock.moved += timedelta(minutes=1)
    await rig.app.desk.reply(talk, "Xin chờ", by="lan")
    await clerk.get("/hop-thu/moi")
    after_answer = clerk.words
    rig.clock.moved += timedelta(minutes=1)

    await rig.storage.write(lambda tx: tx.service.touch_talk(WEB, at=rig.clock()))
    await clerk.get("/hop-thu/moi")

    assert "lan đã trả lời" in after_answer
    assert f"{handle}" in clerk.words
    assert "Đang chờ" in clerk.words


async def test_a_conversation_shows_who_said_what_and_the_look_is_recorded_once(rig: Rig) -> None:
    handle, _ = await talk_of(rig)
    await says(rig, "Hồ sơ của tôi <b>đâu</b>?")
    clerk = await rig.staff(Role.CLERK, login="lan")

    await clerk.get(f"/hop-thu/trao-doi/{handle}")
    shown = clerk.page
    await clerk.get(f"/hop-thu/trao-doi/{handle}/moi")

    assert "Hồ sơ của tôi &lt;b&gt;đâu&lt;/b&gt;?" in shown
    assert 'data-live="/can-bo/hop-thu/trao-doi/' in clerk.page
    looks = await rig.recorded("talk.looked")
    assert [(each.by, each.subject, each.agency) for each in looks] == [("lan", handle, "H32.10")]


async def test_the_lines_alone_cannot_be_read_without_a_trace(rig: Rig) -> None:
    handle, _ = await talk_of(rig)
    clerk = await rig.staff(Role.VIEWER)

    await clerk.get(f"/hop-thu/trao-doi/{handle}/moi")
    rig.clock.moved += timedelta(minutes=16)
    await clerk.get(f"/hop-thu/trao-doi/{handle}/moi")

    assert len(await rig.recorded("talk.looked")) == 2


async def test_conversations_of_other_agencies_are_not_there(rig: Rig) -> None:
    handle, _ = await talk_of(rig, agency="H32.20")
    nobodys, _ = await talk_of(rig, Address("webchat", "visitor-2"), agency="")
    clerk = await rig.staff(Grant(Role.CLERK, "H32.10"))

    await clerk.get("/hop-thu")
    listed = clerk.words
    statuses = []
    for each in (handle, nobodys, "zzzzz"):
        await clerk.get(f"/hop-thu/trao-doi/{each}")
        statuses.append((clerk.status, clerk.words))

    assert handle not in listed
    assert nobodys not in listed
    assert {status for status, _ in statuses} == {404}
    assert len(set(statuses)) == 1
    assert await rig.recorded("talk.looked") == []


async def test_an_answer_in_a_chat_leaves_at_once_and_is_recorded_without_its_words(rig: Rig) -> None:
    handle, _ = await talk_of(rig)
    clerk = await rig.staff(Role.CLERK, login="lan")
    await clerk.get(f"/hop-thu/trao-doi/{handle}")

    await clerk.post(f"/hop-thu/trao-doi/{handle}/tra-loi", text="Mời ông đến lấy kết quả", lam="gui")

    [item] = await sent(rig)
    assert item.address == WEB
    assert "Mời ông đến lấy kết quả" in item.text
    assert clerk.where == f"/hop-thu/trao-doi/{handle}"
    assert "Câu trả lời đang được gửi" in clerk.words
    assert "đang gửi" in clerk.words
    [entry] = await rig.recorded("talk.replied")
    assert (entry.by, entry.subject, entry.after) == ("lan", handle, {"parts": 1})


async def test_an_sms_is_seen_as_it_leaves_before_it_can_be_sent(rig: Rig) -> None:
    sms = Configured("trial", "log", log.Settings(), "sms")
    rig.app.plan = replace(rig.app.plan, channels=[*rig.app.plan.channels, sms])
    handle, _ = await talk_of(rig, PHONE)
    clerk = await rig.staff(Role.CLERK)
    path = f"/hop-thu/trao-doi/{handle}/tra-loi"
    await clerk.get(f"/hop-thu/trao-doi/{handle}")
    first = clerk.words

    await clerk.post(path, text="Mời ông đến lấy kết quả", lam="gui")
    preview, before = clerk.words, await sent(rig)
    seen = clerk.page.split('name="seen" value="')[1][:16]
    await clerk.post(path, text="Mời ông đến lấy kết quả, mang theo giấy hẹn", seen=seen, lam="gui")
    changed, still = clerk.words, await sent(rig)
    seen = clerk.page.split('name="seen" value="')[1][:16]
    await clerk.post(path, text="Mời ông đến lấy kết quả, mang theo giấy hẹn", seen=seen, lam="gui")

    assert "Gửi 1 phần SMS" not in first
    assert "Moi ong den lay ket qua" in preview
    assert "Gửi 1 phần SMS" in preview
    assert "mang theo giay hen" in changed
    assert (before, still) == ([], [])
    assert len(await sent(rig)) == 1


async def test_what_is_too_long_or_empty_is_not_sent_and_not_lost(rig: Rig) -> None:
    handle, _ = await talk_of(rig)
    clerk = await rig.staff(Role.CLERK)
    path = f"/hop-thu/trao-doi/{handle}/tra-loi"
    await clerk.get(f"/hop-thu/trao-doi/{handle}")

    await clerk.post(path, text="dài " * 1000, lam="gui")
    long, long_status = clerk.page, clerk.status
    await clerk.post(path, text="  ", lam="gui")

    assert long_status == clerk.status == 422
    assert "nhiều nhất là 1900" in long
    assert "dài dài dài" in long
    assert "Lời trả lời còn trống" in clerk.words
    assert await sent(rig) == []


async def test_an_answer_to_a_conversation_that_has_ended_is_given_back(rig: Rig) -> None:
    handle, talk = await talk_of(rig)
    clerk = await rig.staff(Role.CLERK)
    await clerk.get(f"/hop-thu/trao-doi/{handle}")
    await rig.storage.write(lambda tx: tx.service.end_talk(talk.address))

    await clerk.post(f"/hop-thu/trao-doi/{handle}/tra-loi", text="Câu trả lời công phu", lam="gui")

    assert clerk.status == 409
    assert "đã kết thúc, chưa gửi gì" in clerk.words
    assert "Câu trả lời công phu" in clerk.words


async def test_a_viewer_reads_and_cannot_answer(rig: Rig) -> None:
    handle, _ = await talk_of(rig)
    viewer = await rig.staff(Role.VIEWER)

    await viewer.get(f"/hop-thu/trao-doi/{handle}")
    page = viewer.page
    await viewer.post(f"/hop-thu/trao-doi/{handle}/tra-loi", text="x", lam="gui")

    assert "textarea" not in page
    assert viewer.status == 403
    assert await sent(rig) == []


async def test_a_conversation_is_given_back_to_the_bot_and_the_citizen_told(rig: Rig) -> None:
    handle, _ = await talk_of(rig)
    clerk = await rig.staff(Role.CLERK)
    await clerk.get(f"/hop-thu/trao-doi/{handle}")

    await clerk.post(f"/hop-thu/trao-doi/{handle}/ket-thuc")

    assert clerk.where == "/hop-thu"
    assert f"Trao đổi {handle} đã kết thúc" in clerk.words
    assert len(await sent(rig)) == 1
    assert [each.subject for each in await rig.recorded("talk.closed")] == [handle]


async def test_overdue_feedback_comes_first_in_words_and_erasure_within_72_hours(rig: Rig) -> None:
    fresh = await feedback_of(rig)
    erasure = await feedback_of(rig, kind=FeedbackKind.ERASURE, days_ago=2)
    late = await feedback_of(rig, days_ago=30)
    clerk = await rig.staff(Role.CLERK)

    await clerk.get("/hop-thu")

    said = clerk.words
    assert said.index(late) < said.index(erasure) < said.index(fresh)
    assert "1 nội dung đã quá hạn trả lời" in said
    assert "Quá hạn" in said
    assert "Còn 23 giờ 59 phút" in said or "Còn 1 ngày" in said


async def test_feedback_is_filtered_by_kind_and_by_agency(rig: Rig) -> None:
    ours = await feedback_of(rig)
    scam = await feedback_of(rig, kind=FeedbackKind.SCAM)
    theirs = await feedback_of(rig, agency="H32.20")
    clerk = await rig.staff(Grant(Role.CLERK, "H32.10"))

    await clerk.get("/hop-thu?loai=scam")
    filtered = clerk.words
    await clerk.get("/hop-thu")
    both = clerk.words
    await clerk.get(f"/hop-thu/phan-anh/{theirs}")

    assert (scam in filtered, ours in filtered) == (True, False)
    assert (scam in both, ours in both, theirs in both) == (True, True, False)
    assert clerk.status == 404


async def test_feedback_is_answered_and_the_sender_told_once(rig: Rig) -> None:
    number = await feedback_of(rig)
    lan, hoa = await rig.staff(Role.CLERK, login="lan"), await rig.staff(Role.CLERK, login="hoa")
    await lan.get(f"/hop-thu/phan-anh/{number}")
    shown = lan.words
    await hoa.get(f"/hop-thu/phan-anh/{number}")

    await lan.post(f"/hop-thu/phan-anh/{number}", text="Đã mở thêm một quầy", lam="gui")
    await hoa.post(f"/hop-thu/phan-anh/{number}", text="Chúng tôi đang xem", lam="gui")

    assert "Trần Văn Mai" in shown
    assert "12 Trần Phú" in shown
    assert len(await sent(rig)) == 1
    assert hoa.status == 409
    assert "Chúng tôi đang xem" in hoa.words
    assert "Đồng nghiệp khác vừa trả lời" in hoa.words
    assert [(each.by, each.what) for each in await rig.recorded("feedback.")] == [
        ("lan", "feedback.looked"),
        ("hoa", "feedback.looked"),
        ("lan", "feedback.answered"),
        ("lan", "feedback.looked"),
    ]
    await lan.get("/hop-thu/da-tra-loi")
    assert number in lan.words
    assert "Trả lời trước hạn" in lan.words


async def test_a_wrong_number_is_noted_and_nobody_is_written_to(rig: Rig) -> None:
    number = await feedback_of(rig, kind=FeedbackKind.WRONG_NUMBER)
    clerk = await rig.staff(Role.CLERK)
    await clerk.get(f"/hop-thu/phan-anh/{number}")

    await clerk.post(f"/hop-thu/phan-anh/{number}", text="Đã sửa số", lam="gui")

    assert await sent(rig) == []
    assert "Đã lưu ghi chú xử lý" in clerk.words
    assert "Ghi chú xử lý" in clerk.words.partition("Đã lưu ghi chú xử lý")[2]
    assert "Câu trả lời" not in clerk.words


async def test_the_answer_stands_before_the_erasing_that_leaves_no_address(rig: Rig) -> None:
    number = await feedback_of(rig, kind=FeedbackKind.ERASURE)
    clerk = await rig.staff(Role.CLERK)

    await clerk.get(f"/hop-thu/phan-anh/{number}")

    assert 0 < clerk.words.index("Lời trả lời") < clerk.words.index("Xóa dữ liệu của người này")


async def test_an_answer_can_be_previewed_before_it_leaves(rig: Rig) -> None:
    number = await feedback_of(rig)
    clerk = await rig.staff(Role.CLERK)
    await clerk.get(f"/hop-thu/phan-anh/{number}")

    await clerk.post(f"/hop-thu/phan-anh/{number}", text="Đã rõ", lam="xem")

    assert "Công dân sẽ đọc" in clerk.words
    assert number in clerk.words
    assert await sent(rig) == []


async def test_the_list_is_a_file_without_names_and_phones(rig: Rig) -> None:
    number = await feedback_of(rig, text="=1+1")
    clerk = await rig.staff(Role.CLERK)

    content, headers = await clerk.bytes_of("/hop-thu/phan-anh.csv")

    text = content.decode("utf-8-sig")
    assert headers["Content-Disposition"] == 'attachment; filename="phan-anh.csv"'
    assert number in text
    assert "'=1+1" in text
    assert "Trần Văn Mai" not in text
    assert "0912" not in text
    assert [dict(each.after) for each in await rig.recorded("feedback.exported")] == [{"entries": 1}]


async def test_answered_feedback_is_paged_from_the_newest(rig: Rig) -> None:
    numbers = [await feedback_of(rig, days_ago=number / 10) for number in range(103)]
    for each in numbers:
        await rig.storage.write(lambda tx, n=each: tx.service.answer_feedback(n, "Đã rõ", by="lan", at=rig.clock()))  # type: ignore[misc]
    clerk = await rig.staff(Role.CLERK)

    await clerk.get("/hop-thu/da-tra-loi")
    first, older = clerk.words, clerk.page.split('rel="next"')[0].rsplit('href="/can-bo', 1)[1].split('"')[0]
    await clerk.get(older.replace("&amp;", "&"))

    assert (numbers[0] in first, numbers[102] in first) == (True, False)
    assert (numbers[0] in clerk.words, numbers[102] in clerk.words) == (False, True)
