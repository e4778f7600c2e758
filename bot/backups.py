"""Backups: a moment of the database and what belongs to it, sealed into one file, proved good, and only then named."""

import asyncio
import os
import re
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from bot.backup_archive import DATABASE, Ends, Manifest, Read, read_archive, write_archive
from bot.backup_format import BackupError, Key
from bot.handing import keep_names, let_service_read
from bot.model.clock import VIETNAM, Clock
from bot.model.errors import ConfigError
from bot.ports.backups import CopyDatabase

T = TypeVar("T")

SUFFIX = ".saoluu"
CONFIG, WEB_KEY = "config.toml", "web.key"
_NAME = re.compile(r"motcua-(\d{8}-\d{6})\.saoluu")
_STAMP = "%Y%m%d-%H%M%S"
_AHEAD = timedelta(minutes=10)
"""How much later than now a backup may be dated: another machine's clock may have done it."""
_FORGOTTEN = 24 * 3600.0
"""Seconds after which a draft is nobody's any more."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that has been read again and found good."""

    path: Path
    size: int
    seconds: float
    manifest: Manifest
    key_id: str


@dataclass(frozen=True, slots=True)
class Backups:
    """Makes them."""

    copy: CopyDatabase
    key: Key
    clock: Clock
    config_file: Path | None = None
    """Goes into the backup as it is; it holds no secret, only the places of secrets."""
    web_key: Path | None = None
    """The key that signs sessions: goes too, so that citizens at the web chat are still known after a return."""

    async def make(self, where: Path) -> Made:
        """Into the folder `where` under a name with the time, or into the file, which must not be there yet. Raises
        `MotcuaError`, and then there is no such file."""
        begun, stop = time.monotonic(), threading.Event()
        taken_at = self.clock()
        path = _path(where, taken_at)
        files = self._files()
        async with self.copy() as copying:
            manifest = Manifest(
                taken_at=taken_at,
                program=version("motcua-bot"),
                facts=copying.facts,
                files=tuple(files),
                missing=_secrets_of(files.get(CONFIG, b"")),
            )
            parts: list[tuple[str, Read]] = [(name, BytesIO(content).read) for name, content in files.items()]
            parts.append((DATABASE, copying.read))
            size = await _in_thread(lambda: self._write(path, manifest, parts, stop), stop)
        return Made(path, size, time.monotonic() - begun, manifest, self.key.id)

    def _files(self) -> dict[str, bytes]:
        wanted = {CONFIG: self.config_file, WEB_KEY: self.web_key}
        return {name: _content(path) for name, path in wanted.items() if path is not None and path.is_file()}

    def _write(self, path: Path, manifest: Manifest, parts: list[tuple[str, Read]], stop: threading.Event) -> int:
        """Bytes of the file."""
        draft = path.with_name(f"{path.name}.part")

        def go_on() -> None:
            if stop.is_set():
                raise BackupError(f"{path}: đã dừng giữa chừng / was stopped")

        try:
            with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
                ends = write_archive(file, self.key, manifest, parts, go_on=go_on)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
                file.seek(0)
                self._prove(file, manifest, ends, path)
            _name(draft, path)
        except FileExistsError:
            raise BackupError(f"{path}: đã có tệp này / this file is there already") from None
        except OSError as error:
            raise BackupError(f"{path}: không ghi được / cannot be written: {error.strerror}") from None
        finally:
            draft.unlink(missing_ok=True)
        return size

    def _prove(self, file: BinaryIO, manifest: Manifest, ends: Ends, path: Path) -> None:
        """What stands on the disk is what was read of the database, whose copy was checked."""
        found, there = read_archive(file, self.key, str(path))
        if found != manifest or there != ends:
            raise BackupError(f"{path}: đọc lại thấy khác / reads otherwise than it was written")


def _path(where: Path, taken_at: datetime) -> Path:
    return where / f"motcua-{taken_at.astimezone(VIETNAM):{_STAMP}}{SUFFIX}" if where.is_dir() else where


def key_of(text: str) -> Key:
    """Raises `ConfigError`."""
    return Key.read(text)


def make_key(path: Path) -> Key:
    """A new key in a new file for the owner's eyes. Raises `ConfigError`."""
    key = Key.new()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{key.text}\n")
            let_service_read(file.fileno(), path.parent)
            file.flush()
            os.fsync(file.fileno())
        keep_names(path.parent)
    except FileExistsError:
        raise ConfigError(
            f"{path}: đã có tệp này; mất khóa cũ thì không mở được bản sao lưu cũ / is there already: without its old "
            "key an old backup cannot be opened"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: không ghi được / cannot be written: {error.strerror}") from None
    return key


def listed(folder: Path) -> list[tuple[datetime, Path]]:
    """The good backups in the folder by the moment in their names, oldest first. Raises `BackupError`."""
    try:
        names = sorted(folder.iterdir())
    except OSError as error:
        raise BackupError(f"{folder}: không đọc được / cannot be read: {error.strerror}") from None
    found = [(_NAME.fullmatch(path.name), path) for path in names]
    return [
        (datetime.strptime(match[1], _STAMP).replace(tzinfo=VIETNAM), path)
        for match, path in found
        if match is not None
    ]


def until(backups: list[tuple[datetime, Path]], now: datetime) -> list[tuple[datetime, Path]]:
    """Those of them that are not of the future: one that is would for years be the newest."""
    return [each for each in backups if each[0] <= now + _AHEAD]


def prune(folder: Path, keep: int, now: datetime) -> list[Path]:
    """Deletes all but the newest `keep`, and drafts that nobody writes any more; what was deleted. To be called after a
    new one has proved good. What a clock that went wrong has dated later than `now` stays, and counts for none."""
    gone = [path for _, path in until(listed(folder), now)[:-keep]]
    drafts = [each for each in folder.glob(f"motcua-*{SUFFIX}.part") if time.time() - each.stat().st_mtime > _FORGOTTEN]
    for path in (*gone, *drafts):
        path.unlink(missing_ok=True)
    return gone


def _secrets_of(config: bytes) -> tuple[str, ...]:
    """Places of secrets that the settings name; examples in remarks are none."""
    try:
        return tuple(sorted(set(_places(tomllib.loads(config.decode())))))
    except ValueError:
        return ()


def _places(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _places(each)
    elif isinstance(value, str) and value.startswith(("env:", "file:")):
        yield value


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BackupError(f"{path}: không đọc được / cannot be read: {error.strerror}") from None


def _name(draft: Path, path: Path) -> None:
    """Not over a file that is there: to give a second name fails where that is taken."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a network drive without second names
        if path.exists():
            raise FileExistsError(path) from None
        os.rename(draft, path)
    keep_names(path.parent)


async def _in_thread(work: Callable[[], T], stop: threading.Event) -> T:
    """`work` in a thread; given up, it is told to stop, and waited for: it reads what others are about to close."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([task])
        raise
