"""The commands `motcua keys …`: the ring of keys under which what is personal is sealed in the database."""

import asyncio
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot import app, show
from bot.command_line import HERE, AsJson, ConfigPath, in_database, plan_of
from bot.command_record import command_entry
from bot.config import Config
from bot.handing import keep_names, let_service_read
from bot.model.clock import day_of, utc_now
from bot.model.errors import ConfigError, StorageError
from bot.ports import Storage
from bot.ports.sealing import LOOK_UP
from bot.restoring import SILENT
from bot.sealing import seal_all, sealed
from bot.settings import SecretPlace
from bot.show_table import Table

keys = typer.Typer(
    help="Khóa niêm phong số điện thoại, tên và lời văn trong cơ sở dữ liệu. / Keys of what is sealed in the database.",
    no_args_is_help=True,
)

_PLAIN = "để trần / in the clear"


@keys.command()
def new(path: Annotated[Path, typer.Argument(help="Tệp sẽ tạo / file to make")]) -> None:
    """Tạo một chùm khóa mới. / Make a new ring of keys."""
    if path.exists():
        raise ConfigError(f"{path}: đã có tệp này, không ghi đè / exists already and is not overwritten")
    _write(path, app.sealing.new_ring(day_of(utc_now())))
    show.console.print(
        f"Đã tạo / made: {path} (không ai khác đọc được / nobody else can read it)\n"
        "Việc còn lại / what is left to do:\n"
        "1. Giữ một bản sao ở nơi khác, không để cùng bản sao lưu: mất khóa là mất dữ liệu.\n"
        "   / Keep a copy elsewhere, not beside the backups: without the keys the data is lost.\n"
        f'2. Trong config.toml, mục / section [storage]:  keys = "file:{path}"\n'
        "3. Dừng dịch vụ, chạy `motcua keys seal`, rồi chạy lại. / Stop the service, run it, start again.",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )


@keys.command()
def add(
    spare: Annotated[
        bool, typer.Option("--spare", help="Chưa dùng ngay, đợi `motcua keys use` / not used until `motcua keys use`")
    ] = False,
    config: ConfigPath = HERE,
) -> None:
    """Thêm một khóa dữ liệu và dùng nó từ nay. / Add a data key and use it from now on."""
    settings = plan_of(config).config
    with _changing(settings) as (path, ring):
        changed = ring.with_data(day_of(utc_now()), spare=spare)
        name = next(each for each in changed.data if each not in ring.data)
        _noted(settings, "keys.added", name)
        _write(path, changed)
    use = "chưa dùng: chép tệp sang mọi máy rồi / not in use: copy the file to all machines, then"
    how = f"{use} `motcua keys use {name}`" if spare else "dịch vụ đang chạy dùng trong 30 giây / in use within 30 s"
    show.console.print(f"Đã thêm / added: data {name} · {how}", soft_wrap=True)


@keys.command()
def use(name: Annotated[str, typer.Argument(help="Tên khóa / name of the key")], config: ConfigPath = HERE) -> None:
    """Dùng một khóa dữ liệu đã thêm từ nay. / Use a data key that was added, from now on."""
    settings = plan_of(config).config
    with _changing(settings) as (path, ring):
        changed = ring.using(name)
        _noted(settings, "keys.used", name)
        _write(path, changed)
    show.console.print(f"Từ nay niêm phong bằng / sealed from now on under: data {name}", soft_wrap=True)


