"""One message and its ways, as a test walks it along them: every step is the service's own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.fallback_watch import FallbackWatch
from bot.ledger import balance
from bot.model.message import Accepted, Alternative, DeliveryState, OutboxItem, Outcome, Receipt, Uncertain
from bot.model.person import Address
from bot.outcomes import Hand, settlement_of
from bot.ports import Claimed, Limits, Settlement, Storage, Transaction
from bot.receipts import record, record_in
from bot.situation_settings import ReachSettings
from tests.support.making import START, Time, message

PHONE = "+84912345678"
CODE = "H32.15-261122-0001"
LIMITS = {
    "sms": Limits(longest=0, rate=0, window=8, receipts=True, arrives_when_accepted=False, plain=True),
    "zalo": Limits(longest=2000, rate=0, window=8, receipts=True, arrives_when_accepted=False),
    "zalobot": Limits(longest=2000, rate=0, window=8),
    "telegram": Limits(longest=4000, rate=0, window=8, buttons=True),
    "webchat": Limits(longest=4000, rate=0, window=8),
    "twice": Limits(longest=0, rate=0, window=8, receipts=True, honours_reference=True),
}
"""What the channels can do, as their adapters say; `twice` is a gateway that knows our id again."""
CHANNEL_OF = {"zalophone": "zalo"}
"""Schemes that another one's channel reaches."""


def way(scheme: str, value: str = PHONE) -> Alternative:
    return Alternative(CHANNEL_OF.get(scheme, scheme), Address(scheme, value), f"by {scheme}")


def news(*schemes: str, **changes: object) -> OutboxItem:
    """A message with these ways."""
    first, *rest = (way(scheme) for scheme in schemes)
    values = {
        "channel": first.channel,
        "address": first.address,
        "text": first.text,
        "alternatives": tuple(rest),
        "expires_at": START + timedelta(days=3),
    }
    return message(**values | changes)


@dataclass
class Walk:
    """Plays the senders and providers of one service; time stands still until a test moves it."""

    storage: Storage
    reach: ReachSettings = field(default_factory=ReachSettings)
    clock: Time = field(default_factory=Time)
    handovers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By item and way, how often it may have reached its reader."""

    async def plan(self, *items: OutboxItem) -> None:
        await self.storage.write(lambda tx: tx.outbox.enqueue(items))

    async def now(self, item: OutboxItem) -> OutboxItem:
        found = await self.storage.read(lambda tx: tx.outbox.get(item.id))
        assert found is not None
        return found

    async def take(self, channel: str) -> list[Claimed]:
        until = self.clock.now + timedelta(minutes=1)
        return await self.storage.write(
            lambda tx: tx.outbox.claim(channel, owner="here", now=self.clock.now, lease_until=until, limit=9)
        )

    async def answer(self, claimed: Claimed, outcome: Outcome) -> Settlement:
        """The provider says so of a message that was taken in hand."""
        item = claimed.item
        hand = Hand("here", LIMITS[item.gateway], jitter=lambda: 0.0, reach=self.reach)
        settlement = settlement_of(item, outcome, hand, now=self.clock.now, repeats=claimed.repeats)
        if isinstance(outcome, Accepted | Uncertain):
            self.handovers[item.id, item.way] += 1
        await self.settle(settlement)
        return settlement

    async def settle(self, *settlements: Settlement) -> None:
        async def work(tx: Transaction) -> None:
            if early := await tx.outbox.settle(settlements):
                await record_in(tx, early)

        await self.storage.write(work)

    async def send(self, item: OutboxItem, outcome: Outcome) -> OutboxItem:
        """It is claimed where it waits, and the provider answers so."""
        waiting = await self.now(item)
        (claimed,) = [each for each in await self.take(waiting.channel) if each.item.id == item.id]
        await self.answer(claimed, outcome)
        return await self.now(item)

    async def hear(self, channel: str, reference: str, state: DeliveryState, **more: object) -> None:
        receipt = Receipt(channel=channel, reference=reference, state=state, at=self.clock.now, **more)  # type: ignore[arg-type]
        await record(self.storage, [receipt])

    async def look(self, **span: float) -> int:
        """Time passes, and the watch looks."""
        self.clock.pass_(**span)
        return await FallbackWatch(self.storage, clock=self.clock).look()

    async def is_balanced(self) -> bool:
        return (await balance(self.storage)).balanced


def addresses(items: Sequence[OutboxItem]) -> list[str]:
    return [item.address.scheme for item in items]
