"""Who wants no more messages, who wants them again, and numbers that belong to somebody else."""

import pytest

from bot.admission import Admission
from bot.model.message import Alternative, DeliveryState, Heard
from bot.model.person import Address, Consent, Purpose
from bot.model.service import FeedbackKind
from bot.ports import Storage, Unwanted
from tests.flows.citizens import MAI, TELEGRAM, WEB, ZALO, Citizens
from tests.support.making import OWNER_PHONE, START, code, dossier, message


@pytest.fixture
def citizens(sqlite_storage: Storage) -> Citizens:
    return Citizens(sqlite_storage)


async def _consents(citizens: Citizens, address: Address) -> list[Consent]:
    return await citizens.storage.read(lambda tx: tx.people.consents(address))


# STOP and START


@pytest.mark.parametrize("word", ["STOP", "stop.", "DỪNG", "dung"])
@pytest.mark.parametrize("address", [MAI, ZALO, TELEGRAM, WEB])
async def test_stop_puts_the_address_on_the_list_on_every_channel(
    citizens: Citizens, address: Address, word: str
) -> None:
    answer = await citizens.read(word, address)

    assert await citizens.unwanted(address) == "STOP"
    assert "START" in answer


async def test_stop_in_a_chat_says_that_sms_go_on_and_where_to_end_them(citizens: Citizens) -> None:
    answer = await citizens.read("STOP", TELEGRAM)

    assert "không tự nhắn vào cuộc trò chuyện này nữa" in answer
    assert "vẫn được gửi bằng SMS tới số điện thoại ghi trong hồ sơ" in answer
    assert "STOP từ số ấy tới 8041" in answer


async def test_where_no_sms_is_sent_stop_promises_none(citizens: Citizens) -> None:
    citizens.manners(sms=None)

    assert "SMS" not in await citizens.read("STOP", TELEGRAM)


async def test_what_is_pushed_is_suppressed_after_stop_and_answers_still_go(citizens: Citizens) -> None:
    await citizens.write("STOP", TELEGRAM)
    push = message(id=citizens.new_id(), address=TELEGRAM, channel="telegram", created_at=START, next_at=START)
    await citizens.storage.write(lambda tx: tx.outbox.enqueue([push]))
    await citizens.write("xin chào", TELEGRAM)

    claimed = await citizens.storage.write(
        lambda tx: tx.outbox.claim("telegram", owner="a", now=START, lease_until=START, limit=9)
    )
    kept = {each.item.id: Admission.by("telegram", None, None).obstacle(each) for each in claimed}

    assert len(kept) == 3
    assert [each.reason for each in kept.values() if each] == ["on the do-not-send list"]
    assert kept[push.id] is not None


async def test_stop_in_zalo_ends_zalo_messages_to_the_bound_phone_too(citizens: Citizens) -> None:
    await citizens.bind(ZALO)

    await citizens.write("STOP", ZALO)

    assert await citizens.unwanted(Address("zalophone", OWNER_PHONE)) == "STOP"
    assert await citizens.unwanted(MAI) == ""


async def test_stop_by_sms_ends_all_that_goes_to_the_number(citizens: Citizens) -> None:
    await citizens.write("STOP")

    assert await citizens.unwanted(Address("zalophone", OWNER_PHONE)) == "STOP"


async def test_stop_withdraws_the_consent_to_updates_and_no_other(citizens: Citizens) -> None:
    given = [Consent(ZALO, purpose, "bind/1", START) for purpose in (Purpose.UPDATES, Purpose.FEEDBACK)]
    await citizens.storage.write(lambda tx: tx.people.agree(given))

    await citizens.write("STOP", ZALO)

    assert {each.purpose: each.withdrawn_at for each in await _consents(citizens, ZALO)} == {
        Purpose.UPDATES: START,
        Purpose.FEEDBACK: None,
    }


async def test_stop_twice_is_answered_twice_and_changes_nothing(citizens: Citizens) -> None:
    first = await citizens.read("STOP")
    citizens.time.pass_(hours=1)
    second = await citizens.read("STOP")

    listed = await citizens.storage.read(lambda tx: tx.do_not_send.listed(limit=9))
    assert first == second
    assert {each.since for each in listed} == {START}


