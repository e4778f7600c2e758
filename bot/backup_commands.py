"""The commands `motcua backup …`: make one, prove one, list them, make a key."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from bot import app, show
from bot.backup_archive import Manifest
from bot.backup_format import BackupError, Key, key_id_of
from bot.backup_keys import SealedWith, key_for, key_from
from bot.backups import Backups, Made, listed, make_key, prune
from bot.command_line import HERE, AsJson, ConfigPath, plan_of
from bot.command_record import command_entry
from bot.config import load_config
from bot.model.clock import VIETNAM, utc_now
from bot.model.errors import ConfigError
from bot.restore_files import proved

_MEGABYTE = 1_000_000


class _MakesByDefault(TyperGroup):
    """`motcua backup`, and `motcua backup NƠI`, mean `motcua backup make …`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


backup = typer.Typer(
    cls=_MakesByDefault,
    help="Sao lưu khi dịch vụ đang chạy, có mã hóa (docs/sao-luu.md). / Sealed backups of a running service.",
)


@backup.command()
def make(
    where: Annotated[
        Path | None, typer.Argument(help="Thư mục hoặc tệp; bỏ trống: [backup] folder / a folder or a file")
    ] = None,
    config: ConfigPath = HERE,
    key: SealedWith = "",
    keep: Annotated[
        int | None, typer.Option(min=1, help="Giữ lại bao nhiêu bản trong thư mục / how many stay in the folder")
    ] = None,
    json: AsJson = False,
) -> None:
    """Sao lưu ngay, không phải dừng dịch vụ. / Make one now, beside the running service."""
    plan = plan_of(config)
    settings = plan.config.backup
    target = where or settings.folder
    if target is None:
        raise ConfigError(
            "xin cho biết thư mục hoặc tệp, hoặc đặt [backup] folder / say where to, or set [backup] folder"
        )
    if keep is not None and not target.is_dir():
        raise ConfigError("--keep chỉ dùng với thư mục / is for folders")
    sealed = key_from(key, settings)
    made, gone = asyncio.run(_make(plan, sealed, target, keep))
    if json:
        show.as_json({**_made(made), "deleted": [str(path) for path in gone]})
    else:
        _tell(made, gone)


async def _make(plan: app.Plan, key: Key, target: Path, keep: int | None) -> tuple[Made, list[Path]]:
    config = plan.config
    async with app.open_database(config) as storage:
        entry = command_entry("db.backed_up", after={"key": key.id})
        await storage.write(lambda tx: tx.audit.add([entry]))
    backups = Backups(app.copies_of(config), key, utc_now, config.file, web_key=config.web.key_file)
    made = await backups.make(target)
    return made, prune(target, keep, utc_now()) if keep else []


@backup.command()
def verify(
    file: Annotated[Path, typer.Argument(help="Tệp sao lưu / the backup")],
    config: ConfigPath = HERE,
    key: SealedWith = "",
    json: AsJson = False,
) -> None:
    """Đọc lại từng khối, thử mở, đối chiếu sổ tin. / Read it to its end and say what it holds."""
    manifest = proved(file, key_for(key, config), _beside_database(config))
    if json:
        show.as_json({"good": True, **_described(manifest)})
    else:
        show.console.print(f"✓ {file}: nguyên vẹn, mở được / whole and readable", soft_wrap=True)
        _describe(manifest)


@backup.command("list")
def list_(config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Các bản trong thư mục sao lưu. / The backups in the folder."""
    folder = plan_of(config).config.backup.folder
    if folder is None:
        raise ConfigError("[backup] folder chưa đặt / is not set")
    found = [(at, path, path.stat().st_size, _key_of(path)) for at, path in listed(folder)]
    if json:
        show.as_json([{"file": str(path), "taken_at": at, "size": size, "key": key} for at, path, size, key in found])
        return
    for at, path, size, key in found:
        show.console.print(f"{path.name}  {at:%d/%m/%Y %H:%M}  {size / _MEGABYTE:>10,.1f} MB  {key}", soft_wrap=True)
    if not found:
        show.console.print(f"{folder}: chưa có bản nào / there is none yet", soft_wrap=True)


@backup.command("key")
def key_(
    file: Annotated[Path, typer.Argument(help="Tệp mới để ghi khóa / a new file for the key")] = Path("backup.key"),
) -> None:
    """Tạo khóa. / Make a key."""
    made = make_key(file)
    show.console.print(
        f"Đã tạo khóa {made.id} trong {file}, không ai khác đọc được. / The key {made.id} was made.\n"
        f'Trong config.toml, mục [backup]: key = "file:{file}"\n'
        "XIN CHÉP KHÓA RA NƠI KHÁC NGAY (in ra giấy, cất két; không để chung với bản sao lưu). Mất khóa thì không ai "
        "mở được bản sao lưu, kể cả chúng tôi. / KEEP A COPY ELSEWHERE: without the key nobody can open a backup.",
        soft_wrap=True,
    )


def _beside_database(config: Path) -> Path | None:
    """Where plain text lies anyway."""
    url = load_config(config).storage.url if config.exists() else ""
    return Path(url.removeprefix("sqlite:")).parent if url.startswith("sqlite:") else None


def _key_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return key_id_of(file)
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror}") from None


def _made(made: Made) -> dict[str, object]:
    return {
        "file": str(made.path),
        "size": made.size,
        "seconds": round(made.seconds, 2),
        "key": made.key_id,
        **_described(made.manifest),
    }


def _described(manifest: Manifest) -> dict[str, object]:
    facts = manifest.facts
    return {
        "taken_at": manifest.taken_at,
        "engine": facts.engine,
        "schema": facts.schema[-1] if facts.schema else "",
        "planned": facts.planned,
        "messages": facts.messages,
        "dossiers": facts.dossiers,
        "files": list(manifest.files),
        "not_included": list(manifest.missing),
    }


def _tell(made: Made, gone: list[Path]) -> None:
    show.console.print(
        f"✓ {made.path}: {made.size / _MEGABYTE:,.1f} MB, {made.seconds:,.1f} s, khóa / key {made.key_id}; đã đọc lại, "
        "nguyên vẹn / read again and whole",
        soft_wrap=True,
    )
    _describe(made.manifest)
    for path in gone:
        show.console.print(f"đã xóa bản cũ / deleted {path.name}", soft_wrap=True)


def _describe(manifest: Manifest) -> None:
    facts = manifest.facts
    even = "cân / balances" if facts.planned == facts.messages else "KHÔNG CÂN / DOES NOT BALANCE"
    inside = ", ".join(["cơ sở dữ liệu / database", *manifest.files])
    show.console.print(
        f"  thời điểm / taken at {manifest.taken_at.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}; {facts.engine}, "
        f"{facts.schema[-1] if facts.schema else ''}; {facts.dossiers:,} hồ sơ / dossiers, {facts.messages:,} tin / "
        f"messages, sổ / ledger {even}\n  gồm / inside: {inside}",
        soft_wrap=True,
    )
    missing = ", ".join(manifest.missing) or "—"
    show.console.print(
        f"  KHÔNG gồm, phải cất riêng / NOT inside, keep apart: khóa sao lưu / the backup key; {missing}",
        soft_wrap=True,
    )
