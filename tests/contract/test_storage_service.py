"""Feedback under receipt numbers, the satisfaction question, and talks with clerks, on every engine."""

import asyncio
from dataclasses import replace

import pytest

from bot.model.person import Address
from bot.model.service import Feedback, FeedbackKind, Score, Survey, SurveyTotals, Talk
from bot.ports import Storage, Transaction
from tests.contract.storage_values import MAI, NOW, later

ANH = Address("telegram", "70012")


def a_feedback(**given: object) -> Feedback:
    made = Feedback(
        kind=FeedbackKind.PROPOSAL,
        address=MAI,
        channel="sms",
        agency="H56.14",
        code="H56.14-260302-0001",
        text="Bộ phận Một cửa đóng sớm 15 phút 😀",
        name="Nguyễn Thị Mai",
        home="12 Trần Phú",
        phone="+84912345678",
        at=NOW,
    )
    return replace(made, **given)  # type: ignore[arg-type]


async def add(storage: Storage, feedback: Feedback, *, day: str = "260302", prefix: str = "PA") -> str:
    return await storage.write(lambda tx: tx.service.add_feedback(feedback, day=day, prefix=prefix))


async def test_feedback_is_kept_as_it_was_under_the_next_number_of_its_day(storage: Storage) -> None:
    first = await add(storage, a_feedback())
    second = await add(storage, a_feedback(kind=FeedbackKind.SCAM, language="en"))
    other = await add(storage, a_feedback(), prefix="KN")
    next_day = await add(storage, a_feedback(), day="260303")

    assert [first, second, other, next_day] == ["PA-260302-0001", "PA-260302-0002", "KN-260302-0001", "PA-260303-0001"]
    assert await storage.read(lambda tx: tx.service.feedback(first)) == a_feedback(number=first)
    assert await storage.read(lambda tx: tx.service.feedback("PA-260302-0009")) is None


async def test_numbers_have_no_gap_and_no_twin_however_many_come_at_once(storage: Storage) -> None:
    async def undone(tx: Transaction) -> None:
        await tx.service.add_feedback(a_feedback(), day="260302", prefix="PA")
        raise LookupError

    calls = [storage.write(undone) if number % 4 == 0 else add(storage, a_feedback()) for number in range(20)]
    results = await asyncio.gather(*calls, return_exceptions=True)

    numbers = sorted(each for each in results if isinstance(each, str))
    assert sum(isinstance(each, LookupError) for each in results) == 5
    assert numbers == [f"PA-260302-{number:04}" for number in range(1, 16)]


async def test_feedback_is_listed_for_an_agency_with_all_below_it(storage: Storage) -> None:
    given = [("H56.14", 3), ("H56.14.2", 1), ("H56.140", 0), ("H56", 0), ("", 0), ("H56_14", 0), ("H56.14.2.1", 2)]
    for agency, minutes in given:
        await add(storage, a_feedback(agency=agency, at=later(minutes=minutes)))
    await add(storage, a_feedback(kind=FeedbackKind.SCAM, agency="H56.14", at=later(hours=1)))

    below = await storage.read(lambda tx: tx.service.feedbacks(agency="H56.14"))
    scams = await storage.read(lambda tx: tx.service.feedbacks(agency="H56.14", kind=FeedbackKind.SCAM))
    oldest = await storage.read(lambda tx: tx.service.feedbacks(limit=3))

    assert [each.agency for each in below] == ["H56.14.2", "H56.14.2.1", "H56.14", "H56.14"]
    assert [each.kind for each in scams] == [FeedbackKind.SCAM]
    assert [each.number for each in oldest] == ["PA-260302-0003", "PA-260302-0004", "PA-260302-0005"]


