"""What a message carries beside its text, and the ways that are left to it, on every engine."""

from dataclasses import replace

from bot.model.message import Alternative, Asks, DeliveryState, File, Form, Lane, Option, OutboxItem
from bot.model.person import Address
from bot.ports import ConversationState, Storage
from tests.contract.storage_values import MAI, NOW, a_settlement, an_item, claim, enqueue, later, settle, stored

CHAT = Address("telegram", "4711")
BY_ZALO = Alternative("zalo", Address("zalophone", MAI.value), 'Hồ sơ "ways": đã có kết quả')
BY_SMS = Alternative("default@viettel", MAI, "Ho so da co ket qua", 2, "default")


def to_chat(number: int = 1, *ways: Alternative) -> OutboxItem:
    return an_item(number, channel="telegram", address=CHAT, alternatives=ways)


async def test_options_values_and_ways_come_back(storage: Storage) -> None:
    item = an_item(
        1,
        options=(Option("Xem hồ sơ", "hs H56.14-260302-0001"), Option("Chia sẻ số", "", Asks.PHONE)),
        values={"code": "H56.14-260302-0001", "agency": 'UBND "phường" Vĩnh Hải'},
        alternatives=(BY_ZALO, BY_SMS),
    )

    await enqueue(storage, item)

    assert await stored(storage, item) == item
    assert (await claim(storage))[0].item.alternatives == (BY_ZALO, BY_SMS)


async def test_a_message_whose_way_is_shut_takes_the_next_one_at_once(storage: Storage) -> None:
    item = to_chat(1, BY_ZALO, BY_SMS)
    await enqueue(storage, item)
    await claim(storage, channel="telegram")

    await settle(storage, a_settlement(item.id, DeliveryState.QUEUED, moves_on=True, reason="blocked: 403"))
    moved = await stored(storage, item)

    assert (moved.channel, moved.address, moved.text) == ("zalo", BY_ZALO.address, BY_ZALO.text)
    assert moved.alternatives == (BY_SMS,)
    assert (moved.state, moved.reason, moved.next_at) == (DeliveryState.QUEUED, "blocked: 403", later(seconds=1))


async def test_the_last_way_is_that_of_its_route(storage: Storage) -> None:
    item = to_chat(1, BY_SMS)
    await enqueue(storage, item)
    await claim(storage, channel="telegram")

    await settle(storage, a_settlement(item.id, DeliveryState.QUEUED, moves_on=True))
    claimed = await claim(storage, channel="default@viettel", gateway="esms", now=later(seconds=2))

    assert [(each.item.address, each.item.parts, each.item.route) for each in claimed] == [(MAI, 2, "default")]
    assert claimed[0].item.alternatives == ()


async def test_a_message_without_another_way_has_failed(storage: Storage) -> None:
    item = to_chat()
    await enqueue(storage, item)
    await claim(storage, channel="telegram")

    await settle(storage, a_settlement(item.id, DeliveryState.QUEUED, moves_on=True, reason="blocked: 403"))

    assert (await stored(storage, item)).state is DeliveryState.FAILED


async def test_what_waits_in_a_shut_queue_takes_another_way_page_by_page(storage: Storage) -> None:
    items = [to_chat(number, BY_SMS) for number in range(1, 4)]
    stays = to_chat(9)
    await enqueue(storage, *items, stays)

    pages = [
        await storage.write(lambda tx: tx.outbox.reroute("telegram", reason="blocked", at=later(hours=1), limit=2))
        for _ in range(3)
    ]

    assert [len(page) for page in pages] == [2, 1, 0]
    assert {(each.before, each.address, each.channel, each.route) for page in pages for each in page} == {
        (CHAT, MAI, "default@viettel", "default")
    }
    assert [(await stored(storage, item)).address for item in items] == [MAI] * 3
    assert (await stored(storage, stays)).address == CHAT


async def test_a_text_that_only_looks_like_a_way_is_none(storage: Storage) -> None:
    item = an_item(1, values={"place": '"ways":'})
    await enqueue(storage, item)

    assert await storage.write(lambda tx: tx.outbox.reroute("sms", reason="", at=NOW, limit=9)) == []


async def test_a_claim_tells_when_the_citizen_last_wrote_from_there(storage: Storage) -> None:
    await storage.write(lambda tx: tx.conversations.save(CHAT, ConversationState(), at=later(hours=-5)))
    await enqueue(storage, to_chat(), an_item(2, channel="telegram", address=Address("telegram", "12")))

    claimed = await claim(storage, channel="telegram")

    assert [each.item.heard_at for each in claimed] == [later(hours=-5), None]


