"""docs/threat-model.md names every way in, and nothing that is not there."""

import re
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from adapters.registry import CHANNELS, SOURCES
from bot.cli import cli
from bot.web.prefix import PREFIX
from tests.defence.estate import Estate

MODEL = Path("docs/threat-model.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", MODEL))


def standing_for(path: str) -> str:
    """How the model names a route: a page of the console by its place, everything else as it is."""
    if path.startswith(f"{PREFIX}/"):
        return f"{PREFIX}/{path.removeprefix(f'{PREFIX}/').partition('/')[0]}".rstrip("/")
    return path


async def test_every_route_is_named(estate: Estate) -> None:
    ways = {standing_for(path) for _, path in estate.routes}

    assert len(ways) > 35
    assert ways - NAMED == set()


async def test_no_route_is_named_that_is_not_there(estate: Estate) -> None:
    ways = {standing_for(path) for _, path in estate.routes} | {path for _, path in estate.routes}
    of_ours = ("/api/", "/can-bo", "/chat/", "/demo", "/onestop/", "/webhooks/", "/tai-lieu/", "/qr/", "/static")

    assert {each for each in NAMED if each.startswith(of_ours)} - ways == set()


@pytest.mark.parametrize(("family", "kinds"), [("channel", CHANNELS), ("source", SOURCES)], ids=["channels", "sources"])
def test_every_kind_of_channel_and_source_is_named(family: str, kinds: dict[str, object]) -> None:
    assert set(re.findall(rf"(?m)^\| {family} `(\w+)` \|", MODEL)) == set(kinds)


def commands(group: typer.Typer, *before: str) -> Iterator[tuple[str, Callable[..., object]]]:
    for each in group.registered_commands:
        assert each.callback is not None
        yield " ".join((*before, each.name or each.callback.__name__.replace("_", "-"))), each.callback
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        name = inner.name if isinstance(inner.name, str) else inner.typer_instance.info.name
        yield from commands(inner.typer_instance, *before, *([name] if isinstance(name, str) else []))


def opens_a_file(command: Callable[..., object]) -> bool:
    """Beside the configuration, which all do."""
    hints = typing.get_type_hints(command)
    return any(Path in (hint, *typing.get_args(hint)) for name, hint in hints.items() if name != "config")


def test_every_command_that_opens_a_file_is_named() -> None:
    opening = {f"motcua {name}" for name, command in commands(cli) if opens_a_file(command)}
    (row,) = re.findall(r"(?m)^\| command line: (.*?) open files", MODEL)

    assert len(opening) > 15
    assert set(re.findall(r"`([^`]+)`", row)) == opening


def test_what_is_named_exists() -> None:
    defined = {
        name
        for path in Path("tests").rglob("test_*.py")
        for name in re.findall(r"(?m)^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"))
    }
    modules = {each for each in NAMED if each.endswith(".py")}
    tests = {each for each in NAMED if each.startswith("test_")}
    known = {f"motcua {name}" for name, _ in commands(cli)} | {"motcua run"}
    programs = {each for each in NAMED if re.fullmatch(r"motcua [a-z -]+", each)}

    assert len(modules) > 40
    assert len(tests) > 60
    assert {each for each in modules if not Path(each).is_file()} == set()
    assert tests - defined == set()
    assert programs - known == set()
    assert {each for each in re.findall(r"\]\(([^)#]+)\)", MODEL) if not (Path("docs") / each).is_file()} == set()


def test_its_parts_are_there() -> None:
    headings = re.findall(r"(?m)^## (.+)$", MODEL)

    assert headings == [
        "What is worth attacking",
        "Who would",
        "What holds everywhere",
        "Ways in: pages and calls",
        "Ways in: channels",
        "Ways in: sources",
        "Ways in: on the machine",
        "Ways out",
        "What we are made of",
        "What obliges a revision",
    ]
    for entry in ("command line", "configuration", "environment and secret files", "database", "backups", "`web.key`"):
        assert re.search(rf"(?m)^\| {re.escape(entry)}", MODEL), entry


def test_what_the_tests_notice_is_said_to_be_noticed() -> None:
    """The list of triggers names the tests above, and none of another module."""
    listed = set(re.findall(r"(?m)^[1-5]\. .*\(`(test_\w+)`\)", MODEL))

    assert listed == {
        test_every_route_is_named.__name__,
        test_every_kind_of_channel_and_source_is_named.__name__,
        test_every_command_that_opens_a_file_is_named.__name__,
        "test_every_place_that_opens_a_session_is_named_in_the_threat_model",
        test_what_is_named_exists.__name__,
    }


def test_what_to_do_at_a_leak_names_commands_that_are_there() -> None:
    text = Path("SECURITY.md").read_text(encoding="utf-8")
    known = {f"motcua {name}" for name, _ in commands(cli)}
    named = {re.sub(r" [A-ZÊ]+( --.*)?$", "", each) for each in re.findall(r"`(motcua [^`]+)`", text)}
    targets = set(re.findall(r"(?m)^([a-z]+):", Path("Makefile").read_text(encoding="utf-8")))

    assert len(named) >= 6
    assert named - known == set()
    assert set(re.findall(r"`make ([a-z]+)`", text)) <= targets
    assert text.index("## Báo một lỗ hổng") < text.index("## Reporting a vulnerability")
    assert {each for each in re.findall(r"\]\(([^)#]+)\)", text) if not Path(each).is_file()} == set()
