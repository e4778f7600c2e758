"""What `motcua init` can connect: kinds of channels and sources with their tables in the example, and what it must be
told of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot import app
from bot.init_text import Sheet, everything_on
from bot.model.errors import MotcuaError

_HOME = Path(__file__).parent
_MAIN = "config.example.toml"

_ALSO: Mapping[str, tuple[str, ...]] = {
    "email": ("username", "password"),
    "push": ("keys",),
    "rest": ("listing.url",),
    "sql_view": ("view", "password"),
    "zalobot": ("webhook_secret",),
}
"""Asked of a kind beside what its settings cannot do without: by far most need it."""
_PROVIDERS_TOO = ("sender", "callback_secret")
_MADE = frozenset({"keys", "webhook_secret", "callback_secret"})
"""Secrets that we choose and others are told; all other ones are given to us."""
_PLACES: Mapping[str, Mapping[str, str]] = {
    "folder": {"path": "exports"},
    "log": {"path": "outgoing.jsonl"},
    "zalo": {"spool": "zalo-spool"},
}
"""Settings that name a place of ours, and what that is called below the folder of data."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One word that may be chosen."""

    word: str
    """The kind, or the provider of `sms_http`."""
    table: str
    """`channels.sms`"""
    fixed: Mapping[str, str]
    """`kind`, and `provider` where there is one."""
    asked: tuple[str, ...]
    """Settings that the operator must say."""
    secrets: tuple[str, ...]
    """That are given to us: a file each, to be filled."""
    made: tuple[str, ...]
    """That we make ourselves, and somebody else must be told."""
    places: Mapping[str, str]
    """Setting → file or folder below the data."""
    source: str = ""
    """Text of the file with its table where it is not in the main example."""


@cache
def example() -> str:
    """The example configuration, as it is in the checkout or travels with the wheel."""
    return _text(_MAIN, _MAIN)


@cache
def channels() -> dict[str, Kind]:
    """By word, those of the main example first."""
    found = _of_example("channels", {word: kind.settings for word, kind in app.CHANNELS.items()})
    esms = found.pop("sms_http", None)
    for word, settings in app.CHANNELS["sms_http"].variants.items():
        if word == "generic":
            continue  # a table as long as a program: docs/examples/channels
        if esms and esms.fixed.get("provider") == word:
            found[word] = _kind(word, esms.table, esms.fixed, settings, "")
            continue
        text = _text(f"docs/examples/channels/{word}.toml", f"examples/channels/{word}.toml")
        ((name, table),) = everything_on(text)["channels"].items()
        found[word] = _kind(word, f"channels.{name}", _fixed(table), settings, text)
    return found


@cache
def sources() -> dict[str, Kind]:
    """By word."""
    return _of_example("sources", {word: kind.settings for word, kind in app.SOURCES.items()})


def comment(kind: Kind, key: str) -> str:
    """What the example says about a setting of this kind."""
    table, _, last = f"{kind.table}.{key}".rpartition(".")
    return Sheet(kind.source or example()).comment(table, last)


def shown(name: str) -> Any:
    """The value of a setting in the examples, `channels.sms.port`; None: they have none of this name."""
    for text in (example(), *(kind.source for kind in channels().values() if kind.source)):
        found: Any = everything_on(text)
        for step in name.split("."):
            found = found.get(step) if isinstance(found, dict) else None
        if found is not None:
            return found
    return None


def _of_example(family: str, shapes: Mapping[str, type[Any]]) -> dict[str, Kind]:
    tables = everything_on(example())[family]
    kinds = {str(table["kind"]): (f"{family}.{name}", table) for name, table in tables.items()}
    return {word: _kind(word, kinds[word][0], _fixed(kinds[word][1]), shape, "") for word, shape in shapes.items()}


def _kind(word: str, table: str, fixed: Mapping[str, str], shape: type[Any], source: str) -> Kind:
    wanted = [name for name, field in shape.model_fields.items() if field.is_required() and name not in fixed]
    wanted += _ALSO.get(word, ())
    if "provider" in fixed:
        # What a provider calls needs a secret in its address, where receipts come that way at all.
        named = everything_on(source or example())["channels"][table.partition(".")[2]]
        wanted += [name for name in _PROVIDERS_TOO if name in named and name not in wanted]
    hidden = {name for name, field in shape.model_fields.items() if "Secret" in str(field.annotation)}
    return Kind(
        word=word,
        table=table,
        fixed=fixed,
        asked=tuple(each for each in wanted if each not in hidden | _PLACES.get(word, {}).keys() | {"listing"}),
        secrets=tuple(each for each in wanted if each in hidden - _MADE),
        made=tuple(each for each in wanted if each in hidden & _MADE),
        places=_PLACES.get(word, {}),
        source=source,
    )


def _fixed(table: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(table[key]) for key in ("kind", "provider") if key in table}


def _text(in_checkout: str, in_wheel: str) -> str:
    for path in (_HOME / in_wheel, _HOME.parent / in_checkout):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise MotcuaError(f"{in_checkout}: không có trong bản cài đặt này / is not in this installation")
