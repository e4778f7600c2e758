"""What is answered about dossiers: as much as the asker may know, in words to act on, and the same to all others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from bot.config import CalendarSettings, ConversationSettings, Factor, LookupSettings, Strangers
from bot.guarding import SENDER
from bot.mirror import Mirror
from bot.model.dossier import Dossier, Status, Step
from bot.model.message import Heard, OutboxItem
from bot.model.person import Address, Binding, Follow, Proof, Purpose
from bot.ports import Storage, Unwanted
from tests.support.chats import Chats
from tests.support.making import OWNER_PHONE, START, batch, code, dossier, planner

OWNER = Address("sms", OWNER_PHONE)
STRANGER = Address("sms", "+84987654321")
CHAT = Address("telegram", "1001")
OTHER = Address("telegram", "2002")
WEB = Address("webchat", "3f" * 16)
STRICT = LookupSettings(strangers=Strangers.NOTHING)


@pytest.fixture
def chats(sqlite_storage: Storage) -> Chats:
    return Chats(sqlite_storage)


def secret(number: int = 1, **changes: Any) -> Dossier:
    """A dossier with everything that not everybody may see."""
    return dossier(
        number,
        status=Status.SUPPLEMENT,
        supplement="Giấy chứng sinh",
        reason="Bản nộp bị mờ",
        place="Quầy 3",
        lookup_code="AB12",
        id_tail="0123",
        **changes,
    )


def mirror_of(chats: Chats) -> Mirror:
    """With ids of its own for what it pushes."""
    numbers = count(1)
    return Mirror("office", chats.storage, planner(lambda: f"P{next(numbers):025}"), chats.time)


async def bound(chats: Chats, address: Address = CHAT) -> None:
    now = chats.time()
    binding = Binding(address, OWNER_PHONE, Proof.CONTACT, now, now, address.scheme)
    await chats.storage.write(lambda tx: tx.people.bind(binding))


async def options(chats: Chats, sender: Address, text: str, **event: Any) -> list[tuple[str, str]]:
    """The last reply's buttons: what stands on them, and what they say."""
    items = await chats.items(sender, text, **event)
    return [(each.label, each.says) for each in items[-1].options]


# The second factor


@pytest.mark.parametrize("factor", ["AB12", "ab12", "5678", "0123", "mã tra cứu AB12 ạ", "4 số cuối là 5678"])
async def test_who_knows_a_second_factor_sees_status_and_dates_and_nothing_else(chats: Chats, factor: str) -> None:
    await chats.mirror(secret())

    await chats.says(WEB, code(1))
    answer = await chats.says(WEB, factor)

    assert answer.startswith(
        f"Hồ sơ {code(1)}: cần bổ sung giấy tờ.\nNgày tiếp nhận: 22/11/2026.\n"
        "Ngày hẹn trả: 08:00 27/11/2026 (còn 4 ngày làm việc).\nSố liệu lúc 08:00 22/11/2026."
    )
    assert not any(word in answer for word in ("chứng sinh", "mờ", "Quầy", "UBND", "khai sinh", "Ánh", "0912"))


async def test_the_factor_may_be_in_the_same_message(chats: Chats) -> None:
    await chats.mirror(secret())

    answer = await chats.says(STRANGER, f"TRACUU {code(1)} AB12")

    assert "Tiep nhan 22/11/2026. Hen tra 08:00 27/11/2026 (con 4 ngay lam viec)." in answer


async def test_a_wrong_factor_an_unknown_code_and_another_ones_dossier_are_answered_alike(chats: Chats) -> None:
    chats.behave(lookup=STRICT)
    await chats.mirror(secret(1), secret(2))

    wrong = await chats.items(Address("telegram", "1"), f"HS {code(1)} ZZ99")
    missing = await chats.items(Address("telegram", "2"), f"HS {code(9)} AB12")
    others = await chats.items(Address("telegram", "3"), f"HS {code(2)}")

    assert _alike(wrong, code(1)) == _alike(missing, code(9)) == _alike(others, code(2))
    assert len({len(items[0].text) for items in (wrong, missing, others)}) == 1


