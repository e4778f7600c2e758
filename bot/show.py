"""How the commands print: tables for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from bot.ledger import Ledger
from bot.model.code import Found
from bot.model.message import DeliveryState
from bot.show_table import Table
from bot.texts import sentence

console = Console(highlight=False, markup=False, emoji=False)
errors = Console(stderr=True, highlight=False, markup=False, emoji=False)


def dotted(value: int) -> str:
    """`48.213`, as Vietnamese text has it."""
    return f"{value:,}".replace(",", ".")


def as_json(value: Any) -> None:
    """One JSON document on standard output, Vietnamese letters as they are."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=_as_text))  # noqa: T201 the one place that prints for programs


def _as_text(value: object) -> str:
    """Moments, which JSON does not have."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


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
    DeliveryState.HELD: "tạm giữ",
}


def ledger(books: Ledger) -> None:
    table = Table("Trạng thái / state", "", "Số tin / messages")
    table.columns[2].justify = "right"
    for state, number in books.states.items():
        table.add_row(state.value, STATE_WORDS[state], f"{number:,}")
    table.add_section()
    table.add_row("planned", "đã lập", f"{books.planned:,}")
    console.print(table)
    _by_reason("Thay đổi của hồ sơ theo kết cục / changes of dossiers by fate", books.changes)
    _by_reason("Tin không gửi, theo lý do / messages not sent on purpose, by reason", books.suppressed)
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
    if books.fateless:
        errors.print(f"  {books.fateless:,} thay đổi không rõ kết cục / changes without a fate")
    if books.unanswered:
        errors.print(f"  {books.unanswered:,} tin của công dân chưa xử lý / citizens' messages without an outcome")


def _by_reason(title: str, counts: Mapping[str, int]) -> None:
    if not counts:
        return
    table = Table(title, "")
    table.columns[1].justify = "right"
    for reason, number in counts.items():
        table.add_row(Text(reason or "—"), f"{number:,}")
    table.add_section()
    table.add_row("tất cả / all", f"{sum(counts.values()):,}")
    console.print(table)


def ledger_json(books: Ledger) -> dict[str, Any]:
    return {
        "balanced": books.balanced,
        "planned": books.planned,
        **{state.value: number for state, number in books.states.items()},
        "changes": dict(books.changes),
        "suppressed_by_reason": dict(books.suppressed),
        "fateless": books.fateless,
        "unanswered": books.unanswered,
        "inbound": books.inbound,
        "uncertain_messages": [
            {"id": item.id, "code": item.code, "address": str(item.address), "reason": item.reason}
            for item in books.uncertain
        ],
        "parked_receipts": books.parked_receipts,
        "imbalances": [asdict(each) for each in books.imbalances],
    }