async def test_start_takes_the_address_off_the_list_with_a_consent_of_its_own(citizens: Citizens) -> None:
    await citizens.write("STOP")
    answer = await citizens.read("START")

    assert await citizens.storage.read(lambda tx: tx.do_not_send.count()) == 0
    assert [(each.purpose, each.wording) for each in await _consents(citizens, MAI)] == [(Purpose.UPDATES, "start/1")]
    assert "HS H56.14-240823-0001" in answer
    assert "STOP" in answer


async def test_stop_ends_a_conversation_with_a_clerk(citizens: Citizens) -> None:
    await citizens.write("gặp cán bộ", ZALO)
    await citizens.write("STOP", ZALO)

    assert await citizens.storage.read(lambda tx: tx.service.talk(ZALO)) is None


async def test_stop_in_the_middle_of_a_question_is_stop(citizens: Citizens) -> None:
    await citizens.write("PA", TELEGRAM)

    assert "START" in await citizens.read("STOP", TELEGRAM)
    assert await citizens.unwanted(TELEGRAM) == "STOP"


# Chats left and moved


async def test_a_chat_that_was_left_is_written_to_no_more_until_somebody_writes_there(citizens: Citizens) -> None:
    await citizens.write("PA", TELEGRAM)
    answers = await citizens.write("", TELEGRAM, Heard.LEFT)
    while_away = await citizens.unwanted(TELEGRAM)
    back = await citizens.read("xin chào, tôi đây", TELEGRAM)

    assert answers == []
    assert while_away == "LEFT"
    assert await citizens.unwanted(TELEGRAM) == ""
    assert "Người gửi" not in back
    assert "họ và tên" not in back


@pytest.mark.parametrize("kind", [Heard.START, Heard.FOLLOWED])
async def test_opening_the_chat_again_counts_as_writing(citizens: Citizens, kind: Heard) -> None:
    await citizens.write("", TELEGRAM, Heard.LEFT)
    await citizens.write("", TELEGRAM, kind)

    assert await citizens.unwanted(TELEGRAM) == ""


async def test_who_said_stop_before_leaving_comes_back_to_silence(citizens: Citizens) -> None:
    await citizens.write("STOP", TELEGRAM)
    await citizens.write("", TELEGRAM, Heard.LEFT)
    await citizens.write("xin chào", TELEGRAM)

    assert await citizens.unwanted(TELEGRAM) == "STOP"


async def test_stop_as_the_first_word_after_coming_back_stands(citizens: Citizens) -> None:
    await citizens.write("", TELEGRAM, Heard.LEFT)
    await citizens.write("STOP", TELEGRAM)
    await citizens.write("xin chào", TELEGRAM)

    assert await citizens.unwanted(TELEGRAM) == "STOP"


async def test_leaving_twice_is_leaving_once(citizens: Citizens) -> None:
    await citizens.write("", TELEGRAM, Heard.LEFT)
    await citizens.write("", TELEGRAM, Heard.LEFT)
    await citizens.write("xin chào", TELEGRAM)

    assert await citizens.unwanted(TELEGRAM) == ""


async def test_leaving_ends_a_conversation_with_a_clerk(citizens: Citizens) -> None:
    await citizens.write("gặp cán bộ", TELEGRAM)
    await citizens.write("", TELEGRAM, Heard.LEFT)

    assert await citizens.storage.read(lambda tx: tx.service.talk(TELEGRAM)) is None


async def test_a_chat_that_moved_keeps_its_phone_and_its_stop(citizens: Citizens) -> None:
    await citizens.bind(TELEGRAM)
    await citizens.write("STOP", TELEGRAM)

    await citizens.write("-1007", TELEGRAM, Heard.MOVED)

    new = Address("telegram", "-1007")
    binding = await citizens.storage.read(lambda tx: tx.people.binding(new))
    assert binding is not None
    assert await citizens.unwanted(new) == "STOP"
    assert await citizens.unwanted(TELEGRAM) == ""


# Wrong numbers


async def test_a_wrong_number_is_confirmed_unbound_and_reported(citizens: Citizens) -> None:
    about = dossier(1, agency="H32.15", received_at=START)
    await citizens.receive(about)
    await citizens.told(about)
    await citizens.bind(ZALO)

    question = await citizens.read("SAI SO")
    before = await citizens.storage.read(lambda tx: tx.people.disowned(OWNER_PHONE))
    answer = await citizens.read("1")

    (report,) = await citizens.storage.read(lambda tx: tx.service.feedbacks())
    assert "Nhan 1 neu dung" in question
    assert before is None
    assert await citizens.storage.read(lambda tx: tx.people.disowned(OWNER_PHONE)) == START
    assert await citizens.storage.read(lambda tx: tx.people.binding(ZALO)) is None
    assert (report.kind, report.code, report.agency) == (FeedbackKind.WRONG_NUMBER, code(1), "H32.15")
    assert report.number in answer
    assert answer.startswith("Xin loi da lam phien")


