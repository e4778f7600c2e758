"""A month's budgets where several processes send: each sets money aside only of what it has taken before, written down
where all can read it, so that together they never spend more than there is."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from bot.model.clock import month_of
from bot.ports import Share, Transaction
from bot.purse import Purse
from bot.stakes import PRESENCE

_KIND = "budget:"
_FEW = 10_000
"""Đồng for each sender, under which nobody takes what it does not need at once."""
_LOST = "lost:"
"""Owner of what a process had in hand when it died: perhaps it was sent, and nobody will settle it."""
_KEPT = timedelta(days=40)


class Allowances:
    """What the purse of one process may draw. Decided in the transaction in which its shares are renewed.

    What is written for a process covers what it has set aside and what it may still set aside; what it has spent is in
    the database's own sum. For a moment both may count the same message: then somebody gets less, never more.
    """

    def __init__(self, purse: Purse, *, owner: str, dearest: int = 0) -> None:
        """`dearest`: the highest price of a part, in đồng; at that price the messages of the dead are counted."""
        self._purse = purse
        self._owner = owner
        self._dearest = dearest
        self._raised: dict[str, int] = {}
        self.wanting = purse.wanting

    async def decide(
        self, tx: Transaction, rows: Sequence[Share], dead: Collection[str], *, until: datetime, now: datetime
    ) -> list[Share]:
        """What is to be written of our own and of the dead; `rows` are locked. May be run again from its start."""
        self._raised = {}
        self._purse.wanting.clear()
        month = month_of(now)
        lost = await self._lost(tx, rows, dead, month, now)
        # In this order: what is settled meanwhile is counted twice rather than not at all.
        paid = {payer: self._purse.paid(payer) for payer in self._purse.payers()}
        spent = await tx.spending.of_month(month)
        self._purse.know(month, spent)
        taken = [each for each in rows if each.owner != self._owner and each.owner not in dead] + lost
        senders = 1 + len({each.owner for each in taken if each.account == PRESENCE})
        own = {each.account: each for each in rows if each.owner == self._owner}
        written = lost
        for payer in sorted(self._purse.payers()):
            account = f"{_KIND}{month}:{payer}"
            others = sum(int(each.granted) for each in taken if each.account == account)
            drawn, settled = self._purse.drawn(payer), min(paid.get(payer, 0), self._purse.paid(payer))
            left = (self._purse.budgets.limit(payer) or 0) - self._purse.spent(payer) - others - (drawn - settled)
            most = drawn + self._more(payer, left, senders)
            if most < self._purse.allowed(payer):
                self._purse.allow(payer, most)
            self._raised[payer] = most
            if account not in own or own[account].granted != most - settled:
                written.append(Share(account, self._owner, now, until, float(most - settled)))
        return written

    def use(self) -> None:
        """What was decided is durable."""
        for payer, most in self._raised.items():
            self._purse.allow(payer, most)
        self._raised = {}

    async def leave(self, tx: Transaction, rows: Sequence[Share], *, now: datetime) -> None:
        """At the end; what is still in hand stays set aside."""
        await tx.shares.put(await self._lost(tx, rows, [self._owner], month_of(now), now))

    def _more(self, payer: str, left: int, senders: int) -> int:
        """How much more may be drawn, of so much that is nobody's."""
        wanted = self._purse.wanted.pop(payer, 0)
        if left <= 0:
            return 0
        if senders == 1:
            return left
        each = left // senders
        return each if each >= _FEW else min(left, wanted)

    async def _lost(
        self, tx: Transaction, rows: Sequence[Share], dead: Collection[str], month: str, now: datetime
    ) -> list[Share]:
        """Of those who have died since the last look; what was lost in earlier months is forgotten."""
        past = {each.owner for each in rows if each.owner.startswith(_LOST) and f":{month}:" not in each.owner}
        await tx.shares.drop(past)
        parts = await tx.shares.in_hand(dead)
        sums: dict[str, int] = {}
        for agency, number in parts.items():
            payer = self._purse.budgets.payer(agency)
            if self._purse.budgets.limit(payer) is not None:
                sums[payer] = sums.get(payer, 0) + number * self._dearest
        owner = f"{_LOST}{month}:{min(dead, default='')}"
        return [
            Share(f"{_KIND}{month}:{payer}", owner, now, now + _KEPT, float(cost))
            for payer, cost in sorted(sums.items())
            if cost
        ]