def _alike(items: list[OutboxItem], of: str) -> list[tuple[object, ...]]:
    """What a stranger sees of an answer, without the code that was typed."""
    return [(item.text.replace(of, "X"), item.parts, item.options) for item in items]


@pytest.mark.parametrize("ask", ["{}", "theo dõi {}", "còn bao lâu {}", "ai đang giữ {}", "mang gì {}", "lịch sử {}"])
async def test_whatever_is_asked_of_it_a_dossier_that_exists_looks_like_one_that_does_not(
    chats: Chats, ask: str
) -> None:
    chats.behave(lookup=STRICT)
    await chats.mirror(secret())

    existing = await chats.items(CHAT, ask.format(code(1)))
    missing = await chats.items(OTHER, ask.format(code(9)))
    later = [await chats.says(each, "ZZ99") for each in (CHAT, OTHER)]

    assert _alike(existing, code(1)) == _alike(missing, code(9))
    assert later[0].replace(code(1), "X") == later[1].replace(code(9), "X")


async def test_the_links_start_tells_a_stranger_no_more(chats: Chats) -> None:
    chats.behave(lookup=STRICT)
    await chats.mirror(secret())

    existing = await chats.items(CHAT, code(1), kind=Heard.START)
    missing = await chats.items(OTHER, code(9), kind=Heard.START)

    assert _alike(existing, code(1)) == _alike(missing, code(9))


async def test_who_is_held_up_is_told_the_same_whether_or_not_the_code_exists(chats: Chats) -> None:
    chats.behave(lookup=STRICT)
    await chats.mirror(secret())
    for sender in (CHAT, OTHER):
        for number in range(100, 100 + SENDER.free):
            await chats.says(sender, code(number))

    existing = await chats.items(CHAT, code(1))
    missing = await chats.items(OTHER, code(9))

    assert _alike(existing, "") == _alike(missing, "")
    assert "Xin thử lại sau 1 phút" in existing[0].text


async def test_who_is_held_up_is_told_once_for_all_codes_of_a_message(chats: Chats) -> None:
    chats.behave(lookup=STRICT)
    for number in range(100, 100 + SENDER.free):
        await chats.says(CHAT, code(number))

    assert len(await chats.items(CHAT, f"{code(1)} {code(2)} {code(3)}")) == 1


async def test_a_stranger_reads_the_level_without_the_sources_own_word(chats: Chats) -> None:
    await chats.mirror(dossier(status=Status.UNKNOWN, status_text="Chờ ông Tâm ký"))

    answer = await chats.says(WEB, code(1))

    assert answer.startswith(f"Hồ sơ {code(1)}: đang xử lý.\n")
    assert "mã tra cứu in trên giấy hẹn hoặc 4 số cuối của điện thoại hay giấy tờ tùy thân" in answer


async def test_a_factor_that_the_office_does_not_take_is_not_asked_for(chats: Chats) -> None:
    chats.behave(lookup=LookupSettings(factors=(Factor.PHONE,)))
    await chats.mirror(secret())

    assert "gửi 4 số cuối của điện thoại, hoặc nhắn" in await chats.says(WEB, code(1))
    assert "Ngày hẹn trả" not in await chats.says(WEB, "AB12")


async def test_where_nothing_helps_nothing_is_asked(chats: Chats) -> None:
    chats.behave(lookup=LookupSettings(factors=()))
    await chats.mirror(secret())

    answer = await chats.says(WEB, code(1))

    assert "Để biết chi tiết, xin nhắn từ số điện thoại đã ghi trong hồ sơ." in answer
    assert "Xin lỗi, chúng tôi chưa hiểu" in await chats.says(WEB, "AB12")


async def test_who_does_not_know_a_factor_gets_out_of_the_question(chats: Chats) -> None:
    await chats.mirror(secret())
    await chats.says(WEB, code(1))

    assert (await chats.says(WEB, "không biết")).startswith("Vâng.")


async def test_talk_is_no_factor_and_costs_no_attempt(chats: Chats) -> None:
    chats.behave(lookup=STRICT)
    for _ in range(SENDER.free - 1):
        await chats.says(CHAT, code(1))
        await chats.says(CHAT, "sao lâu quá vậy em ơi")

    assert (await chats.says(CHAT, code(1))).startswith("Không có thông tin")


