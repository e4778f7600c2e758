"""The commands `motcua erasure …`: requests for erasure, from the counter too, and how long they have waited."""

from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.text import Text

from bot import privacy, show
from bot.auditing import Audited, if_done
from bot.command_line import HERE, AsJson, ConfigPath, in_database, login, plan_of, reading
from bot.command_record import command_entry, recorded
from bot.model.audit import Entry
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.show_table import Table
from bot.texts import show_moment

erasure = typer.Typer(
    help="Yêu cầu xóa dữ liệu cá nhân: ghi nhận tại quầy, xem hạn. / Requests for erasure: note one, list them.",
    no_args_is_help=True,
)

_WORDS = "Yêu cầu xóa dữ liệu cá nhân, ghi nhận tại quầy. / Request for erasure, noted at the counter."


@erasure.command("request")
def request_(
    phone: Annotated[str, typer.Argument(help="Số điện thoại / phone number")],
    by: Annotated[str | None, typer.Option(help="Ai ghi nhận; bỏ trống: tên đăng nhập / who; else the login")] = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Ghi nhận yêu cầu xóa dữ liệu của một người; hạn 72 giờ. / Note a request for erasure; due within 72 hours."""
    number, plan = parse_phone(phone), plan_of(config)
    if number is None:
        raise ConfigError(f"“{phone.strip()}” không phải số điện thoại / is no phone number")
    prefix, who = plan.config.conversation.feedback_prefix, by or login()

    def told(receipt: str) -> Entry:
        return command_entry("erasure.requested", receipt, by=who)

    receipt = in_database(
        plan.config,
        lambda storage: privacy.request(recorded(storage, told), number.e164, utc_now, prefix=prefix, text=_WORDS),
    )
    if json:
        show.as_json({"number": receipt})
        return
    show.console.print(
        f"{receipt}: đã ghi nhận, phải xong trong 72 giờ (`motcua erase SỐ`). / Noted, to be done within 72 hours.",
        soft_wrap=True,
    )


@erasure.command()
def refuse(
    number: Annotated[str, typer.Argument(help="Số phiếu, ví dụ PA-261122-0007 / receipt number")],
    by: Annotated[str | None, typer.Option(help="Ai quyết định; bỏ trống: tên đăng nhập / who; else the login")] = None,
    config: ConfigPath = HERE,
) -> None:
    """Không xóa vì luật định, sau khi đã trả lời lý do. / Not erased because the law forbids it; answer her first."""
    receipt, who = number.strip().upper(), by or login()
    told = if_done(command_entry("erasure.refused", receipt, by=who))
    done = in_database(plan_of(config).config, lambda storage: privacy.refuse(Audited(storage, told), receipt, utc_now))
    if not done:
        raise ConfigError(
            f"“{receipt}”: không có yêu cầu nào đang chờ đã được trả lời lý do (`motcua feedback answer`) / "
            f"no request waits whose sender was told why"
        )
    show.console.print(f"{receipt}: đã ghi là không xóa. / Noted as refused.")


@erasure.command("list")
def list_(config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Những yêu cầu đang chờ, gấp nhất trước. / Requests that wait, the most urgent first."""
    found, now = reading(plan_of(config).config, privacy.requests), utc_now()
    if json:
        show.as_json([
            {"number": each.feedback.number, "at": each.feedback.at, "due_at": each.due_at,
             "channel": each.feedback.channel, "phone": _masked(each)}
            for each in found
        ])  # fmt: skip
        return
    if not found:
        show.console.print("Không có yêu cầu xóa dữ liệu nào đang chờ. / No request for erasure waits.")
        return
    table = Table("Số\nnumber", "Nhận lúc, qua\nat, by way of", "Số điện thoại\nphone", "Hạn\ndue")
    table.columns[0].no_wrap = True  # it is what a clerk must type
    for each in found:
        table.add_row(
            each.feedback.number,
            Text(f"{show_moment(each.feedback.at)}\n{each.feedback.channel}"),
            Text(_masked(each)),
            Text(f"{show_moment(each.due_at)}\n{_left(each.due_at, now)}"),
        )
    show.console.print(table)


def _masked(each: privacy.Request) -> str:
    return str(Address("sms", each.phone)).removeprefix("sms:")


def _left(due_at: datetime, now: datetime) -> str:
    hours = abs(due_at - now) // timedelta(hours=1)
    return f"còn {hours} giờ / {hours} h left" if due_at > now else f"QUÁ HẠN {hours} giờ / {hours} h OVERDUE"
