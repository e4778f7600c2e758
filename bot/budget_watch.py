"""Watches the month's spending: keeps the purse true, warns in time, lets go what was held once there is money."""

import asyncio
import logging

from bot.beats import Beat, unheard
from bot.model.clock import Clock, month_of
from bot.model.errors import trail
from bot.ports import Storage
from bot.purse import Balance, Budgets, Purse

log = logging.getLogger(__name__)

_LOOK = 5.0
"""Seconds between looks."""


class BudgetWatch:
    """Runs where messages are sent."""

    def __init__(self, purse: Purse, storage: Storage, *, clock: Clock) -> None:
        self._purse = purse
        self._storage = storage
        self._clock = clock
        self._let_go: set[tuple[str, str]] = set()

    @property
    def _budgets(self) -> Budgets:
        return self._purse.budgets

    async def run(self, beat: Beat = unheard) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
                beat()
            except Exception as error:
                log.error("the watch over the budgets could not work: %s", trail(error))
            await asyncio.sleep(_LOOK)

    async def look(self) -> None:
        now = self._clock()
        month = month_of(now)
        spent = await self._storage.read(lambda tx: tx.spending.of_month(month))
        self._purse.know(month, spent)
        for balance in self._budgets.balances(spent, now=now):
            if self._budgets.is_low(balance):
                await self._warn(balance, month)
        await self._release(month)

    async def _warn(self, balance: Balance, month: str) -> None:
        """Once an agency and month, whoever notices it first."""
        at = self._clock()
        if await self._storage.write(lambda tx: tx.spending.warned(balance.payer, month, at=at)):
            log.warning(
                "budget of %s for %s: %d of %d đồng are spent (%.0f %%), forecast %d",
                balance.payer,
                month,
                balance.spent.cost,
                balance.limit or 0,
                balance.percent,
                balance.forecast,
            )

    async def _release(self, month: str) -> None:
        """Once an agency and month: a new month has begun, or the service was started with another budget. What is held
        again after that is held because there is no money."""
        held = await self._storage.read(lambda tx: tx.outbox.held_for_budget())
        agencies = []
        for agency in held:
            payer = self._budgets.payer(agency)
            if (payer, month) not in self._let_go and self._purse.has_room(payer):
                agencies.append(agency)
        self._let_go |= {(self._budgets.payer(agency), month) for agency in agencies}
        if agencies:
            number = await self._storage.write(lambda tx: tx.outbox.release_budget(agencies, at=self._clock()))
            log.info("%d messages that waited for their agency's budget are let go", number)