async def test_in_a_message_with_several_codes_no_factor_is_asked_for(chats: Chats) -> None:
    await chats.mirror(secret(1), secret(2))

    answers = await chats.items(WEB, f"{code(1)}, {code(2)}")

    assert ["mã tra cứu" in each.text for each in answers] == [False, False]


# Mended codes


async def test_a_question_about_a_mended_code_is_answered_after_the_yes(chats: Chats) -> None:
    await chats.mirror(dossier())

    asked = await chats.says(OWNER, "con bao lau h32.15-26II22-OOO1")
    answer = await chats.says(OWNER, "1")

    assert asked == f"Co phai Ong/Ba muon hoi ho so {code(1)}? Nhan 1 neu dung, 2 neu khong phai."
    assert "(con 4 ngay lam viec)" in answer


async def test_the_factor_that_came_with_a_mended_code_is_not_asked_for_again(chats: Chats) -> None:
    await chats.mirror(secret())

    await chats.says(WEB, "h32.15-26II22-OOO1 AB12")

    assert "Ngày tiếp nhận: 22/11/2026" in await chats.says(WEB, "đúng")


async def test_a_press_on_the_button_of_an_old_question_stops_nothing(chats: Chats) -> None:
    await chats.mirror(dossier())
    ((_, yes), _) = await options(chats, CHAT, "h32.15-26II22-OOO1")
    chats.time.pass_(minutes=20)

    assert "không tự nhắn" not in await chats.says(CHAT, yes)


# Whose dossiers


async def test_a_bound_chat_lists_what_is_hers_open_ones_first(chats: Chats) -> None:
    await bound(chats)
    await chats.mirror(
        dossier(1, received_at=START - timedelta(days=3)),
        dossier(2, received_at=START - timedelta(days=1), status=Status.RETURNED),
        dossier(3, received_at=START - timedelta(days=2), status=Status.DONE),
        dossier(4, phone="+84900000000"),
    )

    answer = await chats.says(CHAT, "hồ sơ của tôi")

    assert answer.splitlines()[:4] == [
        "Hồ sơ của Ông/Bà:",
        f"1. {code(3)} (Đăng ký khai sinh): đã có kết quả.",
        f"2. {code(1)} (Đăng ký khai sinh): đã được tiếp nhận, hẹn trả 27/11/2026.",
        f"3. {code(2)} (Đăng ký khai sinh): đã trả kết quả.",
    ]


@pytest.mark.parametrize("sender", [CHAT, WEB, OWNER])
async def test_the_number_of_a_line_shows_its_dossier(chats: Chats, sender: Address) -> None:
    if sender != OWNER:
        await bound(chats, sender)
    await chats.mirror(dossier(1, received_at=START), dossier(2, received_at=START - timedelta(days=1)))

    listed = await chats.says(sender, "ho so cua toi")
    chosen = await chats.says(sender, "2")

    assert listed.count(code(2)) == 1
    assert chosen.startswith((f"Hồ sơ {code(2)} (Đăng ký khai sinh):", f"Ho so {code(2)}:"))
    assert "UBND" in chosen


async def test_by_sms_three_are_listed_in_two_parts_and_the_others_counted(chats: Chats) -> None:
    await chats.mirror(*(dossier(number, status=Status.PAYMENT) for number in range(1, 6)))

    (answer,) = await chats.items(OWNER, "HS CUA TOI")

    assert answer.text.count("Cho nop nghia vu tai chinh") == 3
    assert answer.text.endswith("Con 2 ho so khac. Nhan so thu tu de xem.")
    assert answer.parts <= 2


async def test_what_the_owner_of_a_number_has_disowned_is_not_listed(chats: Chats) -> None:
    await bound(chats)
    await chats.mirror(dossier(1), dossier(2, received_at=START + timedelta(days=2)))
    await chats.storage.write(lambda tx: tx.people.disown(OWNER_PHONE, at=START + timedelta(days=1)))

    answer = await chats.says(CHAT, "hồ sơ của tôi")

    assert code(2) in answer
    assert code(1) not in answer


