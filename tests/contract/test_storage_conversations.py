"""Conversations: each message once, the state of each citizen, and what was said."""

import asyncio
from dataclasses import replace

import pytest

from bot.model.clock import EPOCH, from_millis
from bot.model.message import DeliveryState, InboundMessage
from bot.model.person import Address, Binding, Proof
from bot.model.service import Said
from bot.ports import ConversationState, Storage, Transaction
from storage import open_storage
from storage.migrate import migrations
from tests.contract.storage_values import (
    MAI,
    NOW,
    a_message,
    a_settlement,
    an_item,
    claim,
    enqueue,
    later,
    sent,
    settle,
)
from tests.contract.test_storage_migrations import FILES, execute

WHOLE = ConversationState(
    language="en",
    dialogue="feedback.name",
    slots={"text": 'Cán bộ "trễ" hẹn\n😀', "agency": "H56"},
    options=("có", "không"),
    about="H56.14-260302-0001",
    expires_at=later(minutes=15),
)


async def test_a_message_comes_for_the_first_time_once(storage: Storage) -> None:
    async def comes(message: InboundMessage) -> bool:
        return await storage.write(lambda tx: tx.conversations.first_time(message))

    assert await comes(a_message(1))
    assert not await comes(a_message(1))
    assert await comes(a_message(2))
    assert await comes(a_message(1, channel="telegram"))


async def test_the_same_message_twice_at_once_is_one(storage: Storage) -> None:
    message = a_message(1)

    firsts = await asyncio.gather(*(storage.write(lambda tx: tx.conversations.first_time(message)) for _ in range(6)))

    assert sorted(firsts) == [False] * 5 + [True]


async def test_a_message_whose_work_failed_comes_for_the_first_time_again(storage: Storage) -> None:
    message = a_message(1)

    async def fail(tx: Transaction) -> None:
        await tx.conversations.first_time(message)
        raise LookupError

    results = await asyncio.gather(storage.write(fail), return_exceptions=True)

    assert isinstance(results[0], LookupError)
    assert await storage.write(lambda tx: tx.conversations.first_time(message))


async def test_a_newcomer_has_a_fresh_state(storage: Storage) -> None:
    fresh = ConversationState()

    assert await storage.read(lambda tx: tx.conversations.load(MAI)) == fresh
    assert await storage.write(lambda tx: tx.conversations.load(MAI)) == fresh
    assert await storage.write(lambda tx: tx.conversations.load(MAI)) == fresh


async def test_the_state_is_kept_for_each_address(storage: Storage) -> None:
    chat = Address("telegram", MAI.value)

    await storage.write(lambda tx: tx.conversations.save(MAI, WHOLE, at=NOW))
    await storage.write(lambda tx: tx.conversations.save(chat, WHOLE, at=NOW))
    await storage.write(lambda tx: tx.conversations.save(chat, ConversationState(), at=NOW))

    assert await storage.read(lambda tx: tx.conversations.load(MAI)) == WHOLE
    assert await storage.read(lambda tx: tx.conversations.load(chat)) == ConversationState()


async def test_a_loaded_state_is_locked_even_for_a_newcomer(storage: Storage) -> None:
    async def add_one(tx: Transaction) -> None:
        state = await tx.conversations.load(MAI)
        await tx.conversations.save(MAI, ConversationState(about=state.about + "x"), at=NOW)

    await asyncio.gather(*(storage.write(add_one) for _ in range(8)))

    assert (await storage.read(lambda tx: tx.conversations.load(MAI))).about == "x" * 8


@pytest.mark.parametrize("text", ["a\0b", "\ud83d", '"\\', "{}[]"])
async def test_a_state_takes_any_text(storage: Storage, text: str) -> None:
    state = ConversationState(slots={text: text}, options=(text,), about=text, dialogue=text)

    await storage.write(lambda tx: tx.conversations.save(MAI, state, at=NOW))
    first = await storage.read(lambda tx: tx.conversations.load(MAI))
    await storage.write(lambda tx: tx.conversations.save(MAI, first, at=NOW))

    assert await storage.read(lambda tx: tx.conversations.load(MAI)) == first
    assert first.options == (first.about,)
    assert dict(first.slots) == {first.about: first.about}


async def test_messages_are_counted_by_what_they_were_understood_as(storage: Storage) -> None:
    async def handle(tx: Transaction) -> None:
        for number, outcome in enumerate(["lookup", "lookup", "help"]):
            await tx.conversations.first_time(a_message(number))
            await tx.conversations.finish(a_message(number), outcome=outcome)
        await tx.conversations.first_time(a_message(9))

    await storage.write(handle)

    assert await storage.read(lambda tx: tx.conversations.outcomes()) == {
        ("sms", "lookup"): 2,
        ("sms", "help"): 1,
        ("sms", ""): 1,
    }


