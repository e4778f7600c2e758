"""Table rows as values of the vocabulary, and back."""

from typing import Any

from bot.model.clock import from_millis, to_millis
from bot.model.dossier import Change, ChangeKind, Dossier, Status
from bot.model.message import DeliveryState, Lane, OutboxItem, Receipt, Situation
from bot.model.person import Address
from storage.edge import millis, moment
from storage.statements import Row


def dossier_of(row: Row) -> Dossier:
    return Dossier(
        source=row["source"],
        code=row["code"],
        status=Status(row["status"]),
        status_text=row["status_text"],
        agency=row["agency"],
        agency_name=row["agency_name"],
        procedure=row["procedure"],
        procedure_name=row["procedure_name"],
        applicant=row["applicant"],
        phone=row["phone"],
        received_at=moment(row["received_at"]),
        appointment_at=moment(row["appointment_at"]),
        finished_at=moment(row["finished_at"]),
        supplement=row["supplement"],
        reason=row["reason"],
        place=row["place"],
        updated_at=moment(row["updated_at"]),
    )


def dossier_row(dossier: Dossier) -> dict[str, Any]:
    return {
        "source": dossier.source,
        "code": dossier.code,
        "status": int(dossier.status),
        "status_text": dossier.status_text,
        "agency": dossier.agency,
        "agency_name": dossier.agency_name,
        "procedure": dossier.procedure,
        "procedure_name": dossier.procedure_name,
        "applicant": dossier.applicant,
        "phone": dossier.phone,
        "received_at": millis(dossier.received_at),
        "appointment_at": millis(dossier.appointment_at),
        "finished_at": millis(dossier.finished_at),
        "supplement": dossier.supplement,
        "reason": dossier.reason,
        "place": dossier.place,
        "updated_at": millis(dossier.updated_at),
        "fingerprint": dossier.fingerprint,
    }


def change_of(row: Row) -> Change:
    before = row["status_before"]
    return Change(
        source=row["source"],
        code=row["code"],
        number=row["number"],
        kind=ChangeKind(row["kind"]),
        at=from_millis(row["at"]),
        status_before=None if before is None else Status(before),
        status_after=Status(row["status_after"]),
        appointment_before=moment(row["appointment_before"]),
        appointment_after=moment(row["appointment_after"]),
    )


def change_row(change: Change) -> dict[str, Any]:
    return {
        "source": change.source,
        "code": change.code,
        "number": change.number,
        "kind": str(change.kind),
        "at": to_millis(change.at),
        "status_before": None if change.status_before is None else int(change.status_before),
        "status_after": int(change.status_after),
        "appointment_before": millis(change.appointment_before),
        "appointment_after": millis(change.appointment_after),
    }


def item_of(row: Row) -> OutboxItem:
    status = row["status"]
    return OutboxItem(
        id=row["id"],
        dedupe_key=row["dedupe_key"],
        origin=row["origin"],
        channel=row["channel"],
        address=Address.of(row["address"]),
        lane=Lane(row["lane"]),
        situation=Situation(row["situation"]),
        text=row["text"],
        source=row["source"],
        code=row["code"],
        parts=row["parts"],
        created_at=from_millis(row["created_at"]),
        next_at=from_millis(row["next_at"]),
        expires_at=from_millis(row["expires_at"]),
        status=None if status is None else Status(status),
        appointment_at=moment(row["appointment_at"]),
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        reason=row["reason"],
        sent_at=moment(row["sent_at"]),
        settled_at=moment(row["settled_at"]),
    )


def item_row(item: OutboxItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "dedupe_key": item.dedupe_key,
        "origin": item.origin,
        "channel": item.channel,
        "address": item.address.key,
        "lane": int(item.lane),
        "situation": str(item.situation),
        "text": item.text,
        "source": item.source,
        "code": item.code,
        "parts": item.parts,
        "created_at": to_millis(item.created_at),
        "next_at": to_millis(item.next_at),
        "expires_at": to_millis(item.expires_at),
        "status": None if item.status is None else int(item.status),
        "appointment_at": millis(item.appointment_at),
        "state": str(item.state),
        "attempts": item.attempts,
        "reason": item.reason,
        "sent_at": millis(item.sent_at),
        "settled_at": millis(item.settled_at),
    }


def receipt_of(row: Row) -> Receipt:
    return Receipt(
        channel=row["channel"],
        reference=row["reference"],
        item_id=row["item_id"],
        state=DeliveryState(row["state"]),
        reason=row["reason"],
        at=from_millis(row["at"]),
    )


def receipt_row(receipt: Receipt) -> dict[str, Any]:
    return {
        "channel": receipt.channel,
        "reference": receipt.reference,
        "item_id": receipt.item_id,
        "state": str(receipt.state),
        "reason": receipt.reason,
        "at": to_millis(receipt.at),
    }
