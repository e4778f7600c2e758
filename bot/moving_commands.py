"""What `motcua migrate` says, and the command `motcua db copy`: moving up from SQLite to PostgreSQL."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit, urlunsplit

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot import app, show
from bot.command_line import AsJson
from bot.config import Config, StorageSettings, parse_table
from bot.ledger import Ledger
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from bot.moving_up import move_up
from bot.show_table import Table

_SQLITE = "sqlite:"
_POSTGRES = ("postgresql://", "postgres://")


def copy(
    source: Annotated[str, typer.Argument(help="Nguồn / source: sqlite:motcua.db")],
    target: Annotated[str, typer.Argument(help="Đích, còn trống / target, empty: postgresql://motcua@may-1/motcua")],
    keys: Annotated[
        str, typer.Option("--keys", help="Như [storage] keys, nếu đã niêm phong / as in [storage], if it is sealed")
    ] = "",
    json: AsJson = False,
) -> None:
    """Chép cả cơ sở dữ liệu SQLite sang PostgreSQL. / Copy the whole SQLite database to PostgreSQL."""
    _require_addresses(source, target)
    rows, books = asyncio.run(_copy(source, target, keys, quiet=json))
    if json:
        show.as_json({"rows": dict(rows), "total": sum(rows.values()), "planned": books.planned, "balanced": True})
    else:
        _show_copied(rows, books, source, target)


def applied_lines(applied: Sequence[str]) -> str:
    """What `motcua migrate` says: of each migration, whether programs of before may run on beside it."""
    if not applied:
        return "Cơ sở dữ liệu đã mới nhất. / The database is up to date."
    # Where the first one was applied too, nobody has worked on the database before.
    is_new = applied[0].startswith("0001")
    return "\n".join(f"Đã áp dụng / applied: {name}{'' if is_new else _beside(name)}" for name in applied)


def _beside(name: str) -> str:
    if oldest := app.beside(name):
        return f" · chương trình cũ, từ {oldest} trở đi, chạy tiếp được / programs from {oldest} on may run on"
    return " · chương trình cũ phải dừng, không ghi được nữa / programs of before must stop, they can write no more"


def _require_addresses(source: str, target: str) -> None:
    if not source.startswith(_SQLITE) or source in (_SQLITE, f"{_SQLITE}:memory:"):
        raise ConfigError("nguồn phải là sqlite:ĐƯỜNG-DẪN / the source is named sqlite:PATH")
    if not target.startswith(_POSTGRES):
        raise ConfigError("đích phải là postgresql://… / the target is named postgresql://USER@HOST/NAME")
    # To open a file that is not there would make it.
    if not Path(source.removeprefix(_SQLITE)).is_file():
        raise ConfigError(f"{source}: không có tệp này / there is no such file")


async def _copy(source: str, target: str, keys: str, *, quiet: bool) -> tuple[Mapping[str, int], Ledger]:
    async with app.open_raw(_at(source, keys)) as here, app.open_raw(_at(target, keys)) as there:
        with _progress(quiet=quiet) as copied:
            return await move_up(here, there, lambda: app.copy_database(source, target, copied=copied), clock=utc_now)


def _at(url: str, keys: str) -> Config:
    return Config(storage=parse_table(StorageSettings, {"url": url, **({"keys": keys} if keys else {})}, "--keys"))


@contextmanager
def _progress(*, quiet: bool) -> Iterator[app.Copied]:
    """A line a table on standard error, while it is copied."""
    columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed:,} dòng / rows"), TimeElapsedColumn())
    with Progress(*columns, console=show.errors, disable=quiet) as bar:
        tasks = {}

        def copied(table: str, rows: int) -> None:
            if table not in tasks:
                tasks[table] = bar.add_task(table, total=None)
            bar.update(tasks[table], completed=rows)

        yield copied


def _show_copied(rows: Mapping[str, int], books: Ledger, source: str, target: str) -> None:
    table = Table("bảng / table", "dòng / rows", title=f"Đã chép / copied: {sum(rows.values()):,}")
    table.columns[1].justify = "right"
    for name, number in sorted(rows.items(), key=lambda row: -row[1]):
        if number:
            table.add_row(name, f"{number:,}")
    show.console.print(table)
    path = source.removeprefix(_SQLITE)
    show.console.print(
        f"Sổ cái hai bên bằng nhau và cân: {books.planned:,} tin. / Both ledgers are equal and balanced.\n"
        "Việc còn lại / what is left to do:\n"
        "1. Trong config.toml, mục [storage], sửa thành / in config.toml, section [storage], write:\n"
        f'   url = "{_without_password(target)}"\n'
        "   (mật khẩu: biến PGPASSWORD hoặc tệp ~/.pgpass / password: PGPASSWORD or ~/.pgpass)\n"
        "2. Cất tệp cũ, đừng chạy dịch vụ trên nó nữa: tin đang chờ sẽ đi hai lần. / Put the old file away; a service\n"
        f"   that runs on it again sends what waits a second time:  mv {path} {path}.da-chuyen\n"
        "3. motcua check, rồi chạy lại dịch vụ / then start the service again",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )


def _without_password(url: str) -> str:
    split = urlsplit(url)
    user, at, hosts = split.netloc.rpartition("@")
    return urlunsplit(split._replace(netloc=f"{user.partition(':')[0]}{at}{hosts}"))
