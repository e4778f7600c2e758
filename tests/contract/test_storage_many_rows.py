"""Many messages in one call go into the database by few statements, and each is counted once all the same."""

from bot.model.person import Address
from bot.ports import Storage
from tests.support.making import message


async def test_of_many_messages_those_that_were_planned_before_are_not_planned_again(storage: Storage) -> None:
    items = [message(address=Address("sms", f"+8491{number:07d}"), dedupe_key=f"key-{number}") for number in range(230)]
    known = [message(address=each.address, dedupe_key=each.dedupe_key) for each in items[::50]]
    await storage.write(lambda tx: tx.outbox.enqueue(known))

    arrived = await storage.write(lambda tx: tx.outbox.enqueue(items))
    again = await storage.write(lambda tx: tx.outbox.enqueue(items))

    assert arrived == len(items) - len(known)
    assert again == 0
    for each in items:
        kept = await storage.read(lambda tx, each=each: tx.outbox.get(each.id))  # type: ignore[misc]
        assert (kept is None) == (each.dedupe_key in {one.dedupe_key for one in known})


async def test_many_new_messages_are_all_counted_as_planned(storage: Storage) -> None:
    items = [message(address=Address("sms", f"+8491{number:07d}"), dedupe_key=f"key-{number}") for number in range(230)]

    arrived = await storage.write(lambda tx: tx.outbox.enqueue(items))

    assert arrived == len(items)
    queued = await storage.read(lambda tx: tx.outbox.get(items[-1].id))
    assert queued is not None
    assert queued.address == items[-1].address
