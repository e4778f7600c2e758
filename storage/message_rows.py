"""Rows of messages and receipts as values of the vocabulary, and back."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from bot.model.clock import from_millis, to_millis
from bot.model.dossier import Status
from bot.model.message import (
    Alternative,
    Asks,
    DeliveryState,
    File,
    Form,
    Lane,
    Option,
    OutboxItem,
    Receipt,
    Situation,
)
from bot.model.person import Address
from bot.ports import SEEN
from storage.edge import clean, clean_values, millis, moment
from storage.statements import Row

HAS_WAYS = '"ways":'
"""Stands in `attached` where a way is left, and only there: within JSON's texts the quotes would be escaped."""


_LANES = {int(each): each for each in Lane}
_SITUATIONS = {str(each): each for each in Situation}
_STATES = {str(each): each for each in DeliveryState}


def item_of(row: Row) -> OutboxItem:
    """From the columns in the order in which all queries of messages name them; more may follow.

    By position: SQLite's rows look for a name in all names, which would cost a tenth of a claim.
    """
    (
        item_id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at,
        next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, agency, route,
        sender, gateway, carrier, cost, attached, way, fallback_at, seen_at, *_,
    ) = row  # fmt: skip
    return OutboxItem(
        id=item_id,
        dedupe_key=dedupe_key,
        origin=origin,
        channel=channel,
        address=Address.of(address),
        lane=_LANES[lane],
        situation=_SITUATIONS[situation],
        text=text,
        source=source,
        code=code,
        parts=parts,
        created_at=from_millis(created_at),
        next_at=from_millis(next_at),
        expires_at=from_millis(expires_at),
        status=None if status is None else Status(status),
        appointment_at=moment(appointment_at),
        state=_STATES[state],
        attempts=attempts,
        reason=reason,
        sent_at=moment(sent_at),
        settled_at=moment(settled_at),
        agency=agency,
        route=route,
        sender=sender,
        gateway=gateway,
        carrier=carrier,
        cost=cost,
        way=way,
        fallback_at=moment(fallback_at),
        seen_at=moment(seen_at),
        **(attachments_of(attached) if attached else {}),
    )


def item_row(item: OutboxItem, owner: str) -> tuple[Any, ...]:
    """The values of `enqueue` in its order, clean: by position, because a batch has thousands."""
    row = (
        item.id,
        item.dedupe_key,
        item.origin,
        item.channel,
        item.address.key,
        int(item.lane),
        str(item.situation),
        item.text,
        item.source,
        item.code,
        item.parts,
        to_millis(item.created_at),
        to_millis(item.next_at),
        to_millis(item.expires_at),
        None if item.status is None else int(item.status),
        millis(item.appointment_at),
        str(item.state),
        item.attempts,
        item.reason,
        millis(item.sent_at),
        millis(item.settled_at),
        item.agency,
        item.route,
        item.sender,
        item.gateway,
        item.carrier,
        item.cost,
        _attached(item),
        owner,
    )
    # One look at all texts together, instead of one at each.
    texts = "".join(value for value in row if value.__class__ is str)
    return row if clean(texts) is texts else tuple(clean_values(row))


def attachments_of(text: str) -> dict[str, Any]:
    """The fields of an item that are kept together."""
    kept = json.loads(text)
    return {
        "options": tuple(Option(label, says, Asks(asks)) for label, says, asks in kept.get("options", ())),
        "values": kept.get("values", {}),
        "alternatives": tuple(
            Alternative(channel, Address.of(address), text, parts, route)
            for channel, address, text, parts, route in kept.get("ways", ())
        ),
        "forms": tuple(Form(*form) for form in kept.get("forms", ())),
        "files": tuple(File(*file) for file in kept.get("files", ())),
        "bypass": kept.get("bypass", ""),
    }


def documents_of(attached: Iterable[str]) -> set[str]:
    """The ids of the documents that went with messages of these attachments, or were to go."""
    return {file[0] for text in attached if text for file in json.loads(text).get("files", ())}


def _attached(item: OutboxItem) -> str:
    """What `attachments_of` reads; empty where there is nothing. Of files only what finds them again."""
    if not (item.options or item.values or item.alternatives or item.forms or item.files or item.bypass):
        return ""
    return _kept(
        {
            "options": [[each.label, each.says, str(each.asks)] for each in item.options],
            "values": dict(item.values),
            "ways": [[each.channel, each.address.key, each.text, each.parts, each.route] for each in item.alternatives],
            "forms": [[each.channel, each.id, each.pattern, dict(each.parameters)] for each in item.forms],
            "files": [[each.id, each.name, each.media_type] for each in item.files],
            "bypass": item.bypass,
        }
    )