async def test_feedback_is_answered_once(storage: Storage) -> None:
    number, waiting = await add(storage, a_feedback()), await add(storage, a_feedback())

    answered = await storage.write(
        lambda tx: tx.service.answer_feedback(number, "Xin cảm ơn Bà.", by="chi.lan", at=later(days=1))
    )
    again = await storage.write(lambda tx: tx.service.answer_feedback(number, "Khác", by="anh.nam", at=later(days=2)))
    unknown = await storage.write(lambda tx: tx.service.answer_feedback("PA-1", "Khác", by="anh.nam", at=NOW))
    open_ones = await storage.read(lambda tx: tx.service.feedbacks())
    everything = await storage.read(lambda tx: tx.service.feedbacks(is_open=False))

    expected = a_feedback(number=number, answer="Xin cảm ơn Bà.", answered_by="chi.lan", answered_at=later(days=1))
    assert answered == expected
    assert (again, unknown) == (None, None)
    assert [each.number for each in open_ones] == [waiting]
    assert everything[0] == expected


def a_survey(number: int = 1, **given: object) -> Survey:
    made = Survey(
        source="onestop", code=f"H56.14-260302-{number:04}", address=MAI, agency="H56.14", asked_at=later(hours=number)
    )
    return replace(made, **given)  # type: ignore[arg-type]


async def test_a_question_is_asked_once_and_takes_a_score_and_then_the_reason(storage: Storage) -> None:
    survey = a_survey()
    await storage.write(lambda tx: tx.service.ask_survey([survey, a_survey(2, address=ANH)]))

    await storage.write(lambda tx: tx.service.answer_survey(survey, score=Score.NOT_SATISFIED, at=later(hours=2)))
    await storage.write(lambda tx: tx.service.ask_survey([a_survey(asked_at=later(days=9))]))
    unhappy = await storage.read(lambda tx: tx.service.open_survey(MAI, since=NOW))
    await storage.write(lambda tx: tx.service.answer_survey(survey, reason="Chờ quá lâu", at=later(hours=3)))

    assert unhappy == replace(survey, score=Score.NOT_SATISFIED, answered_at=later(hours=2))
    assert await storage.read(lambda tx: tx.service.open_survey(MAI, since=NOW)) is None


async def test_the_newest_question_that_waits_is_found(storage: Storage) -> None:
    surveys = [a_survey(number) for number in (1, 2, 3)]
    await storage.write(lambda tx: tx.service.ask_survey(surveys))
    await storage.write(lambda tx: tx.service.answer_survey(surveys[2], score=Score.SATISFIED, at=later(hours=4)))

    async def waiting(tx: Transaction) -> list[Survey | None]:
        return [
            await tx.service.open_survey(MAI, since=NOW),
            await tx.service.open_survey(MAI, since=NOW, code=surveys[0].code),
            await tx.service.open_survey(MAI, since=NOW, code=surveys[2].code),
            await tx.service.open_survey(MAI, since=later(hours=3)),
            await tx.service.open_survey(ANH, since=NOW),
        ]

    assert await storage.read(waiting) == [surveys[1], surveys[0], None, None, None]


async def test_satisfaction_is_counted_by_agency(storage: Storage) -> None:
    scores = [Score.VERY_SATISFIED, Score.SATISFIED, Score.SATISFIED, Score.NOT_SATISFIED, None]
    asked = [a_survey(number, score=score) for number, score in enumerate(scores)]
    other = [a_survey(7, agency="H56.15"), a_survey(8, agency="H56.16", asked_at=later(days=-1))]
    await storage.write(lambda tx: tx.service.ask_survey([*asked, *other]))

    totals = await storage.read(lambda tx: tx.service.survey_totals(since=NOW))

    assert totals == [SurveyTotals("H56.14", 5, 1, 2, 1), SurveyTotals("H56.15", 1, 0, 0, 0)]


async def test_a_talk_lasts_until_it_is_ended(storage: Storage) -> None:
    talk = Talk(address=ANH, channel="telegram", agency="H56.14", begun_at=NOW, heard_at=NOW)
    await storage.write(lambda tx: tx.service.begin_talk(talk))

    await storage.write(lambda tx: tx.service.touch_talk(ANH, at=later(minutes=1), clerk="chi.lan"))
    await storage.write(lambda tx: tx.service.touch_talk(ANH, at=later(minutes=2)))
    going_on = await storage.read(lambda tx: tx.service.talk(ANH))
    ended = [await storage.write(lambda tx: tx.service.end_talk(ANH)) for _ in range(2)]

    assert going_on == replace(talk, heard_at=later(minutes=2), clerk="chi.lan", asked_at=later(minutes=2))
    assert ended == [True, False]
    assert await storage.read(lambda tx: tx.service.talk(ANH)) is None


