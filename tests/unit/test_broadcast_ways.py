"""By which way one recipient of a broadcast is written to, in which words, and what that costs."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.broadcast_texts import Words, findings_of
from bot.broadcast_ways import People, Prices, Spreading
from bot.gateway_settings import RouteSettings
from bot.model.broadcast import Broadcast, LeftOut, Recipient, Refusal
from bot.model.message import Alternative, Form, Lane, OutboxItem, Situation
from bot.model.person import Address, Binding, Preference, Proof
from bot.model.wording import Wording
from bot.ports import Audience
from bot.reaching import Chats, Reach
from bot.routing import Routes
from bot.settings import SmsSettings
from bot.situation_settings import SituationSettings
from bot.situations import Situations
from bot.texts.findings import Rules, Severity
from tests.support.making import OWNER_PHONE, START, planner

WORDING = Wording(chat="Kính gửi Ông/Bà {{ ten }}, mai nghỉ.", sms="Kinh gui {{ ten }}: mai nghi.")
BROADCAST = Broadcast(
    id="PT-261122-0001",
    title="",
    agency="H32.10",
    wording=WORDING,
    list_digest="d",
    columns=("ten",),
    made_at=START,
    made_by="lan",
    pages=3,
)
LAN = Recipient(number=2, phone=OWNER_PHONE, values={"ten": "bà Lan"})
CHATS = Chats({"tg": "telegram", "zalo": "zalo", "webchat": "webchat"}, by_phone="zalo")


def bound(scheme: str, channel: str) -> Binding:
    return Binding(Address(scheme, f"{scheme}-1"), OWNER_PHONE, Proof.CONTACT, START, START, channel)


def known(*bindings: Binding, **preference: Any) -> People:
    preferences = {OWNER_PHONE: Preference(OWNER_PHONE, **preference)} if preference else {}
    return People(Audience({OWNER_PHONE: bindings}, {}, {}, preferences))


def told(
    people: People, broadcast: Broadcast = BROADCAST, recipient: Recipient = LAN, **changes: Any
) -> OutboxItem | LeftOut:
    spreading = Spreading(Reach(planner(), CHATS), has_sms=True)
    words = Words.of(broadcast, frozenset())
    return replace(spreading, **changes).told(broadcast, words, recipient, people, now=START)


def ways(item: OutboxItem | LeftOut) -> list[str]:
    assert isinstance(item, OutboxItem), item
    return [item.address.scheme, *(each.address.scheme for each in item.alternatives)]


def test_a_free_chat_goes_first_then_the_offices_order_and_a_page_that_may_be_shut_last() -> None:
    people = known(bound("webchat", "webchat"), bound("zalo", "zalo"), bound("telegram", "tg"))

    item = told(people)

    assert ways(item) == ["telegram", "zalo", "sms", "webchat"]


def test_her_own_wish_goes_before_all() -> None:
    people = known(bound("zalo", "zalo"), bound("telegram", "tg"), scheme="sms")

    assert ways(told(people))[0] == "sms"


def test_it_goes_by_the_ways_that_the_configuration_allows_for_broadcasts() -> None:
    allowed = Situations(SituationSettings.model_validate({"channels": {"broadcast": ["sms"]}}))
    reach = Reach(replace(planner(), situations=allowed), CHATS)

    assert ways(told(known(bound("telegram", "tg")), reach=reach)) == ["sms"]


def test_zalo_by_phone_is_a_way_where_a_registered_template_came_with_the_text() -> None:
    form = Form("", "100004", parameters={"ten": "ten"})
    brought = replace(BROADCAST, wording=replace(WORDING, forms=(form,)))

    item = told(known(), brought)

    assert ways(item) == ["zalophone", "sms"]
    assert isinstance(item, OutboxItem)
    assert (item.values, item.forms) == ({"ten": "bà Lan"}, (form,))


def test_the_message_is_bulk_of_its_page_and_has_one_key_for_one_phone() -> None:
    by_sms, by_chat = told(known()), told(known(bound("telegram", "tg")))

    assert isinstance(by_sms, OutboxItem)
    assert isinstance(by_chat, OutboxItem)
    assert (by_sms.lane, by_sms.situation, by_sms.agency) == (Lane.BULK, Situation.BROADCAST, "H32.10")
    assert by_sms.origin == "broadcast:PT-261122-0001:3"
    assert by_sms.dedupe_key == by_chat.dedupe_key == f"broadcast:PT-261122-0001:sms:{OWNER_PHONE}"
    assert (by_sms.text, by_chat.text) == ("Kinh gui ba Lan: mai nghi.", "Kính gửi Ông/Bà bà Lan, mai nghỉ.")


@pytest.mark.parametrize(
    ("recipient", "people", "reason"),
    [
        (replace(LAN, phone="+842583822229"), known(), LeftOut.NO_PHONE),
        (replace(LAN, phone=""), known(), LeftOut.NO_PHONE),
        (LAN, known(important_only=True), LeftOut.IMPORTANT_ONLY),
        (replace(LAN, values={"ten": " "}), known(), LeftOut.NO_VALUE),
        (replace(LAN, values={"ten": "x" * 400}), known(), LeftOut.TOO_LONG),
    ],
)
def test_who_cannot_be_written_to_is_left_out_with_the_reason(
    recipient: Recipient, people: People, reason: LeftOut
) -> None:
    assert told(people, recipient=recipient) is reason


def test_what_would_be_cut_off_by_sms_still_goes_by_chat_alone() -> None:
    item = told(known(bound("telegram", "tg")), recipient=replace(LAN, values={"ten": "x" * 400}))

    assert ways(item) == ["telegram"]


def test_without_a_channel_for_phones_only_chats_are_left() -> None:
    assert told(known(), has_sms=False) is LeftOut.NO_CHANNEL
    assert ways(told(known(bound("telegram", "tg")), has_sms=False)) == ["telegram"]


def test_of_several_gateways_the_dearest_is_counted_and_a_chat_costs_nothing() -> None:
    routes = Routes({"default": RouteSettings.model_validate({"gateways": {"a": 70, "b": 30}})}, sms=["a", "b"])
    gateways = {"a": SmsSettings(prices={"viettel": 300, "default": 500}), "b": SmsSettings(prices={"default": 450})}
    prices = Prices(routes, gateways, zalo_late=55, zalo_phone=200)
    later = START + timedelta(days=3)

    def cost(scheme: str, *, carrier: str = "viettel", parts: int = 1) -> int:
        way = Alternative("", Address(scheme, OWNER_PHONE), "", parts)
        return prices.of(way, "H32", START, carrier=carrier, now=later)

    assert (cost("sms", parts=2), cost("sms", carrier="mobifone")) == (900, 500)
    assert (cost("telegram"), cost("zalophone"), cost("zalo")) == (0, 200, 55)
    assert prices.of(Alternative("", Address("zalo", "u"), ""), "H32", later, carrier="", now=later) == 0


def errors(broadcast: Broadcast, gateways: dict[str, SmsSettings] | None = None, **rules: Any) -> set[str]:
    found = findings_of(broadcast, Rules(**rules), gateways or {})
    return {each.place for each in found if each.severity is Severity.ERROR}


def test_a_sound_text_for_a_list_has_no_errors_and_may_show_its_columns_alone() -> None:
    assert errors(BROADCAST) == set()
    assert errors(replace(BROADCAST, columns=("so_nha",))) == {"chat", "sms"}
    assert errors(replace(BROADCAST, list_digest="", columns=())) == set()


def test_a_gateway_that_takes_registered_texts_alone_needs_one_that_fits() -> None:
    strict = {"sms": SmsSettings(templates_required=True)}
    fitting = replace(WORDING, forms=(Form("sms", "7", "Kinh gui {1}: mai nghi."),))
    other = replace(WORDING, forms=(Form("sms", "7", "Kinh gui {1}: mai lam."),))

    assert errors(BROADCAST, strict) == {"registered"}
    assert errors(replace(BROADCAST, wording=fitting), strict) == set()
    assert errors(replace(BROADCAST, wording=other), strict) == {"registered"}
    assert errors(BROADCAST, signature="UBND phuong") == {"sms"}


def test_a_refusal_is_false_so_that_the_record_keeps_nothing_of_it() -> None:
    assert not Refusal("own")
