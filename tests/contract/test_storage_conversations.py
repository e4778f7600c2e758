"""Conversations: each message once, the state of each citizen, and who guesses."""

import asyncio

from bot.model.message import InboundMessage
from bot.model.person import Address
from bot.ports import ConversationState, Storage, Transaction
from tests.contract.storage_values import MAI, NOW, a_message, later


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
    state = ConversationState("H56.14-260302-0001", "en", later(minutes=15))
    chat = Address("telegram", MAI.value)

    await storage.write(lambda tx: tx.conversations.save(MAI, state, at=NOW))
    await storage.write(lambda tx: tx.conversations.save(chat, state, at=NOW))
    await storage.write(lambda tx: tx.conversations.save(chat, ConversationState(), at=NOW))

    assert await storage.read(lambda tx: tx.conversations.load(MAI)) == state
    assert await storage.read(lambda tx: tx.conversations.load(chat)) == ConversationState()


async def test_a_loaded_state_is_locked_even_for_a_newcomer(storage: Storage) -> None:
    async def add_one(tx: Transaction) -> None:
        state = await tx.conversations.load(MAI)
        await tx.conversations.save(MAI, ConversationState(state.pending + "x"), at=NOW)

    await asyncio.gather(*(storage.write(add_one) for _ in range(8)))

    assert (await storage.read(lambda tx: tx.conversations.load(MAI))).pending == "x" * 8


async def test_only_lookups_that_found_nothing_are_misses(storage: Storage) -> None:
    async def handle(tx: Transaction) -> None:
        for number, (outcome, found, minutes) in enumerate(
            [("lookup", False, -30), ("lookup", False, 0), ("lookup", True, 0), ("help", False, 0)]
        ):
            message = a_message(number, at=later(minutes=minutes))
            await tx.conversations.first_time(message)
            await tx.conversations.finish(message, outcome=outcome, found=found)
        await tx.conversations.first_time(a_message(9))

    await storage.write(handle)

    assert await storage.read(lambda tx: tx.conversations.misses(MAI, since=later(hours=-1))) == 2
    assert await storage.read(lambda tx: tx.conversations.misses(MAI, since=NOW)) == 1
    nobody = Address("sms", "+84987654321")
    assert await storage.read(lambda tx: tx.conversations.misses(nobody, since=later(hours=-1))) == 0
    assert await storage.read(lambda tx: tx.conversations.outcomes()) == {
        ("sms", "lookup"): 3,
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
