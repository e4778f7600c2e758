"""What several senders have in common is divided in the database: never more than there is, whoever comes and goes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest

from bot.allowances import Allowances
from bot.gateway_settings import BudgetSettings
from bot.model.clock import month_of
from bot.model.errors import StorageError
from bot.model.message import DeliveryState, OutboxItem
from bot.model.person import Address
from bot.pace import Pace
from bot.ports import Settlement, Share, Storage
from bot.purse import NOT_HERE, Budgets, Purse
from bot.sharing import DEAD, OWN_END, Sharing
from bot.stakes import Stake
from storage import open_storage
from tests.contract.storage_values import NOW, later
from tests.support.making import message

_phones = count(84910000000)
SOON = later(seconds=5)


class Clocks:
    """The time on the wall and the time that has passed; a test moves both."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> object:
        return NOW + timedelta(seconds=self.now)


@dataclass
class Process:
    """One sender: its part of one account."""

    sharing: Sharing
    stake: Stake

    @property
    def uses(self) -> float:
        return 0.0 if self.stake.pace.is_shut else self.stake.used


def process(storage: Storage, clocks: Clocks, owner: str, *, rate: float = 300.0, alone: bool = False) -> Process:
    stake = Stake("sms", Pace(rate, clocks.monotonic), rate, alone)
    sharing = Sharing(
        storage, [stake], clock=clocks.wall, owner=owner, monotonic=clocks.monotonic  # type: ignore[arg-type]
    )  # fmt: skip
    return Process(sharing, stake)


async def turns(clocks: Clocks, processes: Sequence[Process], seconds: int) -> None:
    for _ in range(seconds):
        clocks.now += 1.04
        for each in processes:
            await each.sharing.renew()


async def test_shares_are_kept_renewed_and_dropped(storage: Storage) -> None:
    mine, other = Share("sms", "a", NOW, SOON, 200.0), Share("sms", "b", later(seconds=1), SOON, 100.0)
    await storage.write(lambda tx: tx.shares.put([mine, other]))

    await storage.write(lambda tx: tx.shares.renew("a", until=later(seconds=9)))
    await storage.write(lambda tx: tx.shares.put([Share("sms", "b", later(seconds=1), SOON, 50.0)]))
    found = await storage.write(lambda tx: tx.shares.locked())
    await storage.write(lambda tx: tx.shares.drop(["b"]))

    assert [(each.owner, each.until, each.granted) for each in found] == [
        ("a", later(seconds=9), 200.0),
        ("b", SOON, 50.0),
    ]
    assert [each.owner for each in await storage.read(lambda tx: tx.shares.all())] == ["a"]


async def test_a_single_process_has_everything_at_once(storage: Storage) -> None:
    only = process(storage, Clocks(), "a")
    assert only.uses == 0

    await only.sharing.renew()

    assert only.uses == 300


async def test_a_newcomer_gets_its_part_when_the_others_have_given_it_back(storage: Storage) -> None:
    clocks = Clocks()
    first, second = process(storage, clocks, "a"), process(storage, clocks, "b")
    await first.sharing.renew()

    await second.sharing.renew()
    assert (first.uses, second.uses) == (300, 0)
    await first.sharing.renew()
    await second.sharing.renew()
    assert (first.uses, second.uses) == (150, 0), "what the first has sent within the last second still counts"
    await turns(clocks, [first, second], 1)

    assert (first.uses, second.uses) == (150, 150)


async def test_the_part_of_one_that_died_goes_to_the_others_after_it_has_stopped_by_itself(storage: Storage) -> None:
    clocks = Clocks()
    alive, dead = process(storage, clocks, "a"), process(storage, clocks, "b")
    await turns(clocks, [alive, dead], 4)
    died, held = clocks.now, []

    while alive.uses < 300:
        clocks.now += 0.25
        await alive.sharing.renew()
        held.append((clocks.now - died, dead.uses))

    assert DEAD <= clocks.now - died <= DEAD + 0.5
    assert max(at for at, uses in held if uses) <= OWN_END


