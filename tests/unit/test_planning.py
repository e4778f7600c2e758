"""What a change of a dossier is told as, to whom, and when a message stops being true."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from bot.model.dossier import Dossier, Handing, Status, Step, diff
from bot.model.message import FOR_STAFF, DeliveryState, Form, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.planning import (
    Planner,
    Route,
    Silent,
    lifetime_of,
    origin_of,
    supersedes_apology,
    told_to_follower,
    untruth_of,
)
from bot.ports import Standing
from bot.situation_settings import SituationSettings
from bot.situations import Situations
from bot.texts import Library

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
PROMISED = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
LATER = PROMISED + timedelta(days=3)
_numbers = count(1)
PLANNER = Planner(Route("sms", "sms", plain=True), Library(), lambda: f"{next(_numbers):026}", "giờ hành chính")
DOSSIER = Dossier(
    source="s",
    code="H32.15-261122-0001",
    status=Status.RECEIVED,
    agency_name="UBND phường Vĩnh Hải",
    phone="+84912345678",
    received_at=NOW,
    appointment_at=PROMISED,
)


WORK = replace(DOSSIER, status=Status.PROCESSING)
RETURNED = replace(DOSSIER, status=Status.RETURNED)
BIRTH, DEATH = "1.001193", "1.000656"


def planned(before: Dossier | None, after: Dossier, planner: Planner = PLANNER) -> OutboxItem | Silent:
    return planner.plan(diff(before, after, last_number=3, at=NOW), before, after, now=NOW)


def plan(before: Dossier | None, after: Dossier, planner: Planner = PLANNER) -> OutboxItem:
    item = planned(before, after, planner)
    assert isinstance(item, OutboxItem)
    return item


def situation(before: Dossier | None, after: Dossier, planner: Planner = PLANNER) -> Situation | None:
    item = planned(before, after, planner)
    return item.situation if isinstance(item, OutboxItem) else None


def planner_with(**settings: object) -> Planner:
    return replace(PLANNER, situations=Situations(SituationSettings.model_validate(settings)))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.REGISTERED, Situation.REGISTERED),
        (Status.REFUSED, Situation.REFUSED),
        (Status.PROCESSING, Situation.PROGRESS),
        (Status.SUPPLEMENT, Situation.SUPPLEMENT),
        (Status.PAYMENT, Situation.PAYMENT),
        (Status.WITHDRAWN, Situation.WITHDRAWN),
        (Status.STOPPED, Situation.STOPPED),
        (Status.DONE, Situation.RESULT_EARLY),
        (Status.RETURNED, Situation.RETURNED),
        (Status.UNKNOWN, None),
    ],
)
def test_each_national_status_has_its_message(status: Status, expected: Situation | None) -> None:
    assert situation(DOSSIER, replace(DOSSIER, status=status)) is expected


def test_every_situation_of_a_dossier_has_its_words_by_sms_and_chat_in_both_languages() -> None:
    after = replace(WORK, fee="150.000 đồng", tracking="EK123456789VN", supplement="Bản sao")
    for language in ("vi", "en"):
        planner = replace(PLANNER, language=language)
        for each in _TOLD:
            texts = [planner.render(each, DOSSIER, after, plain=plain).text for plain in (True, False)]
            assert all(after.code in text for text in texts), each


_TOLD = frozenset(Situation) - FOR_STAFF
_TOLD -= {Situation.DIGEST, Situation.REPLY, Situation.TEST, Situation.CODE, Situation.ANSWER, Situation.NOTICE}
_TOLD -= {Situation.BROADCAST}


def test_a_situation_that_is_switched_off_is_silent_and_says_so() -> None:
    planner = planner_with(agencies={"H32": {"off": ["progress"]}})
    here, there = (replace(DOSSIER, agency=agency) for agency in ("H32.15", "H33.15"))

    assert planned(here, replace(here, status=Status.PROCESSING), planner) == Silent("switched off: progress")
    assert situation(there, replace(there, status=Status.PROCESSING), planner) is Situation.PROGRESS


def test_where_early_results_are_not_told_as_such_they_are_told_as_results() -> None:
    done = replace(DOSSIER, status=Status.DONE)

    assert situation(DOSSIER, done, planner_with(off=["result_early"])) is Situation.RESULT
    assert planned(DOSSIER, done, planner_with(off=["result_early", "result"])) == Silent("switched off: result")


def test_after_the_end_there_is_one_message_the_question_where_surveys_are_on() -> None:
    asking = replace(PLANNER, surveys=True)

    assert situation(DOSSIER, RETURNED) is Situation.RETURNED
    assert situation(DOSSIER, RETURNED, asking) is Situation.SURVEY
    off = replace(planner_with(off=["survey"]), surveys=True)
    assert situation(DOSSIER, RETURNED, off) is Situation.RETURNED
    assert situation(None, RETURNED, asking) is None


def test_somebody_who_cannot_be_asked_is_told_that_the_result_was_handed_over() -> None:
    survey = plan(DOSSIER, RETURNED, replace(PLANNER, surveys=True))

    told = PLANNER.without_survey(survey, DOSSIER, RETURNED, now=NOW)
    untold = planner_with(off=["returned"]).without_survey(survey, DOSSIER, RETURNED, now=NOW)

    assert (told.situation, told.dedupe_key, told.state) == (
        Situation.RETURNED,
        survey.dedupe_key,
        DeliveryState.QUEUED,
    )
    assert told.text != survey.text
    assert (untold.state, untold.reason) == (DeliveryState.SUPPRESSED, "switched off: returned")


def test_words_to_the_family_are_said_only_where_they_are_switched_on() -> None:
    births, deaths = (replace(RETURNED, procedure=procedure) for procedure in (BIRTH, DEATH))
    lists = {"births": [BIRTH], "deaths": [DEATH]}
    quiet = replace(planner_with(**lists), surveys=True)
    warm = replace(planner_with(**lists, off=[]), surveys=True)

    assert situation(DOSSIER, births, warm) is Situation.CONGRATULATION
    assert situation(DOSSIER, deaths, warm) is Situation.CONDOLENCE
    assert situation(DOSSIER, RETURNED, warm) is situation(DOSSIER, births, quiet) is Situation.SURVEY


def test_a_family_that_mourns_reads_nothing_cheerful() -> None:
    mourning = replace(planner_with(deaths=[DEATH]), surveys=True)
    dossier = replace(DOSSIER, procedure=f"{DEATH}.000.00.00.H32")

    assert situation(dossier, replace(dossier, status=Status.DONE), mourning) is Situation.RESULT
    assert situation(dossier, replace(dossier, status=Status.RETURNED), mourning) is Situation.RETURNED


class WithForms(Library):
    """A library in which one text brought its registered template."""

    def forms(self, situation: Situation, language: str, agency: str = "") -> tuple[Form, ...]:
        is_known = situation is Situation.PROGRESS and agency == "H32.15"
        return (Form("zalo", "1234"),) if is_known else ()


def test_registered_templates_travel_with_the_message_and_its_values() -> None:
    planner = replace(PLANNER, library=WithForms())
    before = replace(DOSSIER, agency="H32.15")

    with_form = plan(before, replace(before, status=Status.PROCESSING), planner)
    without = plan(DOSSIER, WORK, planner)

    assert with_form.forms == (Form("zalo", "1234"),)
    assert with_form.values["code"] == before.code
    assert (without.forms, without.values) == ((), {})


def test_values_are_those_of_the_moment_and_not_what_is_over() -> None:
    rich = replace(
        WORK,
        supplement="Bản sao",
        supplement_until=LATER,
        fee="150.000 đồng",
        tracking="EK123456789VN",
        returned_by=Handing.POST,
        steps=(Step(agency="Chi cục Thuế", started_at=NOW),),
    )

    def values(situation: Situation, status: Status, **changes: object) -> dict[str, str]:
        return PLANNER.values(situation, DOSSIER, replace(rich, status=status, **changes))  # type: ignore[arg-type]

    at_work = values(Situation.PROGRESS, Status.PROCESSING)
    assert not any(at_work[name] for name in ("supplement", "supplement_until", "fee", "tracking"))
    assert at_work["step_agency"] == "Chi cục Thuế"
    assert values(Situation.SUPPLEMENT, Status.SUPPLEMENT)["supplement_until"] == "16:30 03/12/2026"
    assert values(Situation.PAYMENT, Status.PAYMENT)["fee"] == "150.000 đồng"
    assert values(Situation.PROGRESS, Status.PAYMENT, fee_paid_at=NOW)["fee"] == ""
    assert values(Situation.PAID, Status.PROCESSING)["fee"] == "150.000 đồng"
    assert values(Situation.RESULT_POST, Status.DONE)["tracking"] == "EK123456789VN"
    assert values(Situation.RETURNED, Status.RETURNED)["tracking"] == "EK123456789VN"


def test_an_agency_that_the_source_names_by_its_number_is_not_shown_as_one() -> None:
    def shown(agency: str) -> str:
        after = replace(WORK, agency="H32.15", steps=(Step(agency=agency, started_at=NOW),))
        return PLANNER.values(Situation.STEP, DOSSIER, after)["step_agency"]

    assert (shown("H32.15"), shown("H32.21.02"), shown("000.17.22.H56")) == ("UBND phường Vĩnh Hải", "", "")
    assert shown("Chi cục Thuế khu vực") == "Chi cục Thuế khu vực"


def test_of_a_sensitive_procedure_neither_name_nor_papers_nor_fee_nor_the_office_at_work_are_shown() -> None:
    planner = replace(PLANNER, sensitive=frozenset({"2.000488"}))
    after = replace(
        WORK, procedure="2.000488.000.00.00.H32", procedure_name="Lý lịch tư pháp", status=Status.PAYMENT,
        fee="200.000 đồng", reason="Án tích", steps=(Step(agency="Phòng Hồ sơ Công an tỉnh", started_at=NOW),),
    )  # fmt: skip

    values = planner.values(Situation.PAYMENT, DOSSIER, after)

    assert not any(values[name] for name in ("procedure", "supplement", "reason", "fee", "step_agency"))


def test_who_follows_reads_status_and_dates_and_nothing_else() -> None:
    after = replace(
        DOSSIER, status=Status.SUPPLEMENT, supplement="Bản sao", supplement_until=LATER, reason="Mờ",
        steps=(Step(agency="Chi cục Thuế", started_at=NOW),),
    )  # fmt: skip

    values = PLANNER.values_for_follower(Situation.SUPPLEMENT, DOSSIER, after)

    assert {name for name, value in values.items() if value} <= {
        "code", "status", "status_label", "appointment", "old_appointment", "hours",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("owner", "follower"),
    [
        (Situation.APOLOGY, Situation.APOLOGY),
        (Situation.SUPPLEMENT, Situation.PROGRESS),
        (Situation.RESULT_POST, Situation.PROGRESS),
        (Situation.APPOINTMENT, Situation.PROGRESS),
        (Situation.RESUMED, Situation.PROGRESS),
        (Situation.STEP, None),
        (Situation.PAID, None),
        (Situation.SURVEY, None),
        (Situation.CONDOLENCE, None),
    ],
)
def test_what_is_personal_or_moves_neither_status_nor_date_is_not_for_followers(
    owner: Situation, follower: Situation | None
) -> None:
    assert told_to_follower(owner) is follower


def test_what_must_be_done_is_worth_sending_longer_than_mere_progress() -> None:
    assert lifetime_of(Situation.PAYMENT) == lifetime_of(Situation.RESULT_POST) == timedelta(days=7)
    assert lifetime_of(Situation.RECEIVED_ONLINE) == lifetime_of(Situation.PROGRESS) == timedelta(days=3)


@pytest.mark.parametrize(
    ("situation", "gives_way"),
    [
        (Situation.PROGRESS, False),
        (Situation.RECEIVED_POST, False),
        (Situation.PAYMENT, False),
        (Situation.STEP, False),
        (Situation.RESULT_EARLY, True),
        (Situation.RETURNED, True),
        (Situation.REFUSED, True),
    ],
)
def test_an_apology_gives_way_to_a_result_and_to_the_end_but_not_to_progress(
    situation: Situation, gives_way: bool
) -> None:
    assert supersedes_apology(message(situation, Status.PROCESSING, None)) is gives_way


def test_a_message_states_the_date_that_was_promised_last() -> None:
    promised = replace(WORK, promised_at=LATER)

    item = plan(replace(DOSSIER, promised_at=LATER), promised)

    assert "16:30 03/12/2026" in item.text
    assert item.appointment_at == LATER


def test_what_a_reason_belongs_to_is_said_and_what_it_is_left_from_is_not() -> None:
    asked = replace(WORK, status=Status.PAYMENT, reason="Theo thông báo số 12")

    told = PLANNER.values(Situation.PAYMENT, WORK, asked)["reason"]
    left = PLANNER.values(Situation.PAYMENT, replace(WORK, reason="Theo thông báo số 12"), asked)["reason"]

    assert (told, left) == ("Theo thông báo số 12", "")


def test_the_event_names_the_change_that_planned_it() -> None:
    [change] = diff(None, DOSSIER, last_number=0, at=NOW)

    assert plan(None, DOSSIER).origin == "change:s:H32.15-261122-0001:4"
    assert origin_of(change) == "change:s:H32.15-261122-0001:1"


def test_a_postponed_appointment_is_an_apology() -> None:
    item = plan(
        replace(DOSSIER, status=Status.PROCESSING), replace(DOSSIER, status=Status.PROCESSING, appointment_at=LATER)
    )

    assert item.situation is Situation.APOLOGY
    assert "16:30 30/11/2026" in item.text
    assert "16:30 03/12/2026" in item.text


def test_an_apology_gives_the_reason_of_the_delay_and_not_that_of_an_old_supplement() -> None:
    before = replace(DOSSIER, status=Status.PROCESSING)
    delayed = plan(before, replace(before, appointment_at=LATER, reason="Chờ kết quả thẩm định"))
    supplemented = replace(before, supplement="Bản sao", reason="Bản nộp bị mờ")
    silent = plan(supplemented, replace(supplemented, appointment_at=LATER))

    assert "Ly do: Cho ket qua tham dinh." in delayed.text
    assert "Ly do" not in silent.text


def test_a_postponement_wins_over_progress_in_the_same_batch() -> None:
    assert situation(DOSSIER, replace(DOSSIER, status=Status.PROCESSING, appointment_at=LATER)) is Situation.APOLOGY


def test_time_that_a_supplement_took_is_not_apologised_for() -> None:
    waiting = replace(DOSSIER, status=Status.SUPPLEMENT, supplement="Bản sao")

    assert (
        situation(waiting, replace(DOSSIER, status=Status.PROCESSING, appointment_at=LATER))
        is Situation.SUPPLEMENT_RECEIVED
    )


def test_no_apology_once_the_result_is_there() -> None:
    assert situation(DOSSIER, replace(DOSSIER, status=Status.DONE, appointment_at=LATER)) is Situation.RESULT_EARLY


def test_an_earlier_appointment_is_good_news_and_no_apology() -> None:
    assert situation(DOSSIER, replace(DOSSIER, appointment_at=NOW)) is Situation.APPOINTMENT


def test_a_new_wording_of_the_supplement_is_told_again() -> None:
    waiting = replace(DOSSIER, status=Status.SUPPLEMENT, supplement="Bản sao")

    assert situation(waiting, replace(waiting, supplement="Bản chính")) is Situation.SUPPLEMENT


def test_a_mere_detail_is_not_pushed() -> None:
    assert situation(DOSSIER, replace(DOSSIER, applicant="Nguyễn Văn A")) is None


@pytest.mark.parametrize(
    ("phone", "reason"),
    [
        ("", "no phone number"),
        ("không có", "the phone number is not valid"),
        ("+842583822222", "a landline number cannot receive our SMS"),
        ("+14155552671", "a foreign number cannot receive our SMS"),
    ],
)
def test_a_message_that_cannot_be_addressed_is_planned_and_suppressed(phone: str, reason: str) -> None:
    item = plan(None, replace(DOSSIER, phone=phone))

    assert (item.state, item.reason) == (DeliveryState.SUPPRESSED, reason)


def test_another_word_of_the_source_for_the_same_status_is_not_told_again() -> None:
    before = replace(DOSSIER, status=Status.PROCESSING, status_text="Chờ ký số")

    assert situation(before, replace(before, status_text="Chờ đóng dấu")) is None


def test_another_word_does_not_hide_a_new_wording_of_the_supplement() -> None:
    before = replace(DOSSIER, status=Status.SUPPLEMENT, status_text="5", supplement="Bản sao")
    after = replace(before, status_text="Yêu cầu bổ sung", supplement="Bản chính")

    assert situation(before, after) is Situation.SUPPLEMENT


def test_the_dedupe_key_names_dossier_event_and_recipient() -> None:
    item = plan(None, DOSSIER)

    assert item.dedupe_key == "s|H32.15-261122-0001|4|sms:+84912345678"


def test_no_message_names_the_applicant() -> None:
    item = plan(None, replace(DOSSIER, applicant="Nguyễn Văn Ẩn"))

    assert "Nguyen" not in item.text


def message(situation: Situation, status: Status, appointment: datetime | None) -> OutboxItem:
    return OutboxItem(
        id="1", dedupe_key="1", origin="o", channel="sms", address=Address("sms", "+84912345678"), lane=Lane.PUSH,
        situation=situation, text="", source="s", code="c", created_at=NOW, next_at=NOW, expires_at=LATER,
        status=status, appointment_at=appointment,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("item", "standing", "true"),
    [
        (message(Situation.RESULT, Status.DONE, None), Standing(Status.DONE, PROMISED), True),
        (message(Situation.RESULT, Status.DONE, None), Standing(Status.RETURNED, PROMISED), False),
        (message(Situation.PROGRESS, Status.RECEIVED, PROMISED), Standing(Status.RECEIVED, LATER), False),
        (message(Situation.APOLOGY, Status.RECEIVED, LATER), Standing(Status.PROCESSING, LATER), True),
        (message(Situation.APOLOGY, Status.RECEIVED, LATER), Standing(Status.DONE, LATER), False),
        (message(Situation.APOLOGY, Status.RECEIVED, LATER), Standing(Status.RECEIVED, NOW), False),
        (message(Situation.PROGRESS, Status.RECEIVED, PROMISED), None, True),
    ],
)
def test_a_message_is_sent_only_while_it_is_true(item: OutboxItem, standing: Standing | None, true: bool) -> None:
    assert (untruth_of(item, standing) == "") is true


def test_a_moment_later_within_the_same_minute_is_no_apology() -> None:
    before = replace(DOSSIER, status=Status.PROCESSING)

    exact = diff(before, replace(before, appointment_at=PROMISED + timedelta(microseconds=250)), last_number=3, at=NOW)
    shown_alike = situation(before, replace(before, appointment_at=PROMISED + timedelta(seconds=20)))

    assert exact == ()
    assert shown_alike is None
