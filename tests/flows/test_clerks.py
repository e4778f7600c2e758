"""A conversation that a clerk takes over: the bot is silent in between, the clerk answers, nobody is forgotten."""

from dataclasses import replace

import pytest

from bot.desk import MOST_CHARACTERS, Desk, close_idle, handle_of
from bot.ledger import balance
from bot.model.message import Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.model.service import Feedback, FeedbackKind, Talk
from bot.ports import Storage
from tests.flows.citizens import MAI, TELEGRAM, ZALO, Citizens
from tests.support.making import OWNER_PHONE, START, code, dossier


@pytest.fixture
def citizens(storage: Storage) -> Citizens:
    return Citizens(storage)


def desk_of(citizens: Citizens, *, is_accented: bool = False) -> Desk:
    return Desk(
        citizens.storage,
        citizens.manner.conversation,
        citizens.time,
        citizens.new_id,
        place=lambda agency, phone: (f"route-{agency}", "brandname"),
        is_accented=is_accented,
    )


async def _talk(citizens: Citizens, address: Address) -> Talk:
    talk = await citizens.storage.read(lambda tx: tx.service.talk(address))
    assert talk is not None
    return talk


async def _waiting(citizens: Citizens, queue: str) -> list[OutboxItem]:
    """What waits there beside the bot's own replies."""
    return [each for each in await citizens.deliver(queue) if each.situation is Situation.ANSWER]


# The citizen's side


async def test_a_citizen_is_handed_over_and_the_bot_is_silent_until_called_back(citizens: Citizens) -> None:
    await citizens.receive(dossier(1))

    begun = await citizens.read("gặp cán bộ", TELEGRAM)
    meanwhile = await citizens.write(code(1), TELEGRAM)
    back = await citizens.read("kết thúc", TELEGRAM)
    after = await citizens.read(code(1), TELEGRAM)

    assert "do cán bộ đọc và trả lời, trong giờ hành chính" in begun
    assert "KẾT THÚC" in begun
    assert meanwhile == []
    assert "lại trả lời tự động" in back
    assert code(1) in after


async def test_a_code_sent_to_the_clerk_is_not_lost_on_the_bot(citizens: Citizens) -> None:
    await citizens.write("gặp cán bộ", TELEGRAM)
    await citizens.write("Hồ sơ của tôi bị thất lạc phải không?", TELEGRAM)

    lines = await desk_of(citizens).thread(await _talk(citizens, TELEGRAM))

    assert [line.text for line in lines if not line.by_us] == ["gặp cán bộ", "Hồ sơ của tôi bị thất lạc phải không?"]


async def test_the_clerk_sees_which_agency_is_asked(citizens: Citizens) -> None:
    await citizens.receive(dossier(1, agency="H32.15"))
    await citizens.write(code(1))
    await citizens.write("gặp cán bộ")

    assert (await _talk(citizens, MAI)).agency == "H32.15"


async def test_without_clerks_the_hot_line_is_named(citizens: Citizens) -> None:
    citizens.manners(conversation=citizens.manner.conversation.model_copy(update={"clerks": False}))

    answer = await citizens.read("gặp cán bộ", TELEGRAM)

    assert "1900 1234" in answer
    assert await citizens.storage.read(lambda tx: tx.service.talks(limit=9)) == []


async def test_back_without_a_clerk_is_harmless(citizens: Citizens) -> None:
    assert (await citizens.read("kết thúc", TELEGRAM)).startswith("Vâng.")


# The clerk's side


async def test_those_who_wait_are_listed_first_each_with_a_handle_of_its_own(citizens: Citizens) -> None:
    for address in (MAI, ZALO, TELEGRAM):
        await citizens.write("gặp cán bộ", address)
        citizens.time.pass_(minutes=1)
    desk = desk_of(citizens)
    await desk.reply(await _talk(citizens, MAI), "Chào bà.", by="lan")

    talks = await desk.talks()

    assert [each.address for each in talks] == [ZALO, TELEGRAM, MAI]
    assert len({handle_of(each) for each in talks}) == 3
    assert all(len(handle_of(each)) == 5 for each in talks)
    assert [await desk.find(handle_of(each).upper()) for each in talks] == [[each] for each in talks]
    assert await desk.find("") == []


