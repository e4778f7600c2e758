"""The configuration: the example is complete and loads, and mistakes are named."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from adapters.channels.sms_http import VARIANTS
from adapters.channels.sms_http.settings import HttpSettings
from adapters.records.settings import RecordSettings
from adapters.registry import CHANNELS, SOURCES
from bot.app import read_plan
from bot.backup_format import Key
from bot.config import Config, load_config
from bot.model.errors import ConfigError
from bot.settings import SmsSettings

EXAMPLE = Path("config.example.toml")
EXAMPLES = Path("docs/examples/channels")


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    names = re.findall(r'"env:(\w+)"', EXAMPLE.read_text(encoding="utf-8"))
    for path in EXAMPLES.glob("*.toml"):
        names += re.findall(r'"env:(\w+)"', path.read_text(encoding="utf-8"))
    for name in names:
        monkeypatch.setenv(name, "a-secret-that-is-long-enough")
    monkeypatch.setenv("MOTCUA_BACKUP_KEY", Key(bytes(32)).text)
    for name in ("MOTCUA_TELEGRAM_TOKEN", "MOTCUA_ZALOBOT_TOKEN"):
        monkeypatch.setenv(name, "1:abc")
    for name in ("MOTCUA_HEARTBEAT_URL", "MOTCUA_HEARTBEAT_ALARM_URL"):
        monkeypatch.setenv(name, "https://watch.example/key")


def uncommented(path: Path = EXAMPLE) -> dict[str, Any]:
    """The example with every setting that is shown as a comment switched on."""
    text = path.read_text(encoding="utf-8")
    return tomllib.loads(re.sub(r"(?m)^# (?=\[|\w+ = |\"[^\"]+\" = )", "", text))


def test_the_example_loads_as_it_is() -> None:
    plan = read_plan(load_config(EXAMPLE))

    assert [(each.name, each.kind) for each in plan.channels] == [("sms", "sms_smpp"), ("webchat", "webchat")]
    assert [(each.name, each.kind) for each in plan.sources] == [("motcua", "folder")]


def test_the_example_loads_with_everything_in_it_switched_on() -> None:
    plan = read_plan(Config.model_validate(uncommented()))

    assert {each.kind for each in plan.channels} == set(CHANNELS)
    assert {each.kind for each in plan.sources} == set(SOURCES)


def test_the_example_names_every_setting() -> None:
    raw = uncommented()
    missing = [
        f"[{table}] {name}"
        for table, field in Config.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        for name in field.annotation.model_fields
        if name not in raw[table]
    ]
    for family, kinds in (("channels", CHANNELS), ("sources", SOURCES)):
        given = {table["kind"]: table for table in raw[family].values()}
        # What all sources share is shown once, where the first of them is.
        shared = RecordSettings.model_fields.keys() & given.get("folder", {}).keys()
        shared |= SmsSettings.model_fields.keys() & given.get("sms_smpp", {}).keys()
        missing += [
            f"[{family}] {word}: {name}"
            for word, kind in kinds.items()
            for name in kind.settings.model_fields
            if name not in given[word] and name not in shared
        ]
    assert missing == []


NAMES_OF_THEIR_OWN = ("fields", "step_fields", "statuses", "filed", "returned", "agencies", "reasons", "users", "ways")
"""Tables whose keys the operator makes up: what they mean stands beside the heading."""


def test_every_setting_has_its_meaning_beside_it() -> None:
    """Or below it where it takes two lines, or above it; of a table of the operator's own names beside the heading."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    table, is_told, bare = "", False, []
    for number, line in enumerate(lines):
        heading = re.match(r"(?:# )?\[\[?([^\[\]]+)\]\]?(.*)", line)
        if heading:
            table, is_told = heading[1], "#" in heading[2]
            continue
        setting = re.match(r'(?:# )?([a-z_]+|"[^"]+") = (.*)', line)
        if not setting:
            continue
        above, below = lines[number - 1], lines[number + 1] if number + 1 < len(lines) else ""
        beside = re.search(r"\s# ?\S", setting[2])
        prose = above.startswith("# ") and not re.match(r"# (?:[a-z_]+ = |\[)", above)
        is_own = is_told and table.rpartition(".")[2] in NAMES_OF_THEIR_OWN
        if not (beside or prose or is_own or below.lstrip().startswith("# /")):
            bare.append(f"[{table}] {setting[1]}")
    assert bare == []


