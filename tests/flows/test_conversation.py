"""Flow 2: what citizens write and what they are answered, on every engine."""

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from bot.config import LookupSettings, Strangers
from bot.conversation import Conversation, Manner
from bot.guarding import SENDER
from bot.ledger import balance
from bot.mirror import Mirror
from bot.model.dossier import Status
from bot.model.message import DeliveryState, InboundMessage
from bot.model.person import Address
from bot.ports import Storage
from tests.support.making import OWNER_PHONE, START, Time, batch, code, dossier, numbered_ids, planner

OWNER = Address("sms", OWNER_PHONE)
STRANGER = Address("sms", "+84987654321")
CHAT = Address("telegram", "1001")
WEB = Address("webchat", "3f" * 16)
EXAMPLE = "H56.14-240823-0001"
_numbers = count(1)


class Bot:
    """A conversation with its mirror, and a way to ask it."""

    def __init__(self, storage: Storage, strangers: Strangers = Strangers.LEVEL) -> None:
        self.storage = storage
        self.time = Time()
        self.new_id = numbered_ids()
        manner = Manner(EXAMPLE, plain={"sms": True}, lookup=LookupSettings(strangers=strangers))
        self.conversation = Conversation(storage, manner, clock=self.time, new_id=self.new_id)
        self.mirror = Mirror("office", storage, planner(self.new_id), self.time)

    async def asked(self, text: str, sender: Address = OWNER, message_id: str = "") -> list[str]:
        """The replies to one message, in order."""
        number = message_id or str(next(_numbers))
        message = InboundMessage(channel=sender.scheme, message_id=number, sender=sender, text=text, at=self.time())
        await self.conversation.handle([message])
        waiting = await self.storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=1000))
        return [item.text for item in waiting if item.origin == f"inbound:{sender.scheme}:{number}"]


@pytest.fixture
async def bot(storage: Storage) -> Bot:
    bot = Bot(storage)
    await bot.mirror.apply(batch(dossier(1), dossier(2, status=Status.DONE, place="Quầy số 3"), dossier(3)))
    return bot


async def test_the_owner_asking_from_her_phone_is_told_everything(bot: Bot) -> None:
    (reply,) = await bot.asked(f"HS {code(1)}")

    assert reply == (
        "Ho so H32.15-261122-0001: da duoc tiep nhan. Hen tra 08:00 27/11/2026 (con 4 ngay lam viec). "
        "UBND phuong Vinh Hai. So lieu luc 08:00 22/11/2026."
    )


async def test_the_same_question_is_answered_with_accents_on_a_chat(bot: Bot) -> None:
    (reply,) = await bot.asked(code(1), CHAT)

    assert reply.startswith("Hồ sơ H32.15-261122-0001: đã được tiếp nhận.\nSố liệu lúc 08:00 22/11/2026.")


@pytest.mark.parametrize("asker", [STRANGER, CHAT, WEB])
async def test_a_stranger_learns_the_level_of_completion_and_nothing_else(bot: Bot, asker: Address) -> None:
    (reply,) = await bot.asked(code(2), asker)

    assert "Quầy" not in reply
    assert "27/11" not in reply
    assert "UBND" not in reply
    assert "Quay so" not in reply


@pytest.mark.parametrize("asker", [STRANGER, CHAT, WEB])
async def test_in_the_strict_setting_a_code_that_exists_looks_like_one_that_does_not(
    storage: Storage, asker: Address
) -> None:
    bot = Bot(storage, Strangers.NOTHING)
    await bot.mirror.apply(batch(dossier(1)))

    (existing,) = await bot.asked(code(1), asker)
    (missing,) = await bot.asked(code(9), asker)

    assert existing.replace(code(1), "X") == missing.replace(code(9), "X")


async def test_several_dossiers_in_one_message_are_each_answered(bot: Bot) -> None:
    replies = await bot.asked(f"cho hỏi {code(1)} và {code(2)}")

    assert [code(1) in replies[0], code(2) in replies[1]] == [True, True]
    assert "Quay so 3" in replies[1]


