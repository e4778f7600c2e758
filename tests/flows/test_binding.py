"""How a chat comes to belong to a phone, and how that ends: on every engine."""

from datetime import timedelta

import pytest

from bot.conversation.one_time_codes import TRIES
from bot.ledger import balance
from bot.model.message import Asks, DeliveryState, Heard, Situation
from bot.model.person import Address, Consent, Follow, Proof, Purpose
from bot.model.service import FeedbackKind
from bot.ports import ConversationState, Storage
from tests.support.chats import Chats, digits_in
from tests.support.making import OWNER_PHONE, START, code, dossier

ZALO = Address("zalo", "7001")
TELEGRAM = Address("telegram", "1001")
WEB = Address("webchat", "3f" * 16)
OWNER = Address("sms", OWNER_PHONE)
TYPED = "0912 345 678"
UNKNOWN = "0987654321"
APPOINTMENT = "27/11/2026"


@pytest.fixture
async def chats(storage: Storage) -> Chats:
    chats = Chats(storage)
    await chats.mirror(dossier(1))
    return chats


async def asked_for_code(chats: Chats, chat: Address = ZALO, phone: str = TYPED) -> str:
    """Starts to bind a chat; the code that is on its way."""
    await chats.says(chat, "liên kết")
    items = await chats.items(chat, phone)
    (sms,) = (item for item in items if item.situation is Situation.CODE)
    return digits_in(sms.text)


def wrong(digits: str) -> str:
    return f"{(int(digits) + 1) % 1_000_000:06}"


# By a one-time code


async def test_a_code_that_comes_back_binds_the_chat_and_shows_everything(chats: Chats) -> None:
    before = await chats.says(ZALO, code(1))
    digits = await asked_for_code(chats)

    bound = await chats.says(ZALO, digits)
    after = await chats.says(ZALO, code(1))

    assert bound.startswith("Đã liên kết với số điện thoại có ba số cuối 678.")
    assert (APPOINTMENT in before, APPOINTMENT in after) == (False, True)
    binding = await chats.binding(ZALO)
    assert binding is not None
    assert (binding.phone, binding.proof, binding.channel) == (OWNER_PHONE, Proof.CODE, "zalo")


async def test_what_was_agreed_to_is_recorded(chats: Chats) -> None:
    await chats.says(ZALO, await asked_for_code(chats))

    consents = await chats.storage.read(lambda tx: tx.people.consents(ZALO))

    assert consents == [Consent(ZALO, Purpose.UPDATES, "bind/1", START)]


async def test_the_code_goes_to_the_phone_and_says_where_to_type_it(chats: Chats) -> None:
    chats.behave(office="Trung tâm Phục vụ hành chính công")
    digits = await asked_for_code(chats)

    (sms,) = await chats.sms_to(OWNER_PHONE)

    assert sms.text == (
        f"Trung tam Phuc vu hanh chinh cong: ma xac nhan la {digits}, dung trong 10 phut. Chi nhap vao cuoc tro "
        "chuyen chinh Ong/Ba vua mo. Khong ai cua chung toi goi dien hoi ma nay. Neu khong yeu cau, xin bo qua."
    )
    assert (sms.channel, sms.situation, sms.expires_at) == ("sms", Situation.CODE, START + timedelta(minutes=10))


async def test_the_number_may_be_written_beside_the_word(chats: Chats) -> None:
    reply = await chats.says(ZALO, f"liên kết {TYPED}")

    assert reply.startswith("Nếu số điện thoại này có trong một hồ sơ")


async def test_a_phone_on_no_dossier_gets_no_code_and_nobody_in_the_chat_can_tell(chats: Chats) -> None:
    await chats.says(ZALO, "liên kết")
    await chats.says(WEB, "liên kết")
    known = await chats.items(ZALO, TYPED)
    unknown = await chats.items(WEB, UNKNOWN)
    answers = [[item.text for item in items if item.situation is Situation.REPLY] for items in (known, unknown)]
    after = [await chats.says(chat, "000000") for chat in (ZALO, WEB)]

    assert answers[0] == answers[1]
    assert len(known) == len(unknown)
    assert after[0] == after[1]
    assert await chats.sms_to("+84987654321") == []
    (unsent,) = (item for item in unknown if item.situation is Situation.CODE)
    assert (unsent.state, unsent.text) == (DeliveryState.SUPPRESSED, "")


