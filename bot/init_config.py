"""Composes the configuration that `motcua init` writes: the example, with what was chosen switched on, and a file for
every secret."""

import json
import re
import secrets
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot import app
from bot.config import Config, nearest, parse_table
from bot.init_kinds import Kind, channels, comment, example, shown, sources
from bot.init_text import Sheet, Value
from bot.model.clock import day_of, utc_now
from bot.model.errors import ConfigError

NAME = "config.toml"
_SECRETS = "secrets"
RING = "storage.keys"
_STAND_IN = f"1:{'a' * 40}"
"""Has the form of a bot's token, which is the strictest one."""
_SETTING = re.compile(r"(?P<table>[a-z_]+(?:\.[\w-]+)*)\.(?P<key>[\w-]+)=(?P<value>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the operator wants."""

    folder: Path
    """For the configuration and the secrets."""
    data: Path
    """For the database, our own keys, and files that come and go."""
    office: str
    agencies: Mapping[str, str] = field(default_factory=dict)
    """Code → name."""
    source: str = "folder"
    channels: Sequence[str] = ("webchat",)
    database: str = ""
    """Empty: SQLite, in `data`."""
    address: str = ""
    """Where citizens come, `https://hoso.tinh.gov.vn`, through a proxy on this machine; empty: not yet."""
    settings: Mapping[str, Value] = field(default_factory=dict)
    """Further ones, by `table.key`."""
    is_sealed: bool = True
    """What is personal is to lie sealed in the database, from its first row on."""


@dataclass(frozen=True, slots=True)
class SecretFile:
    path: Path
    setting: str
    about: str
    """What the example says about it."""
    content: str = field(default="", repr=False)
    """Of one that we make; empty: given to us, to be filled in by hand."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything to be written."""

    text: str
    secrets: Sequence[SecretFile]
    folders: Sequence[Path]
    """That are to be there, for the service to write in or read from."""

    @property
    def config(self) -> Config:
        """As it loads, once the files of the secrets are there. Raises `ConfigError`."""
        return _config(self.text)


def kinds_of(choices: Choices) -> list[Kind]:
    """In the order of the example. Raises `ConfigError` for a word that is none."""
    known = channels()
    for word in choices.channels:
        if word not in known:
            raise ConfigError(f"--channel {word}: chỉ có / there are only: {', '.join(known)}{nearest(word, known)}")
    if choices.source not in sources():
        known = sources()
        raise ConfigError(f"--source {choices.source}: chỉ có / there are only: {', '.join(known)}")
    return [*(known[word] for word in known if word in choices.channels), sources()[choices.source]]


def missing(choices: Choices) -> list[tuple[Kind, str]]:
    """Settings that nobody has said yet."""
    return [
        (kind, key) for kind in kinds_of(choices) for key in kind.asked if f"{kind.table}.{key}" not in choices.settings
    ]


def compose(choices: Choices) -> Draft:
    """Raises `ConfigError` where the result would not load."""
    sheet, chosen = Sheet(_opening(choices) + example().partition("\n\n")[2]), kinds_of(choices)
    for kind in (*channels().values(), *sources().values()):
        sheet.switch_off(kind.table)
    files, folders = [], [choices.data]
    for kind in chosen:
        if kind.source:
            further = Sheet(kind.source)
            further.switch_off(kind.table)
            sheet.add(further.text)
        for key, value in kind.fixed.items():
            sheet.write(kind.table, key, value)
        for key, place in kind.places.items():
            path = choices.data / place
            sheet.write(kind.table, key, str(path))
            folders += [path] if kind.word == "folder" or key == "spool" else []
        for key in (*kind.secrets, *kind.made):
            if f"{kind.table}.{key}" in choices.settings:
                continue
            file = _secret(choices, kind, key)
            named = f"file:{file.path}"
            sheet.write(kind.table, key, [named] if key == "keys" else named)
            files.append(file)
    if choices.is_sealed and RING not in choices.settings:
        ring = _ring(choices)
        files.append(ring)
        sheet.write("storage", "keys", f"file:{ring.path}")
    for name, setting in {**_general(choices), **choices.settings}.items():
        table, _, key = name.rpartition(".")
        sheet.write(table, key, setting)
    for code, agency in choices.agencies.items():
        sheet.write(f"{sources()[choices.source].table}.agencies", json.dumps(code), agency)
    _prove(sheet.text, files)
    return Draft(sheet.text, files, folders)


def read_settings(words: Sequence[str]) -> dict[str, Value]:
    """`channels.sms.host=10.0.0.1` as on the command line: a value as TOML has it, or else a text; a text in any case
    where the example has one. Raises `ConfigError`."""
    found: dict[str, Value] = {}
    for word in words:
        match = _SETTING.fullmatch(word)
        if not match:
            raise ConfigError(f"--set {word}: xin viết / write BẢNG.KHÓA=GIÁ-TRỊ, như / such as web.port=8081")
        name = f"{match['table']}.{match['key']}"
        found[name] = _value(match["value"], is_text=isinstance(shown(name), str))
    return found


def _value(text: str, *, is_text: bool) -> Value:
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value if isinstance(value, str if is_text else str | bool | int | float | list | dict) else text


def key_settings(data: Path) -> dict[str, Value]:
    """Settings that name the keys of our own; `init_files.make_keys` makes them. Another key has its line here."""
    return {"web.key_file": str(data / "web.key")}


def _general(choices: Choices) -> dict[str, Value]:
    settings: dict[str, Value] = {
        "storage.url": choices.database or f"sqlite:{choices.data / 'motcua.db'}",
        "web.office": choices.office,
    }
    if choices.address:
        settings |= {
            "links.web": choices.address,
            "web.behind_tls": True,
            "web.trusted_proxies": ["127.0.0.1/32", "::1/128"],
        }
    return settings | key_settings(choices.data)


def _opening(choices: Choices) -> str:
    return (
        f"# Cấu hình của / configuration of: {choices.office}\n"
        "# Do `motcua init` viết; sửa tay được, rồi `motcua check`. / Written by `motcua init`; may be edited.\n"
        "# Dòng có # ở đầu đang tắt: giá trị mặc định hoặc ví dụ. / Behind a #: off, a default or an example.\n"
        '# Bí mật không viết ở đây: "env:TÊN_BIẾN" hoặc "file:/đường/dẫn". Secrets: "env:NAME" or "file:PATH" only.\n'
        "# Khóa viết sai bị từ chối. Unknown keys are refused.\n\n"
    )


def _secret(choices: Choices, kind: Kind, key: str) -> SecretFile:
    path = choices.folder / _SECRETS / f"{kind.table.partition('.')[2]}-{key.replace('_', '-')}"
    content = secrets.token_urlsafe(32) if key in kind.made else ""
    return SecretFile(path, f"[{kind.table}] {key}", comment(kind, key), content)


def _ring(choices: Choices) -> SecretFile:
    """It lies where the database does not: whoever takes one of the two reads nobody."""
    path = choices.folder / _SECRETS / "data.keys"
    return SecretFile(
        path, f"[{RING}]", "khóa niêm phong / keys of what is sealed", app.sealing.new_ring(day_of(utc_now())).text
    )


def _config(text: str) -> Config:
    return parse_table(Config, tomllib.loads(text), NAME)


def _prove(text: str, files: Sequence[SecretFile]) -> None:
    """Loads what would be written, with something in every file of a secret. Raises `ConfigError`."""
    with tempfile.TemporaryDirectory(prefix="motcua-init-") as folder:
        for number, file in enumerate(files):
            stand_in = Path(folder, str(number))
            stand_in.write_text(file.content or _STAND_IN, encoding="utf-8")
            text = text.replace(json.dumps(f"file:{file.path}", ensure_ascii=False), json.dumps(f"file:{stand_in}"))
        app.read_plan(_config(text))
