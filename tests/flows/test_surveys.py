"""How satisfied somebody is: asked about one dossier, answered once, with a reason from the unhappy."""

from datetime import timedelta

import pytest

from bot.conversation.surveys import score_in
from bot.model.person import Address
from bot.model.service import Score, Survey, SurveyTotals
from bot.ports import Storage
from tests.flows.citizens import MAI, TELEGRAM, WEB, ZALO, Citizens
from tests.support.making import START, code


@pytest.fixture
def citizens(sqlite_storage: Storage) -> Citizens:
    return Citizens(sqlite_storage)


async def _ask(citizens: Citizens, address: Address = TELEGRAM, number: int = 1, agency: str = "H32.15") -> None:
    survey = Survey(source="office", code=code(number), address=address, agency=agency, asked_at=citizens.time())
    await citizens.storage.write(lambda tx: tx.service.ask_survey([survey]))


async def _totals(citizens: Citizens) -> tuple[int, int, int]:
    found = await citizens.storage.read(lambda tx: tx.service.survey_totals(since=START - timedelta(days=1)))
    assert len(found) == 1
    return found[0].very_satisfied, found[0].satisfied, found[0].not_satisfied


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("1", Score.VERY_SATISFIED),
        ("2.", Score.SATISFIED),
        ("(3)", Score.NOT_SATISFIED),
        ("Rất hài lòng ạ", Score.VERY_SATISFIED),
        ("hai long", Score.SATISFIED),
        ("chưa hài lòng lắm", Score.NOT_SATISFIED),
        ("KHÔNG HÀI LÒNG", Score.NOT_SATISFIED),
        ("very satisfied", Score.VERY_SATISFIED),
        ("not satisfied", Score.NOT_SATISFIED),
        ("dissatisfied", Score.NOT_SATISFIED),
        ("4", None),
        ("0", None),
        ("", None),
        ("1 2", None),
        ("xin chào", None),
    ],
)
def test_a_score_has_a_number_and_words(text: str, score: Score | None) -> None:
    assert score_in(text) is score


@pytest.mark.parametrize(("button", "totals"), [(1, (1, 0, 0)), (2, (0, 1, 0)), (3, (0, 0, 1))])
async def test_a_button_rates_its_dossier(citizens: Citizens, button: int, totals: tuple[int, int, int]) -> None:
    await _ask(citizens, number=1)
    await _ask(citizens, number=2)

    answer = await citizens.read(f"danh gia {button} {code(1)}", TELEGRAM)
    survey = await citizens.storage.read(lambda tx: tx.service.open_survey(TELEGRAM, since=START, code=code(2)))

    assert answer.startswith("Cảm ơn Ông/Bà")
    assert await _totals(citizens) == totals
    assert survey is not None
    assert survey.score is None


async def test_a_bare_number_answers_the_question_that_stands_open(citizens: Citizens) -> None:
    await _ask(citizens, MAI)

    await citizens.write("2")

    assert await _totals(citizens) == (0, 1, 0)


async def test_a_bare_number_answers_the_bots_own_question_first(citizens: Citizens) -> None:
    await _ask(citizens, MAI)
    await citizens.write("sai số")

    await citizens.write("2")

    assert await _totals(citizens) == (0, 0, 0)


@pytest.mark.parametrize("text", ["4", "danh gia 9"])
async def test_there_are_three_answers_and_no_more(citizens: Citizens, text: str) -> None:
    await _ask(citizens, MAI)

    await citizens.write(text)

    assert await _totals(citizens) == (0, 0, 0)


async def test_the_unhappy_are_asked_why(citizens: Citizens) -> None:
    await _ask(citizens)

    question = await citizens.read("danh gia 3", TELEGRAM)
    thanks = await citizens.read("Tôi phải đi lại bốn lần, mỗi lần thiếu một giấy", TELEGRAM)

    assert "lý do" in question
    assert thanks == "Cảm ơn Ông/Bà đã đánh giá."
    assert await citizens.storage.read(lambda tx: tx.service.open_survey(TELEGRAM, since=START)) is None
    assert await _totals(citizens) == (0, 0, 1)


