"""What the service stands on, as `motcua check` looks at it: folders, disks, the clock, files with secrets."""

import ctypes
import secrets
import shutil
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.model.clock import utc_now
from bot.plan import Plan
from bot.settings import Settings
from bot.texts import show_moment

_SCANT, _LOW = 200, 2_000
"""MiB of free disk: under the first the service may stop at any hour, under the second somebody should look."""
_MIB = 1 << 20
_AWAY = frozenset(
    {
        "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.davfs", "fuse.glusterfs", "fuse.rclone",
        "fuse.s3fs", "fuse.sshfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs",
    }
)  # fmt: skip
"""File systems over a network. SQLite's write-ahead log needs memory that all its processes share, so one machine
(sqlite.org/wal.html), and locks that such a system may only pretend to give."""
_EXAMPLES = ("changeme", "change me", "change-me", "change_me", "example", "todo", "tbd", "bí mật", "thay-toi")
"""What stands in a file of secrets before somebody has thought about it."""
_TIME_ERROR = 5
"""Of adjtimex(2): nothing keeps the clock right."""
_TIMEX = 512
"""Bytes, more than `struct timex` has anywhere."""


class Weight(StrEnum):
    GOOD = "good"
    REMARK = "remark"
    """Somebody should look; the service runs."""
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer."""

    weight: Weight
    what: str
    detail: str


def ground(plan: Plan, path: Path, *, mounts: Sequence[str] | None = None) -> list[Finding]:
    """Everything about this machine that does not need the database; `path` of the configuration, `mounts` as in
    /proc/self/mountinfo (else that)."""
    return [
        _clock(utc_now()), *_places(plan, _mounts() if mounts is None else mounts), *_keys(plan, path), *_door(plan)
    ]  # fmt: skip


def _clock(now: datetime) -> Finding:
    what = "đồng hồ / clock"
    shown = f"{show_moment(now)} (giờ Việt Nam / Vietnamese time)"
    # No program runs before it was installed.
    if now.timestamp() < Path(__file__).stat().st_mtime:
        return Finding(Weight.PROBLEM, what, f"{shown}: chậm, trước cả ngày cài đặt / behind the day of installation")
    if not is_kept_right():
        return Finding(
            Weight.REMARK, what, f"{shown}; chưa được đồng bộ, xin bật NTP / nothing keeps it right: run NTP (chrony)"
        )
    return Finding(Weight.GOOD, what, shown)


def is_kept_right() -> bool:
    """Whether something disciplines this machine's clock; True where the system does not tell."""
    try:
        found = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX))
    except (OSError, AttributeError):
        return True
    return bool(found != _TIME_ERROR)


# Folders and disks


def _places(plan: Plan, mounts: Sequence[str]) -> Iterator[Finding]:
    seen: set[Path] = set()
    file = sqlite_file(plan.config.storage.url)
    if file:
        kind = file_system(file, mounts)
        if kind in _AWAY:
            yield Finding(
                Weight.PROBLEM,
                "[storage] url",
                f"{file} ở trên ổ mạng ({kind}): SQLite cần đĩa của máy này, hoặc dùng PostgreSQL / lies on a network "
                "file system: SQLite needs a disk of this machine, or use PostgreSQL",
            )
    for setting, folder in _written(plan, file):
        if not folder.is_dir():
            yield Finding(Weight.PROBLEM, setting, f"{folder}: không có thư mục này / no such folder")
            continue
        if reason := _unwritable(folder):
            yield Finding(
                Weight.PROBLEM, setting, f"{folder}: không ghi được, xem quyền và đĩa / cannot be written: {reason}"
            )
        if folder not in seen:
            seen.add(folder)
            yield from _disk(setting, folder)


def _written(plan: Plan, database: Path | None) -> Iterator[tuple[str, Path]]:
    """Settings, and the folder in which each has the service write."""
    if database:
        yield "[storage] url", database.parent
    if plan.config.web.enabled:
        yield "[web] key_file", plan.config.web.key_file.absolute().parent
    if backups := plan.config.backup.folder:
        yield "[backup] folder", _standing(Path(backups).absolute())
    for each in plan.channels:
        settings = each.settings
        if each.kind == "log":
            yield f"[channels.{each.name}] path", Path(getattr(settings, "path", "")).absolute().parent
        if spool := getattr(settings, "spool", None):
            yield f"[channels.{each.name}] spool", _standing(Path(spool).absolute())
    for each in plan.sources:
        if archive := getattr(each.settings, "archive", None):
            yield f"[sources.{each.name}] archive", _standing(Path(archive).absolute())


