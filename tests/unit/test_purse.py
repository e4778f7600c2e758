"""Prices, budgets, forecasts, and money that is set aside while a message is under way."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.gateway_settings import BudgetSettings
from bot.model.clock import month_of
from bot.model.message import Lane, Situation
from bot.ports import Spent
from bot.purse import Budgets, Purse, forecast, price_of
from tests.support.making import message

MONTH = "2026-11"


def purse(spent: int = 0, **settings: Any) -> Purse:
    made = Purse(Budgets(BudgetSettings.model_validate({"agencies": {"H32.10": 1000}, **settings})))
    made.know(MONTH, {"H32.10": Spent(1, 1, spent)})
    return made


def push(agency: str = "H32.10.02", **changes: Any) -> Any:
    return message(agency=agency, **changes)


def test_the_price_is_the_carriers_or_the_default_or_unknown() -> None:
    prices = {"viettel": 300, "default": 350}

    assert price_of(prices, "viettel") == 300
    assert price_of(prices, "mobifone") == 350
    assert price_of(prices, "") == 350
    assert price_of({"viettel": 300}, "mobifone") is None


def test_a_month_is_that_of_vietnam() -> None:
    assert month_of(datetime(2026, 10, 31, 17, 0, tzinfo=UTC)) == "2026-11"
    assert month_of(datetime(2026, 10, 31, 16, 59, tzinfo=UTC)) == "2026-10"


def test_a_message_leaves_while_the_budget_lasts() -> None:
    full = purse(spent=700)

    assert full.promise(push(), 300) == ""
    assert "used up" in full.promise(push(), 1)


def test_an_agency_below_pays_from_the_budget_of_the_one_above() -> None:
    assert "budget of H32.10 for 2026-11" in purse(spent=1000).promise(push("H32.10.02.01"), 300)


def test_what_is_urgent_is_sent_all_the_same() -> None:
    empty = purse(spent=1000)

    assert empty.promise(push(situation=Situation.APOLOGY), 300) == ""
    assert "used up" in empty.promise(push(situation=Situation.APOLOGY, lane=Lane.BULK), 300), "no broadcast is urgent"


def test_agencies_without_a_budget_of_their_own_have_the_common_one_or_none() -> None:
    assert purse().promise(push("H32.77"), 10_000) == ""
    assert "used up" in purse(monthly=500).promise(push("H32.77"), 501)


def test_replies_belong_to_no_agency_and_have_no_limit() -> None:
    assert purse(monthly=0).promise(push("", situation=Situation.PROGRESS), 300) == ""


def test_money_set_aside_for_what_is_not_sent_is_free_again() -> None:
    full = purse(spent=700)
    first = push()
    full.promise(first, 300)

    full.settle(first.id, is_spent=False)
    assert full.promise(push(), 300) == ""


def test_a_look_at_the_database_does_not_forget_what_was_spent_here_since() -> None:
    full = purse(spent=700)
    first = push()
    full.promise(first, 300)
    full.settle(first.id, is_spent=True)

    full.know(MONTH, {"H32.10": Spent(1, 1, 700)})

    assert "used up" in full.promise(push(), 1)


def test_a_new_month_begins_with_a_full_purse() -> None:
    empty = purse(spent=1000)

    empty.know("2026-12", {})

    assert empty.promise(push(), 300) == ""


def test_the_fullest_budget_stands_first_and_warns_at_eighty_percent() -> None:
    budgets = Budgets(BudgetSettings(agencies={"H32.10": 1000, "H32.11": 1000}))
    spent = {"H32.10.01": Spent(2, 3, 500), "H32.10.02": Spent(1, 1, 300), "H32.12": Spent(9, 9, 9000)}

    balances = budgets.balances(spent, now=datetime(2026, 11, 15, 17, 0, tzinfo=UTC))

    assert [(each.payer, each.spent.cost, each.percent) for each in balances] == [
        ("H32.10", 800, 80.0),
        ("H32.12", 9000, 0.0),
        ("H32.11", 0, 0.0),
    ]
    assert [budgets.is_low(each) for each in balances] == [True, False, False]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 10, 31, 17, 30, tzinfo=UTC), 3000),  # half an hour into November
        (datetime(2026, 11, 15, 17, 0, tzinfo=UTC), 200),  # fifteen days have passed
        (datetime(2026, 11, 30, 16, 59, tzinfo=UTC), 100),
    ],
)
def test_the_forecast_stretches_the_days_that_have_passed(now: datetime, expected: int) -> None:
    assert forecast(100, now) == pytest.approx(expected, rel=0.01)
