"""The commands `motcua report` and `motcua report rebuild`: the figures of a span, as text, JSON or a workbook."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from bot import show
from bot.calendars import Calendars
from bot.command_line import HERE, AsJson, ConfigPath, in_database, plan_of
from bot.model.clock import VIETNAM, utc_now
from bot.model.errors import ConfigError
from bot.model.percent import percent
from bot.model.report import Counts, day_of
from bot.model.summary import Line, Report, name_of, quarter_of, span_named
from bot.ports import Storage
from bot.ports.reports import LateDossier
from bot.report_paragraph import number, paragraph, titled
from bot.report_plan import report_watch_for, reports_for
from bot.report_sheets import late_row, sheets_of
from bot.show_table import Table
from bot.spreadsheet import write_xlsx

_LATE_IN_A_FILE = 100_000

report = typer.Typer(help="Báo cáo theo kỳ. / Reports.", invoke_without_command=True)


@report.callback(invoke_without_command=True)
def show_report(
    context: typer.Context,
    quarter: Annotated[
        str,
        typer.Option(
            "--quarter",
            "--span",
            help="2026-Q4, 2026-11, 2026 hoặc 2026-10-01..2026-11-15; bỏ trống: quý này / empty: this quarter",
        ),
    ] = "",
    agency: Annotated[str, typer.Option(help="Cơ quan này và đơn vị trực thuộc / an agency and all below it")] = "",
    xlsx: Annotated[Path | None, typer.Option(help="Ghi tệp XLSX / write an XLSX file")] = None,
    text: Annotated[bool, typer.Option("--text", help="Chỉ in đoạn văn / print the paragraph alone")] = False,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Số liệu đã tính của một kỳ. / The figures of a span, as counted."""
    if context.invoked_subcommand:
        return
    plan, now = plan_of(config), utc_now()
    span = span_named(quarter) if quarter else quarter_of(day_of(now))
    agencies = (agency,) if agency else ()

    async def read(storage: Storage) -> tuple[Report, list[LateDossier], dict[str, str]]:
        made = await reports_for(plan, storage, utc_now).of(span, agencies)
        names, _ = await storage.read(lambda tx: tx.reports.names())
        if not xlsx:
            return made, [], names
        listed = await storage.read(
            lambda tx: tx.reports.late(agencies, span.since, span.until, after=None, limit=_LATE_IN_A_FILE)
        )
        return made, listed, names

    made, listed, names = in_database(plan.config, read)
    said = paragraph(made, names.get(agency, agency) or "các cơ quan, đơn vị trong tỉnh")
    if xlsx:
        _write(xlsx, made, listed, said, Calendars(plan.config.calendar), now)
    elif json:
        show.as_json(_json(made, said))
    elif text:
        show.console.print(said, soft_wrap=True)
    else:
        _print(made, said)


@report.command()
def rebuild(
    first: Annotated[str, typer.Option("--from", help="Từ ngày, như 2026-10-01 / the first day")],
    last: Annotated[str, typer.Option("--to", help="Đến ngày, như 2026-12-31 / the last day")],
    config: ConfigPath = HERE,
) -> None:
    """Tính lại số liệu từng ngày. / Count the figures of these days anew."""
    plan, today = plan_of(config), day_of(utc_now())
    since, until = _day(first), min(_day(last), today)
    if since > until:
        raise ConfigError(f"{first}: ngày đầu sau ngày cuối / the first day is after the last")
    days = [since + timedelta(days=number) for number in range((until - since).days + 1)]

    async def work(storage: Storage) -> int:
        return await report_watch_for(plan, storage, clock=utc_now).rebuild(days)

    counted = in_database(plan.config, work)
    show.console.print(f"Đã tính lại {counted} ngày. / {counted} days were counted anew.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text}: xin viết ngày như 2026-10-01 / write a day as 2026-10-01") from None


def _write(file: Path, made: Report, listed: list[LateDossier], said: str, calendars: Calendars, now: datetime) -> None:
    if file.suffix.lower() != ".xlsx":
        raise ConfigError(f"{file}: xin đặt tên tệp .xlsx / name it .xlsx")
    rows = []
    for each in listed:
        begin, end = each.due_at.astimezone(VIETNAM).date(), (each.ended_at or now).astimezone(VIETNAM).date()
        rows.append(late_row(each, calendars.of(each.agency).working_days(begin, end)))
    write_xlsx(file, sheets_of(made, rows, said))
    show.errors.print(f"Đã ghi / written: {file}", soft_wrap=True)


def _json(made: Report, said: str) -> dict[str, Any]:
    return {
        "span": name_of(made.span),
        "as_of": made.as_of.isoformat() if made.as_of else None,
        "uncounted_days": made.uncounted,
        "total": _counts(made.total),
        "before": _counts(made.before),
        "tiers": [_line(each) for each in made.tiers],
        "agencies": [_line(each) for each in made.by_agency],
        "procedures": [_line(each) for each in made.by_procedure],
        "messages": {"sent": made.sent, "delivered": made.delivered, "parts": made.parts, "cost": made.cost},
        "kinds": dict(made.kinds),
        "look_ups": made.look_ups,
        "above": [{"month": name_of(each.month), "agency": each.line.code} for each in made.above],
        "text": said,
    }


def _line(line: Line) -> dict[str, Any]:
    return {"code": line.code, "name": line.name, **_counts(line.counts)}


def _counts(counts: Counts) -> dict[str, Any]:
    return {**asdict(counts), "resolved": counts.resolved, "apologies_due": counts.apologies_due}


def _print(made: Report, said: str) -> None:
    if made.as_of is None:
        show.console.print(f"{said}\nNo day of this span has been counted yet.", soft_wrap=True)
        return
    as_of = f"{made.as_of.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
    title = f"{titled(made.span)} · số liệu tính đến / as of {as_of}"
    table = Table("Cấp / tier", "Tiếp nhận", "Trước hạn", "Đúng hạn", "Quá hạn", "% quá hạn", title=title)
    for line in made.tiers:
        table.add_row(Text(line.name), *_shares(line.counts))
    table.add_row("Cộng / total", *_shares(made.total))
    for column in table.columns[1:]:
        column.justify = "right"
    show.console.print(table)
    if made.uncounted:
        show.console.print(f"Còn {made.uncounted} ngày chưa tính. / {made.uncounted} days are not counted yet.")
    show.console.print(said, soft_wrap=True)


def _shares(counts: Counts) -> list[str]:
    share = percent(counts.late, counts.judged)
    return [*(number(each) for each in (counts.received, counts.early, counts.on_time, counts.late)), share]