async def test_no_code_at_all_is_right_for_a_phone_on_no_dossier(chats: Chats) -> None:
    await chats.says(WEB, "liên kết")
    await chats.says(WEB, UNKNOWN)
    for digits in ("000000", "123456", "999999", ""):
        await chats.says(WEB, digits)

    assert await chats.binding(WEB) is None


async def test_every_message_is_in_the_ledger_the_unsent_ones_too(chats: Chats) -> None:
    await chats.says(WEB, f"liên kết {UNKNOWN}")
    await asked_for_code(chats)

    assert (await balance(chats.storage)).balanced


@pytest.mark.parametrize("typed", ["0243 825 1234", "để tôi xem lại đã", "12345", "+1 202 555 0123"])
async def test_what_is_no_mobile_number_is_asked_for_again(chats: Chats, typed: str) -> None:
    await chats.says(ZALO, "liên kết")

    reply = await chats.says(ZALO, typed)
    again = await chats.says(ZALO, TYPED)

    assert reply.startswith("Chúng tôi chưa đọc được số điện thoại di động.")
    assert again.startswith("Nếu số điện thoại này có trong một hồ sơ")


async def test_a_wrong_code_says_how_many_tries_are_left_and_the_last_one_ends_it(chats: Chats) -> None:
    digits = await asked_for_code(chats)

    replies = [await chats.says(ZALO, wrong(digits)) for _ in range(TRIES)]
    late = await chats.says(ZALO, digits)

    assert [f"còn được nhập {left} lần" in reply for left, reply in zip((4, 3, 2, 1), replies, strict=False)] == [
        True
    ] * 4
    assert "không dùng được nữa" in replies[4]
    assert "Đã liên kết" not in late
    assert await chats.binding(ZALO) is None


async def test_a_code_is_good_once_for_one_chat_and_ten_minutes(chats: Chats) -> None:
    digits = await asked_for_code(chats)
    await chats.says(WEB, f"liên kết {UNKNOWN}")
    elsewhere = await chats.says(WEB, digits)
    chats.time.pass_(minutes=10)
    late = await chats.says(ZALO, digits)

    assert "chưa đúng" in elsewhere
    assert late.startswith("Mã xác nhận đã hết hạn.")
    assert await chats.binding(ZALO) is None
    assert await chats.binding(WEB) is None


async def test_a_new_code_takes_the_place_of_the_old_one(chats: Chats) -> None:
    first = await asked_for_code(chats)
    second = digits_in((await chats.items(ZALO, TYPED))[0].text)

    old = await chats.says(ZALO, first) if first != second else "chưa đúng"
    new = await chats.says(ZALO, second)

    assert "chưa đúng" in old
    assert "Đã liên kết" in new


async def test_something_else_than_a_code_is_answered_for_what_it_is(chats: Chats) -> None:
    digits = await asked_for_code(chats)

    awaited = await chats.says(ZALO, "chưa thấy gì cả bạn ơi")
    bound = await chats.says(ZALO, f"{digits[:3]} {digits[3:]}")

    assert "gồm 6 chữ số" in awaited
    assert "Đã liên kết" in bound


async def test_the_code_is_kept_as_a_digest(chats: Chats) -> None:
    digits = await asked_for_code(chats)

    kept = await chats.storage.read(lambda tx: tx.people.code_of(ZALO))

    assert kept is not None
    assert digits not in kept.digest
    assert len(kept.digest) == 64


# Against SMS pumping