async def test_what_waits_for_a_wrong_number_is_called_off_also_where_it_is_the_next_way_of_a_chat(
    citizens: Citizens,
) -> None:
    await citizens.bind(ZALO)
    by_sms = message(id="A1", source="office", code=code(1))
    next_way = (Alternative("sms", by_sms.address, "x"),)
    by_chat = message(id="A2", source="office", code=code(1), channel="zalo", address=ZALO, alternatives=next_way)
    await citizens.storage.write(lambda tx: tx.outbox.enqueue([by_sms, by_chat]))
    await citizens.write("SAI SO")

    await citizens.write("1")

    waiting = await citizens.storage.read(lambda tx: tx.outbox.listed(DeliveryState.CANCELLED, limit=9))
    assert {item.id for item in waiting} == {by_sms.id, by_chat.id}


async def test_the_report_names_the_dossier_of_the_latest_message(citizens: Citizens) -> None:
    for number in (1, 2, 1):
        await citizens.told(dossier(number))

    await citizens.write("sai số")
    await citizens.write("đúng")

    (report,) = await citizens.storage.read(lambda tx: tx.service.feedbacks())
    assert report.code == code(1)


async def test_a_number_to_which_nothing_was_sent_is_reported_without_a_dossier(citizens: Citizens) -> None:
    await citizens.write("sai số")
    await citizens.write("1")

    (report,) = await citizens.storage.read(lambda tx: tx.service.feedbacks())
    assert (report.code, report.agency) == ("", "")


@pytest.mark.parametrize("no", ["2", "không phải", "không"])
async def test_a_no_leaves_everything_as_it_was(citizens: Citizens, no: str) -> None:
    await citizens.write("sai số")
    answer = await citizens.read(no)

    assert "khong co gi thay doi" in answer
    assert await citizens.storage.read(lambda tx: tx.people.disowned(OWNER_PHONE)) is None
    assert await citizens.storage.read(lambda tx: tx.service.feedbacks()) == []


async def test_another_question_is_neither_yes_nor_no(citizens: Citizens) -> None:
    await citizens.receive(dossier(1))
    await citizens.write("sai số")

    answer = await citizens.read(code(1))

    assert code(1) in answer
    assert await citizens.storage.read(lambda tx: tx.people.disowned(OWNER_PHONE)) is None


async def test_in_a_bound_chat_a_wrong_number_ends_the_bond_and_leaves_the_phone_alone(citizens: Citizens) -> None:
    await citizens.bind(ZALO)
    await citizens.bind(TELEGRAM)

    await citizens.write("sai số", ZALO)
    answer = await citizens.read("đúng", ZALO)

    assert await citizens.storage.read(lambda tx: tx.people.binding(ZALO)) is None
    assert await citizens.storage.read(lambda tx: tx.people.binding(TELEGRAM)) is not None
    assert await citizens.storage.read(lambda tx: tx.people.disowned(OWNER_PHONE)) is None
    assert "SAI SỐ từ số điện thoại ấy tới 8041" in answer


async def test_a_chat_without_a_phone_is_told_so(citizens: Citizens) -> None:
    answer = await citizens.read("sai số", WEB)

    assert "không gắn với số điện thoại nào" in answer
    assert await citizens.storage.read(lambda tx: tx.service.feedbacks()) == []


async def test_an_entry_of_the_office_goes_with_start(citizens: Citizens) -> None:
    entry = Unwanted(MAI, START, "van-thu", "yêu cầu bằng văn bản")
    await citizens.storage.write(lambda tx: tx.do_not_send.add([entry]))

    await citizens.write("xin chào")
    still = await citizens.unwanted(MAI)
    await citizens.write("START")

    assert still == entry.reason
    assert await citizens.unwanted(MAI) == ""


async def test_everything_is_said_in_english_to_who_chose_it(citizens: Citizens) -> None:
    await citizens.write("EN", TELEGRAM)

    assert "write START" in await citizens.read("STOP", TELEGRAM)
    assert (await citizens.read("START", TELEGRAM)).startswith("Welcome.")
