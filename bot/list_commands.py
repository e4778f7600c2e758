"""The commands that list what somebody must mend: `motcua quarantine …` and `motcua stale`."""

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Annotated

import typer

from bot import show, show_lists, show_readings, upkeep
from bot.command_line import (
    HERE,
    IN_A_FILE,
    ON_SCREEN,
    AsJson,
    ConfigPath,
    CsvPath,
    Name,
    plan_of,
    reading,
    with_source,
)
from bot.command_record import command_entry, recorded
from bot.config import load_config
from bot.model.clock import utc_now
from bot.ports import Quarantined, Stale, Transaction
from bot.spreadsheet import write_csv
from bot.upkeep import Work

quarantine = typer.Typer(
    help="Những chỗ không đọc được: liệt kê, đọc lại. / What could not be understood: list it, read it again.",
    no_args_is_help=True,
)


@quarantine.command("list")
def list_(
    name: Annotated[str | None, typer.Option("--source", help="Chỉ nguồn này / this source alone")] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, help=f"Số dòng; trên màn hình {ON_SCREEN}, CSV và JSON {IN_A_FILE} / lines; CSV, JSON: {IN_A_FILE}"
        ),
    ] = None,
    csv: CsvPath = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Liệt kê những chỗ không đọc được, mới nhất trước. / List what could not be understood, newest first."""
    plan = plan_of(config)

    async def read(tx: Transaction) -> tuple[list[Quarantined], int]:
        number = await tx.sources.count_quarantined(name)
        most = limit or (IN_A_FILE if csv or json else ON_SCREEN)
        return await tx.sources.quarantined(limit=most, source=name), number

    rows, number = reading(plan.config, read)
    if name and not number:
        upkeep.source_named(plan, name)
    if csv:
        write_csv(csv, show_lists.QUARANTINE_HEADER, show_lists.quarantine_rows(rows))
        show_lists.shortened(len(rows), number)
    elif json:
        show.as_json({"number": number, "quarantined": [asdict(row) for row in rows]})
    else:
        show_lists.quarantined(rows, number)


@quarantine.command()
def retry(name: Name, config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Đọc lại những chỗ đã sửa ở nguồn. / Read again what was mended at the source."""

    async def work(opened: Work) -> upkeep.Retried:
        with show_readings.progress(quiet=json) as tell:
            # The last of its transactions is the act: what was noted is forgotten.
            told = replace(opened, storage=recorded(opened.storage, command_entry("source.retried", name)))
            return await upkeep.retry(told, tell)

    result = with_source(config, name, work)
    if json:
        show.as_json(show_readings.retried_json(result))
    else:
        show_readings.retried(result, name)


def stale(
    days: Annotated[int, typer.Option(min=0, help="Quá bao nhiêu ngày / for more than so many days")] = 15,
    agency: Annotated[str | None, typer.Option(help="Chỉ cơ quan này, kể từng hồ sơ / one agency's dossiers")] = None,
    csv: CsvPath = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Hồ sơ chưa cập nhật quá trình giải quyết, theo cơ quan. / Dossiers not updated for long, by agency."""
    now = utc_now()
    before = now - timedelta(days=days)

    async def read(tx: Transaction) -> tuple[list[tuple[str, str, int]], list[Stale]]:
        agencies = [each for each in await tx.dossiers.stale_by_agency(before=before) if agency in (None, each[0])]
        number = sum(each[2] for each in agencies)
        most = min(number, IN_A_FILE if csv or json else ON_SCREEN)
        named = most and (agency is not None or csv)
        return agencies, await tx.dossiers.stale(before=before, agency=agency, limit=most) if named else []

    agencies, dossiers = reading(load_config(config), read)
    if csv:
        write_csv(csv, show_lists.STALE_HEADER, show_lists.stale_rows(dossiers, now))
        show_lists.shortened(len(dossiers), sum(each[2] for each in agencies))
    elif json:
        show.as_json(show_lists.stale_json(agencies, dossiers, days))
    else:
        show_lists.stale_agencies(agencies, days)
        show_lists.stale_dossiers(dossiers, sum(each[2] for each in agencies), now)