async def test_a_phone_gets_three_codes_an_hour_and_five_a_day_whoever_asks(chats: Chats) -> None:
    sent = []
    for hour in range(4):
        for number in range(4):
            chat = Address("zalo", f"{hour}{number}")
            before = len(await chats.sms_to(OWNER_PHONE))
            await chats.says(chat, f"liên kết {TYPED}")
            sent.append(len(await chats.sms_to(OWNER_PHONE)) - before)
        chats.time.pass_(minutes=61)
        sent.append(-1)

    assert sent == [1, 1, 1, 0, -1, 1, 1, 0, 0, -1, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1]


async def test_a_sender_asks_for_three_codes_an_hour_whatever_the_phones(chats: Chats) -> None:
    replies = [await chats.says(ZALO, f"liên kết 091234567{number}") for number in range(5)]

    assert [reply.startswith("Nếu số") for reply in replies] == [True, True, True, False, False]
    assert replies[4] == "Mã xác nhận đã được yêu cầu nhiều lần. Xin Ông/Bà thử lại sau 60 phút."


async def test_a_network_asks_for_ten_codes_an_hour(chats: Chats) -> None:
    replies = [
        await chats.says(Address("webchat", f"{number:032x}"), f"liên kết 09123456{number:02}", network="203.0.113.7")
        for number in range(12)
    ]

    assert [reply.startswith("Nếu số") for reply in replies] == [True] * 10 + [False] * 2


async def test_without_a_channel_to_phones_nothing_is_promised(chats: Chats) -> None:
    chats.behave(sms=None)

    reply = await chats.says(ZALO, f"liên kết {TYPED}")

    assert reply.startswith("Hiện chúng tôi chưa gửi được mã xác nhận bằng SMS")


# By the provider's word


async def test_a_shared_contact_binds_at_once(chats: Chats) -> None:
    await chats.says(TELEGRAM, "liên kết")

    reply = await chats.does(TELEGRAM, Heard.CONTACT, phone=OWNER_PHONE)

    assert reply.startswith("Đã liên kết")
    binding = await chats.binding(TELEGRAM)
    assert binding is not None
    assert binding.proof is Proof.CONTACT
    assert [each.purpose for each in await consents(chats, TELEGRAM)] == [Purpose.UPDATES]


async def test_where_the_channel_can_a_button_shares_the_number(chats: Chats) -> None:
    (telegram,) = await chats.items(TELEGRAM, "liên kết")
    (zalo,) = await chats.items(ZALO, "liên kết")

    assert [option.asks for option in telegram.options] == [Asks.PHONE]
    assert zalo.options == ()


async def test_a_number_typed_into_a_form_proves_nothing(chats: Chats) -> None:
    reply = await chats.does(ZALO, Heard.CLAIMED, phone=OWNER_PHONE)

    (sms,) = await chats.sms_to(OWNER_PHONE)

    assert reply.startswith("Nếu số điện thoại này có trong một hồ sơ")
    assert await chats.binding(ZALO) is None
    assert "Đã liên kết" in await chats.says(ZALO, digits_in(sms.text))


async def test_who_follows_the_account_is_welcomed(chats: Chats) -> None:
    reply = await chats.does(ZALO, Heard.FOLLOWED)

    assert reply.startswith("Kính chào Ông/Bà, cảm ơn Ông/Bà đã quan tâm đến Bộ phận Một cửa.")


async def test_by_sms_nothing_has_to_be_bound(chats: Chats) -> None:
    reply = await chats.says(OWNER, "LIEN KET")

    assert reply.startswith("Ong/Ba nhan tu chinh so dien thoai cua minh nen khong can lien ket.")


async def test_a_bound_chat_is_told_so_and_may_change_its_number(chats: Chats) -> None:
    await chats.mirror(dossier(2, phone="+84987654321"))
    await chats.says(ZALO, await asked_for_code(chats))

    told = await chats.says(ZALO, "liên kết")
    items = await chats.items(ZALO, f"liên kết {UNKNOWN}")
    (sms,) = (item for item in items if item.situation is Situation.CODE)
    await chats.says(ZALO, digits_in(sms.text))

    assert "ba số cuối 678" in told
    binding = await chats.binding(ZALO)
    assert binding is not None
    assert binding.phone == "+84987654321"


