"""Look-ups: as much as the asker may know, and the same to everybody who may know nothing."""

import pytest

from bot.config import Factor, LookupSettings, Strangers
from bot.guarding import SENDER
from bot.model.dossier import Status
from bot.model.message import Heard, OutboxItem
from bot.model.person import Address
from bot.ports import Storage
from tests.flows.asking import CHAT, OTHER, OWNER, STRANGER, WEB, bound, options, secret
from tests.support.chats import Chats
from tests.support.making import code, dossier

STRICT = LookupSettings(strangers=Strangers.NOTHING)


@pytest.fixture
def chats(sqlite_storage: Storage) -> Chats:
    return Chats(sqlite_storage)


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