async def test_a_message_that_took_another_way_is_still_one_message(storage: Storage) -> None:
    item = to_chat(1, BY_SMS)
    await enqueue(storage, item)
    await claim(storage, channel="telegram")
    await settle(storage, a_settlement(item.id, DeliveryState.QUEUED, moves_on=True))

    again = await enqueue(storage, item)

    assert again == 0
    assert await storage.read(lambda tx: tx.outbox.imbalances(limit=9)) == []
    assert await storage.read(lambda tx: tx.outbox.planned()) == 1


async def test_what_waits_for_a_number_can_be_called_off_but_its_replies_and_other_numbers_are_not(
    storage: Storage,
) -> None:
    waits, is_held = an_item(1), an_item(2, state=DeliveryState.HELD)
    reply, other = an_item(3, source="", code=""), an_item(4, address=CHAT)
    await enqueue(storage, waits, is_held, reply, other)

    called_off = await storage.write(lambda tx: tx.outbox.call_off(MAI, reason="wrong number", at=NOW))
    states = [(await stored(storage, item)).state for item in (waits, is_held, reply, other)]

    assert called_off == 2
    assert states == [DeliveryState.CANCELLED] * 2 + [DeliveryState.QUEUED] * 2


async def test_registered_forms_files_and_the_word_that_lets_it_out_at_night_come_back(storage: Storage) -> None:
    item = to_chat(1, BY_SMS)
    whole = replace(
        item,
        forms=(Form("esms", "77", "Ho so {1}", {}), Form("zalo", "100001", parameters={"ma": "code"})),
        files=(File("01FILE", "phieu.pdf", "application/pdf"),),
        bypass="law",
    )
    await enqueue(storage, whole)
    await claim(storage, channel="telegram")
    await settle(storage, a_settlement(item.id, DeliveryState.QUEUED, moves_on=True))

    moved = await stored(storage, item)

    assert (moved.forms, moved.files, moved.bypass) == (whole.forms, whole.files, "law")
    assert (moved.way, moved.alternatives) == (1, ())


async def test_what_a_file_holds_is_not_kept_with_the_message(storage: Storage) -> None:
    item = an_item(1, files=(File("01FILE", "phieu.pdf", "application/pdf", b"%PDF"),))

    await enqueue(storage, item)

    assert (await stored(storage, item)).files == (File("01FILE", "phieu.pdf", "application/pdf"),)


async def test_a_claim_tells_what_is_repeated_and_what_its_dossier_has_cost(storage: Storage) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    (first,) = await claim(storage)
    again = a_settlement(item.id, DeliveryState.QUEUED, next_at=NOW, stays=True)
    await settle(storage, again)

    (second,) = await claim(storage)
    await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, cost=350))
    await enqueue(storage, an_item(2, code=item.code))
    (third,) = await claim(storage)

    assert [(each.repeats, each.dossier_cost) for each in (first, second, third)] == [
        (False, 0),
        (True, 0),
        (False, 350),
    ]


async def test_what_may_have_been_sent_waits_for_a_receipt_rather_than_for_another_way(storage: Storage) -> None:
    item = to_chat(1, BY_SMS)
    await enqueue(storage, item)
    await claim(storage, channel="telegram")
    await settle(storage, a_settlement(item.id, DeliveryState.QUEUED, next_at=NOW, stays=True))
    await claim(storage, channel="telegram")

    await settle(storage, a_settlement(item.id, DeliveryState.QUEUED, moves_on=True, reason="unwanted"))

    kept = await stored(storage, item)
    assert (kept.state, kept.address, kept.reason) == (DeliveryState.UNCERTAIN, CHAT, "unwanted")


async def test_an_answer_for_a_way_that_was_left_is_not_the_present_ones(storage: Storage) -> None:
    item = to_chat(1, BY_SMS)
    await enqueue(storage, item)
    await claim(storage, channel="telegram")
    await settle(storage, a_settlement(item.id, DeliveryState.QUEUED, moves_on=True))
    await claim(storage, channel="default@viettel", now=later(seconds=2))

    await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, "t-1", way=0))

    assert (await stored(storage, item)).state is DeliveryState.SENDING


async def test_news_to_an_address_waits_while_other_news_to_it_is_under_way_and_answers_do_not(
    storage: Storage,
) -> None:
    first, second, reply = an_item(1), an_item(2), an_item(3, lane=Lane.REPLY)
    another = an_item(4, address=CHAT)
    await enqueue(storage, first)
    await claim(storage)
    await enqueue(storage, second, reply, another)

    meanwhile = await claim(storage)
    await settle(storage, a_settlement(first.id, DeliveryState.ACCEPTED))
    after = await claim(storage)

    assert [each.item.id for each in meanwhile] == [reply.id, another.id]
    assert [each.item.id for each in after] == [second.id]
