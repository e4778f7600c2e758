"""The commands `motcua db …`: the months of messages and changes that the database has, and what need not be kept."""

from dataclasses import asdict
from typing import Annotated

import typer

from bot import show
from bot.command_line import HERE, AsJson, ConfigPath, in_database, plan_of, reading
from bot.command_record import command_entry
from bot.keeping import Trimmed, trim
from bot.model.clock import VIETNAM, utc_now
from bot.model.errors import ConfigError
from bot.ports import Month, Storage

db = typer.Typer(
    help="Cơ sở dữ liệu: các tháng, bỏ những gì không cần giữ, chuyển sang máy khác. / The database as a whole.",
    no_args_is_help=True,
)

_MEGABYTE = 1_000_000

DryRun = Annotated[bool, typer.Option("--dry-run", help="Chỉ đếm, không bỏ gì / count, and forget nothing")]
Months = Annotated[
    int | None,
    typer.Option(
        "--months", min=1, help="Giữ chừng ấy tháng trọn thay cho keep_months / whole months, not those of keep_months"
    ),
]


@db.command()
def partitions(config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Mỗi tháng một bảng (PostgreSQL): từ, đến, số dòng, dung lượng. / A table a month: from, to, rows, size."""
    months = reading(plan_of(config).config, lambda tx: tx.keeping.months())
    if json:
        show.as_json([asdict(month) for month in months])
        return
    if not months:
        show.console.print("SQLite không chia tháng: một bảng cho tất cả. / SQLite has one table for all months.")
    for month in months:
        show.console.print(_line(month), soft_wrap=True)


@db.command("trim")
def trim_(dry_run: DryRun = False, months: Months = None, config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Bỏ tin và thay đổi cũ hơn số tháng phải giữ. / Forget messages and changes older than the months to keep."""
    plan = plan_of(config)
    keep = months or plan.config.storage.keep_months
    if not keep:
        raise ConfigError(
            "[storage] keep_months chưa đặt nên mọi thứ được giữ / is not set, so all is kept: set it, or use --months"
        )

    async def work(storage: Storage) -> Trimmed:
        if not dry_run:
            entry = command_entry("db.trimmed", after={"keep_months": keep})
            await storage.write(lambda tx: tx.audit.add([entry]))
        return await trim(storage, keep_months=keep, now=utc_now(), dry_run=dry_run)

    gone = in_database(plan.config, work)
    if json:
        show.as_json(asdict(gone))
        return
    _tell(gone, "Sẽ bỏ / would forget" if dry_run else "Đã bỏ / forgot")


def _line(month: Month) -> str:
    if month.is_rest:
        span = "ngoài các tháng / outside of all months"
    else:
        first = f"{month.first.astimezone(VIETNAM):%d/%m/%Y}" if month.first else "…"
        span = f"{first} – {month.until.astimezone(VIETNAM):%d/%m/%Y}" if month.until else first
    size = f"{month.size / _MEGABYTE:,.1f} MB"
    return f"{month.name:<20} {span:<42} ≈ {show.dotted(month.rows):>12} dòng / rows  {size:>12}"


def _tell(gone: Trimmed, verb: str) -> None:
    counts = f"{show.dotted(gone.messages)} tin / messages, {show.dotted(gone.changes)} thay đổi / changes"
    show.console.print(f"{verb}: {counts}, trước / before {gone.before:%d/%m/%Y}", soft_wrap=True)
    for month, messages in gone.alive:
        kept = f"{month}: giữ lại, còn {show.dotted(messages)} tin chưa xong / kept, that many may still change"
        show.console.print(kept, soft_wrap=True)
    for name in gone.dropped:
        show.console.print(f"bỏ bảng / dropped {name}", soft_wrap=True)