async def test_an_answer_goes_to_the_chat_before_all_else(citizens: Citizens) -> None:
    await citizens.write("gặp cán bộ", ZALO)
    await citizens.write("STOP", TELEGRAM)

    sent = await desk_of(citizens).reply(await _talk(citizens, ZALO), "Chào ông, hồ sơ đang chờ chữ ký.", by="lan")

    (item,) = await _waiting(citizens, "zalo")
    assert sent
    assert item.text == "Cán bộ trả lời:\nChào ông, hồ sơ đang chờ chữ ký."
    assert (item.address, item.lane, item.parts) == (ZALO, Lane.REPLY, 1)
    assert (await _talk(citizens, ZALO)).clerk == "lan"
    assert (await balance(citizens.storage)).balanced


async def test_by_sms_it_goes_by_the_agencys_route_without_accents(citizens: Citizens) -> None:
    await citizens.receive(dossier(1, agency="H32.15"))
    await citizens.write("gặp cán bộ")

    await desk_of(citizens).reply(await _talk(citizens, MAI), "Hồ sơ đang chờ chữ ký.", by="lan")

    (item,) = await _waiting(citizens, "brandname")
    assert item.text == "Can bo tra loi: Ho so dang cho chu ky."
    assert (item.route, item.agency) == ("route-H32.15", "H32.15")


async def test_where_the_office_pays_for_them_accents_stay(citizens: Citizens) -> None:
    await citizens.write("gặp cán bộ")

    draft = await desk_of(citizens, is_accented=True).draft(await _talk(citizens, MAI), "Hồ sơ đang chờ.")

    assert draft.text == "Cán bộ trả lời: Hồ sơ đang chờ."


@pytest.mark.parametrize(
    ("address", "letters", "is_too_long"),
    [(ZALO, MOST_CHARACTERS, False), (ZALO, MOST_CHARACTERS + 1, True), (MAI, 590, False), (MAI, 600, True)],
)
async def test_an_answer_has_its_longest_length(
    citizens: Citizens, address: Address, letters: int, is_too_long: bool
) -> None:
    await citizens.write("gặp cán bộ", address)

    draft = await desk_of(citizens).draft(await _talk(citizens, address), "x" * letters)

    assert draft.is_too_long is is_too_long


async def test_a_clerk_who_is_too_late_sends_nothing(citizens: Citizens) -> None:
    await citizens.write("gặp cán bộ", ZALO)
    desk, talk = desk_of(citizens), await _talk(citizens, ZALO)
    await citizens.write("kết thúc", ZALO)
    ended = [await desk.reply(talk, "Chào ông.", by="lan"), await desk.close(talk)]
    citizens.time.pass_(minutes=1)
    await citizens.write("gặp cán bộ", ZALO)
    begun_anew = [await desk.reply(talk, "Chào ông.", by="lan"), await desk.close(talk)]

    assert ended == begun_anew == [False, False]
    assert await _waiting(citizens, "zalo") == []
    assert (await _talk(citizens, ZALO)).clerk == ""


async def test_the_citizen_is_told_when_the_clerk_ends_it(citizens: Citizens) -> None:
    await citizens.write("EN", ZALO)
    await citizens.write("gặp cán bộ", ZALO)

    await desk_of(citizens).close(await _talk(citizens, ZALO))

    (item,) = await _waiting(citizens, "zalo")
    assert item.text.startswith("The clerk has ended the conversation; from here on we answer automatically again.")
    assert len(await citizens.write("xin chào", ZALO)) == 1