@keys.command()
def status(config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Đếm xem gì được niêm phong bằng khóa nào. / Count what is sealed under which key."""
    settings = plan_of(config).config
    ring = _ring(settings)
    found = in_database(settings, sealed)
    if json:
        show.as_json([asdict(each) for each in found])
        return
    table = Table("bảng / table", "cột / column", "khóa / key", "giá trị / values")
    table.columns[3].justify = "right"
    for each in found:
        table.add_row(each.table, each.column, each.key or f"[bold]{_PLAIN}[/bold]", show.dotted(each.values))
    show.console.print(table)
    left = sum(each.values for each in found if each.key not in (ring.newest, LOOK_UP))
    show.console.print(
        f"Khóa đang dùng / in use: look-up {ring.look_up}, data {ring.newest} · chưa niêm phong bằng khóa này / "
        f"not yet under it: {show.dotted(left)}",
        soft_wrap=True,
    )
    if older := [f"look-up {name}" for name in [*ring.look_ups][1:]] + [f"data {name}" for name in [*ring.data][1:]]:
        show.console.print(f"Khóa khác trong chùm / other keys in the ring: {', '.join(older)}", soft_wrap=True)


@keys.command()
def seal(config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Niêm phong những gì đã có. Lần đầu phải dừng dịch vụ. / Seal what is there; the first time with no service."""
    settings = plan_of(config).config
    _ring(settings)
    with _progress(quiet=json) as told:
        turned = asyncio.run(_turn(settings, told))
        rows = in_database(settings, lambda storage: _seal(storage, told, turned=turned))
    if json:
        show.as_json({"turned": turned, "rows": rows})
        return
    if turned is not None:
        show.console.print(
            f"Số điện thoại và địa chỉ đã niêm phong / phones and addresses are sealed: {show.dotted(turned)} dòng / "
            "rows",
            soft_wrap=True,
        )
    show.console.print(f"Tên và lời văn đã niêm phong / names and texts are sealed: {show.dotted(rows)} dòng / rows")


@keys.command()
def rotate(config: ConfigPath = HERE) -> None:
    """Thay mọi khóa, cả khóa tra cứu. Phải dừng dịch vụ. / Change all keys, the look-up key too; with no service."""
    settings = plan_of(config).config
    with _changing(settings) as (path, ring):
        asyncio.run(_require_silence(settings))
        _write(path, ring.with_data(day_of(utc_now())).with_look_up(day_of(utc_now())))
    show.console.print(f"Đã thêm khóa mới vào / new keys are in {path}", soft_wrap=True)
    seal(config)


@keys.command()
def drop(
    name: Annotated[str, typer.Argument(help="Tên khóa / name of the key")],
    look_up: Annotated[bool, typer.Option("--look-up", help="Khóa tra cứu cũ / a look-up key of before")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Không hỏi lại / do not ask")] = False,
    config: ConfigPath = HERE,
) -> None:
    """Bỏ một khóa không còn giá trị nào dùng. / Drop a key that no value is under any more."""
    settings = plan_of(config).config
    kind = LOOK_UP if look_up else "data"
    _ring(settings).without(kind, name)
    if not yes:
        typer.confirm(
            "Bản sao lưu của khi còn dùng khóa này chỉ mở được bằng nó. Đã cất một bản tệp khóa cùng chúng chưa? / "
            "Backups of its time cannot be read without it. Is a copy of the key file kept with them?",
            abort=True,
        )

    async def work(storage: Storage) -> None:
        # A look-up key that is not in use is under nothing: the turn away from it had to come to its end.
        if not look_up:
            await _require_unused(storage, name)
        entry = command_entry("keys.dropped", subject=name, after={"look_up": look_up})
        await storage.write(lambda tx: tx.audit.add([entry]))
        if not look_up:
            await storage.write(lambda tx: tx.sealing.forget(name))

    with _changing(settings) as (path, ring):
        changed = ring.without(kind, name)
        in_database(settings, work)
        _write(path, changed)
    show.console.print(f"Đã bỏ / dropped: {kind} {name}", soft_wrap=True)


async def _require_unused(storage: Storage, name: str) -> None:
    """Raises `StorageError` where something is sealed under the data key, or may yet be."""
    now = utc_now()
    settled_at = await storage.read(lambda tx: tx.sealing.settled_at())
    living = await storage.read(lambda tx: tx.restores.living(now=now, since=now - SILENT))
    if living and (settled_at is None or now < settled_at):
        raise StorageError(
            f"vừa đổi khóa, dịch vụ đang chạy có thể còn dùng khóa {name}: xin chờ một phút rồi chạy lại / the key was "
            "changed just now and the running service may still use it: wait a minute, then run this again"
        )
    if left := sum(each.values for each in await sealed(storage) if each.key == name):
        await storage.write(lambda tx: tx.sealing.begin_again())
        raise StorageError(
            f"còn {left} giá trị dùng khóa {name}, xin chạy `motcua keys seal` trước / so many values are "
            "under it: run `motcua keys seal` first"
        )


async def _turn(config: Config, told: app.Copied) -> int | None:
    """Rows, where the look-up key was not yet that of the ring."""
    async with _turning(config) as turning:
        standing = await turning.standing()
        return await turning.turn(told) if standing.is_due else None


async def _require_silence(config: Config) -> None:
    async with _turning(config) as turning:
        await turning.require_silence()


async def _seal(storage: Storage, told: app.Copied, *, turned: int | None) -> int:
    rows = await seal_all(storage, utc_now, told=told)
    entry = command_entry("keys.sealed", after={"turned": turned or 0, "rows": rows})
    await storage.write(lambda tx: tx.audit.add([entry]))
    return rows


def _noted(config: Config, what: str, name: str) -> None:
    entry = command_entry(what, subject=name)
    in_database(config, lambda storage: storage.write(lambda tx: tx.audit.add([entry])))


def _turning(config: Config) -> AbstractAsyncContextManager[app.sealing.Turning]:
    return app.sealing.open_turning(config.storage.url, _place(config).read)


def _place(config: Config) -> SecretPlace:
    if config.storage.keys is None:
        raise ConfigError("[storage] keys chưa đặt, xin xem `motcua keys new` / is not set: see `motcua keys new`")
    return config.storage.keys


def _ring(config: Config) -> app.sealing.Ring:
    return app.sealing.parse(_place(config).read())


@contextmanager
def _changing(config: Config) -> Iterator[tuple[Path, app.sealing.Ring]]:
    """The file of the ring and what it holds, for one command at a time: of two that read it at once the second would
    write the first one's key away."""
    path = _place(config).path
    if path is None:
        raise ConfigError(
            "[storage] keys là một biến môi trường: lệnh này chỉ sửa được tệp / names a variable of the environment: "
            'this command can change a file alone ("file:PATH")'
        )
    try:
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise ConfigError(f"{path.parent}: không đọc được / cannot be read ({error.strerror})") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield path, _ring(config)
    finally:
        os.close(folder)


def _write(path: Path, ring: app.sealing.Ring) -> None:
    """In one step: a running service may be reading it. A file that was there keeps its owner and who may read it; a
    new one is for its owner alone, or by root for the service too."""
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.unlink(missing_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            let_service_read(handle, path.parent)
            with suppress(FileNotFoundError):
                was = path.stat()
                os.fchown(handle, was.st_uid, was.st_gid)
                os.fchmod(handle, stat.S_IMODE(was.st_mode))
            file.write(ring.text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        keep_names(path.parent)
    except OSError as error:
        raise ConfigError(f"{path}: không ghi được / cannot be written ({error.strerror})") from None


@contextmanager
def _progress(*, quiet: bool) -> Iterator[app.Copied]:
    """A line a table on standard error."""
    columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed:,} dòng / rows"), TimeElapsedColumn())
    with Progress(*columns, console=show.errors, disable=quiet) as bar:
        tasks = {}

        def told(table: str, rows: int) -> None:
            if table not in tasks:
                tasks[table] = bar.add_task(table, total=None)
            bar.update(tasks[table], completed=rows)

        yield told