# Its end


async def test_who_unbinds_is_a_stranger_again_and_told_by_sms(chats: Chats) -> None:
    await chats.says(ZALO, await asked_for_code(chats))

    reply = await chats.says(ZALO, "hủy liên kết")

    assert "lại được gửi bằng SMS" in reply
    assert await chats.binding(ZALO) is None
    assert APPOINTMENT not in await chats.says(ZALO, code(1))
    assert all(each.withdrawn_at for each in await consents(chats, ZALO))


async def test_there_is_nothing_to_unbind_where_nothing_was_bound(chats: Chats) -> None:
    assert (await chats.says(ZALO, "hủy liên kết")).startswith("Cuộc trò chuyện này chưa liên kết")
    assert "xin nhan STOP" in await chats.says(OWNER, "huy lien ket")


async def test_a_chat_silent_for_too_long_no_longer_proves_a_phone(chats: Chats) -> None:
    await chats.says(ZALO, await asked_for_code(chats))
    chats.time.pass_(days=181)

    assert APPOINTMENT not in await chats.says(ZALO, code(1))


# Erasure


async def test_erasure_asks_first_and_a_no_changes_nothing(chats: Chats) -> None:
    await chats.says(ZALO, await asked_for_code(chats))

    question = await chats.says(ZALO, "xóa dữ liệu")
    reply = await chats.says(ZALO, "không")

    assert question.startswith("Ông/Bà muốn xóa dữ liệu của mình?")
    assert reply == "Vâng, không có gì bị xóa."
    assert await chats.binding(ZALO) is not None


async def test_after_a_yes_the_chats_own_data_is_gone_and_the_phones_is_asked_of_the_office(chats: Chats) -> None:
    await chats.says(ZALO, await asked_for_code(chats))
    await chats.storage.write(lambda tx: tx.follows.add(Follow(ZALO, "office", code(1), "zalo", START)))
    await chats.says(ZALO, "xóa dữ liệu")

    reply = await chats.says(ZALO, "đúng")

    assert "số tiếp nhận PA-261122-0001" in reply
    assert await chats.binding(ZALO) is not None  # by which the office's erasure finds this chat
    assert await chats.follows(ZALO) == []
    assert all(each.withdrawn_at for each in await consents(chats, ZALO))
    assert await chats.storage.read(lambda tx: tx.conversations.load(ZALO)) == ConversationState()
    (request,) = await chats.storage.read(lambda tx: tx.service.feedbacks())
    assert (request.kind, request.phone, request.address) == (FeedbackKind.ERASURE, OWNER_PHONE, ZALO)
    assert "72 giờ" in request.text


async def test_the_sms_itself_proves_whose_data_it_is(chats: Chats) -> None:
    await chats.says(OWNER, "XOA DU LIEU")

    reply = await chats.says(OWNER, "1")

    assert "so tiep nhan PA-261122-0001" in reply
    (request,) = await chats.storage.read(lambda tx: tx.service.feedbacks())
    assert request.phone == OWNER_PHONE


async def test_a_chat_that_proves_no_phone_can_erase_only_itself(chats: Chats) -> None:
    await chats.storage.write(lambda tx: tx.follows.add(Follow(WEB, "office", code(1), "webchat", START)))
    await chats.says(WEB, "xóa dữ liệu")

    reply = await chats.says(WEB, "đúng")

    assert reply.startswith("Đã xóa các hồ sơ đang theo dõi")
    assert await chats.follows(WEB) == []
    assert await chats.storage.read(lambda tx: tx.service.feedbacks()) == []


async def consents(chats: Chats, address: Address) -> list[Consent]:
    return await chats.storage.read(lambda tx: tx.people.consents(address))
