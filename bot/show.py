"""How the commands print: tables for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.ledger import Ledger
from bot.model.code import Found
from bot.model.dossier import Change, ChangeKind, Dossier
from bot.model.message import DeliveryState, OutboxItem
from bot.model.sms import Segmented, cost, segment, unaccented
from bot.planning import origin_of
from bot.texts import Catalogue, sentence, show_moment

console = Console(highlight=False, markup=False, emoji=False)
errors = Console(stderr=True, highlight=False, markup=False, emoji=False)


def as_json(value: Any) -> None:
    """One JSON document on standard output, Vietnamese letters as they are."""
    print(json.dumps(value, ensure_ascii=False, indent=2))  # noqa: T201 the one place that prints for programs


def codes(found: Sequence[Found]) -> None:
    if not found:
        console.print("Không thấy mã hồ sơ nào. / No dossier code found.")
        return
    table = Table("Mã / code", "Loại / kind", "Phải sửa / repaired")
    kinds = {"dossier": "hồ sơ / dossier", "procedure": "thủ tục / procedure"}
    for each in found:
        table.add_row(
            Text(each.code), kinds[each.kind], "có, hỏi lại / yes, asks back" if each.repaired else "không / no"
        )
    console.print(table)


def both_ways(text: str) -> dict[str, Segmented]:
    """A text as it would be sent with its accents and without."""
    return {"accented": segment(text), "unaccented": segment(unaccented(text))}


def sms(ways: Mapping[str, Segmented], price: int) -> None:
    table = Table("", "Có dấu / accented", "Không dấu / unaccented", show_lines=True)
    accented, plain = ways["accented"], ways["unaccented"]
    table.add_row("Nội dung / text", Text(accented.text), Text(plain.text))
    table.add_row("Bảng mã / encoding", accented.encoding, plain.encoding)
    table.add_row("Ký tự / units", str(accented.units), str(plain.units))
    table.add_row("Số tin / parts", str(len(accented.parts)), str(len(plain.parts)))
    table.add_row("Giá / cost", *(f"{cost(len(way.parts), price):,} đ" for way in (accented, plain)))
    console.print(table)


def segmented(way: Segmented) -> dict[str, Any]:
    return {"text": way.text, "encoding": way.encoding, "units": way.units, "parts": len(way.parts)}


def dossier(found: Dossier, changes: Sequence[Change], messages: Sequence[OutboxItem], catalogue: Catalogue) -> None:
    """A dossier with its history: what changed, and what became of the messages about it."""
    table = Table(show_header=False)
    for label, value in {
        "Mã hồ sơ / code": found.code,
        "Nguồn / source": found.source,
        "Trạng thái / status": catalogue.status(found.status, found.status_text),
        "Thủ tục / procedure": f"{found.procedure} {found.procedure_name}".strip(),
        "Cơ quan / agency": found.agency_name,
        "Tiếp nhận / received": show_moment(found.received_at),
        "Hẹn trả / appointment": show_moment(found.appointment_at),
        "Bổ sung / supplement": found.supplement,
        "Lý do / reason": found.reason,
        "Nơi nhận / place": found.place,
    }.items():
        if value:
            table.add_row(label, Text(value))
    console.print(table)
    told: dict[str, list[OutboxItem]] = {}
    for item in messages:
        told.setdefault(item.origin, []).append(item)
    for change in changes:
        moved = f"{show_moment(change.appointment_before) or '—'} → {show_moment(change.appointment_after) or '—'}"
        console.print(
            f"  {change.number}. {show_moment(change.at)}  {_CHANGE_WORDS[change.kind]}: "
            f"{moved if change.kind is ChangeKind.APPOINTMENT else catalogue.status(change.status_after)}"
        )
        for item in told.get(origin_of(change), []):
            console.print(f"     {item.channel} {item.address}: {sentence(item, catalogue.language)}", soft_wrap=True)


_CHANGE_WORDS: Mapping[ChangeKind, str] = {
    ChangeKind.APPEARED: "mới thấy / appeared",
    ChangeKind.STATUS: "trạng thái / status",
    ChangeKind.SUPPLEMENT: "bổ sung / supplement",
    ChangeKind.APPOINTMENT: "ngày hẹn / appointment",
    ChangeKind.DETAILS: "chi tiết / details",
}


STATE_WORDS: Mapping[DeliveryState, str] = {
    DeliveryState.QUEUED: "chờ gửi",
    DeliveryState.SENDING: "đang gửi",
    DeliveryState.ACCEPTED: "tổng đài đã nhận",
    DeliveryState.DELIVERED: "đã tới máy",
    DeliveryState.FAILED: "không gửi được",
    DeliveryState.EXPIRED: "quá hạn",
    DeliveryState.UNCERTAIN: "chưa rõ",
    DeliveryState.SUPPRESSED: "không gửi, có lý do",
    DeliveryState.SUPERSEDED: "tin mới thay",
    DeliveryState.CANCELLED: "đã hủy",
}


def ledger(books: Ledger) -> None:
    table = Table("Trạng thái / state", "", "Số tin / messages")
    table.columns[2].justify = "right"
    for state, number in books.states.items():
        table.add_row(state.value, STATE_WORDS[state], f"{number:,}")
    table.add_section()
    table.add_row("planned", "đã lập", f"{books.planned:,}")
    console.print(table)
    for channel, outcomes in books.inbound.items():
        console.print(f"{channel}: " + ", ".join(f"{word} {number:,}" for word, number in outcomes.items()))
    if books.uncertain:
        console.print("Chưa rõ đã tới hay chưa, xin xem lại / perhaps delivered, held for a person:")
    for item in books.uncertain:
        console.print(f"  {item.id} {item.code or '—'} {item.channel} {item.address}: {sentence(item)}", soft_wrap=True)
    if books.balanced:
        console.print("Sổ khớp: mỗi tin đã lập ở đúng một trạng thái. / The books balance.")
        return
    errors.print("Sổ không khớp. / The books do not balance.", style="red")
    for each in books.imbalances:
        errors.print(f"  {each.origin}: đã lập / planned {each.planned}, tìm thấy / found {each.found}")


def ledger_json(books: Ledger) -> dict[str, Any]:
    return {
        "balanced": books.balanced,
        "planned": books.planned,
        **{state.value: number for state, number in books.states.items()},
        "inbound": books.inbound,
        "uncertain_messages": [
            {"id": item.id, "code": item.code, "address": str(item.address), "reason": item.reason}
            for item in books.uncertain
        ],
        "parked_receipts": books.parked_receipts,
        "imbalances": [asdict(each) for each in books.imbalances],
    }
