"""What happens next, who holds it, how long, what to bring, how it went; and what the bot says of itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.calendars import Calendars
from bot.config import ConversationSettings
from bot.deadline_settings import CalendarSettings
from bot.model.dossier import Status, Step
from bot.ports import Storage
from tests.flows.asking import CHAT, OWNER, WEB, bound, mirror_of, options, secret
from tests.support.chats import Chats
from tests.support.making import START, batch, code, dossier


@pytest.fixture
def chats(sqlite_storage: Storage) -> Chats:
    return Chats(sqlite_storage)


# Questions


@pytest.mark.parametrize("status", list(Status))
async def test_the_owner_learns_what_happens_next_in_every_status(chats: Chats, status: Status) -> None:
    await chats.mirror(replace(secret(), status=status))

    answer = await chats.says(OWNER, f"buoc tiep theo {code(1)}")

    assert code(1) in answer
    assert _NEXT[status] in answer


_NEXT = {
    Status.UNKNOWN: "chua phai lam gi",
    Status.REGISTERED: "xem xet",
    Status.RECEIVED: "chuyen den bo phan chuyen mon",
    Status.REFUSED: "nop ho so moi",
    Status.PROCESSING: "duoc ky va chuyen ve noi tra",
    Status.SUPPLEMENT: "bo sung: Giay chung sinh. Xin nop tai UBND phuong Vinh Hai.",
    Status.PAYMENT: "khong thu tien",
    Status.WITHDRAWN: "da duoc rut",
    Status.STOPPED: "nhan lai giay to",
    Status.DONE: "Moi nhan tai Quay 3;",
    Status.RETURNED: "viec giai quyet da xong",
}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.PROCESSING, "Lúc này Ông/Bà chưa phải mang gì. Ngày hẹn trả: 08:00 27/11/2026."),
        (Status.SUPPLEMENT, "cần bổ sung: Giấy chứng sinh. Xin nộp tại UBND phường Vĩnh Hải"),
        (Status.PAYMENT, "thông báo nộp tiền"),
        (Status.STOPPED, "nhận lại giấy tờ"),
        (Status.DONE, "tại Quầy 3. Xin mang giấy hẹn và giấy tờ tùy thân."),
        (Status.RETURNED, "không phải mang gì nữa"),
    ],
)
async def test_the_owner_learns_what_to_bring_and_where(chats: Chats, status: Status, words: str) -> None:
    await bound(chats)
    await chats.mirror(replace(secret(), status=status))

    assert words in await chats.says(CHAT, f"{code(1)} cần mang gì, nhận ở đâu")


STEPS = (
    Step(agency="H32.15", holder="Trần Văn Tâm", task="Tiếp nhận", started_at=START, ended_at=START),
    Step(
        agency="Chi cục Thuế",
        holder="Nguyễn Thị Hoa",
        task="Xác định nghĩa vụ tài chính",
        started_at=START + timedelta(hours=2),
        due_at=START + timedelta(days=2),
    ),
)


async def test_who_holds_it_is_the_agency_and_its_task_and_never_an_officers_name(chats: Chats) -> None:
    await bound(chats)
    await chats.mirror(dossier(status=Status.PROCESSING, agency="H32.15", steps=STEPS))

    answer = await chats.says(CHAT, f"ai đang giữ {code(1)}")

    assert answer.splitlines() == [
        f"Hồ sơ {code(1)}: đang được xử lý.",
        "Đang giải quyết: Chi cục Thuế, từ 22/11/2026.",
        "Việc đang làm: Xác định nghĩa vụ tài chính, hạn 24/11/2026.",
        "Nơi tiếp nhận: UBND phường Vĩnh Hải.",
        "Số liệu lúc 08:00 22/11/2026.",
    ]


async def test_an_agency_that_is_only_a_number_is_not_shown_as_one(chats: Chats) -> None:
    await bound(chats)
    await chats.mirror(dossier(agency="H32.15", steps=(replace(STEPS[1], agency="G12.34"),)))

    answer = await chats.says(CHAT, f"ai đang giữ {code(1)}")

    assert "G12.34" not in answer
    assert "Chúng tôi chưa có thông tin về nơi đang giải quyết.\nViệc đang làm: Xác định nghĩa vụ tài chính" in answer


async def test_an_agency_is_named_and_not_numbered(chats: Chats) -> None:
    await bound(chats)
    first = replace(STEPS[0], ended_at=None)
    await chats.mirror(dossier(agency="H32.15", steps=(first,)))

    answer = await chats.says(CHAT, f"ai đang giữ {code(1)}")

    assert "Đang giải quyết: UBND phường Vĩnh Hải, từ 22/11/2026." in answer
    assert "H32.15," not in answer


@pytest.mark.parametrize(
    ("appointment", "now", "words"),
    [
        (datetime(2026, 11, 27, 9, tzinfo=UTC), START, "còn 4 ngày làm việc"),
        (datetime(2026, 11, 23, 1, tzinfo=UTC), START + timedelta(days=1, hours=2), "hôm nay"),
        (datetime(2026, 11, 20, 9, tzinfo=UTC), START, "đã qua ngày hẹn"),
        (datetime(2026, 11, 19, 9, tzinfo=UTC), START + timedelta(days=1), "đã quá 2 ngày làm việc"),
        (datetime(2026, 11, 28, 9, tzinfo=UTC), datetime(2026, 11, 27, 9, tzinfo=UTC), "còn chưa tới 1 ngày làm việc"),
        # 17:30 in the universal time is the next day in Vietnam.
        (datetime(2026, 11, 23, 17, 30, tzinfo=UTC), START, "còn 1 ngày làm việc"),
    ],
)
async def test_days_left_are_working_days_in_vietnam(
    chats: Chats, appointment: datetime, now: datetime, words: str
) -> None:
    await bound(chats)
    chats.behave(stale_after={"office": timedelta(days=30)}, calendars=Calendars(CalendarSettings()))
    await chats.mirror(dossier(appointment_at=appointment))
    chats.time.now = now

    assert f"({words})" in await chats.says(CHAT, f"còn bao lâu {code(1)}")


async def test_a_day_off_of_the_offices_calendar_is_not_counted(chats: Chats) -> None:
    await bound(chats)
    chats.behave(calendars=Calendars(CalendarSettings(days_off=((START + timedelta(days=3)).date(),))))
    await chats.mirror(dossier())

    assert "(còn 3 ngày làm việc)" in await chats.says(CHAT, f"còn bao lâu {code(1)}")


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"appointment_at": None}, "Chưa có ngày hẹn trả kết quả."), ({"status": Status.DONE}, "Không còn thời hạn")],
)
async def test_where_no_deadline_runs_none_is_counted(chats: Chats, changes: dict[str, Any], words: str) -> None:
    await bound(chats)
    await chats.mirror(dossier(**changes))

    assert words in await chats.says(CHAT, f"còn bao lâu {code(1)}")


async def test_the_history_is_told_in_words_with_dates(chats: Chats) -> None:
    await bound(chats)
    mirror = mirror_of(chats)
    await mirror.apply(batch(dossier(received_at=START)))
    chats.time.pass_(hours=1)
    await mirror.apply(batch(secret(received_at=START, steps=STEPS[1:])))
    chats.time.pass_(days=1)
    await mirror.apply(batch(dossier(received_at=START, status=Status.PROCESSING, appointment_at=START + timedelta(9))))

    answer = await chats.says(CHAT, f"lịch sử {code(1)}")

    assert answer.splitlines() == [
        f"Quá trình giải quyết hồ sơ {code(1)}:",
        "- 08:00 22/11/2026: tiếp nhận hồ sơ",
        "- 09:00 22/11/2026: cần bổ sung giấy tờ",
        "- 10:00 22/11/2026: Chi cục Thuế – Xác định nghĩa vụ tài chính",
        "- 09:00 23/11/2026: đang được xử lý",
        "- 09:00 23/11/2026: ngày hẹn trả từ 27/11/2026 thành 01/12/2026",
        "Số liệu lúc 09:00 23/11/2026: đang được xử lý.",
    ]


async def test_by_sms_the_history_is_its_last_three_lines_in_two_parts(chats: Chats) -> None:
    mirror = mirror_of(chats)
    for status in (Status.RECEIVED, Status.PROCESSING, Status.SUPPLEMENT, Status.PAYMENT, Status.DONE):
        await mirror.apply(batch(dossier(status=status)))
        chats.time.pass_(minutes=10)

    (answer,) = await chats.items(OWNER, f"lich su {code(1)}")

    assert "can bo sung" in answer.text
    assert "dang duoc xu ly" not in answer.text
    assert answer.parts <= 2


@pytest.mark.parametrize("ask", ["ai đang giữ", "mang gì", "lịch sử"])
async def test_who_may_see_status_and_dates_is_not_told_the_rest(chats: Chats, ask: str) -> None:
    await chats.mirror(secret(steps=STEPS))

    answer = await chats.says(WEB, f"{ask} {code(1)} AB12")

    assert answer.startswith("Chỉ người có số điện thoại ghi trong hồ sơ")
    assert not any(word in answer for word in ("Thuế", "chứng sinh", "UBND"))


async def test_who_may_see_status_and_dates_learns_what_comes_next_without_the_papers(chats: Chats) -> None:
    await chats.mirror(secret())

    answer = await chats.says(WEB, f"tiếp theo {code(1)} AB12")

    assert answer == (
        f"Hồ sơ {code(1)} đang chờ Ông/Bà bổ sung: xin xem phiếu yêu cầu bổ sung. Xin nộp tại nơi đã nộp hồ sơ. "
        "Khi nhận đủ, cơ quan giải quyết tiếp; ngày hẹn trả có thể thay đổi."
    )


async def test_a_question_is_about_the_dossier_that_was_spoken_of(chats: Chats) -> None:
    await bound(chats)
    await chats.mirror(dossier(1), dossier(2))
    await chats.says(CHAT, code(2))

    assert code(2) in await chats.says(CHAT, "còn bao lâu nữa ạ")
    assert code(2) in await chats.says(CHAT, "đến đâu rồi")


async def test_a_question_without_a_code_is_about_the_only_open_dossier(chats: Chats) -> None:
    await chats.mirror(dossier(1), dossier(2, status=Status.RETURNED))

    assert code(1) in await chats.says(OWNER, "con bao lau")


async def test_of_several_dossiers_the_owner_chooses(chats: Chats) -> None:
    await chats.mirror(dossier(1, received_at=START), dossier(2, received_at=START - timedelta(days=1)))

    asked = await chats.says(OWNER, "con bao lau")
    answer = await chats.says(OWNER, "2")

    assert asked.startswith(f"Ong/Ba hoi ho so nao? 1. {code(1)}: Da tiep nhan. 2. {code(2)}: Da tiep nhan.")
    assert f"Ho so {code(2)}: da duoc tiep nhan. Hen tra" in answer
    assert "(con 4 ngay lam viec)" in answer


async def test_somebody_without_a_dossier_is_asked_for_the_code(chats: Chats) -> None:
    assert "Xin gửi kèm mã hồ sơ" in await chats.says(WEB, "còn bao lâu")


@pytest.mark.parametrize("ask", ["bước tiếp theo", "ai đang giữ", "còn bao lâu", "mang gì"])
async def test_from_old_data_nothing_is_concluded(chats: Chats, ask: str) -> None:
    await bound(chats)
    await chats.mirror(dossier())
    chats.time.pass_(hours=5)

    answer = await chats.says(CHAT, f"{ask} {code(1)}")

    assert "tình trạng hiện nay có thể đã khác" in answer
    assert "ngày làm việc" not in answer


async def test_with_old_data_a_second_factor_shows_the_dates_as_old(chats: Chats) -> None:
    await chats.mirror(secret())
    chats.time.pass_(hours=5)

    answer = await chats.says(WEB, f"{code(1)} AB12")

    assert "Ngày hẹn trả khi đó: 08:00 27/11/2026." in answer


async def test_buttons_ask_what_is_asked_next(chats: Chats) -> None:
    await bound(chats)
    await chats.mirror(dossier())

    buttons = await options(chats, CHAT, code(1))
    answers = [await chats.says(CHAT, says) for _, says in buttons]

    assert [label for label, _ in buttons] == ["Bước tiếp theo", "Cần mang gì, nhận ở đâu", "Quá trình giải quyết"]
    assert [answer.split()[0] for answer in answers] == ["Hồ", "Hồ", "Quá"]


async def test_the_longest_code_still_fits_a_button(chats: Chats) -> None:
    await bound(chats)
    longest = "H15.50.05.13.101.102.103.104.105.10-20261008-1800123"
    await chats.mirror(replace(dossier(), code=longest))

    (item,) = await chats.items(CHAT, "hồ sơ của tôi")
    shown = await chats.items(CHAT, longest)

    for option in (*item.options, *shown[0].options):
        assert len(option.label) <= 30
        assert len(option.says.encode()) <= 64
        assert longest in option.says


# The service itself


async def test_help_has_buttons_for_what_is_asked_most(chats: Chats) -> None:
    assert await options(chats, CHAT, "xin chào") == [
        ("Hồ sơ của tôi", "hồ sơ của tôi"),
        ("Liên kết số điện thoại", "liên kết"),
        ("Gặp cán bộ", "gặp cán bộ"),
        ("English", "english"),
    ]


async def test_without_clerks_and_when_bound_the_buttons_that_lead_nowhere_are_missing(chats: Chats) -> None:
    chats.behave(conversation=ConversationSettings(clerks=False))
    await bound(chats)

    assert [label for label, _ in await options(chats, CHAT, "help")] == ["Hồ sơ của tôi", "English"]


async def test_words_that_fit_nothing_are_answered_with_what_can_be_asked(chats: Chats) -> None:
    assert "chưa hiểu" in await chats.says(CHAT, "Nguyễn Văn An")
    assert (await chats.says(OWNER, "Nguyen Van An")).startswith("De biet tinh trang ho so, xin nhan HS")


@pytest.mark.parametrize("text", ["H56.14-2408", "HS H32.15-261122", "ho so h32 15 2611"])
async def test_half_a_code_is_told_apart_from_talk(chats: Chats, text: str) -> None:
    assert (await chats.says(CHAT, text)).startswith("Chúng tôi chưa đọc được mã hồ sơ")


async def test_the_language_changes_there_and_back(chats: Chats) -> None:
    await chats.mirror(dossier())

    english = await chats.says(CHAT, "english")
    answer = await chats.says(CHAT, f"{code(1)} 5678")
    back = await chats.says(CHAT, "ngôn ngữ")

    assert english.startswith("From now on we answer in English.")
    assert "Appointment: 08:00 27/11/2026 (4 working days left)." in answer
    assert back.startswith("Từ nay")


async def test_an_answer_to_no_question_is_helped(chats: Chats) -> None:
    for text in ("đúng", "không", "1234"):
        assert (await chats.says(CHAT, text)).startswith("Kính chào Ông/Bà.")
    assert (await chats.says(CHAT, "thôi")).startswith("Vâng.")
    assert "LIÊN KẾT" in await chats.says(CHAT, "0912345678")


async def test_a_procedure_is_no_dossier_whatever_is_asked_of_it(chats: Chats) -> None:
    for ask in ("1.005129", "mang gì 1.005129", "theo dõi 1.005129"):
        assert (await chats.says(CHAT, ask)).startswith("1.005129 là mã thủ tục")