async def test_no_more_than_three_are_answered_at_once(bot: Bot) -> None:
    replies = await bot.asked(" ".join(code(number) for number in range(1, 6)))

    assert len(replies) == 4
    assert "nhieu nhat 3 ho so" in replies[-1]


async def test_a_repaired_code_is_asked_back_and_used_only_after_a_yes(bot: Bot) -> None:
    (question,) = await bot.asked("h32.15-26II22-OOO1")
    (answer,) = await bot.asked("1")

    assert question == "Co phai Ong/Ba muon hoi ho so H32.15-261122-0001? Nhan 1 neu dung, 2 neu khong phai."
    assert answer.startswith("Ho so H32.15-261122-0001: da duoc tiep nhan.")


@pytest.mark.parametrize("yes", ["1", "Đúng.", "dung", "Có", "dạ vâng ạ", "Đúng rồi ạ", "OK", "yes"])
async def test_a_yes_has_many_faces(bot: Bot, yes: str) -> None:
    await bot.asked("h32.15-26II22-OOO1")

    assert "da duoc tiep nhan" in (await bot.asked(yes))[0]


@pytest.mark.parametrize("no", ["2", "không phải", "Dạ không", "sai rồi"])
async def test_a_no_is_accepted_and_nothing_is_shown(bot: Bot, no: str) -> None:
    await bot.asked("h32.15-26II22-OOO1")

    (reply,) = await bot.asked(no)
    (later,) = await bot.asked("1")

    assert reply.startswith("Vang. Xin Ong/Ba gui lai")
    assert "da duoc tiep nhan" not in later


async def test_a_yes_that_comes_too_late_is_not_a_yes(bot: Bot) -> None:
    await bot.asked("h32.15-26II22-OOO1")
    bot.time.pass_(minutes=16)

    (reply,) = await bot.asked("1")

    assert "da duoc tiep nhan" not in reply


async def test_a_procedure_code_is_told_apart(bot: Bot) -> None:
    (reply,) = await bot.asked("1.005129")

    assert reply.startswith("1.005129 la ma thu tuc, khong phai ma ho so.")


@pytest.mark.parametrize("text", ["", "xin chào", "/help", "😀", "HS", "?" * 3000, "\x00\x00", "trời hôm nay đẹp quá"])
async def test_whatever_else_comes_is_helped(bot: Bot, text: str) -> None:
    (reply,) = await bot.asked(text)

    assert reply.startswith("De biet tinh trang ho so, xin nhan HS")


async def test_a_message_that_comes_twice_is_answered_once(bot: Bot) -> None:
    first = await bot.asked(code(1), message_id="same")
    again = await bot.asked(code(1), message_id="same")

    assert first == again
    assert len(first) == 1


async def test_the_same_id_on_another_channel_is_another_message(bot: Bot) -> None:
    await bot.asked(code(1), OWNER, message_id="same")

    assert len(await bot.asked(code(1), CHAT, message_id="same")) == 1


async def test_a_citizen_may_choose_english_and_keeps_it(bot: Bot) -> None:
    await bot.asked("EN", CHAT)

    (reply,) = await bot.asked(code(1), CHAT)

    assert reply.startswith("Dossier H32.15-261122-0001: accepted.")


async def test_either_printed_form_of_the_agency_finds_the_dossier(bot: Bot) -> None:
    modern = replace(dossier(), code="H56.14-240823-0001")
    await bot.mirror.apply(batch(modern, cursor="d"))

    (reply,) = await bot.asked("000.00.14.H56-240823-0001")

    assert "da duoc tiep nhan" in reply


async def test_somebody_who_guesses_is_no_longer_answered_and_others_are(storage: Storage) -> None:
    bot = Bot(storage, Strangers.NOTHING)
    await bot.mirror.apply(batch(dossier(1)))
    for number in range(100, 100 + SENDER.free):
        await bot.asked(code(number), CHAT)

    (throttled,) = await bot.asked(code(1), CHAT)
    (unthrottled,) = await bot.asked(code(1), WEB)
    (owner,) = await bot.asked(code(1), OWNER)

    assert throttled == ("Ông/Bà đã thử nhiều lần mà chưa đúng. Xin thử lại sau 1 phút, hoặc liên hệ nơi đã nộp hồ sơ.")
    assert unthrottled.startswith("Không có thông tin")
    assert "da duoc tiep nhan" in owner