async def test_who_waits_for_a_clerk_comes_first_then_the_longest_silence(storage: Storage) -> None:
    given = [("a", 5, "chi.lan"), ("b", 9, ""), ("c", 1, "anh.nam"), ("d", 7, "")]
    for value, minutes, clerk in given:
        talk = Talk(
            address=Address("zalo", value), channel="zalo", begun_at=NOW, heard_at=later(minutes=minutes), clerk=clerk
        )
        await storage.write(lambda tx, talk=talk: tx.service.begin_talk(talk))  # type: ignore[misc]

    listed = await storage.read(lambda tx: tx.service.talks(limit=3))
    idle = await storage.read(lambda tx: tx.service.idle_talks(before=later(minutes=7)))

    assert [each.address.value for each in listed] == ["d", "b", "c"]
    assert [each.address.value for each in idle] == ["c", "a"]


@pytest.mark.parametrize("text", ["a\0b", "\ud83d", "'; DROP TABLE feedback; --", ":name $1"])
async def test_any_words_of_a_citizen_are_taken(storage: Storage, text: str) -> None:
    number = await add(storage, a_feedback(text=text, name=text, home=text, agency=text))
    survey = a_survey(source=text)
    await storage.write(lambda tx: tx.service.ask_survey([survey]))
    await storage.write(lambda tx: tx.service.answer_survey(survey, reason=text, at=NOW))
    await storage.write(lambda tx: tx.service.answer_feedback(number, text, by=text, at=NOW))

    assert await storage.read(lambda tx: tx.service.feedbacks(agency="none")) == []


async def test_feedback_is_listed_for_several_agencies_waiting_first_and_answered_by_pages(storage: Storage) -> None:
    places = ["H56.14", "H56.14.01", "H56.1", "", "H56.2"]
    numbers = [await add(storage, a_feedback(agency=each, at=later(minutes=i))) for i, each in enumerate(places)]
    for number in numbers[1:]:
        await storage.write(lambda tx, n=number: tx.service.answer_feedback(n, "Đã rõ", by="lan", at=later(hours=1)))  # type: ignore[misc]

    async def waiting(*agencies: str, kind: FeedbackKind | None = None) -> list[str]:
        found = await storage.read(lambda tx: tx.service.waiting_feedback(agencies, kind=kind, limit=9))
        return [each.number for each in found]

    pages = await storage.read(lambda tx: tx.service.answered_feedback((), limit=2))
    last = (pages[-1].at, pages[-1].number)
    rest = await storage.read(lambda tx: tx.service.answered_feedback((), before=last, limit=9))
    below = await storage.read(lambda tx: tx.service.answered_feedback(["H56.14", "H56.2"], limit=9))
    assert await waiting() == await waiting("H56.14", "H56.9") == [numbers[0]]
    assert await waiting("H56.1") == await waiting("H56.14", kind=FeedbackKind.SCAM) == []
    assert [each.number for each in [*pages, *rest]] == numbers[:0:-1]
    assert [each.number for each in below] == [numbers[4], numbers[1]]


async def test_talks_are_listed_for_the_agencies_that_somebody_covers(storage: Storage) -> None:
    for ending, agency in enumerate(["H56.14", "H56.14.01", "", "H56.2"]):
        heard_at = later(minutes=ending)
        chat = Address("telegram", str(ending))
        talk = Talk(address=chat, channel="t", agency=agency, begun_at=NOW, heard_at=heard_at)
        await storage.write(lambda tx, t=talk: tx.service.begin_talk(t))  # type: ignore[misc]

    async def agencies(*asked: str) -> list[str]:
        return [each.agency for each in await storage.read(lambda tx: tx.service.talks_of(asked, limit=9))]

    assert await agencies() == ["H56.14", "H56.14.01", "", "H56.2"]
    assert await agencies("H56.14") == ["H56.14", "H56.14.01"]
    assert await agencies("H56.2", "H56.14.01") == ["H56.14.01", "H56.2"]