async def test_one_that_stops_gives_its_part_back_at_once(storage: Storage) -> None:
    clocks = Clocks()
    staying, leaving = process(storage, clocks, "a"), process(storage, clocks, "b")
    await turns(clocks, [staying, leaving], 4)
    leaving.stake.pace.spend(1, is_reply=False)

    await leaving.sharing.leave()
    await staying.sharing.renew()
    before = staying.uses
    await turns(clocks, [staying], 1)

    assert (before, staying.uses, leaving.uses) == (150, 300, 0), "its last part counts for a second"


async def test_a_process_that_was_thought_dead_begins_with_what_is_left(storage: Storage) -> None:
    clocks = Clocks()
    first, second = process(storage, clocks, "a"), process(storage, clocks, "b")
    await turns(clocks, [first, second], 4)
    await turns(clocks, [second], 6)
    assert (first.uses, second.uses) == (0, 300)

    await first.sharing.renew()
    assert first.uses == 0
    await turns(clocks, [second, first], 3)

    assert (first.uses, second.uses) == (150, 150)


async def test_a_share_whose_end_lies_in_a_wrong_future_does_not_hold_for_ever(storage: Storage) -> None:
    clocks = Clocks()
    stale = [Share(account, "old", NOW, later(days=1), 300.0) for account in ("sms", "")]
    await storage.write(lambda tx: tx.shares.put(stale))
    only = process(storage, clocks, "a")

    await turns(clocks, [only], 9)

    assert only.uses == 300


@pytest.mark.parametrize(("rate", "alone"), [(0.0, True), (0.4, False), (1.0, False)])
async def test_what_cannot_be_divided_belongs_to_one_and_moves_when_it_goes(
    storage: Storage, *, rate: float, alone: bool
) -> None:
    clocks = Clocks()
    first, second = (process(storage, clocks, owner, rate=rate, alone=alone) for owner in "ab")
    await turns(clocks, [first, second], 4)
    assert [each.stake.pace.is_shut for each in (first, second)] == [False, True]

    await first.sharing.leave()
    await turns(clocks, [second], 3)

    assert [each.stake.pace.is_shut for each in (first, second)] == [True, False]


async def test_who_joins_at_once_on_connections_of_its_own_is_never_granted_too_much(
    postgres_storage_url: str,
) -> None:
    clocks = Clocks()
    async with open_storage(postgres_storage_url) as here, open_storage(postgres_storage_url) as there:
        processes = [process(each, clocks, f"p{number}") for number, each in enumerate((here, there) * 5)]
        for _ in range(6):
            await asyncio.gather(*(each.sharing.renew() for each in processes))
            held = [each.granted for each in await here.read(lambda tx: tx.shares.all()) if each.account == "sms"]
            assert sum(each.uses for each in processes) <= sum(held) <= 300
            clocks.now += 1.04

    assert sorted(each.uses for each in processes) == [30.0] * 10


async def test_a_process_that_cannot_write_stops_by_itself(storage: Storage) -> None:
    class Cut:
        async def write(self, work: object) -> object:
            raise StorageError("no connection")

    clocks = Clocks()
    cut = process(storage, clocks, "a")
    await cut.sharing.renew()
    cut.sharing._storage = Cut()  # type: ignore[assignment]

    with pytest.raises(StorageError):
        await cut.sharing.renew()
    assert cut.uses == 300
    clocks.now += OWN_END

    assert cut.uses == 0


# Budgets


@dataclass
class Spender:
    """One sender's purse, and what it has promised."""

    owner: str
    purse: Purse
    sharing: Sharing

    async def spends(self, storage: Storage, clocks: Clocks, cost: int) -> str:
        """One message: promised, and where it may leave settled as sent."""
        item = await claimed(storage, clocks, self.owner)
        if refusal := self.purse.promise(item, cost):
            return refusal
        await settle(storage, clocks, item, self.owner, cost)
        self.purse.settle(item.id, is_spent=True)
        return ""


