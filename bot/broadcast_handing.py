"""Flow 3, its second half: the recipients of an approved broadcast become messages, page by page, each exactly once.

The cursor moves in the transaction that plans the page: whoever dies between the two has done neither, and of two who
work out the same page the second finds the cursor gone on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.broadcast_pages import Pages, known_of
from bot.broadcast_settings import BroadcastSettings
from bot.broadcast_texts import Words
from bot.broadcast_ways import People
from bot.model.broadcast import Act, Broadcast, BroadcastState, LeftOut, Recipient
from bot.model.clock import Clock
from bot.model.message import DeliveryState, OutboxItem, Situation
from bot.ports import Transaction

PAGE = 500
"""Recipients that are handed out in one transaction."""

_FAILED = (DeliveryState.FAILED, DeliveryState.EXPIRED, DeliveryState.UNCERTAIN)
_ARRIVED = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)


@dataclass(frozen=True, slots=True)
class Turn:
    """The next ones, and what is known of them."""

    broadcast: Broadcast
    rows: Sequence[Recipient]
    people: People
    is_last: bool
    """Nobody comes after them."""


@dataclass(frozen=True, slots=True)
class HandingOut:
    """Moves approved broadcasts forward."""

    pages: Pages
    settings: BroadcastSettings
    accented: frozenset[Situation]
    clock: Clock

    async def move(self, broadcast: Broadcast) -> bool:
        """One step; False where there is nothing to do for it now."""
        match broadcast.state:
            case BroadcastState.APPROVED:
                return await self._begin(broadcast)
            case BroadcastState.RUNNING:
                return await self._hand_out(broadcast)
            case BroadcastState.TRIED:
                return await self._go_on(broadcast)
            case _:
                return False

    async def _begin(self, broadcast: Broadcast) -> bool:
        now = self.clock()
        if broadcast.starts_at and broadcast.starts_at > now:
            return False
        began = replace(broadcast, state=BroadcastState.RUNNING, began_at=broadcast.began_at or now)
        return await self._save(broadcast, began, Act(now, "began", ""))

    async def _go_on(self, broadcast: Broadcast) -> bool:
        """After the first few, by itself, where the setting says so and they have arrived."""
        now, settings = self.clock(), self.settings
        wait = timedelta(minutes=settings.canary_minutes)
        if not wait or broadcast.began_at is None or now < broadcast.began_at + wait:
            return False
        tallies = await self.pages.storage.read(lambda tx: tx.broadcasts.tallies(broadcast.id))
        failed = sum(each.messages for each in tallies if each.state in _FAILED)
        arrived = sum(each.messages for each in tallies if each.state in _ARRIVED)
        waiting = await self.pages.storage.read(lambda tx: tx.broadcasts.waiting(broadcast.id))
        if waiting or not arrived or 100.0 * failed / (failed + arrived) >= settings.canary_failed_percent:
            return False
        return await self._save(
            broadcast, replace(broadcast, state=BroadcastState.RUNNING), Act(now, "resumed", "", f"{failed} failed")
        )

    async def _hand_out(self, broadcast: Broadcast) -> bool:
        waiting = await self.pages.storage.read(lambda tx: tx.broadcasts.waiting(broadcast.id))
        most = min(PAGE, self.settings.waiting - waiting)
        is_trial = not broadcast.pages and 0 < self.settings.canary < broadcast.people
        if is_trial:
            most = min(most, self.settings.canary)
        if most <= 0:
            return False
        now = self.clock()
        turn = await self.pages.storage.read(lambda tx: _turn(tx, broadcast, most, now))
        if turn is None:
            return False
        if not turn.rows:
            return await self._end(turn.broadcast, waiting)
        broadcast = replace(turn.broadcast, pages=turn.broadcast.pages + 1)
        words = Words.of(broadcast, self.accented)
        told = await self.pages.told(broadcast, words, turn.rows, turn.people, now=now)
        items = [each for _, each in told if isinstance(each, OutboxItem)]
        left_out = {row.number: str(each) for row, each in told if isinstance(each, LeftOut)}
        return await self._plan(turn, broadcast, items, left_out, is_tried=is_trial and not turn.is_last)

    async def _plan(
        self,
        turn: Turn,
        broadcast: Broadcast,
        items: Sequence[OutboxItem],
        left_out: Mapping[int, str],
        *,
        is_tried: bool,
    ) -> bool:
        now, before = self.clock(), turn.broadcast

        async def work(tx: Transaction) -> bool:
            found = await tx.broadcasts.get(broadcast.id)
            if found is None or found.state is not BroadcastState.RUNNING or found.handed_to != before.handed_to:
                return False
            await tx.broadcasts.leave_out(broadcast.id, left_out, late=True)
            await tx.outbox.enqueue(items)
            handed = replace(
                found,
                state=BroadcastState.TRIED if is_tried else BroadcastState.RUNNING,
                handed_out=found.handed_out + len(turn.rows),
                handed_to=turn.rows[-1].number,
                pages=broadcast.pages,
            )
            await tx.broadcasts.save(handed, Act(now, "tried", "", str(len(items))) if is_tried else None)
            return True

        return await self.pages.storage.write(work)

    async def _end(self, broadcast: Broadcast, waiting: int) -> bool:
        """Everybody had her turn, and nothing waits any more."""
        if waiting:
            return False
        now = self.clock()
        return await self._save(
            broadcast, replace(broadcast, state=BroadcastState.DONE, ended_at=now), Act(now, "done", "")
        )

    async def _save(self, before: Broadcast, after: Broadcast, act: Act) -> bool:
        """Unless somebody has done something with it meanwhile."""

        async def work(tx: Transaction) -> bool:
            if await tx.broadcasts.get(before.id) != before:
                return False
            await tx.broadcasts.save(after, act)
            return True

        return await self.pages.storage.write(work)


async def _turn(tx: Transaction, seen: Broadcast, most: int, now: datetime) -> Turn | None:
    """Whose turn it is. None: it no longer runs."""
    broadcast = await tx.broadcasts.get(seen.id)
    if broadcast is None or broadcast.state is not BroadcastState.RUNNING:
        return None
    rows: list[Recipient] = []
    after = broadcast.handed_to
    while len(rows) < most and (page := await tx.broadcasts.rows(seen.id, after=after, limit=PAGE)):
        rows += [each for each in page if not each.left_out]
        after = page[-1].number
    rows = rows[:most]
    people = await known_of(tx, broadcast, rows, now=now, looks_again=True)
    return Turn(broadcast, rows, people, is_last=broadcast.handed_out + len(rows) >= broadcast.people)
