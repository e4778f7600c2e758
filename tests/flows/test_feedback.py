"""Feedback with what the decree requires, and the two things that are no feedback: complaints and scams."""

from dataclasses import replace

import pytest

from bot.model.person import Address, Purpose
from bot.model.service import Feedback, FeedbackKind
from bot.ports import Storage
from tests.flows.citizens import MAI, TELEGRAM, WEB, ZALO, Citizens
from tests.support.making import OWNER_PHONE, START, code, dossier

TEXT = "Tôi nộp hồ sơ đã một tháng mà chưa ai trả lời."
NAME = "Nguyễn Thị Mai"
HOME = "thôn 3, xã Hải Hà, tỉnh Khánh Hòa"


@pytest.fixture
def citizens(sqlite_storage: Storage) -> Citizens:
    return Citizens(sqlite_storage)


async def _kept(citizens: Citizens) -> list[Feedback]:
    return await citizens.storage.read(lambda tx: tx.service.feedbacks())


async def test_in_a_chat_everything_that_the_decree_requires_is_asked_one_by_one(citizens: Citizens) -> None:
    asked = [await citizens.read(text, WEB) for text in ("PA", TEXT, NAME, HOME, "0912 345 678")]
    nothing_yet = await _kept(citizens)
    receipt = await citizens.read("1", WEB)

    assert ["bằng tiếng Việt" in asked[0], "họ và tên" in asked[1], "địa chỉ" in asked[2]] == [True] * 3
    assert "số điện thoại" in asked[3]
    assert all(part in asked[4] for part in (TEXT.rstrip("."), NAME, HOME, "0912345678"))
    assert nothing_yet == []
    assert await _kept(citizens) == [
        Feedback(
            number="PA-261122-0001", kind=FeedbackKind.PROPOSAL, address=WEB, channel="webchat", text=TEXT,
            name=NAME, home=HOME, phone=OWNER_PHONE, at=START,
        )
    ]  # fmt: skip
    assert "PA-261122-0001" in receipt
    assert "05 ngày làm việc" in receipt


async def test_by_sms_one_question_is_enough(citizens: Citizens) -> None:
    question = await citizens.read(f"PA {TEXT}")
    shown = await citizens.read(f"{NAME}, {HOME}")
    await citizens.write("1")

    (kept,) = await _kept(citizens)
    assert "cach nhau bang dau phay" in question
    assert "0912345678" in shown
    assert "Nhan 1 neu dong y gui" in shown
    assert (kept.text, kept.name, kept.home, kept.phone) == (TEXT, NAME, HOME, OWNER_PHONE)


async def test_by_sms_a_name_without_an_address_is_asked_for_it(citizens: Citizens) -> None:
    await citizens.write(f"PA {TEXT}")
    question = await citizens.read(NAME)
    shown = await citizens.read("thon 3 xa Hai Ha")

    assert "dia chi" in question
    assert "thon 3 xa Hai Ha" in shown


async def test_a_bound_chat_is_not_asked_for_its_phone(citizens: Citizens) -> None:
    await citizens.bind(ZALO)

    for text in (f"PA {TEXT}", NAME):
        await citizens.write(text, ZALO)
    shown = await citizens.read(HOME, ZALO)

    assert "0912345678" in shown
    assert "đồng ý gửi" in shown


@pytest.mark.parametrize(
    ("answers", "again"),
    [
        (["ngắn"], "nội dung phản ánh"),
        ([TEXT, "7"], "họ và tên"),
        ([TEXT, NAME, "đây"], "địa chỉ"),
        ([TEXT, NAME, HOME, "12345"], "số điện thoại"),
    ],
)
async def test_what_does_not_answer_the_question_is_asked_again(
    citizens: Citizens, answers: list[str], again: str
) -> None:
    await citizens.write("PA", WEB)

    replies = [await citizens.read(text, WEB) for text in answers]

    assert again in replies[-1]


async def test_nothing_is_kept_without_a_yes(citizens: Citizens) -> None:
    for text in (f"PA {TEXT}", f"{NAME}, {HOME}"):
        await citizens.write(text)
    answer = await citizens.read("2")

    consents = await citizens.storage.read(lambda tx: tx.people.consents(MAI))
    assert "khong duoc gui di" in answer
    assert await _kept(citizens) == []
    assert consents == []


async def test_the_yes_is_kept_as_a_consent_with_its_wording(citizens: Citizens) -> None:
    for text in (f"PA {TEXT}", f"{NAME}, {HOME}", "đồng ý"):
        await citizens.write(text)

    consents = await citizens.storage.read(lambda tx: tx.people.consents(MAI))
    assert [(each.purpose, each.wording) for each in consents] == [(Purpose.FEEDBACK, "feedback/1")]


async def test_an_unclear_answer_shows_it_once_more(citizens: Citizens) -> None:
    for text in (f"PA {TEXT}", f"{NAME}, {HOME}"):
        await citizens.write(text)
    again = await citizens.read("hmm để xem đã")
    await citizens.write("1")

    assert NAME.split()[0][:3] in again
    assert len(await _kept(citizens)) == 1


async def test_a_code_alone_in_the_middle_is_looked_up(citizens: Citizens) -> None:
    await citizens.receive(dossier(1))
    await citizens.write("PA")

    answer = await citizens.read(code(1))

    assert code(1) in answer
    assert "phan anh" not in answer


