"""How `motcua routes …` and `motcua budget` print: what carries how much, why, and what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.text import Text

from bot.gateway_settings import Way
from bot.gateways import FULL
from bot.ports import Move, Pause
from bot.purse import Balance
from bot.show import console
from bot.show_table import Table
from bot.standing import GatewayStanding, Money, RouteStanding, Standings
from bot.texts import show_moment


def standings(found: Standings) -> None:
    if found.routes:
        console.print(_routes(found.routes))
    console.print(_gateways(found.gateways))
    for each in found.gateways:
        if each.complaint:
            console.print(f"{each.name}: {each.complaint}", soft_wrap=True)
        if len(each.senders) > 1:
            console.print(f"{each.name}: {_senders(each.senders)}", soft_wrap=True)
    for name, pause in _pauses(found):
        console.print(f"{name}: {_paused(pause)}", soft_wrap=True)
    if not found.routes:
        console.print(
            "Chưa chia tuyến: mọi tin đi kênh SMS đầu tiên. / No routes: all goes by the first SMS channel.",
            soft_wrap=True,
        )


def _routes(routes: Sequence[RouteStanding]) -> Table:
    table = Table(
        "Tuyến\nroute", "Cơ quan\nagencies", "Người gửi\nsender", "Cổng: trọng số\ngateway: weight", "Chờ\nwaits"
    )
    table.columns[4].justify = "right"
    for each in routes:
        ways = ", ".join(f"{name}: {_way(way)}" for name, way in each.route.ways.items())
        table.add_row(
            Text(each.route.name + (" ‖" if each.pause else "")),
            Text(", ".join(each.agencies) or "còn lại / the rest"),
            Text(each.route.sender or "của cổng / the gateway's"),
            Text(ways),
            f"{each.waiting:,}",
        )
    return table


def _way(way: Way) -> str:
    return f"{way.weight}" + (f" ({', '.join(way.carriers)})" if way.carriers else "")


def _gateways(gateways: Sequence[GatewayStanding]) -> Table:
    table = Table(
        "Cổng\ngateway",
        "Loại\nkind",
        "Tình trạng\nstate",
        "Nhận 5'\ntaken",
        "Lỗi 5'\nerrors",
        "Chờ\nwaits",
        "Giá\nđồng/part",
    )
    for place in (3, 4, 5):
        table.columns[place].justify = "right"
    for each in gateways:
        prices = ", ".join(f"{carrier} {price:,}" for carrier, price in each.prices.items())
        table.add_row(
            each.name,
            each.kind,
            Text(_state(each)),
            f"{each.accepted:,}",
            f"{each.errors:,}",
            f"{each.waiting:,}",
            prices,
        )
    return table


def _senders(granted: Sequence[float]) -> str:
    each = " + ".join(f"{one:g}" for one in granted)
    return f"{len(granted)} tiến trình cùng gửi / senders, {each} phần mỗi giây / parts a second"


def _state(each: GatewayStanding) -> str:
    if each.pause:
        return "TẠM DỪNG / paused"
    if each.is_sandbox:
        return "CHẠY THỬ / sandbox"
    if each.share == 0:
        return "MẤT LIÊN LẠC / out"
    if each.share < FULL:
        return f"giảm còn / down to {each.share}%"
    return "tốt / well"


def _pauses(found: Standings) -> list[tuple[str, Pause]]:
    return [
        *((each.route.name, each.pause) for each in found.routes if each.pause),
        *((each.name, each.pause) for each in found.gateways if each.pause),
    ]


def _paused(pause: Pause) -> str:
    return f"tạm dừng từ / paused since {show_moment(pause.at)}, {pause.by}: {pause.reason or '—'}"


def standings_json(found: Standings) -> dict[str, Any]:
    return {
        "routes": [
            {
                "name": each.route.name,
                "agencies": list(each.agencies),
                "sender": each.route.sender,
                "gateways": {name: way.model_dump() for name, way in each.route.ways.items()},
                "paused": asdict(each.pause) if each.pause else None,
                "waiting": each.waiting,
            }
            for each in found.routes
        ],
        "gateways": [asdict(each) for each in found.gateways],
    }


def moves(rows: Sequence[Move]) -> None:
    if not rows:
        console.print("Chưa có thay đổi nào. / Nothing has moved yet.")
        return
    table = Table("Lúc / at", "Tên / name", "Tỷ lệ / share", "Lý do / reason", "Ai / who")
    for each in rows:
        table.add_row(
            show_moment(each.at),
            each.name,
            f"{each.before}% → {each.after}%",
            Text(each.reason),
            Text(each.by or "tự động / the watch"),
        )
    console.print(table)


def money(found: Money) -> None:
    if not found.balances:
        console.print(f"{found.month}: chưa có chi phí nào. / Nothing was spent.")
        return
    table = Table(
        "Cơ quan\nagency",
        "Tin\nmessages",
        "Phần\nparts",
        "Đã chi\nspent",
        "Hạn mức\nbudget",
        "%",
        "Dự báo\nforecast",
        "Chờ\nheld",
    )
    for place in range(1, 8):
        table.columns[place].justify = "right"
    for each in found.balances:
        table.add_row(*_balance(each, found.held))
    console.print(f"{found.month} (đồng)")
    console.print(table)


def _balance(each: Balance, held: Mapping[str, int]) -> list[str]:
    return [
        each.payer or "trả lời, tin thử / replies, tests",
        f"{each.spent.messages:,}",
        f"{each.spent.parts:,}",
        f"{each.spent.cost:,}",
        "—" if each.limit is None else f"{each.limit:,}",
        "" if each.limit is None else f"{each.percent:.0f}",
        f"{each.forecast:,}",
        f"{held.get(each.payer, 0):,}",
    ]


def money_json(found: Money) -> dict[str, Any]:
    return {
        "month": found.month,
        "agencies": [
            {
                "agency": each.payer,
                "messages": each.spent.messages,
                "parts": each.spent.parts,
                "spent": each.spent.cost,
                "budget": each.limit,
                "forecast": each.forecast,
                "held": found.held.get(each.payer, 0),
            }
            for each in found.balances
        ],
    }
