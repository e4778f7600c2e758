"""The command line: one thin function a command."""

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable
from json import loads as parse_json
from pathlib import Path
from typing import Annotated

import typer

from bot import (
    api_commands,
    apology_commands,
    app,
    audit_commands,
    backup_commands,
    broadcast_commands,
    calendar_commands,
    checks,
    db_commands,
    deadline_commands,
    demo,
    do_not_send_commands,
    document_commands,
    dossier_commands,
    erasure_commands,
    export_commands,
    health_commands,
    held_commands,
    init_commands,
    key_commands,
    link_commands,
    list_commands,
    moving_commands,
    people_commands,
    report_commands,
    restore_commands,
    route_commands,
    run_commands,
    service_commands,
    show,
    show_readings,
    show_sms,
    source_commands,
    staff_commands,
    text_commands,
    top_commands,
    upkeep,
    zalo_commands,
)
from bot.calendars import Calendars
from bot.collector import calm
from bot.command_line import HERE, AsJson, ConfigPath, plan_of
from bot.config import Config, load_config
from bot.logs import start_logging
from bot.mirror import Mirror, Reading
from bot.model.clock import utc_now
from bot.model.code import read_codes
from bot.model.errors import ConfigError, MotcuaError
from bot.model.ids import id_maker
from bot.ports import Applied
from bot.tariff import tariff_of
from bot.trial import send_test

