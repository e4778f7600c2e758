"""Commands about messages that wait for the end of quiet hours: see them, cancel them, let some leave at once."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from bot import show
from bot.command_line import HERE, IN_A_FILE, ON_SCREEN, AsJson, ConfigPath, in_database, login, plan_of, reading
from bot.command_record import command_entry
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from bot.model.message import OutboxItem, Situation
from bot.ports import Bypasses, QuietHeld, Transaction
from bot.texts import show_moment

held = typer.Typer(
    help="Tin giữ lại trong giờ yên tĩnh: xem, hủy, cho gửi ngay. / Messages held in quiet hours.", no_args_is_help=True
)

_SHOWN = timedelta(days=30)
"""For so long back it is shown what left in quiet hours."""

Ids = Annotated[list[str] | None, typer.Argument(help="Mã tin / ids of messages")]
Agency = Annotated[str, typer.Option(help="Chỉ cơ quan này và đơn vị trực thuộc / only this agency and all below it")]
Kind = Annotated[Situation | None, typer.Option("--situation", help="Chỉ tình huống này / only this situation")]


@held.command("list")
def list_(config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Giữ đến khi nào, bao nhiêu tin, loại gì. / Until when, how many, of what kind."""
    now = utc_now()

    async def read(tx: Transaction) -> tuple[list[QuietHeld], list[OutboxItem], list[Bypasses]]:
        items = await tx.outbox.quiet_items(limit=IN_A_FILE if json else ON_SCREEN)
        return await tx.outbox.quiet_held(), items, await tx.outbox.bypasses(since=now - _SHOWN)

    groups, items, bypasses = reading(plan_of(config).config, read)
    if json:
        show.as_json({"held": [_group(each) for each in groups], "items": [_item(each) for each in items]})
        return
    _show_groups(groups)
    for item in items:
        line = f"{item.id}  {item.address}  {item.situation}  {item.code}  {show_moment(item.next_at)}"
        show.console.print(line, soft_wrap=True)
    total = sum(each.messages for each in groups)
    if len(items) < total:
        show.console.print(f"… và {total - len(items):,} tin nữa (--json: tất cả). / … and more.")
    _show_bypasses(bypasses)


@held.command()
def cancel(
    ids: Ids = None,
    everything: Annotated[bool, typer.Option("--all", help="Mọi tin đang giữ / everything that is held")] = False,
    agency: Agency = "",
    situation: Kind = None,
    by: Annotated[str | None, typer.Option(help="Ai quyết định; bỏ trống: tên đăng nhập / who; else the login")] = None,
    config: ConfigPath = HERE,
) -> None:
    """Hủy tin đang giữ: theo mã, hay --all, kèm --agency, --situation nếu cần. / Cancel held messages."""
    if bool(ids) == everything:
        raise ConfigError("xin cho biết mã tin, hoặc --all / name the messages, or --all")
    plan, now, who = plan_of(config), utc_now(), by or login()
    chosen = None if everything else ids or ()

    async def work(tx: Transaction) -> int:
        named = await _named(tx, ids)
        number = await tx.outbox.cancel_quiet(
            chosen, agency=agency, situation=situation, reason=f"discarded by {who}", at=now
        )
        filters = {"agency": agency, "situation": situation} if everything else {}
        await _record(tx, "messages.cancelled", number, by=who, **named, **filters)
        return number

    number = in_database(plan.config, lambda storage: storage.write(work))
    show.console.print(f"Đã hủy {number:,} tin. / {number:,} cancelled.")
    _complain_of(number, ids)


@held.command()
def send(
    ids: Annotated[list[str], typer.Argument(help="Mã tin / ids of messages")],
    why: Annotated[str, typer.Option("--why", help="Lý do, ghi vào sổ / why, for the record")],
    by: Annotated[str | None, typer.Option(help="Ai quyết định; bỏ trống: tên đăng nhập / who; else the login")] = None,
    config: ConfigPath = HERE,
) -> None:
    """Cho gửi ngay dù đang giờ yên tĩnh; lý do và người quyết định được ghi lại. / Let some leave at once."""
    if not why.strip():
        raise ConfigError("--why: xin ghi lý do / say why")
    plan, now, who = plan_of(config), utc_now(), by or login()

    async def work(tx: Transaction) -> int:
        named = await _named(tx, ids)
        number = await tx.outbox.hurry(ids, why=why.strip(), by=who, at=now)
        await _record(tx, "messages.hurried", number, by=who, **named)
        return number

    number = in_database(plan.config, lambda storage: storage.write(work))
    show.console.print(f"{number:,} tin được gửi ngay. / {number:,} leave at once.")
    _complain_of(number, ids)


async def _named(tx: Transaction, ids: list[str] | None) -> dict[str, list[str]]:
    """Of what was typed, the messages that are held: for the record, where nothing else that was typed may stand."""
    return {"ids": [each.id for each in await tx.today.quiet_among(ids, ())]} if ids else {}


async def _record(tx: Transaction, what: str, number: int, *, by: str, **more: Any) -> None:
    if number:
        values = {"held_for": "quiet", "messages": number, **{name: value for name, value in more.items() if value}}
        await tx.audit.add([command_entry(what, by=by, after=values)])


def _complain_of(number: int, ids: list[str] | None) -> None:
    """Exit code 1 where a named message was not held (any more)."""
    if ids and number < len(set(ids)):
        missing = len(set(ids)) - number
        show.errors.print(f"{missing:,} tin không còn bị giữ. / {missing:,} of them are not held any more.")
        raise typer.Exit(1)


def _show_groups(groups: list[QuietHeld]) -> None:
    if not groups:
        show.console.print("Không có tin nào đang giữ. / Nothing is held.")
        return
    ends: dict[str, int] = {}
    for each in groups:
        ends[show_moment(each.until)] = ends.get(show_moment(each.until), 0) + each.messages
    for end, number in ends.items():
        show.console.print(f"Giữ đến {end}: {number:,} tin. / Held until then.")
    for each in groups:
        show.console.print(f"  {each.messages:>7,}  {each.situation:<20} {each.agency}")


def _show_bypasses(bypasses: list[Bypasses]) -> None:
    if not bypasses:
        return
    show.console.print("Đã gửi trong giờ yên tĩnh, 30 ngày qua / left in quiet hours, last 30 days:")
    for each in bypasses:
        who = f" ({each.by})" if each.by else ""
        show.console.print(f"  {each.messages:>7,}  {each.rule}{who}  {show_moment(each.last_at)}", soft_wrap=True)


def _group(each: QuietHeld) -> dict[str, Any]:
    return {
        "until": each.until,
        "agency": each.agency,
        "situation": str(each.situation),
        "messages": each.messages,
    }


def _item(item: OutboxItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "address": str(item.address),
        "situation": str(item.situation),
        "code": item.code,
        "agency": item.agency,
        "until": item.next_at,
    }