@pytest.mark.parametrize("text", ["BỎ QUA", "không"])
async def test_the_reason_may_be_kept_to_oneself(citizens: Citizens, text: str) -> None:
    await _ask(citizens)
    await citizens.write("danh gia 3", TELEGRAM)

    await citizens.write(text, TELEGRAM)

    survey = await citizens.storage.read(lambda tx: tx.service.open_survey(TELEGRAM, since=START))
    assert survey is not None
    assert survey.reason == ""


@pytest.mark.parametrize("second", ["1", f"danh gia 1 {code(1)}", "danh gia 1"])
async def test_the_first_answer_stands(citizens: Citizens, second: str) -> None:
    await _ask(citizens)
    await citizens.write("danh gia 3", TELEGRAM)

    answer = await citizens.read(second, TELEGRAM)

    assert answer == "Cảm ơn Ông/Bà. Đánh giá của Ông/Bà về hồ sơ này đã được ghi nhận từ trước."
    assert await _totals(citizens) == (0, 0, 1)


async def test_a_second_answer_of_the_satisfied_changes_nothing_either(citizens: Citizens) -> None:
    await _ask(citizens)
    await citizens.write("danh gia 1", TELEGRAM)

    answer = await citizens.read("danh gia 3", TELEGRAM)

    assert answer.startswith("Cảm ơn Ông/Bà.")
    assert await _totals(citizens) == (1, 0, 0)


async def test_an_answer_that_comes_too_late_is_not_taken(citizens: Citizens) -> None:
    await _ask(citizens)
    citizens.time.pass_(days=8)

    answer = await citizens.read("danh gia 1", TELEGRAM)

    assert "không có hồ sơ nào chờ" in answer
    assert await _totals(citizens) == (0, 0, 0)


async def test_who_does_not_say_how_satisfied_is_asked_with_buttons(citizens: Citizens) -> None:
    await _ask(citizens)

    (question,) = await citizens.write("đánh giá", TELEGRAM)
    await citizens.write("2", TELEGRAM)

    assert [option.says for option in question.options] == [f"danh gia {score} {code(1)}" for score in (1, 2, 3)]
    assert max(len(option.says.encode()) for option in question.options) <= 64
    assert await _totals(citizens) == (0, 1, 0)


async def test_a_question_asked_by_sms_may_be_answered_in_the_bound_chat(citizens: Citizens) -> None:
    await _ask(citizens, MAI)
    await citizens.bind(ZALO)

    await citizens.write("danh gia 1", ZALO)

    assert await _totals(citizens) == (1, 0, 0)


async def test_a_question_asked_in_the_bound_chat_may_be_answered_by_sms(citizens: Citizens) -> None:
    await citizens.bind(ZALO)
    await _ask(citizens, ZALO)

    await citizens.write("1")

    assert await _totals(citizens) == (1, 0, 0)


async def test_nobody_rates_for_somebody_else(citizens: Citizens) -> None:
    await _ask(citizens, TELEGRAM)

    await citizens.write(f"danh gia 3 {code(1)}", WEB)

    assert await _totals(citizens) == (0, 0, 0)


async def test_totals_are_by_agency(citizens: Citizens) -> None:
    for number, agency in enumerate(("H32.15", "H32.15", "H32.99"), 1):
        await _ask(citizens, number=number, agency=agency)
        await citizens.write(f"danh gia {number} {code(number)}", TELEGRAM)

    found = await citizens.storage.read(lambda tx: tx.service.survey_totals(since=START))

    assert found == [SurveyTotals("H32.15", 2, 1, 1, 0), SurveyTotals("H32.99", 1, 0, 0, 1)]
