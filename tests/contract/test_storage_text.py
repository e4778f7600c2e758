"""Text that a citizen can send and a database cannot hold."""

from dataclasses import replace

import pytest

from bot.model.message import DeliveryState
from bot.model.person import Address
from bot.ports import ConversationState, Move, Pause, Quarantined, Storage, Transaction
from tests.contract.storage_values import (
    NOW,
    a_dossier,
    a_message,
    a_receipt,
    a_settlement,
    an_item,
    claim,
    enqueue,
    kept,
    settle,
    stored,
)

NASTY = [
    "a\0b",
    "\0",
    "\ud83d",
    "x\udc00y",
    "\\u0000",
    '"\\',
    "'; DROP TABLE outbox; --",
    ":name $1 ?1",
    "😀\U0010ffff",
]


@pytest.mark.parametrize("text", NASTY)
async def test_any_text_is_taken(storage: Storage, text: str) -> None:
    item = an_item(1, text=text, dedupe_key=text, origin=text, code=text, source=text, address=Address("webchat", text))
    item = replace(item, agency=text, route=text, sender=text)
    dossier = a_dossier(1, source=text, code=text, applicant=text, status_text=text)
    message = a_message(1, message_id=text, sender=Address("sms", text), text=text)

    async def work(tx: Transaction) -> None:
        await tx.outbox.enqueue([item])
        await tx.outbox.supersede([an_item(2, source=text, code=text, address=item.address)], at=NOW)
        await tx.dossiers.known(text, [text])
        await tx.dossiers.save(kept(dossier), at=NOW)
        await tx.dossiers.find(text)
        await tx.conversations.first_time(message)
        await tx.conversations.load(message.sender)
        await tx.conversations.save(message.sender, ConversationState(text), at=NOW)
        await tx.conversations.finish(message, outcome=text)
        await tx.sources.note_unknown_statuses(text, {text: 1}, at=NOW)
        await tx.sources.quarantine([Quarantined(source=text, place=text, row=1, column=text, reason=text)], at=NOW)
        await tx.routing.move(Move(text, NOW, 100, 0, text, text))
        await tx.routing.pause(Pause(text, NOW, text, text))
        await tx.spending.warned(text, text, at=NOW)

    await storage.write(work)

    assert len(await storage.read(lambda tx: tx.dossiers.get_many(text, [text]))) == 1
    assert not await storage.write(lambda tx: tx.conversations.first_time(message))
    assert await enqueue(storage, item) == 0
    assert await storage.read(lambda tx: tx.outbox.imbalances(limit=1)) == []


@pytest.mark.parametrize("text", NASTY)
async def test_any_words_of_a_provider_are_taken(storage: Storage, text: str) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    await claim(storage)
    receipt = a_receipt(text, reason=text, carrier=text)
    await storage.write(lambda tx: tx.outbox.park([receipt, a_receipt("other", item_id=text)]))

    early = await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, text, reason=text))

    assert [each.at for each in early] == [receipt.at]
    [matched] = await storage.write(lambda tx: tx.outbox.match([receipt]))
    assert matched.item_id == item.id
    await storage.write(lambda tx: tx.outbox.record([matched], []))


async def test_ordinary_text_comes_back_as_it_was(storage: Storage) -> None:
    texts = ['"Nguyễn Thị Bảy" \\ O\'Hara\n\t', "😀 🇻🇳 \U0010ffff", "\\u0000 \\ud800", "{}[]", ""]
    items = [an_item(number, text=text, parts=number + 1) for number, text in enumerate(texts)]

    await enqueue(storage, *items)

    assert [(await stored(storage, item)).text for item in items] == texts


async def test_different_texts_stay_different_keys(storage: Storage) -> None:
    await storage.write(lambda tx: tx.dossiers.save(kept(a_dossier(1, code="H56")), at=NOW))

    assert await storage.read(lambda tx: tx.dossiers.find("H\x0056")) == []
