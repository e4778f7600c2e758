"""Several gateways behind one route: shares, outages, the way back, pauses, fairness; on every engine."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from bot.config import Config
from bot.dispatch import Dispatch
from bot.gateway_watch import POST, GatewayWatch
from bot.gateways import FULL, Gateways
from bot.leading import Fenced
from bot.ledger import balance
from bot.model.clock import utc_now
from bot.model.errors import FencedError
from bot.model.message import (
    Accepted,
    ChannelDown,
    DeliveryState,
    Lane,
    OutboxItem,
    Outcome,
    Receipt,
    Rejected,
    Retry,
    Situation,
    Uncertain,
)
from bot.model.person import Address
from bot.ports import Channel, Limits, Move, Pause, Settlement, Storage, Transaction
from bot.receipts import record, record_in
from bot.routing import Routes
from bot.settings import SmsSettings
from tests.support.making import START, Time, message

LIMITS = Limits(longest=0, rate=0, window=4, receipts=True, plain=True)
TIMING = {"lease": 2.0, "send": 1.0, "poll": 0.05, "sweep": 0.05}
Answer = Callable[[OutboxItem], Awaitable[Outcome]]


async def accept(item: OutboxItem) -> Outcome:
    await asyncio.sleep(0.001)
    return Accepted((f"ref-{item.id}",))


async def refuse_connection(_: OutboxItem) -> Outcome:
    return ChannelDown("connection refused")


async def say_nothing(_: OutboxItem) -> Outcome:
    return Uncertain("no answer")


@dataclass
class Gate:
    """A gateway that answers as told, and notes what it was handed."""

    name: str
    answer: Answer = accept
    limits: Limits = LIMITS
    handed: list[OutboxItem] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    async def send(self, item: OutboxItem) -> Outcome:
        self.handed.append(item)
        outcome = await self.answer(item)
        if isinstance(outcome, Accepted):
            self.taken.append(item.id)
        return outcome


def config(**tables: Any) -> Config:
    return Config.model_validate(
        {
            "outbox": TIMING,
            "quiet": {way: {"begin": "00:00", "end": "00:00"} for way in ("personal", "bulk")},  # whatever the hour is
            "gateways": {"every": 3600.0},
            "routes": {"default": {"gateways": {"a": 70, "b": 30}}},
            **tables,
        }
    )


@asynccontextmanager
async def dispatching(
    storage: Storage,
    *gates: Gate,
    settings: Config | None = None,
    rules: Mapping[str, SmsSettings] | None = None,
) -> AsyncIterator[Dispatch]:
    settings = settings or config()
    names = [gate.name for gate in gates]
    dispatch = Dispatch(
        settings,
        [Channel(gate.name, gate, gate.limits) for gate in gates],
        rules or {},
        storage,
        routes=Routes(settings.routes, sms=names),
        clock=utc_now,
        owner="here",
        record_receipts=record_in,
        rng=random.Random(11),
    )
    watch = asyncio.ensure_future(dispatch.watch())
    sending = asyncio.ensure_future(dispatch.send())
    try:
        yield dispatch
    finally:
        dispatch.stop()
        await sending
        watch.cancel()
        await asyncio.wait([watch])


_phones = count(1)


def due(queue: str = "default", **changes: Any) -> OutboxItem:
    """To somebody of her own: news to one and the same person leaves one after the other."""
    now = utc_now()
    changes.setdefault("address", Address("sms", f"+8491{next(_phones):07}"))
    route = changes.pop("route", "default" if queue == "default" else "")
    made = message(channel=queue, route=route, created_at=now, next_at=now, expires_at=now + timedelta(hours=1))
    return replace(made, **changes)


async def plan(storage: Storage, *items: OutboxItem) -> None:
    await storage.write(lambda tx: tx.outbox.enqueue(items))


async def settled(storage: Storage, items: Sequence[OutboxItem], *states: DeliveryState) -> list[OutboxItem]:
    """Waits until every item is in one of `states`."""
    while True:
        found = [await storage.read(lambda tx, item=item: tx.outbox.get(item.id)) for item in items]
        now = [item for item in found if item]
        if all(item.state in states for item in now):
            return now
        await asyncio.sleep(0.02)


async def moves(storage: Storage, number: int) -> list[Move]:
    """The first `number` moves, oldest first, once they are written down."""
    while len(found := await storage.read(lambda tx: tx.routing.moves(limit=100))) < number:
        await asyncio.sleep(0.02)
    return found[::-1][:number]


async def test_a_routes_messages_are_shared_by_weight_and_all_arrive_once(storage: Storage) -> None:
    first, second = Gate("a"), Gate("b")
    items = [due() for _ in range(400)]
    await plan(storage, *items)

    async with dispatching(storage, first, second):
        done = await settled(storage, items, DeliveryState.ACCEPTED)

    taken = Counter(first.taken + second.taken)
    assert set(taken.values()) == {1}
    assert len(taken) == 400
    assert 0.5 < len(first.taken) / 400 < 0.9
    assert {item.gateway for item in done} == {"a", "b"}


async def test_when_a_gateway_goes_down_the_other_takes_everything_at_once_and_the_move_is_written_down(
    storage: Storage,
) -> None:
    first, second = Gate("a", refuse_connection), Gate("b")
    items = [due() for _ in range(60)]

    async with dispatching(storage, first, second):
        began = utc_now()
        await plan(storage, *items)
        await settled(storage, items, DeliveryState.ACCEPTED)
        took = utc_now() - began
        (move,) = await moves(storage, 1)

    assert not first.taken
    assert took < timedelta(seconds=30)
    assert (move.name, move.before, move.after, move.reason) == ("a", FULL, 0, "connection refused")
    assert move.at - began < timedelta(seconds=30)


async def test_a_gateway_that_gives_no_answers_is_cut_off_before_it_makes_many_uncertain(storage: Storage) -> None:
    first, second = Gate("a", say_nothing), Gate("b")
    items = [due() for _ in range(200)]
    await plan(storage, *items)

    async with dispatching(storage, first, second):
        done = await settled(storage, items, DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN)
        (move,) = await moves(storage, 1)

    uncertain = [item for item in done if item.state is DeliveryState.UNCERTAIN]
    assert len(uncertain) <= 8 + LIMITS.window
    assert {item.gateway for item in uncertain} == {"a"}
    assert move.after == 0
    assert move.reason == "nothing but failures: no answer"


async def test_a_gateway_that_works_again_begins_small_and_drifts_back(storage: Storage) -> None:
    working = asyncio.Event()

    async def as_told(item: OutboxItem) -> Outcome:
        return await (accept(item) if working.is_set() else refuse_connection(item))

    first, second = Gate("a", as_told), Gate("b")
    quick = config(gateways={"every": 0.01, "step": 30})
    async with dispatching(storage, first, second, settings=quick) as dispatch:
        for _ in range(10):
            await plan(storage, due())
        while dispatch.gateways.share("a"):
            await asyncio.sleep(0.01)
            await plan(storage, due())
        working.set()
        while dispatch.gateways.share("a") < FULL:
            await plan(storage, due())
            await asyncio.sleep(0.02)
        found = await moves(storage, 5)

    assert [(move.before, move.after) for move in found] == [(100, 0), (0, 10), (10, 40), (40, 70), (70, 100)]
    assert all(move.reason for move in found)


async def test_a_message_that_one_gateway_could_not_send_goes_by_another(storage: Storage) -> None:
    async def busy(_: OutboxItem) -> Outcome:
        return Retry("system error")

    first, second = Gate("a", busy), Gate("b")
    weights = config(routes={"default": {"gateways": {"a": 100, "b": 0}}}, gateways={"every": 3600.0, "failures": 2})
    items = [due() for _ in range(5)]
    await plan(storage, *items)

    async with dispatching(storage, first, second, settings=weights):
        await settled(storage, items, DeliveryState.ACCEPTED)

    assert sorted(second.taken) == sorted(item.id for item in items)


async def test_an_uncertain_message_is_repeated_only_where_our_id_is_known(storage: Storage) -> None:
    async def once_silent(item: OutboxItem) -> Outcome:
        return Uncertain("no answer") if len(first.handed) == 1 else Accepted(("ref",))

    first, second = Gate("a", once_silent, replace(LIMITS, honours_reference=True)), Gate("b")
    item = due()
    async with dispatching(storage, first, second, settings=config(routes={"default": {"gateways": {"a": 1}}})):
        await plan(storage, item)
        await settled(storage, [item], DeliveryState.ACCEPTED)

    assert [each.id for each in first.handed] == [item.id, item.id]
    assert not second.handed


async def test_a_paused_route_waits_and_the_others_go_on(storage: Storage) -> None:
    two = config(
        routes={"default": {"gateways": {"a": 1}}, "so": {"agencies": ["H32.10"], "gateways": {"a": 1}}},
    )
    stop = Pause("so", utc_now(), "chi.lan", "doi ten thuong hieu")
    assert await storage.write(lambda tx: tx.routing.pause(stop))
    gate = Gate("a")
    waiting, free = due("so", route="so"), due()
    async with dispatching(storage, gate, settings=two) as dispatch:
        while "so" in dispatch.gateways.queues("a"):
            await asyncio.sleep(0.01)
        await plan(storage, waiting, free)
        await settled(storage, [free], DeliveryState.ACCEPTED)
        assert gate.taken == [free.id]

        await storage.write(lambda tx: tx.routing.resume("so", at=utc_now(), by="chi.lan", reason=""))
        await settled(storage, [waiting], DeliveryState.ACCEPTED)


async def test_one_agencys_crowd_does_not_stand_before_anothers_few(storage: Storage) -> None:
    two = config(
        routes={"default": {"gateways": {"a": 1}}, "so": {"agencies": ["H32.10"], "gateways": {"a": 1}}},
    )
    gate = Gate("a", limits=replace(LIMITS, rate=200.0))
    crowd, few = [due() for _ in range(300)], [due("so", route="so") for _ in range(5)]
    await plan(storage, *crowd)
    await plan(storage, *few)

    async with dispatching(storage, gate, settings=two):
        await settled(storage, few, DeliveryState.ACCEPTED)

    assert max(gate.taken.index(item.id) for item in few) < 60


async def test_a_reply_leaves_by_the_gateway_it_belongs_to_before_what_waits_for_the_route(storage: Storage) -> None:
    gate, other = Gate("a", limits=replace(LIMITS, rate=100.0)), Gate("b")
    pushes = [due() for _ in range(300)]
    await plan(storage, *pushes)
    settings = config(routes={"default": {"gateways": {"a": 100}}})

    async with dispatching(storage, gate, other, settings=settings):
        while not gate.taken:
            await asyncio.sleep(0.01)
        before = len(gate.taken)
        reply = due("a", lane=Lane.REPLY, situation=Situation.REPLY, sender="8041")
        await plan(storage, reply)
        await settled(storage, [reply], DeliveryState.ACCEPTED)

    assert gate.taken.index(reply.id) < before + 40
    assert next(item for item in gate.handed if item.id == reply.id).sender == "8041"


async def test_a_message_speaks_in_the_name_that_its_route_has_at_the_gateway(storage: Storage) -> None:
    named = config(
        routes={
            "default": {"sender": "KHANHHOA", "gateways": {"a": {"weight": 1}}},
            "so": {"agencies": ["H32.10"], "sender": "SXD", "gateways": {"a": {"sender": "SXD-KH"}}},
        }
    )
    gate = Gate("a")
    items = [due(), due("so", route="so")]
    await plan(storage, *items)

    async with dispatching(storage, gate, settings=named):
        await settled(storage, items, DeliveryState.ACCEPTED)

    assert {item.route: item.sender for item in gate.handed} == {"default": "KHANHHOA", "so": "SXD-KH"}


async def test_what_waits_for_a_route_that_is_no_longer_configured_goes_by_the_default(storage: Storage) -> None:
    orphans = [due("gone", route="gone"), due("gone@viettel", route="gone")]
    await plan(storage, *orphans)
    gate = Gate("a")

    async with dispatching(storage, gate, settings=config(routes={"default": {"gateways": {"a": 1}}})):
        await settled(storage, orphans, DeliveryState.ACCEPTED)

    assert len(gate.taken) == 2


PRICED = {"a": SmsSettings(prices={"default": 300, "mobifone": 500})}


async def test_cost_and_carrier_are_kept_and_what_a_receipt_says_counts_next_time(storage: Storage) -> None:
    gate = Gate("a")
    only = config(routes={"default": {"gateways": {"a": 1}}})
    first = due(agency="H32.10", parts=2)
    second = due(agency="H32.10", address=first.address)
    async with dispatching(storage, gate, settings=only, rules=PRICED):
        await plan(storage, first)
        (taken,) = await settled(storage, [first], DeliveryState.ACCEPTED)
        await record(storage, [_receipt(f"ref-{first.id}", carrier="mobifone")])
        await plan(storage, second)
        (dearer,) = await settled(storage, [second], DeliveryState.ACCEPTED)

    assert (taken.cost, dearer.cost) == (600, 500)
    spent = await storage.read(lambda tx: tx.spending.of_month(utc_now().astimezone().strftime("%Y-%m")))
    assert (spent["H32.10"].messages, spent["H32.10"].parts, spent["H32.10"].cost) == (2, 3, 1100)


def _receipt(reference: str, carrier: str = "") -> Receipt:
    return Receipt(channel="a", reference=reference, state=DeliveryState.DELIVERED, at=utc_now(), carrier=carrier)


async def test_a_used_up_budget_holds_what_is_not_urgent_and_a_larger_one_lets_it_go(storage: Storage) -> None:
    gate = Gate("a")
    routes = {"default": {"gateways": {"a": 1}}}
    poor = config(routes=routes, budget={"agencies": {"H32": 900}})
    pushes = [due(agency="H32.10") for _ in range(10)]
    apology = due(agency="H32.10", situation=Situation.APOLOGY)
    async with dispatching(storage, gate, settings=poor, rules=PRICED):
        await plan(storage, *pushes)
        done = await settled(storage, pushes, DeliveryState.ACCEPTED, DeliveryState.HELD)
        await plan(storage, apology)
        await settled(storage, [apology], DeliveryState.ACCEPTED)

    assert Counter(item.state for item in done) == {DeliveryState.ACCEPTED: 3, DeliveryState.HELD: 7}
    assert all("budget of H32" in item.reason for item in done if item.state is DeliveryState.HELD)
    assert (await balance(storage)).balanced

    rich = config(routes=routes, budget={"agencies": {"H32": 100_000}})
    async with dispatching(storage, gate, settings=rich, rules=PRICED):
        await settled(storage, pushes, DeliveryState.ACCEPTED)

    assert len(gate.taken) == len(set(gate.taken)) == 11


@dataclass
class Watched:
    """Two gateways whose minutes are written by hand, on a clock that stands still."""

    storage: Storage
    time: Time
    gateways: Gateways
    watch: GatewayWatch

    async def answers(self, gateway: str, number: int, state: DeliveryState, *, receipts: int = 0) -> None:
        """`number` messages that this gateway was handed now, of which some get a receipt a minute later."""
        items = [message(channel="default", created_at=self.time.now, next_at=self.time.now) for _ in range(number)]
        await self.storage.write(lambda tx: tx.outbox.enqueue(items))
        claimed = await self.storage.write(
            lambda tx: tx.outbox.claim(
                "default", gateway=gateway, owner="o", now=self.time.now, lease_until=self.time.now, limit=number
            )
        )
        assert len(claimed) == number
        later = self.time.now + timedelta(days=1)
        settlements = [
            Settlement(
                item_id=each.item.id,
                owner="o",
                state=state,
                at=self.time.now,
                next_at=later if state is DeliveryState.QUEUED else None,
                references=(f"r-{each.item.id}",) if state is DeliveryState.ACCEPTED else (),
            )
            for each in claimed
        ]
        await self.storage.write(lambda tx: tx.outbox.settle(settlements))
        come = [
            Receipt(
                channel=gateway,
                reference=f"r-{each.item.id}",
                state=DeliveryState.DELIVERED,
                at=self.time.now + timedelta(minutes=1),
            )
            for each in claimed[:receipts]
        ]
        await record(self.storage, come)

    async def step(self) -> int:
        await self.watch.step(self.storage)
        return self.gateways.share("a")


@pytest.fixture
async def watched(storage: Storage) -> Watched:
    settings = config()
    time = Time(START)
    gateways = Gateways(Routes(settings.routes, sms=["a", "b"]), clock=time)
    watch = GatewayWatch(gateways, storage, settings.gateways, clock=time, receipts={"a": True, "b": True})
    return Watched(storage, time, gateways, watch)


async def test_slow_receipts_move_weight_gradually_and_it_drifts_back(watched: Watched) -> None:
    await watched.answers("a", 40, DeliveryState.ACCEPTED, receipts=30)
    await watched.answers("b", 40, DeliveryState.ACCEPTED, receipts=38)
    watched.time.pass_(minutes=4)
    assert await watched.step() == FULL, "they may still come"

    watched.time.pass_(minutes=4)
    shares = [await watched.step() for _ in range(3)]
    watched.time.pass_(minutes=10)
    await watched.answers("a", 40, DeliveryState.ACCEPTED, receipts=40)
    watched.time.pass_(minutes=8)
    shares += [await watched.step() for _ in range(4)]

    assert shares == [90, 80, 70, 80, 90, 100, 100]
    assert watched.gateways.share("b") == FULL
    told = await watched.storage.read(lambda tx: tx.routing.moves(limit=10))
    assert told[-1].reason == "25% of 40 receipts took longer than 5 min or did not come"
    assert told[0].reason == "it fares well again"


async def test_errors_move_weight_gradually_and_never_to_nothing(watched: Watched) -> None:
    await watched.answers("a", 30, DeliveryState.ACCEPTED, receipts=30)
    await watched.answers("a", 10, DeliveryState.QUEUED)
    watched.time.pass_(seconds=30)

    shares = [await watched.step() for _ in range(12)]

    assert shares == [90, 80, 70, 60, 50, 40, 30, 20, 10, 10, 10, 10]
    told = await watched.storage.read(lambda tx: tx.routing.moves(limit=100))
    assert told[-1].reason == "25% of 40 answers in 5 min were errors"


async def test_refused_numbers_do_not_speak_against_a_gateway(watched: Watched) -> None:
    await watched.answers("a", 40, DeliveryState.FAILED)

    assert await watched.step() == FULL


async def test_too_few_messages_say_nothing(watched: Watched) -> None:
    await watched.answers("a", 5, DeliveryState.QUEUED)

    assert await watched.step() == FULL


async def test_what_one_process_moved_the_next_one_knows(watched: Watched, storage: Storage) -> None:
    await watched.answers("a", 40, DeliveryState.QUEUED)
    assert await watched.step() == 90

    another = Gateways(Routes(config().routes, sms=["a", "b"]), clock=utc_now)
    rules = config().gateways
    await GatewayWatch(another, storage, rules, clock=utc_now, receipts={"a": True}).look()

    assert another.share("a") == 90


async def test_who_lost_the_post_moves_no_weight(watched: Watched, storage: Storage) -> None:
    await watched.answers("a", 40, DeliveryState.QUEUED)
    now, until = watched.time.now, watched.time.now + timedelta(seconds=7)
    fence = await storage.write(lambda tx: tx.leases.take(POST, owner="here", now=now, until=until))
    await storage.write(lambda tx: tx.leases.take(POST, owner="there", now=until, until=until + timedelta(seconds=7)))

    with pytest.raises(FencedError):
        await watched.watch.step(Fenced(storage, POST, fence))

    assert watched.gateways.share("a") == FULL
    assert await storage.read(lambda tx: tx.routing.moves(limit=10)) == []


class LateLoss(Fenced):
    """The post goes to another one after the gateways were judged."""

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage, POST, 0)
        self.writes = 0

    async def write(self, work: Callable[[Transaction], Awaitable[Any]]) -> Any:
        self.writes += 1
        if self.writes > 1:
            raise FencedError("another has it")
        return await self._storage.write(work)


async def test_who_loses_the_post_while_judging_moves_no_weight_by_another_way(
    watched: Watched, storage: Storage
) -> None:
    await watched.answers("a", 40, DeliveryState.QUEUED)

    with pytest.raises(FencedError):
        await watched.watch.step(LateLoss(storage))
    await watched.watch.look()

    assert watched.gateways.share("a") == FULL
    assert await storage.read(lambda tx: tx.routing.moves(limit=5)) == []


async def test_who_looks_while_another_judges_writes_no_move_twice(watched: Watched, storage: Storage) -> None:
    await watched.answers("a", 40, DeliveryState.QUEUED)

    await asyncio.gather(watched.watch.step(storage), *(watched.watch.look() for _ in range(5)))
    watched.gateways.went_down("b", "away")
    await asyncio.gather(*(watched.watch.look() for _ in range(5)))

    found = await storage.read(lambda tx: tx.routing.moves(limit=9))
    assert sorted(each.name for each in found) == ["a", "b"]


async def test_a_rejected_message_stays_rejected(storage: Storage) -> None:
    async def refuse(_: OutboxItem) -> Outcome:
        return Rejected("bad number")

    first, second = Gate("a", refuse), Gate("b", refuse)
    item = due()
    await plan(storage, item)

    async with dispatching(storage, first, second):
        await settled(storage, [item], DeliveryState.FAILED)

    assert len(first.handed) + len(second.handed) == 1