UNITS = ("giây", "phút", "giờ", "ngày", "tháng", "MiB", "byte", "%", "đồng", "seconds", "minutes", "hours", "days")


def test_every_length_of_time_size_and_share_names_its_unit() -> None:
    """By the name of the setting: what ends in a unit says it itself, what is a number of seconds says so beside it."""
    text = EXAMPLE.read_text(encoding="utf-8")
    timed = re.findall(
        r"(?m)^(?:# )?(\w*(?:timeout|every|pause|idle|lease|window|overlap|keep)) = (\d+\.\d+) *(.*)$", text
    )

    assert len(timed) > 20
    for name, value, comment in timed:
        assert any(unit in comment for unit in UNITS), f"{name} = {value} {comment}"


@pytest.mark.parametrize("provider", list(VARIANTS))
def test_each_http_provider_has_an_example_that_names_its_own_settings(provider: str) -> None:
    raw = uncommented(EXAMPLES / f"{provider}.toml")["channels"]
    (table,) = (each for each in raw.values() if each.get("provider") == provider)

    read_plan(Config(channels=raw))

    own = VARIANTS[provider].model_fields.keys() - HttpSettings.model_fields.keys()
    assert own - table.keys() == set()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_each_example_of_a_gateway_loads_as_it_is(path: Path) -> None:
    assert read_plan(load_config(path)).channels


def test_the_example_states_the_defaults() -> None:
    raw = uncommented()
    assert raw["storage"].pop("keys")
    for table in ("storage", "web", "texts", "lookup", "outbox", "log", "gateways"):
        settings = type(getattr(Config(), table))
        assert settings.model_validate(raw[table]) == settings(), table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[storge]\nurl = 'x'", "[storge] không có khóa này / unknown key — có phải / did you mean: storage?"),
        ("[storage]\nulr = 'x'", "[storage.ulr] không có khóa này / unknown key — có phải / did you mean: url?"),
        ("[web]\nport = 99999", "[web.port] Input should be less than or equal to 65535"),
        ("[outbox]\nsend = 90", "`send` must be shorter than `lease`"),
        ("[web\n", "không đúng TOML / not valid TOML"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as refused:
        load_config(path)

    assert str(path) in str(refused.value)
    assert expected in str(refused.value)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"kind": "smpp"}, "[channels.sms] kind = 'smpp': không có loại này / no such kind"),
        ({}, "kind = None"),
        (
            {
                "kind": "sms_smpp",
                "hots": "h",
                "system_id": "s",
                "password": "env:MOTCUA_SMPP_PASSWORD",
                "source_addr": "1",
            },
            "[hots] không có khóa này / unknown key — có phải / did you mean: host?",
        ),
        ({"kind": "sms_smpp", "host": "h", "system_id": "s", "source_addr": "1"}, "[password] còn thiếu / is missing"),
        (
            {"kind": "sms_smpp", "host": "h", "system_id": "s", "password": "secret", "source_addr": "1"},
            'a secret is written as "env:NAME" or "file:PATH"',
        ),
        (
            {"kind": "sms_smpp", "host": "h", "system_id": "s", "password": "env:NOT_THERE", "source_addr": "1"},
            "the environment variable NOT_THERE is not set",
        ),
    ],
)
def test_a_mistake_in_a_channel_is_named_with_its_table(table: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_plan(Config(channels={"sms": table}))

    assert expected in str(refused.value)


def test_no_error_repeats_a_secret_that_was_written_into_the_file() -> None:
    table = {"kind": "sms_smpp", "host": "h", "system_id": "s", "password": "hunter2", "source_addr": "1"}

    with pytest.raises(ConfigError) as refused:
        read_plan(Config(channels={"sms": table}))

    assert "hunter2" not in str(refused.value)


def test_a_missing_file_says_where_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.example\.toml"):
        load_config(tmp_path / "config.toml")
