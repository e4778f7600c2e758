"""Which of the staff is told, by which way, and what never goes wrong about it."""

from typing import Any

from bot.contacts import Contact, Contacts, contacts_of
from bot.deadline_settings import ContactSettings, Role
from bot.model.message import DeliveryState, Situation
from bot.model.person import Address
from bot.texts import Library
from tests.support.making import START, numbered_ids

HEAD = {"roles": ["head"], "agencies": ["H32.10"], "ways": ["telegram:77", "sms:+84961234567"]}


def contacts(channels: dict[str, str] | None = None, **named: dict[str, Any]) -> Contacts:
    settings = {name: ContactSettings.model_validate(each) for name, each in (named or {"lan": HEAD}).items()}
    known = {"telegram": "tg", "sms": "sms"} if channels is None else channels
    place = (lambda agency, phone: ("main", "main")) if "sms" in known else None
    return contacts_of(settings, known, numbered_ids(), place, Library())


def test_an_agency_answers_for_all_below_it_and_for_none_beside_it() -> None:
    found = contacts()

    assert [each.name for each in found.of({Role.HEAD}, "H32.10")] == ["lan"]
    assert [each.name for each in found.of({Role.HEAD}, "H32.10.02")] == ["lan"]
    assert found.of({Role.HEAD}, "H32.1") == []
    assert found.of({Role.HEAD}, "H32.101") == []
    assert found.of({Role.OFFICER}, "H32.10") == []


def test_whoever_names_no_agency_answers_for_all() -> None:
    everywhere = contacts(binh={"roles": ["operator"], "ways": ["telegram:1"]})

    assert [each.name for each in everywhere.of({Role.OPERATOR})] == ["binh"]
    assert [each.name for each in everywhere.of({Role.OPERATOR}, "H99")] == ["binh"]


def test_the_first_way_that_is_configured_is_taken_and_the_others_are_at_hand() -> None:
    found = contacts()
    (lan,) = found.of({Role.HEAD}, "H32.10")

    item = found.notice(lan, Situation.ALARM, {"name": "sổ tin", "detail": "không khớp"}, key="alarm:1", now=START)

    assert (item.channel, item.address, item.state) == ("tg", Address("telegram", "77"), DeliveryState.QUEUED)
    assert [(way.channel, way.route) for way in item.alternatives] == [("main", "main")]
    assert (item.dedupe_key, item.origin) == ("alarm:1|lan", "alarm:1")
    assert "sổ tin" in item.text


def test_without_any_way_it_is_counted_and_says_so() -> None:
    found = contacts(channels={})
    (lan,) = found.of({Role.HEAD}, "H32.10")

    item = found.notice(lan, Situation.ALARM, {"name": "sổ tin"}, key="alarm:1", now=START)

    assert (item.state, item.reason) == (DeliveryState.SUPPRESSED, "no way leads there")


def test_a_text_that_needs_what_is_not_known_stops_nobody() -> None:
    found = contacts()
    (lan,) = found.of({Role.HEAD}, "H32.10")

    item = found.notice(lan, Situation.ALARM, {}, key="alarm:1", now=START)

    assert (item.state, item.reason) == (DeliveryState.SUPPRESSED, "there is no value for name")


def test_a_contact_shows_no_address() -> None:
    shown = repr(Contact("lan", frozenset(), (), (Address("sms", "+84961234567"),)))

    assert "961234567" not in shown
