"""What the demo shows: a live table for people, one JSON object for programs."""

from collections import Counter
from typing import Any

from rich.table import Table

from bot.demo.citizens import Citizens
from bot.ledger import balance
from bot.model.message import DeliveryState, Situation, family_of
from bot.ports import Storage, Transaction
from bot.show import STATE_WORDS

SILENT_ENDING = "0003"
"""Numbers with this ending never send a receipt in the SMS-centre simulator."""

_SENT = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)
_MANY = 100_000


async def report(storage: Storage, citizens: Citizens, sms: str) -> dict[str, Any]:
    """The figures of the demo so far; `sms` is the name of the SMS channel."""

    async def read(tx: Transaction) -> dict[str, Any]:
        dossiers, changes = await tx.dossiers.count()
        kinds: Counter[str] = Counter({family_of(situation).value: 0 for situation in Situation})
        situations: Counter[str] = Counter()
        for (channel, situation, state), number in (await tx.outbox.situations()).items():
            if channel == sms and state in _SENT:
                kinds[family_of(Situation(situation))] += number
                situations[situation] += number
        messages: dict[str, dict[str, int]] = {}
        for (channel, state), number in (await tx.outbox.counts()).items():
            messages.setdefault(channel, {})[state.value] = number
        waiting = [item for item in await tx.outbox.listed(DeliveryState.ACCEPTED, limit=_MANY) if item.channel == sms]
        silent = sum(item.address.value.endswith(SILENT_ENDING) for item in waiting)
        ended = sum(
            number
            for state, number in messages.get(sms, {}).items()
            if state in (DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.EXPIRED)
        )
        return {
            "dossiers": dossiers,
            "changes": changes,
            "planned": await tx.outbox.planned(),
            "kinds": dict(kinds),
            "situations": dict(situations),
            "messages": messages,
            "receipts": {"recorded": ended, "silent_numbers": silent, "missing": len(waiting) - silent},
            "quarantined": await tx.sources.count_quarantined(),
        }

    figures = await storage.read(read)
    books = await balance(storage)
    return figures | {
        "lookups": {channel: times.report() for channel, times in sorted(citizens.times.items())},
        "ledger_balanced": books.balanced,
    }


def quiet(figures: dict[str, Any]) -> bool:
    """Nothing is under way any more: all is sent, and every receipt that will come has come."""
    under_way = sum(
        states.get(state, 0)
        for states in figures["messages"].values()
        for state in (DeliveryState.QUEUED.value, DeliveryState.SENDING.value)
    )
    return bool(under_way == 0 and figures["receipts"]["missing"] == 0)


def _counted(states: dict[str, int]) -> list[str]:
    return [f"{STATE_WORDS[state]} {states[state]:,}" for state in DeliveryState if state in states]


def live(figures: dict[str, Any]) -> Table:
    """The same figures as a table."""
    kinds = figures["kinds"]
    table = Table(title="Đang chạy thử / demo running — Ctrl+C để dừng / to stop", show_header=False)
    table.add_row("Hồ sơ / dossiers", f"{figures['dossiers']:,}")
    table.add_row("Thay đổi / changes", f"{figures['changes']:,}")
    table.add_row("Tin đã lập / messages planned", f"{figures['planned']:,}")
    table.add_row(
        "Tin SMS đã gửi / SMS sent",
        f"tiến độ {kinds['progress']:,} · bổ sung {kinds['supplement']:,} · "
        f"kết quả {kinds['result']:,} · xin lỗi {kinds['apology']:,}",
    )
    for channel, states in sorted(figures["messages"].items()):
        table.add_row(channel, " · ".join(_counted(states)))
    for channel, times in figures["lookups"].items():
        table.add_row(
            f"Tra cứu / look-ups {channel}",
            f"{times['answered']} trả lời, p50 {times['p50_ms']} ms, p95 {times['p95_ms']} ms",
        )
    table.add_row("Dòng không đọc được / quarantined", f"{figures['quarantined']:,}")
    table.add_row("Sổ khớp / ledger balanced", "có / yes" if figures["ledger_balanced"] else "KHÔNG / NO")
    return table