def _kept(attached: dict[str, Any]) -> str:
    there = {name: content for name, content in attached.items() if content}
    return json.dumps(there, ensure_ascii=False, separators=(",", ":")) if there else ""


def bypassing(attached: str, why: str) -> str:
    """`attached` of a message that is let out of quiet hours."""
    kept = json.loads(attached) if attached else {}
    return json.dumps(kept | {"bypass": why}, ensure_ascii=False, separators=(",", ":"))


class Locked(NamedTuple):
    """A row of `lock_items`, by position: names are looked for in all names, and a batch has thousands."""

    id: str
    lane: int
    state: str
    parts: int
    gateway: str
    sent_at: int | None
    address: str
    owner: str | None
    cost: int | None
    agency: str
    channel: str
    attempts: int
    next_at: int
    carrier: str
    held_for: str
    attached: str
    way: int
    paid_way: int | None
    fallback_at: int | None
    settled_at: int | None
    source: str
    code: str


class Part(NamedTuple):
    """A row of `parts_of`."""

    item_id: str
    reference: str
    state: str
    number: int
    way: int
    channel: str
    at: int


class Leaving(Protocol):
    """What must be known of a message that takes its next way."""

    @property
    def id(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def attached(self) -> str: ...
    @property
    def gateway(self) -> str: ...
    @property
    def held_for(self) -> str: ...
    @property
    def way(self) -> int: ...
    @property
    def sent_at(self) -> int | None: ...


class Waiting(NamedTuple):
    """A row of `waiting_with_ways` and of `accepted_with_ways`."""

    id: str
    address: str
    attached: str
    gateway: str
    held_for: str
    way: int
    sent_at: int | None


class LeftWay(NamedTuple):
    """A way that a message has left behind."""

    gateway: str
    """The channel that had it there; empty where none did."""
    address: str
    """Its key."""
    waits_for: str
    """`SEEN` where only that would have been a success there."""


def left_ways(attached: str) -> list[LeftWay]:
    """By their numbers (`OutboxItem.way`)."""
    return [LeftWay(*way) for way in json.loads(attached).get("left", ())] if attached else []


def addresses_of(row: Row) -> set[str]:
    """The keys of all addresses on a message's ways: those that it has left, its present one, those to come."""
    kept = json.loads(row["attached"]) if row["attached"] else {}
    return {row["address"], *(way[1] for way in kept.get("ways", ())), *(way[1] for way in kept.get("left", ()))}


def way_taken(item: Leaving, reason: str, at: int, *, keeps_sent_at: bool = False) -> dict[str, Any]:
    """The values of `take_way`: the item as it is once it takes the first of its ways. `keeps_sent_at`: the way that
    it leaves may have reached its reader all the same."""
    kept = json.loads(item.attached)
    channel, address, text, parts, route = kept["ways"].pop(0)
    waits_for = SEEN if item.held_for == SEEN else ""
    kept["left"] = [*kept.get("left", ()), [item.gateway, item.address, waits_for]]
    return {
        "id": item.id,
        "left": item.way,
        "channel": channel,
        "address": address,
        "text": text,
        "parts": parts,
        "route": route,
        "attached": _kept(kept),
        "reason": reason,
        "at": at,
        "sent_at": item.sent_at if keeps_sent_at else None,
    }


def receipt_of(row: Row) -> Receipt:
    return Receipt(
        channel=row["channel"],
        reference=row["reference"],
        item_id=row["item_id"],
        state=DeliveryState(row["state"]),
        reason=row["reason"],
        at=from_millis(row["at"]),
        carrier=row["carrier"],
        whole=bool(row["whole"]),
        seen=bool(row["seen"]),
    )


def receipt_row(receipt: Receipt) -> dict[str, Any]:
    return {
        "channel": receipt.channel,
        "reference": receipt.reference,
        "item_id": receipt.item_id,
        "state": str(receipt.state),
        "reason": receipt.reason,
        "at": to_millis(receipt.at),
        "carrier": receipt.carrier,
        "whole": int(receipt.whole),
        "seen": int(receipt.seen),
    }
