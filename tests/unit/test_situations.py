"""What the changes of a dossier mean for the citizen, and which of it each office tells."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.model.dossier import Dossier, Handing, Status, Step, Wait, diff
from bot.model.message import FAMILY, FOR_STAFF, Situation
from bot.situation_settings import SituationSettings
from bot.situations import NO_NEWS, PROMISED, SEEN_AT_ITS_END, UNKNOWN_WORD, Silent, Situations, situation_of

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
PROMISE = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
LATER = PROMISE + timedelta(days=3)
DAY = timedelta(days=1)

RECEIVED = Dossier(
    source="s",
    code="H32.15-261122-0001",
    status=Status.RECEIVED,
    agency="H32.15",
    agency_name="UBND phường Vĩnh Hải",
    received_at=NOW,
    appointment_at=PROMISE,
)
WORK = replace(RECEIVED, status=Status.PROCESSING)
ASKED = replace(RECEIVED, status=Status.SUPPLEMENT, supplement="Bản sao", waits=(Wait(NOW),))
DUE = replace(RECEIVED, status=Status.PAYMENT)
DONE = replace(RECEIVED, status=Status.DONE)
POSTED = replace(DONE, returned_by=Handing.POST)


def found(before: Dossier | None, after: Dossier, at: datetime = NOW) -> Situation | Silent:
    return situation_of(diff(before, after, last_number=3, at=at), before, after)


@pytest.mark.parametrize(
    ("filed", "expected"),
    [
        (None, Situation.RECEIVED),
        (Handing.COUNTER, Situation.RECEIVED),
        (Handing.ONLINE, Situation.RECEIVED_ONLINE),
        (Handing.POST, Situation.RECEIVED_POST),
    ],
)
def test_a_receipt_says_how_the_papers_came(filed: Handing | None, expected: Situation) -> None:
    received = replace(RECEIVED, filed_by=filed)
    registered = replace(received, status=Status.REGISTERED, received_at=None, appointment_at=None)

    assert found(None, received) is expected
    assert found(None, registered) is Situation.REGISTERED
    assert found(registered, received) is expected


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        (None, Situation.RESULT),
        (Handing.COUNTER, Situation.RESULT),
        (Handing.POST, Situation.RESULT_POST),
        (Handing.ONLINE, Situation.RESULT_ONLINE),
    ],
)
def test_a_result_says_how_it_is_handed_over(returned: Handing | None, expected: Situation) -> None:
    assert found(WORK, replace(DONE, returned_by=returned), at=PROMISE) is expected


def test_a_result_at_the_counter_is_early_up_to_the_day_before_the_appointment_in_vietnam() -> None:
    last_evening = datetime(2026, 11, 29, 16, 59, tzinfo=UTC)
    that_morning = datetime(2026, 11, 29, 17, 0, tzinfo=UTC)

    assert found(WORK, DONE, at=last_evening) is Situation.RESULT_EARLY
    assert found(WORK, DONE, at=that_morning) is Situation.RESULT
    assert found(WORK, replace(DONE, appointment_at=None)) is Situation.RESULT


def test_a_dossier_that_jumps_is_told_as_what_it_is_now() -> None:
    registered = replace(RECEIVED, status=Status.REGISTERED, received_at=None, appointment_at=None)
    all_at_once = replace(
        POSTED, tracking="EK123456789VN", fee_paid_at=NOW, waits=(Wait(NOW, NOW + DAY),), appointment_at=LATER
    )

    assert found(registered, DONE) is Situation.RESULT_EARLY
    assert found(registered, WORK) is Situation.PROGRESS
    assert found(ASKED, DONE) is Situation.RESULT_EARLY
    assert found(RECEIVED, all_at_once) is Situation.RESULT_POST


@pytest.mark.parametrize("after", [WORK, RECEIVED, replace(WORK, appointment_at=LATER)])
def test_papers_that_came_are_acknowledged_and_the_time_they_took_is_not_apologised_for(after: Dossier) -> None:
    assert found(ASKED, after) is Situation.SUPPLEMENT_RECEIVED


def test_a_dossier_that_lacked_something_before_it_was_received_is_told_as_received() -> None:
    online = replace(RECEIVED, filed_by=Handing.ONLINE)
    asked = replace(online, status=Status.SUPPLEMENT, received_at=None, appointment_at=None)

    assert found(asked, online) is Situation.RECEIVED_ONLINE


def test_what_must_be_done_next_goes_before_thanks_for_the_papers() -> None:
    assert found(ASKED, DUE) is Situation.PAYMENT


def test_papers_whose_coming_only_the_supplements_tell_are_acknowledged() -> None:
    before = replace(WORK, waits=(Wait(NOW),))
    after = replace(before, waits=(Wait(NOW, NOW + DAY),))

    assert found(before, after) is Situation.SUPPLEMENT_RECEIVED
    assert found(before, replace(after, appointment_at=LATER)) is Situation.SUPPLEMENT_RECEIVED


def test_supplements_of_long_ago_that_a_source_begins_to_tell_are_no_news_and_no_reason_to_apologise() -> None:
    told = replace(WORK, waits=(Wait(NOW - DAY, NOW),))

    assert found(WORK, told) is NO_NEWS
    assert found(WORK, replace(told, appointment_at=LATER)) is Situation.APPOINTMENT


def test_a_request_is_told_again_in_new_words_or_with_another_term_but_not_when_it_is_emptied() -> None:
    until = replace(ASKED, supplement_until=PROMISE)

    assert found(ASKED, replace(ASKED, supplement="Bản chính")) is Situation.SUPPLEMENT
    assert found(ASKED, until) is Situation.SUPPLEMENT
    assert found(until, replace(until, supplement_until=LATER)) is Situation.SUPPLEMENT
    assert found(until, replace(until, supplement_until=None)) is NO_NEWS
    assert found(ASKED, replace(ASKED, supplement="")) is NO_NEWS


def test_a_clock_that_stands_and_runs_again_is_told_where_the_source_tells_it() -> None:
    paused = replace(WORK, paused_at=NOW)

    assert found(WORK, paused) is Situation.PAUSED
    assert found(RECEIVED, paused) is Situation.PAUSED
    assert found(paused, WORK) is Situation.RESUMED
    assert found(paused, replace(WORK, appointment_at=LATER)) is Situation.RESUMED


def test_a_pause_that_a_supplement_brings_is_told_as_the_supplement() -> None:
    assert found(WORK, replace(ASKED, paused_at=NOW)) is Situation.SUPPLEMENT
    assert found(replace(ASKED, paused_at=NOW), WORK) is Situation.SUPPLEMENT_RECEIVED


def test_money_is_asked_for_confirmed_and_asked_for_again_when_it_is_another_sum() -> None:
    with_fee = replace(DUE, fee="150.000 đồng")

    assert found(WORK, DUE) is Situation.PAYMENT
    assert found(DUE, with_fee) is Situation.PAYMENT
    assert found(with_fee, replace(with_fee, fee_paid_at=NOW)) is Situation.PAID
    assert found(with_fee, replace(WORK, fee="150.000 đồng", fee_paid_at=NOW)) is Situation.PAID
    assert found(WORK, replace(WORK, fee_paid_at=NOW)) is Situation.PAID
    assert found(DUE, WORK) is Situation.PROGRESS


def test_a_fee_that_is_merely_listed_is_no_news() -> None:
    assert found(WORK, replace(WORK, fee="8.000 đồng")) is NO_NEWS


def test_the_code_of_the_postal_item_is_told_when_it_comes() -> None:
    on_its_way = replace(POSTED, tracking="EK123456789VN")

    assert found(POSTED, on_its_way) is Situation.RESULT_POST
    assert found(on_its_way, replace(on_its_way, place="Bưu điện")) is NO_NEWS
    assert found(POSTED, replace(on_its_way, status=Status.RETURNED)) is Situation.RESULT_POST
    assert found(on_its_way, replace(on_its_way, status=Status.RETURNED)) is Situation.RETURNED


def test_another_way_of_the_result_is_told_and_the_passing_of_the_appointment_is_not() -> None:
    assert found(DONE, POSTED, at=PROMISE) is Situation.RESULT_POST
    assert found(POSTED, replace(DONE, returned_by=Handing.ONLINE)) is Situation.RESULT_ONLINE
    assert found(DONE, replace(DONE, appointment_at=NOW)) is NO_NEWS


def test_the_end_has_its_situations() -> None:
    ends = {
        Status.REFUSED: Situation.REFUSED,
        Status.STOPPED: Situation.STOPPED,
        Status.WITHDRAWN: Situation.WITHDRAWN,
        Status.RETURNED: Situation.RETURNED,
    }

    assert {status: found(WORK, replace(WORK, status=status)) for status in ends} == ends
    assert found(None, replace(WORK, status=Status.RETURNED)) is SEEN_AT_ITS_END


def test_a_word_that_is_not_known_is_told_to_nobody() -> None:
    unknown = replace(WORK, status=Status.UNKNOWN, status_text="TT04")

    assert found(None, unknown) is UNKNOWN_WORD
    assert found(WORK, unknown) is UNKNOWN_WORD
    assert found(unknown, replace(unknown, status_text="TT05")) is UNKNOWN_WORD
    assert found(unknown, replace(unknown, appointment_at=LATER)) is Situation.APOLOGY


def test_a_later_appointment_is_an_apology_an_earlier_one_is_a_notice_and_the_first_is_the_receipt() -> None:
    dateless = replace(RECEIVED, appointment_at=None)

    assert found(WORK, replace(WORK, appointment_at=LATER)) is Situation.APOLOGY
    assert found(RECEIVED, replace(WORK, appointment_at=LATER)) is Situation.APOLOGY
    assert found(WORK, replace(WORK, appointment_at=PROMISE - DAY)) is Situation.APPOINTMENT
    assert found(dateless, RECEIVED) is Situation.RECEIVED
    assert found(WORK, replace(WORK, appointment_at=None)) is NO_NEWS
    assert found(WORK, replace(WORK, appointment_at=PROMISE + timedelta(seconds=20))) is NO_NEWS
    assert found(ASKED, replace(ASKED, appointment_at=LATER)) is NO_NEWS
    assert found(WORK, replace(DONE, appointment_at=LATER)) is Situation.RESULT_EARLY


def test_a_source_that_takes_over_the_date_that_we_promised_is_not_told_again() -> None:
    promised = replace(WORK, promised_at=LATER)

    assert found(promised, replace(WORK, appointment_at=LATER)) is PROMISED
    assert found(promised, replace(WORK, appointment_at=LATER, paused_at=NOW)) is Situation.PAUSED
    assert found(promised, replace(WORK, appointment_at=LATER + DAY)) is Situation.APOLOGY
    assert found(promised, replace(WORK, appointment_at=LATER - DAY)) is Situation.APPOINTMENT
    assert found(promised, replace(DONE, appointment_at=LATER)) is Situation.RESULT_EARLY


def test_a_step_is_news_where_another_agency_has_the_dossier_now() -> None:
    own = Step(agency="UBND phường Vĩnh Hải", holder="Bộ phận Một cửa", started_at=NOW)
    at_home = replace(WORK, steps=(own,))
    away = replace(WORK, steps=(replace(own, ended_at=NOW + DAY), Step(agency="Chi cục Thuế", started_at=NOW + DAY)))
    other_officer = replace(WORK, steps=(replace(own, holder="Phòng Tư pháp"),))

    assert found(WORK, at_home) is NO_NEWS
    assert found(at_home, other_officer) is NO_NEWS
    assert found(at_home, away) is Situation.STEP
    assert found(WORK, away) is Situation.STEP
    assert found(RECEIVED, away) is Situation.PROGRESS
    assert found(at_home, replace(away, appointment_at=LATER)) is Situation.APOLOGY


def test_names_phones_and_other_details_are_no_news() -> None:
    assert found(WORK, replace(WORK, applicant="Nguyễn Văn A")) is NO_NEWS
    assert found(WORK, replace(WORK, phone="+84912345678", place="Quầy 2")) is NO_NEWS
    assert found(WORK, replace(WORK, status_text="Chờ ký số")) is NO_NEWS


def test_by_default_all_is_told_but_steps_and_words_to_the_family() -> None:
    situations = Situations()

    off = {each for each in Situation if not situations.is_on(each, "H32.15")}

    assert off == {Situation.STEP, Situation.CONGRATULATION, Situation.CONDOLENCE}
    assert situations.schemes(Situation.STEP, "H32.15") == ()


def test_the_nearest_rule_above_an_agency_decides_for_each_situation() -> None:
    situations = Situations(
        SituationSettings.model_validate(
            {
                "channels": {"step": ["zalo"]},
                "agencies": {
                    "H32": {"on": ["step"], "channels": {"step": ["zalo", "telegram"]}},
                    "H32.15": {"off": ["paused"]},
                    "H32.15.03": {"off": ["step"], "on": ["paused"], "channels": {"step": []}},
                },
            }
        )
    )

    told = {agency: situations.is_on(Situation.STEP, agency) for agency in ("", "H33", "H32.15", "H32.15.03.1")}
    paused = {agency: situations.is_on(Situation.PAUSED, agency) for agency in ("H32", "H32.15.02", "H32.15.03")}

    assert told == {"": False, "H33": False, "H32.15": True, "H32.15.03.1": False}
    assert paused == {"H32": True, "H32.15.02": False, "H32.15.03": True}
    assert situations.schemes(Situation.STEP, "H32.15") == ("zalo", "telegram")
    assert situations.schemes(Situation.STEP, "H33") == ("zalo",)
    assert situations.schemes(Situation.STEP, "H32.15.03") == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"off": ["overdue"]},
        {"channels": {"alarm": ["sms"]}},
        {"agencies": {"H32": {"on": ["collection"]}}},
        {"agencies": {"H32": {"channels": {"due_soon": ["sms"]}}}},
        {"agencies": {"H32": {"on": ["step"], "off": ["step"]}}},
    ],
)
def test_rules_about_staff_and_rules_that_contradict_themselves_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SituationSettings.model_validate(wrong)


def test_births_and_deaths_are_known_by_their_procedures_with_or_without_a_unit() -> None:
    situations = Situations(SituationSettings(births=("1.001193",), deaths=("1.000656",)))

    def event(procedure: str) -> Situation | None:
        return situations.life_event(replace(WORK, procedure=procedure))

    assert event("1.001193") is event("1.001193.000.00.00.H32") is Situation.CONGRATULATION
    assert event("1.000656.000.00.00.H32") is Situation.CONDOLENCE
    assert event("1.00065") is event("") is None


def test_the_page_for_operators_names_every_situation_and_its_default() -> None:
    page = Path("docs/tin-bao.md").read_text(encoding="utf-8")
    off = {each for each in Situation if re.search(rf"(?m)^\| `{each}` .*\*\*tắt\*\* \|$", page)}

    assert [each for each in Situation if f"`{each}`" not in page] == []
    assert off == set(SituationSettings().off)


def test_every_situation_of_a_dossier_belongs_to_a_family_of_the_founding_report_or_is_its_own() -> None:
    assert set(FAMILY.values()) == {Situation.PROGRESS, Situation.RESULT}
    assert not FAMILY.keys() & FOR_STAFF
