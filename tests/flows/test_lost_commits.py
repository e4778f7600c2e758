"""Connections that break at a commit: what was written and what was not comes to the same, once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import cycle, repeat

import pytest

from bot.ledger import balance
from bot.mirror import Mirror
from bot.model.clock import utc_now
from bot.model.dossier import Status
from bot.model.errors import PerhapsWrittenError, StorageError
from bot.model.ids import id_maker
from bot.model.message import DeliveryState
from bot.model.person import Address
from bot.outbox import Outbox
from bot.ports import Batch, Channel, Storage
from bot.receipts import record_in
from storage import open_storage
from tests.flows.test_outbox import LIMITS, TIMING, ToldSender
from tests.support.cutting import Cut, Door, door_to
from tests.support.making import batch, dossier, message, planner

SOMETIMES: list[Cut | None] = [None, "after", None, "before", None, None]


Doors = tuple[Storage, Door, Storage]


@pytest.fixture
async def doors(postgres_storage_url: str) -> AsyncIterator[Doors]:
    """The database directly, the door to it, and the database by that door."""
    async with (
        open_storage(postgres_storage_url) as straight,
        door_to(postgres_storage_url) as door,
        open_storage(door.url) as storage,
    ):
        yield straight, door, storage
        door.cuts = repeat(None)


async def plan(storage: Storage, number: int) -> list[str]:
    new_id = id_maker(utc_now)
    items = [message(id=new_id(), address=Address("sms", f"+8491{n:07}")) for n in range(number)]
    await storage.write(lambda tx: tx.outbox.enqueue(items))
    return [item.id for item in items]


@asynccontextmanager
async def sending(storage: Storage, straight: Storage) -> AsyncIterator[ToldSender]:
    """Only what the outbox itself writes goes through the door."""
    sender = ToldSender(straight)
    channel = Channel("sms", sender, LIMITS)
    outbox = Outbox(channel, storage, owner="here", clock=utc_now, record_receipts=record_in, timing=TIMING)
    task = asyncio.ensure_future(outbox.run())
    try:
        yield sender
    finally:
        outbox.stop()
        await task


async def ended(storage: Storage) -> dict[str, int]:
    """How the messages stand once none waits or is under way."""
    while True:
        counts = await storage.read(lambda tx: tx.outbox.counts())
        if not any(state in (DeliveryState.QUEUED, DeliveryState.SENDING) for _, state in counts):
            return {str(state): number for (_, state), number in counts.items()}
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_a_writer_hears_that_nobody_knows(doors: Doors, cut: Cut) -> None:
    straight, door, storage = doors
    door.cuts = iter([cut])

    with pytest.raises(PerhapsWrittenError, match="không rõ"):
        await plan(storage, 1)

    planned = (await balance(straight)).planned
    assert planned == (1 if cut == "after" else 0)
    assert await plan(storage, 1), "the next work finds a connection of its own"


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_a_claim_whose_answer_was_lost_is_handed_back_and_sent(doors: Doors, cut: Cut) -> None:
    straight, door, storage = doors
    ids = await plan(straight, 5)
    door.cuts = iter([cut])

    async with sending(storage, straight) as sender:
        states = await ended(straight)

    assert door.cut == 1
    assert sorted(sender.sent) == sorted(ids)
    assert states == {DeliveryState.ACCEPTED: 5}


async def test_commits_cut_again_and_again_lose_nothing_and_send_nothing_twice(doors: Doors) -> None:
    straight, door, storage = doors
    ids = await plan(straight, 60)
    door.cuts = cycle(SOMETIMES)

    async with sending(storage, straight) as sender:
        states = await ended(straight)
        door.cuts = repeat(None)

    assert door.cut >= 4
    assert sorted(sender.sent) == sorted(ids)
    assert states == {DeliveryState.ACCEPTED: 60}
    assert (await balance(straight)).balanced


async def test_a_mirror_that_reads_a_batch_again_changes_nothing_twice(doors: Doors, sqlite_storage: Storage) -> None:
    straight, door, storage = doors
    moves = (Status.RECEIVED, Status.PROCESSING, Status.SUPPLEMENT, Status.PROCESSING, Status.DONE, Status.RETURNED)
    steps = [batch(dossier(status=status), cursor=str(n)) for n, status in enumerate(moves)]
    door.cuts = cycle(["after", None, "before", None])

    told = [await story(steps, each) for each in (storage, sqlite_storage)]

    assert door.cut >= 4
    assert told[0] == told[1], "cut or not, it comes to the same"
    assert await books(straight) == await books(sqlite_storage)


async def story(steps: Sequence[Batch], storage: Storage) -> list[tuple[int, Status]]:
    """The changes that a mirror makes of it. As `follow` does, it reads again what was not answered."""
    mirror = Mirror("office", storage, planner(id_maker(utc_now)), utc_now)
    for step in steps:
        while True:
            try:
                await mirror.apply(step)
            except StorageError:
                continue
            break
    code = steps[0].dossiers[0].code
    while True:
        try:
            changes = await storage.read(lambda tx: tx.dossiers.changes_of("office", code))
        except StorageError:
            continue
        return [(change.number, change.status_after) for change in changes]


async def books(storage: Storage) -> tuple[bool, int]:
    balanced = await balance(storage)
    return balanced.balanced, balanced.planned