async def test_after_a_while_the_guesser_may_ask_again(storage: Storage) -> None:
    bot = Bot(storage, Strangers.NOTHING)
    for number in range(100, 100 + SENDER.free):
        await bot.asked(code(number), CHAT)
    bot.time.pass_(seconds=SENDER.first.total_seconds() + 1)

    (reply,) = await bot.asked(code(1), CHAT)

    assert reply.startswith("Không có thông tin")


async def test_replies_are_in_the_ledger_and_look_ups_are_counted(bot: Bot) -> None:
    await bot.asked(code(1))
    await bot.asked("xin chào")
    await bot.asked(code(77), CHAT)

    assert (await balance(bot.storage)).balanced
    assert await bot.storage.read(lambda tx: tx.conversations.outcomes()) == {
        ("sms", "lookup"): 1,
        ("sms", "help"): 1,
        ("telegram", "lookup"): 1,
    }


async def test_a_supplement_that_is_over_is_no_longer_shown(bot: Bot) -> None:
    waiting = dossier(1, status=Status.SUPPLEMENT, supplement="Bản sao giấy chứng sinh", reason="Bản nộp bị mờ")
    await bot.mirror.apply(batch(waiting))
    during = await bot.asked(code(1))
    await bot.mirror.apply(batch(replace(waiting, status=Status.PROCESSING)))
    after = await bot.asked(code(1))

    assert "Bo sung: Ban sao giay chung sinh. Ly do: Ban nop bi mo." in during[0]
    assert "Bo sung" not in after[0]
    assert "Ly do" not in after[0]


async def test_the_answer_carries_the_time_of_the_mirror(bot: Bot) -> None:
    bot.time.pass_(hours=1)

    (reply,) = await bot.asked(code(1))

    assert "So lieu luc 08:00 22/11/2026" in reply
    assert START + timedelta(hours=1) == bot.time()


async def test_what_is_too_old_is_not_stated_as_present(bot: Bot) -> None:
    bot.time.pass_(hours=5)

    (owner,) = await bot.asked(code(1))
    (stranger,) = await bot.asked(code(1), CHAT)

    assert "luc 08:00 22/11/2026, nay co the da khac. Khi do: da duoc tiep nhan." in owner
    assert "lúc 08:00 22/11/2026; tình trạng hiện nay có thể đã khác." in stranger
    assert "Khi đó: đã được tiếp nhận." in stranger


async def test_a_machine_that_answers_every_answer_is_not_answered_for_ever(bot: Bot) -> None:
    answered = [len(await bot.asked("Tôi đang bận, sẽ gọi lại sau.")) for _ in range(40)]
    other = await bot.asked(code(1), CHAT)
    bot.time.pass_(minutes=11)
    later = await bot.asked(code(1))

    assert answered == [1] * 30 + [0] * 10
    assert len(other) == len(later) == 1
    assert (await bot.storage.read(lambda tx: tx.conversations.outcomes()))["sms", "flood"] == 10


@pytest.mark.parametrize("sender", ["191", "VIETTEL", "8041"])
async def test_a_short_code_or_a_name_is_not_answered(bot: Bot, sender: str) -> None:
    assert await bot.asked(code(1), Address("sms", sender)) == []


class Broken(dict[str, bool]):
    """Stands for a mistake of ours in the middle of an answer."""

    def get(self, *_: object) -> bool:  # type: ignore[override]
        raise ValueError("quotes what the citizen wrote: H32.15-261122-0001")


async def test_a_message_that_our_own_mistake_makes_unanswerable_is_kept_and_not_quoted(
    storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    bot = Bot(storage)
    manner = Manner(EXAMPLE, plain=Broken())
    bot.conversation = Conversation(storage, manner, clock=bot.time, new_id=bot.new_id)

    replies = await bot.asked(code(1), message_id="7")

    assert replies == []
    assert await storage.read(lambda tx: tx.conversations.outcomes()) == {("sms", "failed"): 1}
    assert "message 7 on sms is unanswered: ValueError at" in caplog.text
    assert "H32.15" not in caplog.text
