"""Which key seals and opens backups: the option `--key`, else the configuration."""

from pathlib import Path
from typing import Annotated

import typer

from bot.backup_format import Key
from bot.backup_settings import BackupSettings
from bot.command_line import plan_of
from bot.config import parse_table
from bot.model.errors import ConfigError

SealedWith = Annotated[
    str, typer.Option("--key", help='Khóa, nếu không lấy trong cấu hình / "file:PATH" or "env:NAME", else [backup] key')
]


def key_for(word: str, config: Path) -> Key:
    """From the option `--key`, else from the configuration. Raises `ConfigError`."""
    return key_from(word, BackupSettings() if word else plan_of(config).config.backup)


def key_from(word: str, settings: BackupSettings) -> Key:
    """Raises `ConfigError`."""
    if word:
        settings = parse_table(BackupSettings, {"key": word}, "--key")
    if settings.key is None:
        raise ConfigError(
            "[backup] key chưa đặt: `motcua backup key TỆP` tạo khóa / is not set: `motcua backup key FILE` makes one"
        )
    return Key.read(settings.key.get_secret_value())
