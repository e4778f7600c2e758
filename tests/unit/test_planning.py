"""What a change of a dossier is told as, to whom, and when a message stops being true."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from bot.model.dossier import Dossier, Status, diff
from bot.model.message import DeliveryState, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.planning import Planner, Route, untruth_of
from bot.ports import Standing
from bot.texts import Catalogue

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
PROMISED = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
LATER = PROMISED + timedelta(days=3)
_numbers = count(1)
PLANNER = Planner(
    Route("sms", "sms", plain=True), Catalogue.load("vi"), lambda: f"{next(_numbers):026}", "giờ hành chính"
)
DOSSIER = Dossier(
    source="s",
    code="H32.15-261122-0001",
    status=Status.RECEIVED,
    agency_name="UBND phường Vĩnh Hải",
    phone="+84912345678",
    received_at=NOW,
    appointment_at=PROMISED,
)


def plan(before: Dossier | None, after: Dossier) -> OutboxItem | None:
    return PLANNER.plan(diff(before, after, last_number=3, at=NOW), before, after, now=NOW)


def situation(before: Dossier | None, after: Dossier) -> Situation | None:
    item = plan(before, after)
    return item.situation if item else None


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.REGISTERED, Situation.PROGRESS),
        (Status.REFUSED, Situation.REFUSED),
        (Status.PROCESSING, Situation.PROGRESS),
        (Status.SUPPLEMENT, Situation.SUPPLEMENT),
        (Status.PAYMENT, Situation.PROGRESS),
        (Status.WITHDRAWN, Situation.WITHDRAWN),
        (Status.STOPPED, Situation.STOPPED),
        (Status.DONE, Situation.RESULT),
        (Status.RETURNED, None),
        (Status.UNKNOWN, None),
    ],
)
def test_each_national_status_has_its_message(status: Status, expected: Situation | None) -> None:
    assert situation(DOSSIER, replace(DOSSIER, status=status)) is expected


def test_a_new_dossier_is_told() -> None:
    assert situation(None, DOSSIER) is Situation.PROGRESS


def test_a_postponed_appointment_is_an_apology() -> None:
    item = plan(
        replace(DOSSIER, status=Status.PROCESSING), replace(DOSSIER, status=Status.PROCESSING, appointment_at=LATER)
    )

    assert item is not None
    assert item.situation is Situation.APOLOGY
    assert "16:30 30/11/2026" in item.text
    assert "16:30 03/12/2026" in item.text


def test_an_apology_gives_the_reason_of_the_delay_and_not_that_of_an_old_supplement() -> None:
    before = replace(DOSSIER, status=Status.PROCESSING)
    delayed = plan(before, replace(before, appointment_at=LATER, reason="Chờ kết quả thẩm định"))
    supplemented = replace(before, supplement="Bản sao", reason="Bản nộp bị mờ")
    silent = plan(supplemented, replace(supplemented, appointment_at=LATER))

    assert delayed is not None
    assert silent is not None
    assert "Ly do: Cho ket qua tham dinh." in delayed.text
    assert "Ly do" not in silent.text


def test_a_postponement_wins_over_progress_in_the_same_batch() -> None:
    assert situation(DOSSIER, replace(DOSSIER, status=Status.PROCESSING, appointment_at=LATER)) is Situation.APOLOGY


def test_time_that_a_supplement_took_is_not_apologised_for() -> None:
    waiting = replace(DOSSIER, status=Status.SUPPLEMENT, supplement="Bản sao")

    assert situation(waiting, replace(DOSSIER, status=Status.PROCESSING, appointment_at=LATER)) is Situation.PROGRESS


def test_no_apology_once_the_result_is_there() -> None:
    assert situation(DOSSIER, replace(DOSSIER, status=Status.DONE, appointment_at=LATER)) is Situation.RESULT


def test_an_earlier_appointment_is_good_news_and_told_as_progress() -> None:
    assert situation(DOSSIER, replace(DOSSIER, appointment_at=NOW)) is Situation.PROGRESS


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

    assert item is not None
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

    assert item is not None
    assert item.dedupe_key == "s|H32.15-261122-0001|4|sms:+84912345678"


def test_no_message_names_the_applicant() -> None:
    item = plan(None, replace(DOSSIER, applicant="Nguyễn Văn Ẩn"))

    assert item is not None
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

    exact = plan(before, replace(before, appointment_at=PROMISED + timedelta(microseconds=250)))
    shown_alike = plan(before, replace(before, appointment_at=PROMISED + timedelta(seconds=20)))

    assert exact is None
    assert shown_alike is None or shown_alike.situation is not Situation.APOLOGY
