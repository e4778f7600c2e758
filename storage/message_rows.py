"""Rows of messages and receipts as values of the vocabulary, and back."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.model.clock import from_millis, to_millis
from bot.model.dossier import Status
from bot.model.message import (
    Alternative,
    Asks,
    DeliveryState,
    Lane,
    Option,
    OutboxItem,
    Receipt,
    Situation,
)
from bot.model.person import Address
from storage.edge import clean, clean_values, millis, moment
from storage.statements import Row

HAS_WAYS = '"ways":'
"""Stands in `attached` where a way is left, and only there: within JSON's texts the quotes would be escaped."""


def item_of(row: Row) -> OutboxItem:
    """From the columns in the order in which all queries of messages name them; more may follow.

    By position: SQLite's rows look for a name in all names, which would cost a tenth of a claim.
    """
    (
        item_id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at,
        next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, agency, route,
        sender, gateway, carrier, cost, attached, *_,
    ) = row  # fmt: skip
    return OutboxItem(
        id=item_id,
        dedupe_key=dedupe_key,
        origin=origin,
        channel=channel,
        address=Address.of(address),
        lane=Lane(lane),
        situation=Situation(situation),
        text=text,
        source=source,
        code=code,
        parts=parts,
        created_at=from_millis(created_at),
        next_at=from_millis(next_at),
        expires_at=from_millis(expires_at),
        status=None if status is None else Status(status),
        appointment_at=moment(appointment_at),
        state=DeliveryState(state),
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
        _attached(item) if item.options or item.values or item.alternatives else "",
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
    }


def _attached(item: OutboxItem) -> str:
    return attached_text(item.options, item.values, item.alternatives)


def attached_text(options: Sequence[Option], values: Mapping[str, str], alternatives: Sequence[Alternative]) -> str:
    """What `attachments_of` reads; empty where there is nothing."""
    kept = {
        "options": [[each.label, each.says, str(each.asks)] for each in options],
        "values": dict(values),
        "ways": [[each.channel, each.address.key, each.text, each.parts, each.route] for each in alternatives],
    }
    kept = {name: content for name, content in kept.items() if content}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")) if kept else ""


def way_taken(item_id: str, attached: str, reason: str, at: int) -> dict[str, Any]:
    """The values of `take_way`: the item as it is once it takes the first of its ways."""
    kept = attachments_of(attached)
    first, *rest = kept["alternatives"]
    return {
        "id": item_id,
        "channel": first.channel,
        "address": first.address.key,
        "text": first.text,
        "parts": first.parts,
        "route": first.route,
        "attached": attached_text(kept["options"], kept["values"], rest),
        "reason": reason,
        "next_at": at,
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
    }
