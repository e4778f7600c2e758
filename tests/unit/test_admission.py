"""What must be true before an SMS leaves by a gateway."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.admission import Admission, Cap
from bot.gateway_settings import BudgetSettings
from bot.model.message import DeliveryState, Lane, Situation
from bot.model.person import Address
from bot.ports import BUDGET, Claimed, Spent
from bot.purse import Budgets, Purse
from bot.settings import SmsSettings
from tests.support.making import START, message

TEMPLATE = {"progress": {"id": "77", "pattern": "Ho so {1} da duoc tiep nhan. Ngay hen tra: {2}"}}


def admission(purse: Purse | None = None, **settings: Any) -> Admission:
    return Admission.by("esms", SmsSettings.model_validate(settings), purse)


def claimed(number: str = "+84912345678", carrier: str = "", **changes: Any) -> Claimed:
    return Claimed(message(address=Address("sms", number), **changes), None, carrier)


def test_a_vietnamese_mobile_number_is_sent_to() -> None:
    assert admission().obstacle(claimed()) is None


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("+6591234567", "numbers outside Vietnam are not sent to"),
        ("+842438252000", "a landline number cannot receive our SMS"),
        ("8041", "the address is not a phone number"),
        ("19001234", "the address is not a phone number"),
        ("", "the address is not a phone number"),
    ],
)
def test_other_numbers_are_not_sent_to_unless_asked(number: str, reason: str) -> None:
    obstacle = admission().obstacle(claimed(number))

    assert obstacle is not None
    assert (obstacle.state, obstacle.reason) == (DeliveryState.SUPPRESSED, reason)


def test_foreign_numbers_can_be_allowed_and_premium_prefixes_stay_closed() -> None:
    abroad = admission(foreign=True)

    assert abroad.obstacle(claimed("+6591234567")) is None
    blocked = abroad.obstacle(claimed("+881612345678"))
    assert blocked is not None
    assert blocked.reason == "this prefix is not sent to"
    closed = admission(foreign=True, blocked_prefixes=["+65"]).obstacle(claimed("+6591234567"))
    assert closed is not None
    assert closed.reason == "this prefix is not sent to"


def test_a_kind_of_message_that_needs_a_registered_template_is_not_sent_without_one() -> None:
    obstacle = admission(templates_required=True).obstacle(claimed())

    assert obstacle is not None
    assert obstacle.reason == "no registered template for progress at esms"


def test_a_text_that_is_not_the_registered_one_is_not_sent() -> None:
    strict = admission(templates=TEMPLATE)

    assert strict.obstacle(claimed(text="Ho so H56 da duoc tiep nhan. Ngay hen tra: 16:30 31/12/2026")) is None
    obstacle = strict.obstacle(claimed(text="Ho so H56 da duoc tiep nhan!"))
    assert obstacle is not None
    assert obstacle.reason == "the text does not fit the registered template for progress at esms"


@pytest.mark.parametrize("situation", [Situation.REPLY, Situation.TEST])
def test_answers_and_trials_need_no_template(situation: Situation) -> None:
    assert admission(templates_required=True).obstacle(claimed(situation=situation)) is None


def test_who_asked_for_it_gets_no_message_but_is_answered() -> None:
    unwanted = replace(claimed(), is_unwanted=True)
    asked = replace(claimed(lane=Lane.REPLY, situation=Situation.REPLY), is_unwanted=True)

    obstacle = admission().obstacle(unwanted)

    assert obstacle is not None
    assert (obstacle.state, obstacle.reason) == (DeliveryState.SUPPRESSED, "on the do-not-send list")
    assert admission().obstacle(asked) is None


def test_a_channel_that_carries_no_sms_has_no_such_rules() -> None:
    telegram = Admission("telegram")

    assert telegram.obstacle(Claimed(message(address=Address("telegram", "1001")), None)) is None
    assert telegram.cost(claimed()) is None


def test_what_would_exceed_the_budget_is_held_and_not_lost() -> None:
    purse = Purse(Budgets(BudgetSettings(agencies={"H32": 500})))
    purse.know("2026-11", {"H32": Spent(1, 1, 300)})

    obstacle = admission(purse, prices={"default": 250}).obstacle(claimed(agency="H32.10"))

    assert obstacle is not None
    assert (obstacle.state, obstacle.held_for) == (DeliveryState.HELD, BUDGET)
    assert "H32" in obstacle.reason


def test_the_cost_is_that_of_the_carrier_just_named_then_the_remembered_one_then_the_prefixs() -> None:
    priced = admission(prices={"viettel": 300, "vinaphone": 400, "mobifone": 500})
    two_parts = claimed(parts=2)

    assert priced.cost(two_parts) == 800, "0912… is Vinaphone's prefix"
    assert priced.cost(claimed(carrier="viettel", parts=2)) == 600
    assert priced.cost(claimed(carrier="viettel"), "mobifone") == 500
    assert admission().cost(two_parts) is None


CAP = Cap(1000, Budgets(BudgetSettings()))


def about(scheme: str, spent: int, **changes: Any) -> Claimed:
    item = message(address=Address(scheme, "+84912345678"), source="office", code="H32.15-261122-0001", **changes)
    return Claimed(item, None, dossier_cost=spent)


def test_beyond_the_cap_of_its_dossier_a_message_leaves_only_where_that_costs_nothing() -> None:
    by_sms = Admission.by("sms", SmsSettings.model_validate({"prices": {"default": 400}}), None, CAP)
    others = Admission("zalo", cap=CAP)

    within = by_sms.obstacle(about("sms", 600))
    beyond = by_sms.obstacle(about("sms", 601))
    by_zalo = others.obstacle(about("zalophone", 1000))
    free = [others.obstacle(about(scheme, 5000)) for scheme in ("telegram", "webchat", "zalobot", "email")]

    assert within is None
    assert beyond is not None
    assert (beyond.state, beyond.reason, beyond.this_way_only) == (
        DeliveryState.SUPPRESSED,
        "the dossier's spending cap",
        True,
    )
    assert by_zalo is not None
    assert free == [None] * 4


def test_an_answer_to_a_zalo_user_who_wrote_lately_costs_nothing_and_so_knows_no_cap() -> None:
    zalo = Admission("zalo", cap=CAP)

    lately = zalo.obstacle(about("zalo", 5000, settled_at=START, heard_at=START - timedelta(hours=47)))
    long_ago = zalo.obstacle(about("zalo", 5000, settled_at=START, heard_at=START - timedelta(hours=49)))
    never = zalo.obstacle(about("zalo", 5000, settled_at=START))

    assert (lately is None, long_ago is None, never is None) == (True, False, False)


@pytest.mark.parametrize("situation", [Situation.APOLOGY, Situation.RESULT, Situation.RESULT_POST])
def test_what_is_urgent_by_itself_or_by_its_family_knows_no_cap(situation: Situation) -> None:
    by_sms = Admission.by("sms", SmsSettings.model_validate({"prices": {"default": 400}}), None, CAP)

    assert by_sms.obstacle(about("sms", 9999, situation=situation)) is None
