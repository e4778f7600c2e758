"""What was sent to a session: the past from the outbox, the present from the feed, each message once."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bot.model.ids import id_maker
from bot.model.message import OutboxItem
from bot.model.person import Address
from bot.ports import Feed, Storage, Transaction

SHOWN = 100
"""Newest messages of a conversation that a page gets."""

OVERLAP = timedelta(minutes=10)
"""How far back an open page looks again for what the feed did not bring: sent by another process, or between
our look at the history and its being written down."""

_FIRST_PAGE = 64
"""Of a visitor there is rarely more, and so few are read without a hop to a thread."""
_PAGE = 200
_PAGES = 20
_PUMPED = 16

Arrivals = asyncio.Queue[OutboxItem | None]
"""Messages as they are sent; None where the feed has cut us off."""


def floor_id(moment: datetime) -> str:
    """The lowest message id of that moment."""
    return id_maker(lambda: moment, lambda bits: 0)()


async def recent(storage: Storage, address: Address, *, since: datetime) -> list[OutboxItem]:
    """The newest `SHOWN` messages sent to `address` and made since then, oldest first."""
    return await storage.read(lambda tx: recent_in(tx, address, since=since))


async def recent_in(tx: Transaction, address: Address, *, since: datetime) -> list[OutboxItem]:
    """The same, within a reading that looks for more."""
    newest: deque[OutboxItem] = deque(maxlen=SHOWN)
    after, limit = floor_id(since), _FIRST_PAGE
    for _ in range(_PAGES):
        page = await tx.outbox.history(address, after=after, limit=limit)
        newest.extend(page)
        if len(page) < limit:
            break
        after, limit = page[-1].id, _PAGE
    return list(newest)


def missed(items: list[OutboxItem], last_id: str) -> list[OutboxItem]:
    """Those of `items` that a reader who has seen `last_id` has not: ids rise with the making of a message,
    and one made earlier may have been sent later."""
    last = next((item for item in items if item.id == last_id), None)
    seen_at = last.sent_at if last else None
    return [item for item in items if item.id > last_id or (seen_at and item.sent_at and item.sent_at > seen_at)]


@asynccontextmanager
async def watching(feed: Feed, address: Address) -> AsyncIterator[Arrivals]:
    """Listens from now on; look at the history inside, and nothing falls between the two."""
    arrivals = Arrivals(_PUMPED)
    failure: Exception | None = None
    async with asyncio.TaskGroup() as tasks:
        pump = tasks.create_task(_pump(feed.watch(address), arrivals))
        # A feed that is a generator begins to listen when it is first asked.
        await asyncio.sleep(0)
        try:
            yield arrivals
        except Exception as error:
            # Kept out of the group, which would wrap it.
            failure = error
        finally:
            pump.cancel()
    if failure is not None:
        raise failure


async def _pump(live: AsyncIterator[OutboxItem], arrivals: Arrivals) -> None:
    async for item in live:
        await arrivals.put(item)
    await arrivals.put(None)


async def next_within(arrivals: Arrivals, seconds: float) -> OutboxItem | None:
    """The next message; None after that time, or where the feed has ended."""
    try:
        async with asyncio.timeout(seconds):
            return await arrivals.get()
    except TimeoutError:
        return None