async def test_what_is_only_followed_is_listed_without_its_procedure(chats: Chats) -> None:
    await chats.mirror(dossier())
    await chats.says(CHAT, f"theo dõi {code(1)} 5678")

    answer = await chats.says(CHAT, "hồ sơ của tôi")

    assert f"1. {code(1)}: đã được tiếp nhận, hẹn trả 27/11/2026 (đang theo dõi)." in answer
    assert "khai sinh" not in answer


async def test_who_is_not_bound_is_told_how_to_be(chats: Chats) -> None:
    assert ("Liên kết số điện thoại", "liên kết") in await options(chats, CHAT, "hồ sơ của tôi")
    assert "xin nhắn LIÊN KẾT" in await chats.says(WEB, "hồ sơ của tôi")


async def test_a_number_on_no_dossier_hears_so(chats: Chats) -> None:
    assert (await chats.says(STRANGER, "hs cua toi")).startswith("Chua co ho so nao ghi so dien thoai nay")


async def test_more_dossiers_than_a_list_shows_are_counted(chats: Chats) -> None:
    await bound(chats)
    await chats.mirror(*(dossier(number) for number in range(1, 13)))

    answer = await chats.says(CHAT, "hồ sơ của tôi")

    assert "10. " in answer
    assert "Còn 2 hồ sơ khác" in answer


# Following


async def test_who_knows_a_factor_may_follow_and_her_consent_is_recorded(chats: Chats) -> None:
    await chats.mirror(dossier())

    asked = await chats.says(CHAT, f"theo dõi {code(1)}")
    followed = await chats.says(CHAT, "5678")

    (follow,) = await chats.follows(CHAT)
    assert (follow.source, follow.code, follow.channel, follow.invited_by) == ("office", code(1), "telegram", "")
    (consent,) = await chats.storage.read(lambda tx: tx.people.consents(CHAT))
    assert (consent.purpose, consent.wording) == (Purpose.UPDATES, "follow/1")
    assert "4 số cuối" in asked
    assert followed.startswith(f"Ông/Bà đang theo dõi hồ sơ {code(1)} và đồng ý")


@pytest.mark.parametrize("ask", ["theo dõi {}", "theo dõi {} 0000"])
async def test_who_knows_only_the_code_does_not_follow(chats: Chats, ask: str) -> None:
    await chats.mirror(dossier())

    await chats.says(CHAT, ask.format(code(1)))

    assert await chats.follows(CHAT) == []


async def test_after_a_look_up_with_a_factor_one_tap_follows(chats: Chats) -> None:
    await chats.mirror(dossier())
    buttons = dict(await options(chats, CHAT, f"{code(1)} 5678"))

    await chats.says(CHAT, f"{buttons['Theo dõi hồ sơ này']} 5678")

    assert [each.code for each in await chats.follows(CHAT)] == [code(1)]
    assert "Theo dõi hồ sơ này" not in dict(await options(chats, CHAT, f"{code(1)} 5678"))


async def test_who_follows_sees_status_and_dates_without_a_factor(chats: Chats) -> None:
    await chats.mirror(secret())
    await chats.says(CHAT, f"theo dõi {code(1)} AB12")

    answer = await chats.says(CHAT, code(1))

    assert "Ngày tiếp nhận: 22/11/2026" in answer
    assert "chứng sinh" not in answer


async def test_whom_the_owner_invited_cannot_make_her_leave_her_own(chats: Chats) -> None:
    """Else taking it back would not reach her."""
    await chats.mirror(dossier())
    invited = Follow(CHAT, "office", code(1), "telegram", START, invited_by=OWNER_PHONE)
    await chats.storage.write(lambda tx: tx.follows.add(invited))

    await chats.says(CHAT, f"theo dõi {code(1)}")

    assert [each.invited_by for each in await chats.follows(CHAT)] == [OWNER_PHONE]


