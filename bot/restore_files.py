"""A backup put back: read to its end, found whole, migrated and marked, all beside what is in use; then it takes its
place in one step. Ended at any moment, there is either what was there or what is to be there."""

import asyncio
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bot import app
from bot.backup_archive import DATABASE, Ends, Manifest, read_archive
from bot.backup_format import BackupError, Key
from bot.calendars import Calendars
from bot.config import Config, StorageSettings
from bot.contacts import Contacts
from bot.deadlines import DeadlineWatch
from bot.handing import let_service_read
from bot.ledger import balance
from bot.model.errors import StorageError
from bot.model.ids import id_maker
from bot.ports import Storage
from bot.ports.backups import POSTGRES, SQLITE, Facts, Placed
from bot.ports.restoring import Policy
from bot.restoring import Marked, Return, mark

WEBCHAT, PUSH = "webchat", "push"
"""Kinds of channel and source in the configuration."""
_SQLITE = "sqlite:"
_SMALL = 8 << 20
"""Bytes of a file beside the database at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be put back, and how."""

    file: Path
    key: Key
    url: str
    """Where to: as `[storage] url`."""
    at: datetime
    by: str
    replaces: bool = False
    migrates: bool = False
    policy: Policy = Policy.HOLD
    programs: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came of it."""

    manifest: Manifest
    placed: Placed
    applied: tuple[str, ...]
    """Migrations."""
    marked: Marked
    planned: int
    balanced: bool
    """The ledger, after everything was marked."""


async def restore(order: Order, plan: app.Plan | None) -> Restored:
    """Raises `MotcuaError`, and then nothing has changed. Without a `plan` the database knows its sources."""
    if order.url.startswith(_SQLITE):
        return await _restore_file(order, plan)
    return await _restore_database(order, plan)


async def _restore_file(order: Order, plan: app.Plan | None) -> Restored:
    path = order.url.removeprefix(_SQLITE)
    app.require_free(path, replaces=order.replaces)
    with app.FileReceiver(path) as receiver:

        def take(part: str, content: bytes) -> None:
            if part == DATABASE:
                receiver.write(content)

        manifest, ends = await asyncio.to_thread(_read, order, SQLITE, take)
        facts = await asyncio.to_thread(receiver.finish)
        _require_same(order.file, manifest.facts, facts)
        if facts.size != ends[DATABASE]["size"]:
            raise BackupError(f"{order.file}: sai độ dài / is of another length")
        done = await _make_ready(order, plan, f"{_SQLITE}{receiver.draft}", manifest)
        app.require_free(path, replaces=order.replaces)
        placed = receiver.put_in_place(replaces=order.replaces, at=order.at)
    return replace(done, placed=placed)


async def _restore_database(order: Order, plan: app.Plan | None) -> Restored:
    if order.replaces:
        raise BackupError(
            "PostgreSQL: không thay thế; xin phục hồi vào một cơ sở dữ liệu mới (--to) rồi đổi [storage] url / "
            "nothing is replaced: restore into a new database (--to), then change [storage] url"
        )
    await app.require_empty(order.url)
    # Once to its end, before anything is written; then once more.
    manifest, ends = await asyncio.to_thread(_read, order, POSTGRES, _ignore)
    with app.DumpReceiver(order.url, order.programs) as receiver:

        def take(part: str, content: bytes) -> None:
            if part == DATABASE:
                receiver.write(content)

        again = await asyncio.to_thread(_read, order, POSTGRES, take)
        if again != (manifest, ends):
            raise BackupError(f"{order.file}: đã đổi trong lúc đọc / was changed while it was read")
        await asyncio.to_thread(receiver.finish)
    _require_same(order.file, manifest.facts, await app.facts_of(order.url))
    return await _make_ready(order, plan, order.url, manifest)


def _read(order: Order, engine: str, take: Callable[[str, bytes], None]) -> tuple[Manifest, Ends]:
    def takes(manifest: Manifest) -> None:
        if manifest.facts.engine != engine:
            raise BackupError(
                f"{order.file}: là bản sao lưu của {manifest.facts.engine}, không vào được {engine} / "
                f"is a backup of {manifest.facts.engine} and does not fit {engine}"
            )

    try:
        with order.file.open("rb") as file:
            return read_archive(file, order.key, str(order.file), takes=takes, take=take)
    except OSError as error:
        raise BackupError(f"{order.file}: không đọc được / cannot be read: {error.strerror}") from None


def _ignore(_part: str, _content: bytes) -> None:
    """For a reading that only proves."""


def _require_same(file: Path, said: Facts, found: Facts) -> None:
    if replace(said, size=0) != replace(found, size=0):
        raise BackupError(f"{file}: phục hồi ra không đúng như đã sao lưu / came back other than it was")


async def _make_ready(order: Order, plan: app.Plan | None, url: str, manifest: Manifest) -> Restored:
    """Migrates and marks what nobody uses yet."""
    # A backup of before it was sealed comes back as it was.
    keys = plan.config.storage.keys if plan and await app.sealing.is_sealed(url) else None
    async with app.open_raw(Config(storage=StorageSettings(url=url, keys=keys))) as storage:
        pending = await storage.pending_migrations()
        if pending and not order.migrates:
            raise StorageError(
                f"{order.file}: của phiên bản trước, còn {len(pending)} bước nâng cấp, xin thêm --migrate / is of an "
                f"earlier version (lacks {', '.join(pending)}): add --migrate"
            )
        applied = await storage.migrate()
        marked = await mark(
            storage, return_of(plan, order.policy, manifest.taken_at, order.at, order.by, order.file.name)
        )
        if plan is not None:
            await look_in_silence(storage, plan, order.at)
        books = await balance(storage)
    return Restored(
        manifest=manifest,
        placed=Placed(order.url),
        applied=tuple(applied),
        marked=marked,
        planned=books.planned,
        balanced=books.balanced,
    )


def return_of(plan: app.Plan | None, policy: Policy, taken_at: datetime, at: datetime, by: str, what: str) -> Return:
    """With what the configuration knows of channels and sources."""
    channels, sources = (plan.channels, plan.sources) if plan else ((), ())
    return Return(
        taken_at=taken_at,
        at=at,
        policy=policy,
        sources={each.name: each.kind != PUSH for each in sources},
        harmless=[each.name for each in channels if each.kind == WEBCHAT],
        by=by,
        what=what,
    )


async def look_in_silence(storage: Storage, plan: app.Plan, at: datetime) -> None:
    """The stages of deadlines that the staff were told between the backup and now count as told."""
    config = plan.config
    if not config.deadlines.watch:
        return
    new_id = id_maker(lambda: at)
    watch = DeadlineWatch(
        storage,
        Contacts((), {}, new_id),
        Calendars(config.calendar),
        config.deadlines,
        config.apologies.model_copy(update={"enabled": False}),
        clock=lambda: at,
        new_id=new_id,
    )
    await watch.look()


def proved(file: Path, key: Key, place: Path | None) -> Manifest:
    """Reads a backup to its end and looks into its database, which for that lies in a folder of its own in `place`
    (None: where the system has such). Of PostgreSQL only the digest is looked at. Raises `MotcuaError`."""
    with (
        tempfile.TemporaryDirectory(prefix=".motcua-verify-", dir=place) as folder,
        app.FileReceiver(str(Path(folder) / "motcua.db")) as receiver,
    ):
        engine = ""

        def takes(manifest: Manifest) -> None:
            nonlocal engine
            engine = manifest.facts.engine

        def take(part: str, content: bytes) -> None:
            if part == DATABASE and engine == SQLITE:
                receiver.write(content)

        try:
            with file.open("rb") as opened:
                manifest, _ = read_archive(opened, key, str(file), takes=takes, take=take)
        except OSError as error:
            raise BackupError(f"{file}: không đọc được / cannot be read: {error.strerror}") from None
        if engine == SQLITE:
            _require_same(file, manifest.facts, receiver.finish())
    return manifest


def extract(file: Path, key: Key, folder: Path) -> list[Path]:
    """Writes the small files of a backup into the folder, none over one that is there. Raises `BackupError`."""
    found: dict[str, bytearray] = {}

    def take(part: str, content: bytes) -> None:
        if part != DATABASE:
            found.setdefault(part, bytearray()).extend(content)
            if len(found[part]) > _SMALL:
                raise BackupError(f"{file}: {part} quá lớn / is too large")

    try:
        with file.open("rb") as opened:
            manifest, _ = read_archive(opened, key, str(file), take=take)
        written = []
        for name in manifest.files:
            if Path(name).name != name:
                raise BackupError(f"{file}: tên lạ / an odd name")
            path = folder / name
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
                target.write(found.get(name, b""))
                let_service_read(target.fileno(), folder)
            written.append(path)
    except FileExistsError as error:
        raise BackupError(f"{error.filename}: đã có tệp này / is there already") from None
    except OSError as error:
        raise BackupError(f"{error.filename or file}: {error.strerror}") from None
    return written
