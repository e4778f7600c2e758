"""Flow 3, its second half: the recipients of an approved broadcast become messages, page by page, each exactly once.

The cursor moves in the transaction that plans the page: whoever dies between the two has done neither, and of two who
work out the same page the second finds the cursor gone on. While a page is written the next one is worded.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.broadcast_pages import Pages, known_of
from bot.broadcast_settings import BroadcastSettings
from bot.broadcast_texts import Wordings
from bot.broadcast_ways import People
from bot.model.broadcast import Act, Broadcast, BroadcastState, LeftOut, Recipient
from bot.model.clock import Clock
from bot.model.message import DeliveryState, OutboxItem, Situation
from bot.ports import Transaction

PAGE = 500
"""Recipients that are handed out in one transaction."""
_PAGES = 8
"""Of one broadcast, before others have their turn."""

_FAILED = (DeliveryState.FAILED, DeliveryState.EXPIRED, DeliveryState.UNCERTAIN)
_ARRIVED = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a broadcast has come, or will have when the pages before are written."""

    handed_to: int
    """Number of the last recipient who had her turn."""
    handed_out: int
    pages: int

    @classmethod
    def of(cls, broadcast: Broadcast) -> "Cursor":
        return cls(broadcast.handed_to, broadcast.handed_out, broadcast.pages)


@dataclass(frozen=True, slots=True)
class Turn:
    """The next ones, and what is known of them."""

    broadcast: Broadcast
    begins: Cursor
    rows: Sequence[Recipient]
    people: People

    @property
    def ends(self) -> Cursor:
        begins, rows = self.begins, self.rows
        return Cursor(rows[-1].number, begins.handed_out + len(rows), begins.pages + 1) if rows else begins

    @property
    def is_last(self) -> bool:
        """Nobody comes after them."""
        return self.ends.handed_out >= self.broadcast.people


@dataclass(frozen=True, slots=True)
class Page:
    """A turn, worded."""

    turn: Turn
    items: Sequence[OutboxItem]
    left_out: dict[int, str]
    """Why, by number."""


@dataclass(frozen=True, slots=True)
class HandingOut:
    """Moves approved broadcasts forward."""

    pages: Pages
    settings: BroadcastSettings
    accented: frozenset[Situation]
    clock: Clock
    _wordings: Wordings = field(default_factory=Wordings, init=False, repr=False, compare=False)

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
        page = await self._page(broadcast, Cursor.of(broadcast), most)
        if page is None:
            return False
        if not page.turn.rows:
            return await self._end(page.turn.broadcast, waiting)
        if is_trial:
            return await self._plan(page, is_tried=not page.turn.is_last)
        return await self._hand_out_from(page, self.settings.waiting - waiting)

    async def _hand_out_from(self, page: Page, room: int) -> bool:
        """This page and those after it, until `room` is full or others are to have their turn."""
        left = min(room, _PAGES * PAGE) - len(page.turn.rows)
        while True:
            coming: asyncio.Task[Page | None] | None = None
            if left > 0 and not page.turn.is_last:
                coming = asyncio.create_task(self._page(page.turn.broadcast, page.turn.ends, min(PAGE, left)))
            try:
                is_planned = await self._plan(page, is_tried=False)
                following = await coming if coming and is_planned else None
            finally:
                if coming:
                    coming.cancel()
            if following is None or not following.turn.rows:
                return is_planned
            page, left = following, left - len(following.turn.rows)

    async def _page(self, broadcast: Broadcast, begins: Cursor, most: int) -> Page | None:
        """The next ones with their messages. None: it no longer runs."""
        now = self.clock()
        turn = await self.pages.storage.read(lambda tx: _turn(tx, broadcast, begins, most, now))
        if turn is None:
            return None
        paged = replace(turn.broadcast, pages=turn.begins.pages + 1)
        words = self._wordings.of(paged, self.accented)
        told = await self.pages.told(paged, words, turn.rows, turn.people, now=now)
        items = [each for _, each in told if isinstance(each, OutboxItem)]
        return Page(turn, items, {row.number: str(each) for row, each in told if isinstance(each, LeftOut)})

    async def _plan(self, page: Page, *, is_tried: bool) -> bool:
        """False: somebody else has planned them, or stopped it."""
        now, turn = self.clock(), page.turn
        begins, ends = turn.begins, turn.ends

        async def work(tx: Transaction) -> bool:
            found = await tx.broadcasts.get(turn.broadcast.id)
            if found is None or found.state is not BroadcastState.RUNNING or Cursor.of(found) != begins:
                return False
            await tx.broadcasts.leave_out(found.id, page.left_out, late=True)
            await tx.outbox.enqueue(page.items)
            handed = replace(
                found,
                state=BroadcastState.TRIED if is_tried else BroadcastState.RUNNING,
                handed_out=ends.handed_out,
                handed_to=ends.handed_to,
                pages=ends.pages,
            )
            await tx.broadcasts.save(handed, Act(now, "tried", "", str(len(page.items))) if is_tried else None)
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


async def _turn(tx: Transaction, seen: Broadcast, begins: Cursor, most: int, now: datetime) -> Turn | None:
    """Whose turn it is after `begins`. None: it no longer runs."""
    broadcast = await tx.broadcasts.get(seen.id)
    if broadcast is None or broadcast.state is not BroadcastState.RUNNING:
        return None
    rows: list[Recipient] = []
    after = begins.handed_to
    while len(rows) < most and (page := await tx.broadcasts.rows(seen.id, after=after, limit=PAGE)):
        rows += [each for each in page if not each.left_out]
        after = page[-1].number
    rows = rows[:most]
    people = await known_of(tx, broadcast, rows, now=now, looks_again=True)
    return Turn(broadcast, begins, rows, people)