cli = typer.Typer(
    name="motcua",
    help="Báo tin hồ sơ một cửa cho công dân qua SMS, Zalo, web và Telegram.\n\n"
    "Tells citizens about their one-stop dossiers by SMS, Zalo, web chat and Telegram.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


cli.command()(run_commands.run)
cli.command()(init_commands.init)


@cli.command("demo")
def demo_command(
    seconds: Annotated[
        float | None, typer.Option("--for", help="Dừng sau số giây này / stop after so many seconds")
    ] = None,
    json: AsJson = False,
    data: Annotated[Path, typer.Option(help="Nơi để dữ liệu / where the data goes")] = Path("demo-data"),
    port: Annotated[int, typer.Option(help="Cổng web / web port")] = 8080,
) -> None:
    """Chạy thử cả một tỉnh giả lập trên máy này. / Run a whole simulated province on this machine."""
    result = asyncio.run(demo.run(data=data, port=port, seconds=seconds, silent=json))
    if json:
        show.as_json(result)


@cli.command()
def check(config: ConfigPath = HERE) -> None:
    """Kiểm tra cấu hình, cơ sở dữ liệu, từng kênh và nguồn. / Check configuration, database, channels, sources."""
    settings = load_config(config)
    logging.disable(logging.CRITICAL)
    if not asyncio.run(checks.check_all(settings, config)):
        raise typer.Exit(1)


@cli.command()
def migrate(config: ConfigPath = HERE) -> None:
    """Tạo hoặc nâng cấp cơ sở dữ liệu. / Create or upgrade the database."""
    settings = load_config(config)

    async def work() -> list[str]:
        async with app.open_raw(settings) as storage:
            return await storage.migrate()

    applied = asyncio.run(work())
    show.console.print(moving_commands.applied_lines(applied), soft_wrap=True, markup=False)


@cli.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="Tệp CSV hoặc XLSX / CSV or XLSX file")],
    source: Annotated[str, typer.Option("--source", help="Tên nguồn trong cấu hình / source in the configuration")],
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Nhập một tệp xuất từ phần mềm Một cửa. / Import one export file."""
    total = asyncio.run(_import(plan_of(config), file, source, quiet=json))
    if json:
        show.as_json(show_readings.totals_json(total))
    else:
        show_readings.totals(total, source)


async def _import(plan: app.Plan, file: Path, name: str, *, quiet: bool) -> Applied:
    configured = upkeep.source_named(plan, name)
    async with app.open_database(plan.config) as storage:
        planner = app.planner_for(plan, id_maker(utc_now), await app.open_library(plan, storage))
        mirror = Mirror(
            name,
            storage,
            planner,
            utc_now,
            app.rules_of(configured),
            reach=app.reach_for(plan, planner),
            calendars=Calendars(plan.config.calendar),
        )
        with show_readings.progress(quiet=quiet) as tell:
            return await upkeep.apply_all(app.read_file(configured, file, name), mirror, tell, Reading.BY_HAND)


cli.command()(dossier_commands.lookup)


@cli.command()
def code(text: Annotated[str, typer.Argument(help="Nội dung / text")], json: AsJson = False) -> None:
    """Xem máy hiểu mã hồ sơ trong một câu thế nào. / Show which dossier codes a text is understood to contain."""
    found = read_codes(text)
    if json:
        show.as_json([{"code": each.code, "kind": each.kind, "repaired": each.repaired} for each in found])
    else:
        show.codes(found)


@cli.command()
def sms(
    text: Annotated[
        str | None, typer.Argument(help="Nội dung tin; bỏ trống: mọi loại tin / text; empty: every kind of message")
    ] = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
    price: Annotated[
        int | None, typer.Option(min=0, help="Giá một tin, đồng; bỏ trống: giá trong cấu hình / đồng a part")
    ] = None,
) -> None:
    """Bảng mã, số tin và giá của tin SMS, có dấu và không dấu. / What an SMS takes, with and without accents."""
    settings = load_config(config) if config != HERE or HERE.exists() else Config()
    tariff = tariff_of(settings, price)
    if text is not None:
        ways = show_sms.both_ways(text)
        if json:
            show.as_json(show_sms.text_json(ways, tariff))
        else:
            show_sms.text(ways, tariff)
        return
    kinds = show_sms.kinds_of(settings)
    if json:
        show.as_json(show_sms.kinds_json(kinds, tariff))
    else:
        show_sms.kinds(kinds, tariff, "vi")


@cli.command("send-test")
def send_test_command(
    channel: Annotated[str, typer.Argument(help="Tên kênh hoặc tuyến / a channel or a route")],
    to: Annotated[str, typer.Argument(help="Số điện thoại hoặc mã chat / phone number or chat id")],
    text: Annotated[str, typer.Argument(help="Nội dung / text")] = "Tin thử của bộ phận Một cửa.",
    wait: Annotated[float, typer.Option(help="Chờ kết quả bao nhiêu giây / seconds to wait")] = 30.0,
    config: ConfigPath = HERE,
) -> None:
    """Gửi một tin thử qua dịch vụ đang chạy. / Send a test message through the running service."""
    plan = app.read_plan(load_config(config))
    if not asyncio.run(send_test(plan, channel, to, text, wait)):
        raise typer.Exit(1)


cli.command()(list_commands.stale)
cli.command()(deadline_commands.deadlines)
cli.command()(deadline_commands.late)
cli.add_typer(apology_commands.apology, name="apology")
cli.add_typer(broadcast_commands.broadcast, name="broadcast")
cli.command()(document_commands.template)
cli.add_typer(source_commands.source, name="source")
cli.add_typer(list_commands.quarantine, name="quarantine")
cli.add_typer(route_commands.routes, name="routes")
cli.command()(route_commands.budget)
cli.add_typer(do_not_send_commands.do_not_send, name="do-not-send")
cli.add_typer(api_commands.api_key, name="api-key")
cli.add_typer(held_commands.held, name="held")
cli.add_typer(key_commands.keys, name="keys")
cli.add_typer(people_commands.people)
cli.add_typer(erasure_commands.erasure, name="erasure")
cli.command("export-person")(export_commands.export_person)
cli.add_typer(staff_commands.staff, name="staff")
cli.add_typer(zalo_commands.zalo, name="zalo")
cli.add_typer(text_commands.texts, name="texts")
cli.add_typer(audit_commands.audit, name="audit")
cli.add_typer(db_commands.db, name="db")
cli.add_typer(backup_commands.backup, name="backup")
cli.command()(restore_commands.restore)
cli.add_typer(restore_commands.restored, name="restored")
db_commands.db.command("copy")(moving_commands.copy)
cli.add_typer(service_commands.clerk, name="clerk")
cli.add_typer(calendar_commands.calendar)
cli.add_typer(service_commands.feedback, name="feedback")
cli.command()(service_commands.survey)
cli.command()(link_commands.link)
cli.add_typer(report_commands.report, name="report")
cli.command()(health_commands.ledger)
cli.command()(health_commands.health)
cli.command()(top_commands.top)
cli.command()(health_commands.unreachable)

_SIMULATORS = "\n\n".join(
    f"{word}: " + " ".join(f"--{name.replace('_', '-')}" for name in kind.settings.model_fields)
    for word, kind in app.SIMULATORS.items()
)


@cli.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, epilog=_SIMULATORS)
def simulate(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help=" | ".join(app.SIMULATORS))],
) -> None:
    """Chạy một hệ thống giả lập. / Run a simulator; its settings are given as --name value."""
    if what not in app.SIMULATORS:
        raise ConfigError(f"{what}: chỉ có / there are only: {', '.join(app.SIMULATORS)}")
    words = context.args
    if len(words) % 2 or not all(word.startswith("--") for word in words[::2]):
        raise ConfigError("xin viết --tên giá-trị / write --name value")
    table = {
        name[2:].replace("-", "_"): parse_json(value) if value.startswith("{") else value
        for name, value in zip(words[::2], words[1::2], strict=True)
    }
    start_logging("INFO")
    _until_stopped(app.simulate(what, table, lambda: print("ready", flush=True)))  # noqa: T201 the starter waits for it


def _until_stopped(work: Awaitable[None]) -> None:
    async def guarded() -> None:
        task = asyncio.ensure_future(work)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            return

    asyncio.run(guarded())


def main() -> None:
    """The command `motcua`: what an operator can cause ends in readable lines and exit code 1."""
    calm()
    try:
        cli()
    except BaseExceptionGroup as group:
        known, unknown = group.split(MotcuaError)
        if unknown is not None or known is None:
            raise
        _say(known)
        sys.exit(1)
    except MotcuaError as error:
        _say(error)
        sys.exit(1)


def _say(error: BaseException) -> None:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            _say(each)
    else:
        show.errors.print(str(error), style="red", soft_wrap=True)
