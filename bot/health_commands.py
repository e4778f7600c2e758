"""The commands `motcua health` and `motcua unreachable`: what is wrong now, and whom no message reaches."""

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bot import app, show, show_health
from bot.alarms import AlarmName, Cause
from bot.clocks import Clocks
from bot.command_line import HERE, IN_A_FILE, ON_SCREEN, AsJson, ConfigPath, in_database, login, plan_of, reading
from bot.command_record import command_entry, looked
from bot.config import load_config
from bot.health import judged
from bot.ledger import balance
from bot.logs import start_logging
from bot.looks import living
from bot.model.clock import utc_now
from bot.ports import Storage
from bot.ports.watching import Alarm, Unreached
from bot.private_tables import private_table
from bot.readings import Readings, Rules, read
from bot.unreachable import HEADER, row_of
from bot.unreachable import unreachable as unreached

log = logging.getLogger(__name__)


def health(config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Dịch vụ đang có gì sai; mã thoát 1 nếu có báo động. / What is wrong now; exit code 1 where an alarm is open."""
    plan, now = plan_of(config), utc_now()
    found = reading(plan.config, lambda tx: read(tx, now))
    rules = rules_for(plan, now)
    alarms, causes = alarms_of(found, judged(found, rules)), _noted(found, rules)
    if json:
        show.as_json(show_health.health_json(found, alarms, causes, rules))
    else:
        show_health.health(found, alarms, causes, rules)
    if alarms:
        raise typer.Exit(1)


def ledger(config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Chứng minh không tin nào bị mất. / Prove that every planned message is in exactly one state."""
    books = in_database(load_config(config), balance)
    if json:
        show.as_json(show.ledger_json(books))
    else:
        show.ledger(books)
    if not books.balanced:
        raise typer.Exit(1)


def rules_for(plan: app.Plan, now: datetime) -> Rules:
    """By which a look from outside judges: whether a channel gives receipts only the open channel says."""
    return Rules(
        watch=plan.config.watch,
        sources={each.name: app.rules_of(each) for each in plan.sources},
        receipts={each.name: False for each in plan.channels},
        begun=now,
    )


def alarms_of(found: Readings, causes: list[Cause]) -> list[Alarm]:
    """Those that are open, and what the watch would raise at its next look; that no service runs is one too."""
    known = {(each.name, each.subject) for each in found.alarms}
    fresh = [each for each in causes if not each.is_warning and each.key not in known]
    if not living(found.beats, found.at):
        none = "không có tiến trình `motcua run` nào đang chạy", "no `motcua run` is running"
        fresh = [Cause(AlarmName.JOB, "run", *none), *(each for each in fresh if each.name is not AlarmName.JOB)]
    seen = [Alarm(each.name.value, each.subject, found.at, each.vietnamese, each.english) for each in fresh]
    return [*found.alarms, *seen]


def _noted(found: Readings, rules: Rules) -> list[Cause]:
    troubles = Clocks().look(stored=found.stored, database=found.database)
    clock = [Cause(AlarmName.CLOCK, each.subject, each.vietnamese, each.english, is_warning=True) for each in troubles]
    return [*(each for each in judged(found, rules) if each.is_warning), *clock]


def unreachable(
    days: Annotated[int, typer.Option(min=1, help="Trong bao nhiêu ngày qua / of so many days past")] = 30,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", help="Ghi tệp .xlsx hoặc .csv có họ tên và số điện thoại để gọi hoặc gửi thư / a file with names"
        ),
    ] = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Công dân không liên lạc được bằng cách nào, để gọi điện hoặc gửi thư. / Citizens whom no message reaches."""
    settings, since = load_config(config), utc_now() - timedelta(days=days)
    if file is not None:
        start_logging("INFO")
        number = in_database(settings, lambda storage: _export(storage, since, file))
        log.info("unreachable: %s wrote %d of the last %d days into a file", login(), number, days)
        text = f"Đã ghi {number:,} hồ sơ vào {file}, chỉ chủ tệp đọc được. / {number:,} written, for the owner's eyes."
        show.console.print(text, soft_wrap=True)
        return
    most = IN_A_FILE if json else ON_SCREEN
    found = in_database(settings, lambda storage: _first(storage, since, most + 1))
    if json:
        show.as_json(show_health.unreachable_json(found[:most]))
    else:
        show_health.unreachable(found[:most], is_more=len(found) > most)


async def _export(storage: Storage, since: datetime, file: Path) -> int:
    number = 0
    with private_table(file, HEADER) as write:
        async for each in unreached(storage, since=since):
            write(row_of(each))
            number += 1
        # The file takes its name only after this.
        taken = {"kind": file.suffix.lower().removeprefix("."), "rows": number}
        await looked(storage, command_entry("unreachable.downloaded", after=taken))
    return number


async def _first(storage: Storage, since: datetime, most: int) -> list[Unreached]:
    found: list[Unreached] = []
    async for each in unreached(storage, since=since):
        found.append(each)
        if len(found) == most:
            break
    return found
