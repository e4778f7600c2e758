"""The commands `motcua deadlines` and `motcua late`: what is due, what is overdue, and who was late in a month."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot import app, show, show_apologies
from bot.calendars import Calendars
from bot.command_line import HERE, IN_A_FILE, ON_SCREEN, AsJson, ConfigPath, CsvPath, in_database, plan_of, reading
from bot.deadlines import LONG_OVERDUE
from bot.due_lists import days_horizon
from bot.lateness import Figures, Punctuality, above, days_late
from bot.model.clock import EPOCH, month_of, utc_now
from bot.model.errors import ConfigError
from bot.ports import Due, Late, Pressure, Storage, Transaction
from bot.show_lists import shortened
from bot.spreadsheet import write_csv, write_xlsx

Agency = Annotated[str, typer.Option(help="Cơ quan này và đơn vị trực thuộc / an agency and all below it")]

_Read = tuple[list[Pressure], list[Due], int, list[Due], int]


def deadlines(
    agency: Agency = "",
    csv: CsvPath = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Hồ sơ sắp đến hạn và quá hạn, theo cơ quan. / Dossiers due soon and overdue, by agency."""
    plan, now = plan_of(config), utc_now()
    calendar = Calendars(plan.config.calendar).of(agency)
    until = days_horizon(calendar, max(1, plan.config.deadlines.warn_days), now)
    limit = IN_A_FILE if csv or json else ON_SCREEN

    async def read(tx: Transaction) -> _Read:
        agencies, found = ({agency} if agency else set()), tx.deadlines
        pressures = await found.pressures(now=now, soon=until, long=now - LONG_OVERDUE)
        return (
            [each for each in pressures if not agency or f"{each.agency}.".startswith(f"{agency}.")],
            await found.listed(agencies, since=EPOCH, until=now, limit=limit),
            await found.count(agencies, since=EPOCH, until=now),
            await found.listed(agencies, since=now, until=until, limit=limit),
            await found.count(agencies, since=now, until=until),
        )

    pressures, overdue, late_number, soon, soon_number = reading(plan.config, read)
    if csv:
        write_csv(csv, show_apologies.DUE_HEADER, show_apologies.due_rows([*overdue, *soon]))
        shortened(len(overdue) + len(soon), late_number + soon_number)
    elif json:
        show.as_json(
            {
                "agencies": [asdict(each) for each in pressures],
                "overdue": [asdict(each) for each in overdue],
                "soon": [asdict(each) for each in soon],
            }
        )
    else:
        show_apologies.pressures(pressures)
        show_apologies.dues(overdue, "Quá hạn / overdue", late_number, now=now)
        show_apologies.dues(soon, "Sắp đến hạn / due soon", soon_number, now=now)


def late(
    month: Annotated[str, typer.Option(help="Tháng, như 2026-11; bỏ trống: tháng này / the month; else this one")] = "",
    agency: Agency = "",
    file: Annotated[
        Path | None, typer.Option("--file", help="Ghi tệp .xlsx hoặc .csv / write an .xlsx or .csv file")
    ] = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Đúng hạn, trễ hạn, đã xin lỗi chưa, theo tháng. / Early, on time, late, apologised for: by month and agency."""
    plan, now = plan_of(config), utc_now()
    calendars = Calendars(plan.config.calendar)
    named, limit = month or month_of(now), IN_A_FILE if file or json else ON_SCREEN + 1

    async def read(storage: Storage) -> tuple[list[Figures], list[Late]]:
        clocks = {each.name: app.rules_of(each).supplement_clock for each in plan.sources}
        punctuality = Punctuality(storage, calendars, clocks)
        found = await punctuality.month(named, now=now)
        agencies = {agency} if agency else set()
        listed = await punctuality.late(named, agencies, now=now, limit=limit)
        return [each for each in found if not agency or f"{each.agency}.".startswith(f"{agency}.")], listed

    found, listed = in_database(plan.config, read)
    percent = plan.config.deadlines.late_percent
    if file:
        _write(file, found, listed, calendars, now)
        shortened(len(listed), sum(each.ended.late + each.overdue for each in found))
    elif json:
        show.as_json(
            {
                "month": named,
                "agencies": show_apologies.figures_json(found),
                "above": [each.agency for each in above(found, percent)],
                "late": [{**asdict(each), "days_late": days_late(each, calendars, now=now)} for each in listed],
            }
        )
    else:
        show_apologies.figures(found, named, percent)
        show_apologies.late(listed, calendars, now=now, number=ON_SCREEN)


def _write(file: Path, found: list[Figures], listed: list[Late], calendars: Calendars, now: datetime) -> None:
    rows = show_apologies.late_rows(listed, calendars, now=now)
    if file.suffix.lower() == ".xlsx":
        figures = show_apologies.figures_rows(found)
        write_xlsx(
            file,
            [
                ("Theo cơ quan", show_apologies.FIGURES_HEADER, figures),
                ("Hồ sơ trễ hạn", show_apologies.LATE_HEADER, rows),
            ],
        )
    elif file.suffix.lower() == ".csv":
        write_csv(file, show_apologies.LATE_HEADER, rows)
    else:
        raise ConfigError(f"{file}: xin đặt tên tệp .xlsx hoặc .csv / name it .xlsx or .csv")
    show.errors.print(f"Đã ghi / written: {file}", soft_wrap=True)
