"""Rows of broadcasts and their recipients as values of the vocabulary, and back."""

import json
from typing import Any

from bot.model.broadcast import Audience, Broadcast, BroadcastState, Count, Lateness, Recipient, Result, Share
from bot.model.clock import from_millis, to_millis
from bot.model.dossier import Status
from bot.model.message import DeliveryState, Form
from bot.model.person import Address
from bot.model.wording import Wording
from storage.edge import millis, moment, to_json
from storage.statements import Row


def saved(broadcast: Broadcast) -> dict[str, Any]:
    """What may change of it."""
    return {
        "title": broadcast.title,
        "agency": broadcast.agency,
        "state": str(broadcast.state),
        "revision": broadcast.revision,
        "wording": _wording_row(broadcast.wording),
        "language": broadcast.language,
        "audience": _audience_row(broadcast.audience),
        "list_name": broadcast.list_name,
        "list_digest": broadcast.list_digest,
        "list_columns": json.dumps(broadcast.columns, ensure_ascii=False),
        "twice": broadcast.twice,
        "people": broadcast.people,
        "counted": _count_row(broadcast.count),
        "counted_revision": broadcast.counted_revision,
        "starts_at": millis(broadcast.starts_at),
        "made_at": to_millis(broadcast.made_at),
        "made_by": broadcast.made_by,
        "changed_by": broadcast.changed_by,
        "tested_revision": broadcast.tested_revision,
        "submitted_at": millis(broadcast.submitted_at),
        "submitted_by": broadcast.submitted_by,
        "needs_approval": int(broadcast.needs_approval),
        "approved_at": millis(broadcast.approved_at),
        "approved_by": broadcast.approved_by,
        "began_at": millis(broadcast.began_at),
        "ended_at": millis(broadcast.ended_at),
        "why": broadcast.why,
        "handed_out": broadcast.handed_out,
        "handed_to": broadcast.handed_to,
        "pages": broadcast.pages,
        "drawing": broadcast.drawing,
    }


def broadcast_of(row: Row) -> Broadcast:
    return Broadcast(
        id=row["id"],
        title=row["title"],
        agency=row["agency"],
        state=BroadcastState(row["state"]),
        revision=row["revision"],
        wording=_wording_of(row["wording"]),
        language=row["language"],
        audience=_audience_of(row["audience"]),
        list_name=row["list_name"],
        list_digest=row["list_digest"],
        columns=tuple(json.loads(row["list_columns"])),
        twice=row["twice"],
        people=row["people"],
        count=_count_of(row["counted"]),
        counted_revision=row["counted_revision"],
        starts_at=moment(row["starts_at"]),
        made_at=from_millis(row["made_at"]),
        made_by=row["made_by"],
        changed_by=row["changed_by"],
        tested_revision=row["tested_revision"],
        submitted_at=moment(row["submitted_at"]),
        submitted_by=row["submitted_by"],
        needs_approval=bool(row["needs_approval"]),
        approved_at=moment(row["approved_at"]),
        approved_by=row["approved_by"],
        began_at=moment(row["began_at"]),
        ended_at=moment(row["ended_at"]),
        why=row["why"],
        handed_out=row["handed_out"],
        handed_to=row["handed_to"],
        pages=row["pages"],
        drawing=row["drawing"],
    )


def _wording_row(wording: Wording) -> str:
    forms = [[each.channel, each.id, each.pattern, dict(each.parameters)] for each in wording.forms]
    return to_json(
        {
            "chat": wording.chat,
            "sms": wording.sms,
            "sms_accented": wording.sms_accented,
            "required": list(wording.required),
            "flexible": list(wording.flexible),
            "forms": forms,
        }
    )


def _wording_of(text: str) -> Wording:
    kept = json.loads(text)
    return Wording(
        chat=kept["chat"],
        sms=kept["sms"],
        sms_accented=kept["sms_accented"],
        required=tuple(kept["required"]),
        flexible=tuple(kept["flexible"]),
        forms=tuple(Form(*each) for each in kept["forms"]),
    )


def _audience_row(audience: Audience | None) -> str:
    if audience is None:
        return ""
    return to_json(
        {
            "agencies": list(audience.agencies),
            "procedures": list(audience.procedures),
            "statuses": [int(each) for each in audience.statuses],
            "lateness": str(audience.lateness),
            "since": millis(audience.received_since),
            "until": millis(audience.received_until),
            "by": audience.reachable_by,
        }
    )


def _audience_of(text: str) -> Audience | None:
    if not text:
        return None
    kept = json.loads(text)
    return Audience(
        agencies=tuple(kept["agencies"]),
        procedures=tuple(kept["procedures"]),
        statuses=tuple(Status(each) for each in kept["statuses"]),
        lateness=Lateness(kept["lateness"]),
        received_since=moment(kept["since"]),
        received_until=moment(kept["until"]),
        reachable_by=kept["by"],
    )


def _count_row(count: Count | None) -> str:
    if count is None:
        return ""
    shares = [[each.channel, each.people, each.parts, each.cost] for each in count.shares]
    return to_json({"people": count.people, "shares": shares, "left_out": dict(count.left_out)})


def _count_of(text: str) -> Count | None:
    if not text:
        return None
    kept = json.loads(text)
    return Count(kept["people"], tuple(Share(*each) for each in kept["shares"]), kept["left_out"])


def recipient_row(recipient: Recipient) -> dict[str, str]:
    return {
        "phone": recipient.phone,
        "source": recipient.source,
        "code": recipient.code,
        "agency": recipient.agency,
        "contents": json.dumps(dict(recipient.values), ensure_ascii=False) if recipient.values else "",
        "left_out": recipient.left_out,
    }


def recipient_of(row: Row) -> Recipient:
    return Recipient(
        number=row["number"],
        phone=row["phone"],
        source=row["source"],
        code=row["code"],
        agency=row["agency"],
        values=json.loads(row["contents"]) if row["contents"] else {},
        left_out=row["left_out"],
    )


def result_of(row: Row) -> Result:
    address = Address.of(row["address"]) if row["address"] else Address("sms", row["phone"])
    return Result(
        number=row["number"],
        address=str(address) if address.value else "",
        code=row["code"],
        state=DeliveryState(row["state"]) if row["state"] else None,
        left_out=row["left_out"],
        reason=row["reason"] or "",
        at=moment(row["at"]),
    )
