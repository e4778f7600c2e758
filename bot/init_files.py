"""The files that `motcua init` makes: each whole or not at all, for the eyes of the service alone, and none taken from
under somebody else."""

import os
import pwd
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.config import Config
from bot.handing import keep_names
from bot.init_config import Draft
from bot.model.errors import ConfigError
from bot.web.key import signing_key


@dataclass(frozen=True, slots=True)
class Owner:
    """Under which account the service runs."""

    uid: int
    gid: int

    def owns(self, path: Path) -> None:
        """Gives it a folder or file of data."""
        os.chown(path, self.uid, self.gid)

    def reads(self, path: Path) -> None:
        """Lets it read what belongs to the administrator of the machine, and nobody else."""
        os.chown(path, 0, self.gid)
        path.chmod(path.stat().st_mode | (stat.S_IRGRP | stat.S_IXGRP if path.is_dir() else stat.S_IRGRP))


def owner_named(name: str) -> Owner:
    """Raises `ConfigError` where there is no such account, or where files cannot be given away."""
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        raise ConfigError(
            f"--user {name}: không có tài khoản này / no such account (useradd --system {name})"
        ) from None
    if os.geteuid() != 0:
        raise ConfigError("--user: chỉ root mới giao tệp được / only root can give files away (sudo motcua init …)")
    return Owner(found.pw_uid, found.pw_gid)


def make_folders(folder: Path, draft: Draft, owner: Owner | None) -> None:
    """One that is there already keeps its owner. Raises `ConfigError` for one that cannot be made."""
    for path in draft.folders:
        if _make(path) and owner:
            owner.owns(path)
    for path in (folder, *(file.path.parent for file in draft.secrets)):
        if _make(path) and owner:
            owner.reads(path)


def make_secrets(draft: Draft, owner: Owner | None) -> None:
    """A file that is there already keeps what it holds."""
    for file in draft.secrets:
        _place(file.path, f"{file.content}\n" if file.content else "")
        if owner:
            owner.reads(file.path)


def make_keys(config: Config, owner: Owner | None) -> None:
    """The keys of our own, which nobody types and everybody must back up. Raises `ConfigError`."""
    signing_key(config.web.key_file)
    if owner:
        owner.owns(config.web.key_file)


def make_config(path: Path, text: str, owner: Owner | None) -> None:
    """The last thing: where it stands, everything else does. Raises `ConfigError` where there is one already."""
    if not _place(path, text):
        raise refusal(path)
    if owner:
        owner.reads(path)


def give_database(url: str, owner: Owner | None) -> None:
    """A file of SQLite, and what lies beside it."""
    if owner is None or not url.startswith("sqlite:"):
        return
    file = Path(url.removeprefix("sqlite:"))
    for path in file.parent.glob(f"{file.name}*"):
        owner.owns(path)


def refusal(path: Path) -> ConfigError:
    return ConfigError(
        f"{path}: đã có, không ghi đè / is there already and is not overwritten. "
        "Còn thiếu gì / what is missing: motcua check; quản trị viên / administrators: motcua staff invite"
    )


def unfilled(draft: Draft) -> Iterable[tuple[Path, str]]:
    """Files that wait for a secret, and what belongs into them."""
    return [(file.path, file.about or file.setting) for file in draft.secrets if not file.path.stat().st_size]


def _make(path: Path) -> bool:
    """False: it is there already."""
    if path.is_dir():
        return False
    try:
        # The way there is open, or the service would not reach what is its own.
        for parent in reversed([each for each in path.parents if not each.exists()]):
            parent.mkdir()
            parent.chmod(0o755)
        path.mkdir(mode=0o700)
    except OSError as error:
        raise ConfigError(f"{path}: không tạo được thư mục / cannot be made: {error.strerror}") from None
    return True


def _place(path: Path, text: str) -> bool:
    """Whole, for the owner's eyes; False: there is one, which stays. Raises `ConfigError`."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        finally:
            draft.unlink()
        # The database that is sealed under a key must not outlast it.
        keep_names(path.parent)
    except FileExistsError:
        return False
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise ConfigError(f"{path}: không ghi được / cannot be written: {error.strerror}") from None
    return True
