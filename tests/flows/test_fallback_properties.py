"""Whatever providers answer, in whatever order receipts and time come: the same news is never sent twice by us."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model.message import (
    FINAL,
    Accepted,
    ChannelDown,
    DeliveryState,
    OutboxItem,
    Outcome,
    Rejected,
    Retry,
    Uncertain,
)
from storage import open_storage
from tests.flows.fallback import CHANNEL_OF, Walk, news

Step = tuple[str, int]
WAYS = ("zalo", "zalophone", "twice", "sms")
_RESTS = (DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN, DeliveryState.QUEUED, DeliveryState.HELD)

steps = st.lists(
    st.tuples(
        st.sampled_from(("accept", "accept", "uncertain", "reject", "retry", "down", "lapse", "time", "time"))
        | st.sampled_from(("failed", "delivered", "taken", "expired")),
        st.integers(0, 3),
    ),
    min_size=3,
    max_size=25,
)


def outcome_of(word: str, reference: str) -> Outcome:
    outcomes: dict[str, Outcome] = {
        "accept": Accepted((reference,)),
        "uncertain": Uncertain("silence", (reference,)),
        "reject": Rejected("no"),
        "retry": Retry("busy"),
        "down": ChannelDown("key"),
    }
    return outcomes[word]


class Story:
    """One message, and what may have become of it so far on each way."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.item: OutboxItem = news(*WAYS, expires_at=walk.clock.now + timedelta(days=60))
        self.excused: set[int] = set()
        """Ways that a receipt called failed, or whose time was over without a word: the next one is right."""
        self.handed: list[int] = []
        """The way of each handover that may have reached the reader."""

    async def tell(self, step: Step) -> None:
        word, place = step
        now = await self.walk.now(self.item)
        if word in ("failed", "delivered", "taken", "expired"):
            await self._hear(word, min(place, now.way))
        elif word == "time":
            before = now
            await self.walk.look(minutes=(1, 9, 50, 600)[place])
            if before.state is DeliveryState.ACCEPTED and (await self.walk.now(self.item)).way > before.way:
                self.excused.add(before.way)
        elif word == "lapse":
            await self._lapse(now)
        else:
            await self._send(now, word)

    async def _hear(self, word: str, way: int) -> None:
        state = {"taken": DeliveryState.ACCEPTED}.get(word) or DeliveryState(word)
        scheme = WAYS[way]
        if way not in self.handed and state is not DeliveryState.ACCEPTED:
            return
        if state in (DeliveryState.FAILED, DeliveryState.EXPIRED):
            self.excused.add(way)
        await self.walk.hear(CHANNEL_OF.get(scheme, scheme), f"r-{self.item.id}-{way}", state)

    async def _send(self, now: OutboxItem, word: str) -> None:
        if now.state is not DeliveryState.QUEUED:
            return
        self.walk.clock.now = max(self.walk.clock.now, now.next_at)
        (claimed,) = await self.walk.take(now.channel)
        outcome = outcome_of(word, f"r-{now.id}-{now.way}")
        if isinstance(outcome, Accepted | Uncertain):
            self._hand_over(now)
        await self.walk.answer(claimed, outcome)

    async def _lapse(self, now: OutboxItem) -> None:
        """The sender dies with the message in its hands."""
        if now.state is not DeliveryState.QUEUED:
            return
        self.walk.clock.now = max(self.walk.clock.now, now.next_at)
        await self.walk.take(now.channel)
        self._hand_over(now)
        self.walk.clock.pass_(minutes=2)
        at = self.walk.clock.now
        await self.walk.storage.write(lambda tx: tx.outbox.lapse(now=at, requeue={"twice"}))

    def _hand_over(self, now: OutboxItem) -> None:
        earlier = [way for way in self.handed if way not in self.excused]
        # A gateway that knows our id again may be asked again: its reader gets it once.
        assert not earlier or (set(earlier) == {now.way} and WAYS[now.way] == "twice"), (earlier, now.way)
        self.handed.append(now.way)


async def told(url: str, script: Sequence[Step]) -> None:
    async with open_storage(url) as storage:
        await storage.migrate()
        story = Story(Walk(storage))
        await story.walk.plan(story.item)
        for step in script:
            await story.tell(step)
        end = await story.walk.now(story.item)
        assert end.state in FINAL or end.state in _RESTS
        assert await story.walk.is_balanced()


@settings(max_examples=60, deadline=None)
@given(script=steps)
def test_the_same_news_is_never_sent_twice_by_our_doing(script: list[Step]) -> None:
    asyncio.run(told("sqlite::memory:", script))


async def told_afresh(url: str, script: Sequence[Step]) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("DELETE FROM outbox; DELETE FROM plans; DELETE FROM parts; DELETE FROM parked")
    finally:
        await connection.close()
    await told(url, script)


@pytest.mark.timeout(60)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=steps)
def test_nor_on_postgresql(postgres_database: str, script: list[Step]) -> None:
    asyncio.run(told_afresh(postgres_database, script))
