"""The commands `motcua routes …` and `motcua budget`: what carries the messages, and what they cost."""

from dataclasses import asdict
from typing import Annotated

import typer

from bot import show, show_routes, standing
from bot.auditing import if_done
from bot.command_line import HERE, AsJson, ConfigPath, in_database, login, plan_of, reading
from bot.command_record import command_entry, recorded
from bot.model.clock import utc_now
from bot.ports import Pause

routes = typer.Typer(
    help="Tuyến và cổng gửi tin: xem, tạm dừng, cho chạy lại. / Routes and gateways: see, pause, resume.",
    no_args_is_help=True,
)

Which = Annotated[str, typer.Argument(help="Tên tuyến hoặc kênh / a route or a channel")]
Reason = Annotated[str, typer.Option("--reason", help="Lý do, ghi vào sổ / why, for the record")]
By = Annotated[str | None, typer.Option(help="Ai quyết định; bỏ trống: tên đăng nhập / who; else the login")]


@routes.command("list")
def list_(config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Mỗi tuyến đi cổng nào, cổng nào khỏe. / Which way each route goes, and how the gateways fare."""
    plan = plan_of(config)
    found = in_database(plan.config, lambda storage: standing.standings(plan, storage, now=utc_now()))
    if json:
        show.as_json(show_routes.standings_json(found))
    else:
        show_routes.standings(found)


@routes.command()
def pause(name: Which, reason: Reason, by: By = None, config: ConfigPath = HERE) -> None:
    """Tạm dừng một tuyến hoặc một kênh; tin chờ ở lại hàng. / Stop a route or channel; what waits stays."""
    plan = plan_of(config)
    order = Pause(name, utc_now(), by or login(), reason)
    told = if_done(command_entry("channel.paused", name, by=order.by, after={"reason": reason}))
    done = in_database(plan.config, lambda storage: standing.pause(plan, recorded(storage, told), order))
    show.console.print(
        f"{name}: đã tạm dừng, có hiệu lực sau vài giây. / Paused; it takes effect within seconds."
        if done
        else f"{name}: đã dừng từ trước. / It was paused already."
    )


@routes.command()
def resume(name: Which, reason: Reason = "", by: By = None, config: ConfigPath = HERE) -> None:
    """Cho chạy lại. / Let it work again."""
    plan = plan_of(config)
    who = by or login()
    told = if_done(command_entry("channel.resumed", name, by=who, after={"reason": reason} if reason else {}))
    done = in_database(
        plan.config,
        lambda storage: standing.resume(plan, recorded(storage, told), name, at=utc_now(), by=who, reason=reason),
    )
    show.console.print(
        f"{name}: chạy lại. / It works again." if done else f"{name}: không bị dừng. / It was not paused."
    )


@routes.command()
def moves(
    name: Annotated[str | None, typer.Option("--name", help="Chỉ tuyến hoặc kênh này / this one alone")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Số dòng / lines")] = 50,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Tỷ lệ đã đổi thế nào, vì sao. / How the shares moved, and why; newest first."""
    plan = plan_of(config)
    rows = reading(plan.config, lambda tx: tx.routing.moves(limit=limit, name=name))
    if json:
        show.as_json([asdict(row) for row in rows])
    else:
        show_routes.moves(rows)


def budget(
    month: Annotated[str | None, typer.Option(help="Tháng, ví dụ 2026-11 / month, such as 2026-11")] = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Mỗi cơ quan đã chi bao nhiêu, còn bao nhiêu. / What each agency spent, and what is left."""
    plan = plan_of(config)
    found = in_database(plan.config, lambda storage: standing.money(plan, storage, now=utc_now(), month=month))
    if json:
        show.as_json(show_routes.money_json(found))
    else:
        show_routes.money(found)