def _standing(folder: Path) -> Path:
    """The folder, or the one in which it will be made."""
    return folder if folder.exists() else folder.parent


def _unwritable(folder: Path) -> str:
    """Why nothing can be written there: a try, for rights alone do not tell of full and read-only disks."""
    trial = folder / f".motcua-check-{secrets.token_hex(4)}"
    try:
        trial.touch(exist_ok=False)
        trial.unlink()
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def _disk(setting: str, folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free // _MIB
    if free >= _LOW:
        return
    weight = Weight.PROBLEM if free < _SCANT else Weight.REMARK
    yield Finding(weight, setting, f"{folder}: đĩa chỉ còn {free:,} MiB / only {free:,} MiB of disk are left")


def sqlite_file(url: str) -> Path | None:
    """None: another engine, or a database in memory."""
    name = url.removeprefix("sqlite:")
    return None if name == url or name == ":memory:" else Path(name).absolute()


def file_system(path: Path, mounts: Iterable[str]) -> str:
    """The kind of file system on which a path lies, by the lines of /proc/self/mountinfo (proc(5)); empty: unknown."""
    here, kind, longest = str(path.resolve()), "", -1
    for line in mounts:
        words, _, rest = line.partition(" - ")
        point = words.split()[4].encode().decode("unicode_escape").encode("latin-1").decode("utf-8", "replace")
        lies_in = here == point or here.startswith(f"{point.rstrip('/')}/")
        # Of two that are mounted at the same place the later one is seen.
        if lies_in and len(point) >= longest:
            longest, kind = len(point), rest.split()[0]
    return kind


def _mounts() -> list[str]:
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []


# Secrets


def _keys(plan: Plan, path: Path) -> Iterator[Finding]:
    key = plan.config.web.key_file
    if plan.config.web.enabled and (open_to := _readers(key)):
        yield Finding(
            Weight.PROBLEM,
            "[web] key_file",
            f"{key}: {open_to}; ai đọc được thì giả được phiên / and so forge sessions: chmod 600 {key}",
        )
    for file in sorted(set(_files_in(tomllib.loads(path.read_text(encoding="utf-8"))))):
        if open_to := _readers(Path(file)):
            yield Finding(Weight.REMARK, "bí mật / secret", f"{file}: {open_to}; xin / please: chmod o= {file}")
    for where, settings in _tables(plan):
        for name in _placeholders(settings):
            yield Finding(
                Weight.PROBLEM,
                where,
                f"[{name}] vẫn là chữ mẫu, xin ghi bí mật thật / still holds an example: write the real secret",
            )


def _readers(path: Path) -> str:
    """Who may read a file and should not; empty: nobody, or there is no such file."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""
    return "ai trên máy này cũng đọc được / everybody on this machine can read it" if mode & stat.S_IROTH else ""


def _files_in(value: Any) -> Iterator[str]:
    """What is named by `file:` anywhere in the configuration."""
    if isinstance(value, str) and value.startswith("file:"):
        yield value.removeprefix("file:")
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _files_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _files_in(each)


def _tables(plan: Plan) -> Iterator[tuple[str, Settings]]:
    for each in plan.channels:
        yield f"[channels.{each.name}]", each.settings
    for each in plan.sources:
        yield f"[sources.{each.name}]", each.settings
    yield "[console.openid]", plan.config.console.openid


def _placeholders(settings: Settings) -> list[str]:
    """Names of secrets in which nothing secret stands."""
    found = []
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        values = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else (value,)
        texts = [each.get_secret_value().casefold() for each in values if isinstance(each, SecretStr)]
        if any(text in _EXAMPLES or (len(text) > 2 and set(text) <= {"x", "*", "."}) for text in texts):
            found.append(name)
    return found


# Behind what citizens come


def _door(plan: Plan) -> Iterator[Finding]:
    web = plan.config.web
    if not web.enabled:
        return
    is_far = plan.config.links.web.startswith("https:") or web.host not in ("127.0.0.1", "::1", "localhost")
    if is_far and not web.behind_tls:
        yield Finding(
            Weight.REMARK,
            "[web] behind_tls",
            "dân và cán bộ vào từ ngoài máy này thì phải qua https (deploy/proxy) và đặt behind_tls = true / whoever "
            "comes from elsewhere must come by https (deploy/proxy), with behind_tls = true",
        )
    if web.behind_tls and not web.trusted_proxies:
        yield Finding(
            Weight.REMARK,
            "[web] trusted_proxies",
            "chưa ghi mạng của proxy: mọi người bị coi là một, hạn mức tính chung / the proxy is not named: everybody "
            "counts as one visitor, and limits hold for all together",
        )