async def test_the_question_is_forgotten_after_a_while(citizens: Citizens) -> None:
    await citizens.write("PA")
    citizens.time.pass_(minutes=16)

    answer = await citizens.read(TEXT)

    assert "ho ten" not in answer


async def test_it_goes_to_the_agency_of_the_dossier_that_is_named(citizens: Citizens) -> None:
    await citizens.receive(
        dossier(1, agency="H32.15"), dossier(2, agency="H32.15.02", agency_name="UBND phường Lộc Thọ")
    )

    await citizens.write(f"PA hồ sơ {code(2)} chậm quá, đề nghị xem lại")
    shown = await citizens.read(f"{NAME}, {HOME}")
    await citizens.write("1")

    (kept,) = await _kept(citizens)
    assert "UBND phuong Loc Tho" in shown
    assert (kept.agency, kept.code) == ("H32.15.02", code(2))
    assert code(2) in kept.text


async def test_it_goes_to_the_agency_of_the_dossier_last_spoken_of(citizens: Citizens) -> None:
    await citizens.receive(dossier(1, agency="H32.15"), dossier(2, agency="H32.15.02"))
    await citizens.write(code(2))

    for text in (f"PA {TEXT}", f"{NAME}, {HOME}", "1"):
        await citizens.write(text)

    (kept,) = await _kept(citizens)
    assert (kept.agency, kept.code) == ("H32.15.02", code(2))


async def test_it_goes_to_the_agency_of_the_only_dossier_of_the_phone(citizens: Citizens) -> None:
    await citizens.receive(dossier(1, agency="H32.15"), dossier(2, agency="H32.99", phone="+84987654321"))

    for text in (f"PA {TEXT}", f"{NAME}, {HOME}", "1"):
        await citizens.write(text)

    (kept,) = await _kept(citizens)
    assert (kept.agency, kept.code) == ("H32.15", code(1))


async def test_with_two_dossiers_and_none_named_it_goes_to_the_province(citizens: Citizens) -> None:
    await citizens.receive(dossier(1, agency="H32.15"), dossier(2, agency="H32.99"))

    await citizens.write(f"PA {TEXT}")
    shown = await citizens.read(f"{NAME}, {HOME}")
    await citizens.write("1")

    (kept,) = await _kept(citizens)
    assert "co quan dau moi cua tinh" in shown
    assert (kept.agency, kept.code) == ("", "")


async def test_a_stranger_learns_nothing_from_where_it_goes(citizens: Citizens) -> None:
    await citizens.receive(dossier(1, agency="H32.77", agency_name="UBND phường Bí Mật"))

    shown = []
    for number, chat in ((1, WEB), (9, replace(WEB, value="4a" * 16))):
        for text in (f"PA hồ sơ {code(number)} chậm quá, đề nghị xem lại", NAME, HOME):
            await citizens.write(text, chat)
        shown.append((await citizens.read("0987654321", chat)).replace(code(number), "X"))

    assert shown[0] == shown[1]
    assert "cơ quan có mã H32.15" in shown[0]


async def test_numbers_rise_within_the_day_of_vietnam_and_bear_the_offices_letters(citizens: Citizens) -> None:
    rules = citizens.manner.conversation.model_copy(update={"feedback_prefix": "GY"})
    citizens.manners(conversation=rules)

    for hours in (0, 15, 2):
        citizens.time.pass_(hours=hours)
        await citizens.write("LUA DAO nhắn tin đòi chuyển tiền phí hồ sơ")

    assert [each.number for each in await _kept(citizens)] == ["GY-261122-0001", "GY-261122-0002", "GY-261123-0001"]


async def test_complaints_are_told_where_they_go_and_nothing_is_kept(citizens: Citizens) -> None:
    answers = [await citizens.read(text, TELEGRAM) for text in ("tôi muốn khiếu nại", "tố cáo cán bộ")]

    assert answers[0] == answers[1]
    assert "gửi đơn hoặc đến trình bày trực tiếp" in answers[0]
    assert "1900 1234" in answers[0]
    assert await _kept(citizens) == []


async def test_a_scam_is_noted_at_once_and_the_way_to_safety_is_told(citizens: Citizens) -> None:
    answer = await citizens.read("LUA DAO số 0868123456 nhắn tôi bấm link nộp phí hồ sơ")

    (kept,) = await _kept(citizens)
    assert kept.kind is FeedbackKind.SCAM
    assert "bấm link nộp phí" in kept.text
    assert (kept.name, kept.home, kept.phone) == ("", "", "")
    assert kept.number in answer
    assert all(words in answer for words in ("khong bam vao duong dan", "khong chuyen tien", "113", "1900 1234"))


async def test_a_scam_without_its_text_is_asked_for_it(citizens: Citizens) -> None:
    question = await citizens.read("lừa đảo", TELEGRAM)
    await citizens.write("Ho so cua ban bi loi, vao hxxp://dichvucong-vn.xyz de dong phi", TELEGRAM)

    (kept,) = await _kept(citizens)
    assert "đừng bấm vào đường dẫn" in question
    assert "dichvucong-vn.xyz" in kept.text


@pytest.mark.parametrize("address", [MAI, TELEGRAM])
async def test_who_doubts_us_learns_how_to_recognise_us_and_to_check(citizens: Citizens, address: Address) -> None:
    answer = await citizens.read("có phải lừa đảo không", address)

    assert "MOTCUA-KH" in answer
    assert "OTP" in answer
    assert "1900 1234" in answer
