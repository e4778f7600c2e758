"""The list of one's own dossiers, and following one."""

from datetime import timedelta

import pytest

from bot.model.dossier import Status
from bot.model.person import Address, Follow, Purpose
from bot.ports import Storage, Unwanted
from tests.flows.asking import CHAT, OWNER, STRANGER, WEB, bound, options, secret
from tests.support.chats import Chats
from tests.support.making import OWNER_PHONE, START, code, dossier


@pytest.fixture
def chats(sqlite_storage: Storage) -> Chats:
    return Chats(sqlite_storage)


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