async def test_a_conversation_left_alone_comes_back_to_the_bot(citizens: Citizens) -> None:
    await citizens.write("gặp cán bộ", ZALO)
    citizens.time.pass_(hours=23)
    await citizens.write("Có ai không ạ?", ZALO)
    await citizens.write("gặp cán bộ", TELEGRAM)
    citizens.time.pass_(hours=23)
    early = await close_idle(desk_of(citizens))
    citizens.time.pass_(hours=2)
    citizens_left = await close_idle(desk_of(citizens))
    again = await close_idle(desk_of(citizens))

    (item,) = await _waiting(citizens, "zalo")
    assert (early, citizens_left, again) == (0, 2, 0)
    assert "đã lâu không có tin mới" in item.text
    assert "1900 1234" in item.text
    assert await citizens.storage.read(lambda tx: tx.service.talks(limit=9)) == []


# Answers to feedback


async def _feedback(citizens: Citizens, **changes: object) -> Feedback:
    made = Feedback(
        kind=FeedbackKind.PROPOSAL, address=ZALO, channel="zalo", agency="H32.15", text="Chậm quá", at=START
    )
    made = replace(made, **changes)  # type: ignore[arg-type]
    number = await citizens.storage.write(lambda tx: tx.service.add_feedback(made, day="261122", prefix="PA"))
    kept = await citizens.storage.read(lambda tx: tx.service.feedback(number))
    assert kept is not None
    return kept


async def test_the_sender_is_told_the_answer_once(citizens: Citizens) -> None:
    feedback, desk = await _feedback(citizens), desk_of(citizens)

    first = await desk.answer(feedback, "Hồ sơ đã được ký ngày 21/11.", by="lan")
    second = await desk.answer(feedback, "Xin lỗi, chưa ký.", by="hoa")

    (item,) = await _waiting(citizens, "zalo")
    kept = await citizens.storage.read(lambda tx: tx.service.feedback(feedback.number))
    assert (first, second) == (True, False)
    assert item.text == (
        "Kính gửi Ông/Bà, trả lời về nội dung số PA-261122-0001 mà Ông/Bà đã gửi:\nHồ sơ đã được ký ngày 21/11."
    )
    assert kept is not None
    assert (kept.answer, kept.answered_by) == ("Hồ sơ đã được ký ngày 21/11.", "lan")
    assert (await balance(citizens.storage)).balanced


async def test_an_answer_that_the_chat_does_not_take_goes_by_sms_to_the_phone_that_was_given(
    citizens: Citizens,
) -> None:
    feedback = await _feedback(citizens, phone=OWNER_PHONE)

    await desk_of(citizens).answer(feedback, "Hồ sơ đã được ký.", by="lan")

    (item,) = await _waiting(citizens, "zalo")
    (way,) = item.alternatives
    assert (way.channel, way.route, way.address, way.parts) == ("brandname", "route-H32.15", MAI, 1)
    assert way.text == "Kinh gui Ong/Ba, tra loi ve noi dung so PA-261122-0001: Ho so da duoc ky."


@pytest.mark.parametrize("phone", ["", "+842583812345"])
async def test_without_a_mobile_number_the_chat_is_the_only_way(citizens: Citizens, phone: str) -> None:
    feedback = await _feedback(citizens, phone=phone)

    await desk_of(citizens).answer(feedback, "Hồ sơ đã được ký.", by="lan")

    (item,) = await _waiting(citizens, "zalo")
    assert item.alternatives == ()


async def test_an_answer_speaks_the_language_of_the_question(citizens: Citizens) -> None:
    feedback = await _feedback(citizens, language="en")

    draft = desk_of(citizens).draft_answer(feedback, "It was signed.")

    assert draft.text.startswith("Dear Sir or Madam, the answer to what you sent")


async def test_who_reported_a_wrong_number_is_left_in_peace(citizens: Citizens) -> None:
    feedback = await _feedback(citizens, kind=FeedbackKind.WRONG_NUMBER, address=MAI, channel="sms")

    answered = await desk_of(citizens).answer(feedback, "Đã sửa số trong hồ sơ.", by="lan")

    assert answered
    assert await citizens.deliver("brandname") == []
    assert await citizens.storage.read(lambda tx: tx.service.feedbacks()) == []
