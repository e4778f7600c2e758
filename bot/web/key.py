"""The key that signs sessions: made once, so that they outlive a restart."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from bot.model.errors import ConfigError


def signing_key(path: Path) -> bytes:
    """The key in the file, made for the owner's eyes only if there is none. Raises `ConfigError`."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _make(path)
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"[web.key_file] {path}: không dùng được / cannot be used: {error.strerror}") from None


def _make(path: Path) -> None:
    """Whole or not at all: of several processes that begin together the first one's key is everybody's."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(32))
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
