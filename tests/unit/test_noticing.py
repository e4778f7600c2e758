"""What of a dossier's changes the staff and the post office are told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.contacts import Contact, Contacts
from bot.deadline_settings import Role
from bot.model.dossier import Dossier, Handing, Status, Step, Wait, diff
from bot.model.message import OutboxItem, Situation
from bot.model.person import Address
from bot.noticing import News, notices
from tests.support.making import numbered_ids

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def _contact(name: str, role: Role, agency: str) -> Contact:
    return Contact(name, frozenset({role}), (agency,), (Address("telegram", name),))


CONTACTS = Contacts(
    [
        _contact("officer", Role.OFFICER, "H32.15"),
        _contact("head", Role.HEAD, "H32"),
        _contact("elsewhere", Role.HEAD, "H32.16"),
        _contact("supervisor", Role.SUPERVISOR, "H32"),
        _contact("post", Role.POSTAL, "H32"),
    ],
    {"telegram": "telegram"},
    numbered_ids(),
)
WORK = Dossier(
    source="s",
    code="H32.15-261122-0001",
    status=Status.PROCESSING,
    agency="H32.15",
    agency_name="UBND phường Vĩnh Hải",
    procedure_name="Lý lịch tư pháp",
    waits=(Wait(NOW - 3 * DAY, NOW - 2 * DAY),),
    steps=(Step(agency="UBND phường Vĩnh Hải", holder="Phòng Tư pháp", started_at=NOW),),
)
AGAIN = replace(WORK, status=Status.SUPPLEMENT, supplement="Bản chính", waits=(*WORK.waits, Wait(NOW)))
READY = replace(WORK, status=Status.DONE, returned_by=Handing.POST, tracking="EK123456789VN", place="Quầy 3")


def said(before: Dossier | None, after: Dossier, *, sensitive: bool = False) -> list[OutboxItem]:
    news = News(diff(before, after, last_number=1, at=NOW), before, after)
    return notices([news], CONTACTS, is_sensitive=lambda dossier: sensitive, now=NOW)


def told(before: Dossier | None, after: Dossier) -> list[tuple[str, Situation]]:
    return [(item.address.value, item.situation) for item in said(before, after)]


def test_the_officer_and_the_head_hear_when_papers_are_asked_for_again() -> None:
    assert told(WORK, AGAIN) == [
        ("officer", Situation.SUPPLEMENT_AGAIN),
        ("head", Situation.SUPPLEMENT_AGAIN),
    ]
    assert all("Phòng Tư pháp" in item.text and WORK.code in item.text for item in said(WORK, AGAIN))


def test_the_first_request_and_what_was_asked_long_ago_are_no_reason_to_warn() -> None:
    first = replace(AGAIN, waits=AGAIN.waits[1:])
    over = replace(AGAIN, status=Status.PROCESSING, waits=(*WORK.waits, Wait(NOW, NOW + DAY)))

    assert told(replace(WORK, waits=()), first) == []
    assert told(AGAIN, over) == []
    assert told(None, over) == []
    assert told(replace(WORK, waits=()), over) == []
    assert len(told(None, AGAIN)) == 2


def test_every_further_request_is_an_event_of_its_own() -> None:
    answered = replace(AGAIN, status=Status.PROCESSING, waits=(*WORK.waits, Wait(NOW, NOW + DAY)))
    third = replace(AGAIN, waits=(*answered.waits, Wait(NOW + 2 * DAY)))

    keys = {item.dedupe_key for item in (*said(WORK, AGAIN), *said(answered, third))}

    assert len(keys) == 4


def test_the_post_office_hears_once_that_a_result_is_to_be_collected_and_not_what_it_is() -> None:
    [item] = said(WORK, READY)

    assert (item.address.value, item.situation) == ("post", Situation.COLLECTION)
    assert "Quầy 3" in item.text
    assert "EK123456789VN" in item.text
    assert "Lý lịch" not in item.text
    assert told(READY, replace(READY, place="Quầy 4")) == []
    assert [each.dedupe_key for each in said(WORK, READY)] == [item.dedupe_key]


def test_results_that_are_fetched_or_have_already_left_are_nothing_for_the_post_office() -> None:
    assert told(WORK, replace(READY, returned_by=Handing.COUNTER)) == []
    assert told(WORK, replace(READY, status=Status.RETURNED)) == []
    assert told(replace(READY, returned_by=None), READY) == [("post", Situation.COLLECTION)]


def test_of_a_sensitive_procedure_not_even_the_officer_s_telegram_says_what_it_is() -> None:
    open_text, hidden = said(WORK, AGAIN)[0].text, said(WORK, AGAIN, sensitive=True)[0].text

    assert "Lý lịch tư pháp" in open_text
    assert "Lý lịch tư pháp" not in hidden
    assert WORK.code in hidden


def test_a_record_with_hardly_anything_in_it_is_told_all_the_same() -> None:
    bare = Dossier(source="s", code="H32.15-261122-0002", status=Status.SUPPLEMENT, agency="H32.15", waits=AGAIN.waits)

    assert len(said(None, bare)) == 2
    assert len(said(None, replace(bare, status=Status.DONE, returned_by=Handing.POST))) == 1
