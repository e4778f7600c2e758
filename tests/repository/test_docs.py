"""What the documents name exists, and what exists is named."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
from pydantic import BaseModel

from bot.cli import cli
from bot.config import Config
from tests.support import reference

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    each
    for each in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md"))
    if each.name != "CHANGELOG.md"
)
_LINKED = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#([^)\s]+))?\)")
_CODE = re.compile(r"`([^`\n]+)`")
_BLOCK = re.compile(r"^```(?:sh|bash|console|text)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CALLED = re.compile(r"(?:^\s*|[;&|(]\s*|/bin/)(motcua [^#;&|\n]*)")
_SETTING = re.compile(r"^\[(?P<table>[a-z_]+(?:\.[\w…<>]+)*)\](?: (?P<key>[a-z_]+)(?: = .*)?)?$")
_OPEN = {"channels", "sources", "routes", "contacts", "zbs"}
"""Tables whose names are the office's own, whose keys an adapter knows, or that stand in a file of texts."""


def names_of(document: Path) -> Iterator[tuple[int, str]]:
    """Every command that a document gives, with its line: `motcua …` in a block or within backquotes."""
    text = document.read_text(encoding="utf-8")
    for block in _BLOCK.finditer(text):
        for line in block[1].replace("\\\n", " ").splitlines():
            for found in _CALLED.finditer(line):
                yield text.count("\n", 0, block.start()) + 1, found[1].strip()
    for line, content in enumerate(text.splitlines(), 1):
        for code in _CODE.findall(content):
            if code.startswith("motcua "):
                yield line, code


def complaint(words: list[str]) -> str:
    """What is wrong with `motcua WORDS`; empty where nothing is. Placeholders are words like any other."""
    command: Any = typer.main.get_command(cli)
    while hasattr(command, "commands"):
        if not words or words[0].startswith(("-", "[", "…", "<")):
            return ""
        name, *words = words
        if name.isdigit() and "year" in command.commands:
            return ""
        several = [each for each in re.split(r"[|,]", name) if each] or [name]
        found = [command.commands.get(each) for each in several]
        if None in found:
            return f"no command {name}"
        command = found[0]
        if words[:1] == ["|"]:
            return ""
    if command.context_settings.get("ignore_unknown_options"):
        return ""
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {"--help"}
    for word in words:
        option = word.strip("[]()…,.").split("=")[0]
        if re.fullmatch(r"--?[a-z][a-z-]*", option) and option not in known:
            return f"no option {option}"
    return lacking(command, words) if words else ""


def lacking(command: Any, words: list[str]) -> str:
    """What the command needs besides these words; empty where nothing is lacking. A bare name is no call."""
    options = {name: each for each in command.params if each.param_type_name == "option" for name in each.opts}
    given: set[str] = set()
    arguments, rest = 0, iter(words)
    for word in rest:
        name = word.strip("[]()…,.").split("=")[0]
        if name in options:
            given.add(options[name].name)
            if not options[name].is_flag and "=" not in word:
                next(rest, "")
        elif not word.startswith("-"):
            arguments += 1
    needed = [each for each in command.params if each.required]
    if lacks := [each.opts[0] for each in needed if each.param_type_name == "option" and each.name not in given]:
        return f"lacks {', '.join(lacks)}"
    if arguments < sum(each.param_type_name == "argument" for each in needed):
        return "lacks an argument"
    return ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_in_it_exists(document: Path) -> None:
    wrong = []
    for line, code in names_of(document):
        try:
            words = shlex.split(code, comments=True)
        except ValueError:
            words = code.split()
        if told := complaint(words[1:]):
            wrong.append(f"{document.name}:{line}: {code}: {told}")

    assert wrong == []


def test_a_command_that_does_not_exist_would_be_found() -> None:
    assert complaint(["audit", "list", "--by", "lan"]) == ""
    assert complaint(["audit", "remove"]) == "no command remove"
    assert complaint(["audit", "list", "--whom"]) == "no option --whom"
    assert complaint(["import", "x.csv"]) == "lacks --source"
    assert complaint(["import", "x.csv", "--source", "one"]) == ""
    assert complaint(["import", "--source", "one"]) == "lacks an argument"
    assert complaint(["import"]) == ""


def test_the_reference_of_commands_is_what_the_program_says() -> None:
    assert reference.FILE.read_text(encoding="utf-8") == reference.written(), "python -m tests.support.reference"


def test_every_command_says_in_both_languages_what_it_does() -> None:
    silent = [name for name, command in reference.commands() if " / " not in (command.help or "")]

    assert silent == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_it_links_to_is_there(document: Path) -> None:
    missing = [
        name
        for name, _ in _LINKED.findall(document.read_text(encoding="utf-8"))
        if not (document.parent / name).exists()
    ]

    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_heading_that_it_links_to_is_there(document: Path) -> None:
    missing = []
    for name, anchor in _LINKED.findall(document.read_text(encoding="utf-8")):
        target = document.parent / name
        if anchor and target.suffix == ".md" and anchor not in anchors(target):
            missing.append(f"{name}#{anchor}")

    assert missing == []


def anchors(document: Path) -> set[str]:
    """As Git hosts make them of headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower() for heading in headings)
    return {re.sub(r"\s", "-", each) for each in plain}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_setting_in_it_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    wrong = [code for code in _CODE.findall(text) if (found := _SETTING.match(code)) and not exists(found)]

    assert wrong == []


def exists(found: re.Match[str]) -> bool:
    shape: Any = Config
    for step in found["table"].split("."):
        # A table whose names are the office's own, or one that a message's own file has.
        if shape is None or step in _OPEN or step.isupper():
            return True
        shape = field_of(shape, step)
        if shape is False:
            return False
    return not found["key"] or not is_shape(shape) or found["key"] in shape.model_fields


def field_of(shape: Any, name: str) -> Any:
    """The table's shape; None where its keys are the office's own; False where there is no such table."""
    if not is_shape(shape):
        return None
    if name not in shape.model_fields:
        return False
    annotation = shape.model_fields[name].annotation
    return next((each for each in (annotation, *get_args(annotation)) if is_shape(each)), None)


def is_shape(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def test_a_setting_that_does_not_exist_would_be_found() -> None:
    for code, is_there in {"[web] port": True, "[web] colour": False, "[wob]": False, "[sources.x] y": True}.items():
        found = _SETTING.match(code)
        assert found is not None
        assert exists(found) is is_there, code


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_configuration_in_it_is_valid_toml(document: Path) -> None:
    for block in re.findall(r"^```toml\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        tomllib.loads(block)