async def test_who_had_stopped_all_messages_and_follows_again_is_told_again(chats: Chats) -> None:
    await chats.mirror(dossier())
    await chats.storage.write(lambda tx: tx.do_not_send.add([Unwanted(CHAT, START, "citizen", "STOP")]))

    await chats.says(CHAT, f"theo dõi {code(1)} 5678")

    assert await chats.storage.read(lambda tx: tx.do_not_send.count()) == 0


async def test_by_sms_the_owner_is_told_anyway_and_nobody_else_can_be(chats: Chats) -> None:
    await chats.mirror(dossier())

    owner = await chats.says(OWNER, f"theo doi {code(1)}")
    stranger = await chats.says(STRANGER, f"theo doi {code(1)} 5678")

    assert "khong can dang ky" in owner
    assert stranger.startswith("SMS chi duoc gui toi so dien thoai ghi trong ho so")
    assert await chats.follows(OWNER) == await chats.follows(STRANGER) == []


async def test_following_ends_with_a_word_and_consent_with_the_last_follow(chats: Chats) -> None:
    await chats.mirror(dossier(1), dossier(2))
    for number in (1, 2):
        await chats.says(CHAT, f"theo dõi {code(number)} 5678")

    one = await chats.says(CHAT, f"thôi theo dõi {code(1)}")
    (consent,) = await chats.storage.read(lambda tx: tx.people.consents(CHAT))
    assert consent.withdrawn_at is None
    other = await chats.says(CHAT, "thôi theo dõi")

    (consent,) = await chats.storage.read(lambda tx: tx.people.consents(CHAT))
    assert consent.withdrawn_at == chats.time()
    assert [code(1) in one, code(2) in other] == [True, True]
    assert await chats.follows(CHAT) == []


async def test_who_follows_several_chooses_which_one_to_leave(chats: Chats) -> None:
    await chats.mirror(dossier(1), dossier(2))
    for number in (1, 2):
        await chats.says(CHAT, f"theo dõi {code(number)} 5678")
    chats.time.pass_(hours=1)

    asked = await chats.says(CHAT, "thôi theo dõi")
    await chats.says(CHAT, "2")

    left = [number for number in (1, 2) if f"2. {code(number)}" not in asked]
    assert [each.code for each in await chats.follows(CHAT)] == [code(number) for number in left]


async def test_who_follows_nothing_hears_how_to_stop_everything(chats: Chats) -> None:
    assert "STOP" in await chats.says(CHAT, f"thôi theo dõi {code(1)}")


# The link on the slip


async def test_the_link_on_the_slip_shows_the_dossier_with_one_tap_to_follow(chats: Chats) -> None:
    await chats.mirror(dossier())

    stranger = await chats.does(CHAT, Heard.START, text="H32_15-261122-0001")
    await chats.says(CHAT, "5678")
    await bound(chats, OTHER)
    first, *_ = await options(chats, OTHER, code(1), kind=Heard.START)

    assert stranger.startswith(f"Hồ sơ {code(1)}: đã được tiếp nhận.")
    assert first == ("Theo dõi hồ sơ này", f"theo dõi {code(1)}")


async def test_after_the_link_the_factor_brings_the_button(chats: Chats) -> None:
    await chats.mirror(dossier())
    await chats.does(CHAT, Heard.START, text=code(1))

    first, *_ = await options(chats, CHAT, "5678")

    assert first == ("Theo dõi hồ sơ này", f"theo dõi {code(1)}")


@pytest.mark.parametrize("text", ["", "xyz", "1.005129"])
async def test_a_start_without_a_dossier_is_helped(chats: Chats, text: str) -> None:
    assert (await chats.does(CHAT, Heard.START, text=text)).startswith("Kính chào Ông/Bà.")


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
    chats.behave(stale_after={"office": timedelta(days=30)}, calendar=CalendarSettings())
    await chats.mirror(dossier(appointment_at=appointment))
    chats.time.now = now

    assert f"({words})" in await chats.says(CHAT, f"còn bao lâu {code(1)}")


async def test_a_day_off_of_the_offices_calendar_is_not_counted(chats: Chats) -> None:
    await bound(chats)
    chats.behave(calendar=CalendarSettings(days_off=((START + timedelta(days=3)).date(),)))
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
