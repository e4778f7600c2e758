"""Values for the storage tests: plain ones, of which a test names only what it is about."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.model.dossier import Dossier, Status
from bot.model.message import DeliveryState, InboundMessage, Lane, OutboxItem, Receipt, Situation
from bot.model.person import Address
from bot.ports import Claimed, Mirrored, Settlement, Storage

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""A Monday; every moment of a test is told from here."""

MAI = Address("sms", "+84912345678")


def number(ending: int) -> Address:
    """Another phone: messages to one and the same leave one after the other."""
    return Address("sms", f"+8491{ending:07}")


def later(**span: float) -> datetime:
    return NOW + timedelta(**span)


def an_item(number: int, **given: Any) -> OutboxItem:
    """The `number`-th message planned; its id, key and origin follow from the number."""
    values: dict[str, Any] = {
        "id": f"01TEST{number:020d}",
        "dedupe_key": f"key-{number}",
        "origin": f"change:onestop:H56.14-260302-{number:04d}:1",
        "channel": "sms",
        "address": MAI,
        "lane": Lane.PUSH,
        "situation": Situation.PROGRESS,
        "text": "Hồ sơ đã được tiếp nhận",
        "source": "onestop",
        "code": f"H56.14-260302-{number:04d}",
        "created_at": NOW,
        "next_at": NOW,
        "expires_at": later(days=1),
    }
    return OutboxItem(**values | given)


def a_dossier(number: int, **given: Any) -> Dossier:
    values: dict[str, Any] = {
        "source": "onestop",
        "code": f"H56.14-260302-{number:04d}",
        "status": Status.RECEIVED,
        "applicant": "Nguyễn Thị Mai",
        "phone": "+84912345678",
        "appointment_at": later(days=5),
    }
    return Dossier(**values | given)


def kept(*dossiers: Dossier, number: int = 1) -> list[Mirrored]:
    """The dossiers as the mirror keeps what the source sent; each with that number of its newest change."""
    return [Mirrored.of(dossier, number) for dossier in dossiers]


def a_receipt(reference: str = "", **given: Any) -> Receipt:
    values: dict[str, Any] = {
        "channel": "sms",
        "reference": reference,
        "state": DeliveryState.DELIVERED,
        "at": later(minutes=1),
    }
    return Receipt(**values | given)


def a_message(number: int, **given: Any) -> InboundMessage:
    values: dict[str, Any] = {
        "channel": "sms",
        "message_id": f"mo-{number}",
        "sender": MAI,
        "text": "H56.14-260302-0001",
        "at": NOW,
    }
    return InboundMessage(**values | given)


def a_settlement(item_id: str, state: DeliveryState, *references: str, **given: Any) -> Settlement:
    values: dict[str, Any] = {"owner": "sender-1", "at": later(seconds=1), "references": references}
    return Settlement(item_id=item_id, state=state, **values | given)


async def enqueue(storage: Storage, *items: OutboxItem) -> int:
    return await storage.write(lambda tx: tx.outbox.enqueue(items))


async def claim(storage: Storage, limit: int = 10, **given: Any) -> list[Claimed]:
    values: dict[str, Any] = {"owner": "sender-1", "now": NOW, "lease_until": later(minutes=1)}
    queue = given.pop("channel", "sms")
    return await storage.write(lambda tx: tx.outbox.claim(queue, limit=limit, **values | given))


async def settle(storage: Storage, *settlements: Settlement) -> list[Receipt]:
    return await storage.write(lambda tx: tx.outbox.settle(settlements))


async def stored(storage: Storage, item: OutboxItem) -> OutboxItem:
    found = await storage.read(lambda tx: tx.outbox.get(item.id))
    assert found is not None
    return found


async def sent(storage: Storage, item: OutboxItem, *references: str) -> None:
    """Enqueued, claimed and accepted by the provider under `references`."""
    await enqueue(storage, item)
    await claim(storage, now=item.next_at, channel=item.channel)
    await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, *references))
