"""The do-not-send list, on every engine."""

from bot.model.person import Address
from bot.ports import Storage, Unwanted
from tests.contract.storage_values import MAI, NOW, an_item, claim, enqueue, later

ANH = Address("sms", "+84987654321")


async def test_who_is_on_the_list_stays_with_the_first_entry_until_taken_off(storage: Storage) -> None:
    first = [Unwanted(MAI, NOW, "chi.lan", "yêu cầu qua điện thoại")]
    both = [Unwanted(MAI, later(days=1), "anh.nam", "khác"), Unwanted(ANH, later(days=1), "anh.nam", "")]

    added = [await storage.write(lambda tx, e=entries: tx.do_not_send.add(e)) for entries in (first, both)]  # type: ignore[misc]
    listed = await storage.read(lambda tx: tx.do_not_send.listed(limit=10))
    removed = await storage.write(lambda tx: tx.do_not_send.remove([MAI, Address("sms", "+84900000000")]))

    assert added == [1, 1]
    assert [(each.address, each.by) for each in listed] == [(ANH, "anh.nam"), (MAI, "chi.lan")]
    assert removed == 1
    assert await storage.read(lambda tx: tx.do_not_send.count()) == 1


async def test_a_claim_tells_whether_the_address_is_on_the_list(storage: Storage) -> None:
    await storage.write(lambda tx: tx.do_not_send.add([Unwanted(MAI, NOW, "", "")]))
    await enqueue(storage, an_item(1, address=MAI), an_item(2, address=ANH))

    assert [each.is_unwanted for each in await claim(storage)] == [True, False]