async def test_messages_of_one_sender_are_counted_from_a_moment_on(storage: Storage) -> None:
    old, fresh = a_message(1), a_message(2, at=later(minutes=5))
    other = a_message(3, sender=Address("sms", "+84900000001"), at=later(minutes=5))

    async def work(tx: Transaction) -> int:
        for message in (old, fresh, other):
            await tx.conversations.first_time(message)
        return await tx.conversations.heard(old.sender, since=later(minutes=1))

    assert await storage.write(work) == 1
    assert await storage.read(lambda tx: tx.conversations.heard(old.sender, since=old.at)) == 2


async def test_the_thread_has_the_last_lines_of_both_sides_oldest_first(storage: Storage) -> None:
    reply = an_item(1, text="Hồ sơ đang xử lý", created_at=later(seconds=1))
    waiting = an_item(2, text="chưa gửi", next_at=later(days=1))
    elsewhere = an_item(3, text="của người khác", address=Address("sms", "+84900000001"))
    others = a_message(3, sender=elsewhere.address, text="của tôi đâu?")
    await sent(storage, reply, "ref-1")
    await sent(storage, elsewhere, "ref-3")
    await enqueue(storage, waiting)

    async def hear(tx: Transaction) -> None:
        for message in (a_message(1, text="H56"), a_message(2, text="CAM ON", at=later(minutes=2)), others):
            await tx.conversations.first_time(message)
        await tx.conversations.first_time(a_message(4, text="", at=later(minutes=1)))

    await storage.write(hear)
    thread = await storage.read(lambda tx: tx.conversations.thread(MAI, limit=10))
    last = await storage.read(lambda tx: tx.conversations.thread(MAI, limit=2))

    assert thread == [
        Said(NOW, by_us=False, text="H56"),
        Said(later(seconds=1), by_us=True, text="Hồ sơ đang xử lý"),
        Said(later(minutes=2), by_us=False, text="CAM ON"),
    ]
    assert last == thread[1:]


@pytest.mark.parametrize(
    ("state", "is_said"),
    [(DeliveryState.DELIVERED, True), (DeliveryState.UNCERTAIN, True), (DeliveryState.FAILED, False)],
)
async def test_the_thread_shows_what_the_citizen_may_have_seen(
    storage: Storage, state: DeliveryState, is_said: bool
) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    await claim(storage)
    under_way = await storage.read(lambda tx: tx.conversations.thread(MAI, limit=10))
    await settle(storage, a_settlement(item.id, state))

    thread = await storage.read(lambda tx: tx.conversations.thread(MAI, limit=10))

    assert [each.text for each in under_way] == [item.text]
    assert [each.text for each in thread] == [item.text] * is_said


async def test_what_was_written_long_ago_is_forgotten_and_that_it_was_written_is_not(storage: Storage) -> None:
    chat = Address("telegram", "7")
    old, fresh = a_message(1, at=later(days=-8)), a_message(2)
    begun = replace(WHOLE, expires_at=None)

    async def work(tx: Transaction) -> None:
        for message in (old, fresh):
            await tx.conversations.first_time(message)
        await tx.conversations.save(MAI, begun, at=later(days=-8))
        await tx.conversations.save(chat, begun, at=NOW)

    await storage.write(work)
    forgotten = [await storage.write(lambda tx: tx.conversations.forget_texts(before=later(days=-7))) for _ in range(2)]

    assert forgotten == [1, 0]
    thread = await storage.read(lambda tx: tx.conversations.thread(MAI, limit=10))
    assert [each.at for each in thread] == [fresh.at]
    assert await storage.read(lambda tx: tx.conversations.heard(MAI, since=later(days=-9))) == 2
    assert await storage.read(lambda tx: tx.conversations.load(MAI)) == ConversationState(language="en")
    assert await storage.read(lambda tx: tx.conversations.load(chat)) == begun


@FILES
async def test_conversations_of_the_third_version_are_taken_along(
    storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_of_them = migrations()
    monkeypatch.setattr("storage.migrate.migrations", lambda: all_of_them[:3])
    async with open_storage(storage_url) as storage:
        await storage.migrate()
    await execute(storage_url, "INSERT INTO conversations VALUES ('sms:+84912345678', 'H56', 'en', 90, 70000)")
    await execute(storage_url, "INSERT INTO inbound VALUES ('sms', 'mo-1', 'sms:+84912345678', 70000, 'lookup', 70000)")
    monkeypatch.undo()

    async with open_storage(storage_url) as storage:
        await storage.migrate()
        await storage.write(
            lambda tx: tx.people.bind(Binding(MAI, MAI.value, Proof.CODE, EPOCH, EPOCH, "sms")),
        )
        binding = await storage.read(lambda tx: tx.people.binding(MAI))
        state = await storage.read(lambda tx: tx.conversations.load(MAI))
        came_before = not await storage.write(lambda tx: tx.conversations.first_time(a_message(1)))

    assert binding is not None
    assert binding.heard_at == from_millis(70000)
    assert (state.language, state.dialogue, dict(state.slots)) == ("en", "", {})
    assert came_before
