"""What agencies may still spend this month: prices, budgets, warnings, forecasts."""

import asyncio
import calendar
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.gateway_settings import BudgetSettings
from bot.model.clock import VIETNAM
from bot.model.message import Lane, OutboxItem, family_of
from bot.ports import Spent
from bot.routing import nearest_above


def price_of(prices: Mapping[str, int], carrier: str) -> int | None:
    """Đồng a part for a number of this carrier; None where no price is configured for it."""
    return prices.get(carrier, prices.get("default"))


@dataclass(frozen=True, slots=True)
class Balance:
    """A budget and where it stands."""

    payer: str
    """The agency whose budget it is; it pays for those below it too."""
    limit: int | None
    """Đồng a month; None: no limit."""
    spent: Spent
    forecast: int
    """Đồng at the end of the month, if it goes on as it went so far."""

    @property
    def percent(self) -> float:
        """Of the budget spent; 0 without a limit."""
        if self.limit is None:
            return 0.0
        return 100.0 * self.spent.cost / self.limit if self.limit else 100.0


class Budgets:
    """The rules: who pays for an agency, and how much a month."""

    def __init__(self, settings: BudgetSettings) -> None:
        self._settings = settings
        self._payers = {agency: agency for agency in settings.agencies}
        self.named: Collection[str] = settings.agencies.keys()
        """Those that have a budget of their own."""
        self.exist = settings.monthly is not None or bool(settings.agencies)

    def payer(self, agency: str) -> str:
        return nearest_above(agency, self._payers) or agency

    def limit(self, payer: str) -> int | None:
        """Đồng a month. What nobody's agency sends (replies, tests) has no limit."""
        return self._settings.agencies.get(payer, self._settings.monthly if payer else None)

    def is_urgent(self, item: OutboxItem) -> bool:
        """Of its own, or as one of its family."""
        is_named = item.situation in self._settings.urgent or family_of(item.situation) in self._settings.urgent
        return is_named and item.lane is not Lane.BULK

    def balances(self, spent: Mapping[str, Spent], *, now: datetime) -> list[Balance]:
        """Every payer that spent something or has a budget of its own, the fullest first."""
        sums: dict[str, Spent] = {agency: Spent() for agency in self._settings.agencies}
        for agency, each in spent.items():
            payer = self.payer(agency)
            sums[payer] = _plus(sums.get(payer, Spent()), each)
        balances = [Balance(payer, self.limit(payer), each, forecast(each.cost, now)) for payer, each in sums.items()]
        return sorted(balances, key=lambda each: (-each.percent, -each.spent.cost, each.payer))

    def is_low(self, balance: Balance) -> bool:
        """So much is spent that somebody must be told."""
        return balance.limit is not None and balance.percent >= self._settings.warn_percent


def forecast(cost: int, now: datetime) -> int:
    """`cost` of the month so far, stretched to the whole month; of the first day not less than itself."""
    here = now.astimezone(VIETNAM)
    days = calendar.monthrange(here.year, here.month)[1]
    passed = here.day - 1 + (here.hour * 60 + here.minute) / 1440
    return round(cost * days / max(passed, 1.0))


NOT_HERE = "the rest of the month's budget is set aside by other senders"
"""Why a message waits a little: what they do not need will be given back."""


class Purse:
    """What one process knows of the month's spending; it never knows less than it has spent itself.

    Where several processes send, each sets aside no more than it is `allowed`: none of them knows what the others have
    in hand.
    """

    def __init__(self, budgets: Budgets, *, is_shared: bool = False) -> None:
        self.budgets = budgets
        self.wanted: Counter[str] = Counter()
        """Đồng that were asked for and not allowed, by payer, until somebody looks."""
        self.wanting = asyncio.Event()
        self._allowed: dict[str, int] | None = {} if is_shared else None
        self._paid: Counter[str] = Counter()
        self._month = ""
        self._spent: dict[str, int] = {}
        self._promised: dict[str, tuple[str, int]] = {}
        self._set_aside: Counter[str] = Counter()

    def know(self, month: str, spent: Mapping[str, Spent]) -> None:
        """What the database says of the present month."""
        sums: dict[str, int] = {}
        for agency, each in spent.items():
            payer = self.budgets.payer(agency)
            sums[payer] = sums.get(payer, 0) + each.cost
        if month == self._month:
            for payer, cost in self._spent.items():
                sums[payer] = max(cost, sums.get(payer, 0))
        elif self._allowed is not None:
            self._paid.clear()
            self._allowed = {}
        self._month, self._spent = month, sums

    def promise(self, item: OutboxItem, cost: int) -> str:
        """Sets `cost` aside for a message that is about to leave; or says why it must not, and sets nothing aside."""
        payer = self.budgets.payer(item.agency)
        limit = self.budgets.limit(payer)
        if limit is None or cost == 0:
            return ""
        self._forget(item.id)
        if not self.budgets.is_urgent(item) and self._spent.get(payer, 0) + self._set_aside[payer] + cost > limit:
            return f"budget of {payer} for {self._month} is used up"
        if not self.budgets.is_urgent(item) and not self._may_draw(payer, cost):
            return NOT_HERE
        self._promised[item.id] = (payer, cost)
        self._set_aside[payer] += cost
        return ""

    def spent(self, payer: str) -> int:
        """Đồng this month, as far as is known."""
        return self._spent.get(payer, 0)

    def drawn(self, payer: str) -> int:
        """Đồng that this process has set aside or spent since the month began for it."""
        return self._set_aside[payer] + self._paid[payer]

    def paid(self, payer: str) -> int:
        """Of them those that the database knows to be spent."""
        return self._paid[payer]

    def allowed(self, payer: str) -> int:
        """Up to where `drawn` may grow."""
        return (self._allowed or {}).get(payer, 0)

    def allow(self, payer: str, most: int) -> None:
        if self._allowed is not None:
            self._allowed[payer] = most

    def payers(self) -> set[str]:
        """Who has a limit and has spent, or wants to."""
        known = {*self.budgets.named, *self._spent, *self._set_aside, *self.wanted}
        return {payer for payer in known if self.budgets.limit(payer) is not None}

    def _may_draw(self, payer: str, cost: int) -> bool:
        if self._allowed is None or self.drawn(payer) + cost <= self.allowed(payer):
            return True
        self.wanted[payer] += cost
        self.wanting.set()
        return False

    def has_room(self, payer: str) -> bool:
        limit = self.budgets.limit(payer)
        return limit is None or self._spent.get(payer, 0) < limit

    def settle(self, item_id: str, *, is_spent: bool) -> None:
        """The message is settled: what was set aside is spent, or free again."""
        payer, cost = self._forget(item_id)
        if is_spent and cost:
            self._spent[payer] = self._spent.get(payer, 0) + cost
            self._paid[payer] += cost

    def _forget(self, item_id: str) -> tuple[str, int]:
        payer, cost = self._promised.pop(item_id, ("", 0))
        if cost:
            self._set_aside[payer] -= cost
        return payer, cost


def _plus(one: Spent, other: Spent) -> Spent:
    return Spent(one.messages + other.messages, one.parts + other.parts, one.cost + other.cost)
