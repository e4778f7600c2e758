"""The commands `motcua source …`, for the office's IT people: one thin function a command."""

import asyncio
from typing import Annotated

import typer

from bot import app, show, show_check, show_readings, show_sources, source_check, upkeep
from bot.auditing import Told
from bot.brake import release as release_held
from bot.command_line import HERE, AsJson, ConfigPath, Name, in_database, login, plan_of, reading, with_source
from bot.command_record import command_entry, recorded
from bot.conditions import conditions
from bot.logs import start_logging
from bot.model.audit import Entry
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from bot.ports import SourceState, Transaction
from bot.upkeep import Work

source = typer.Typer(
    help="Nguồn hồ sơ: kiểm tra, đọc, đối chiếu, xem tình trạng. / Sources: check, read, compare, see how they are.",
    no_args_is_help=True,
)


@source.command()
def check(
    name: Name,
    records: Annotated[int, typer.Option(min=0, help="Xem bao nhiêu bản ghi / records to show")] = 3,
    personal: Annotated[
        bool, typer.Option("--show-personal", help="Hiện đủ tên và số điện thoại / names and numbers in full")
    ] = False,
    config: ConfigPath = HERE,
) -> None:
    """Đọc thử trang đầu, không ghi gì. / Read the first page, write nothing, show how it is understood."""
    plan = plan_of(config)
    configured = upkeep.source_named(plan, name)
    blotting = start_logging("WARNING")

    async def work() -> source_check.FirstPage | None:
        async with app.open_source(configured) as opened:
            blotting.hide(opened.secrets)
            return await source_check.read_first_page(opened.source) if opened.source else None

    page = asyncio.run(work())
    if page is None:
        understood = plan.config.web.enabled
        show_check.push(name, plan.config.web, configured.settings, served=understood)
    else:
        now = utc_now()
        found = source_check.findings(page.dossiers, now=now)
        show_check.first_page(name, page, found, records=records, personal=personal, now=now)
        understood = page.understood
    if not understood:
        raise typer.Exit(1)


@source.command()
def sync(
    name: Name,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Đọc lại tất cả từ đầu / read everything again")
    ] = False,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Đọc ngay những gì mới, một lần. / Read what is new, now and once."""

    async def work(opened: Work) -> None:
        with show_readings.progress(quiet=json) as tell:
            total = await (upkeep.read_again if from_start else upkeep.sync)(opened, tell)
        if json:
            show.as_json(show_readings.totals_json(total))
        else:
            show_readings.totals(total, name)

    with_source(config, name, work)


@source.command()
def reconcile(
    name: Name,
    repair: Annotated[
        bool, typer.Option("--repair", help="Nếu không khớp, đọc lại tất cả / read all again if they disagree")
    ] = False,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Đối chiếu cả nguồn với bản sao. / Compare the whole source with the mirror."""

    async def work(opened: Work) -> upkeep.Compared:
        show.errors.print("Đang đối chiếu… / comparing …")
        with show_readings.progress(quiet=json) as tell:
            return await upkeep.compare(opened, tell, repair=repair)

    compared = with_source(config, name, work)
    if json:
        show.as_json(show_readings.compared_json(compared))
    else:
        show_readings.compared(compared)
    if not compared.last.agrees:
        raise typer.Exit(1)


@source.command()
def status(config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Mỗi nguồn mới tới đâu, hỏng gì, tin nào bị giữ. / How fresh each source is, what fails, what is held."""
    plan = plan_of(config)
    found = in_database(plan.config, lambda storage: conditions(plan, storage, now=utc_now()))
    if json:
        show.as_json({"sources": [show_sources.condition_json(each) for each in found]})
        return
    for each in found:
        show_sources.condition(each)
    if not found:
        show.console.print("Chưa có nguồn nào trong cấu hình. / No source is configured.")


@source.command()
def release(
    name: Name,
    send: Annotated[bool, typer.Option("--send", help="Gửi các tin đang giữ / send what is held")] = False,
    discard: Annotated[bool, typer.Option("--discard", help="Bỏ các tin đang giữ / cancel what is held")] = False,
    by: Annotated[str | None, typer.Option(help="Ai quyết định; bỏ trống: tên đăng nhập / who; else the login")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Không hỏi lại / do not ask")] = False,
    config: ConfigPath = HERE,
) -> None:
    """Nhả phanh: gửi hoặc bỏ các tin đang giữ. / Take the brake off: send or cancel what it holds."""
    if send == discard:
        raise ConfigError("xin chọn đúng một: --send hoặc --discard / choose exactly one: --send or --discard")
    plan = plan_of(config)

    async def read(tx: Transaction) -> tuple[SourceState | None, dict[str, int]]:
        return await tx.sources.get(name), (await tx.outbox.held()).get(name, {})

    state, held = reading(plan.config, read)
    if state is None:
        upkeep.source_named(plan, name)
    if not held and (state is None or state.braked_at is None):
        show.console.print("Phanh không bật, không có tin nào bị giữ. / The brake is off and nothing is held.")
        return
    show.console.print(f"{name}: {show_sources.held_words(held) or '0 tin / messages'}", soft_wrap=True)
    if not yes:
        typer.confirm("Gửi các tin này? / Send them?" if send else "Bỏ các tin này? / Cancel them?", abort=True)
    who = by or login()
    told = _told("source.released" if send else "source.discarded", name, who)
    number = in_database(
        plan.config, lambda storage: release_held(recorded(storage, told), name, send=send, by=who, now=utc_now())
    )
    done = "sẽ được gửi / will be sent" if send else "đã bỏ / were cancelled"
    show.console.print(f"Đã nhả phanh: {number:,} tin {done}. / The brake is off.", soft_wrap=True)


def _told(what: str, name: str, by: str) -> Told:
    """With how many messages it came to; a try that somebody was faster than is none."""

    def tell(number: int) -> Entry | None:
        return command_entry(what, name, by=by, after={"messages": number}) if number >= 0 else None

    return tell