def spender(storage: Storage, clocks: Clocks, owner: str, limit: int = 1000) -> Spender:
    purse = Purse(Budgets(BudgetSettings(agencies={"H32.10": limit})), is_shared=True)
    allowances = Allowances(purse, owner=owner, dearest=100)
    sharing = Sharing(
        storage, [], clock=clocks.wall, owner=owner, monotonic=clocks.monotonic, allowances=allowances  # type: ignore[arg-type]
    )  # fmt: skip
    return Spender(owner, purse, sharing)


async def claimed(storage: Storage, clocks: Clocks, owner: str) -> OutboxItem:
    now = NOW + timedelta(seconds=clocks.now)
    item = message(
        agency="H32.10.02", created_at=now, next_at=now, expires_at=now + timedelta(days=1),
        address=Address("sms", f"+{next(_phones)}"),
    )  # fmt: skip
    await storage.write(lambda tx: tx.outbox.enqueue([item]))
    taken = await storage.write(
        lambda tx: tx.outbox.claim("sms", owner=owner, now=now, lease_until=now + timedelta(hours=1), limit=1)
    )
    return taken[0].item if taken else item


async def settle(storage: Storage, clocks: Clocks, item: OutboxItem, owner: str, cost: int) -> None:
    at = NOW + timedelta(seconds=clocks.now)
    settled = Settlement(item_id=item.id, owner=owner, state=DeliveryState.ACCEPTED, at=at, cost=cost)
    await storage.write(lambda tx: tx.outbox.settle([settled]))


async def spent(storage: Storage) -> int:
    month = await storage.read(lambda tx: tx.spending.of_month(month_of(NOW)))
    return sum(each.cost for each in month.values())


async def test_nothing_is_spent_before_the_others_know(storage: Storage) -> None:
    only = spender(storage, Clocks(), "a")
    item = message(agency="H32.10.02")

    assert only.purse.promise(item, 100) == NOT_HERE
    await only.sharing.renew()

    assert only.purse.promise(item, 100) == ""


@pytest.mark.parametrize("limit", [1000, 100_000])
async def test_two_purses_spend_the_whole_budget_and_never_more(storage: Storage, limit: int) -> None:
    clocks = Clocks()
    spenders = [spender(storage, clocks, owner, limit) for owner in "ab"]
    cost = limit // 10

    for _ in range(12):
        for each in spenders:
            await each.sharing.renew()
            answers = [await each.spends(storage, clocks, cost) for _ in range(3)]
            assert await spent(storage) <= limit, answers
        clocks.now += 1.0

    assert await spent(storage) == limit


async def test_what_one_has_in_hand_the_other_does_not_spend(storage: Storage) -> None:
    clocks = Clocks()
    here, there = spender(storage, clocks, "a"), spender(storage, clocks, "b")
    await here.sharing.renew()
    under_way = [message(agency="H32.10.02") for _ in range(8)]
    assert [here.purse.promise(each, 100) for each in under_way] == [""] * 8

    for _ in range(4):
        await there.sharing.renew()
        await here.sharing.renew()
        answers = [there.purse.promise(message(agency="H32.10.02"), 100) for _ in range(3)]

    assert answers == [NOT_HERE] * 3, "two are promised by now, and eight are still under way here"
    assert there.purse.drawn("H32.10") + here.purse.drawn("H32.10") <= 1000


async def test_what_a_dead_sender_had_in_hand_stays_set_aside(storage: Storage) -> None:
    clocks = Clocks()
    dead, alive = spender(storage, clocks, "a"), spender(storage, clocks, "b")
    await dead.sharing.renew()
    for _ in range(4):
        assert dead.purse.promise(await claimed(storage, clocks, "a"), 100) == ""

    for _ in range(8):
        clocks.now += 1.0
        await alive.sharing.renew()
    answers = []
    for _ in range(8):
        answers.append(alive.purse.promise(message(agency="H32.10.02"), 100))
        await alive.sharing.renew()

    assert answers[:6] == [""] * 6
    assert set(answers[6:]) == {NOT_HERE}, "four of the ten were perhaps sent"
