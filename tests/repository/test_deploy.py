"""What `deploy/` says is what there is: commands, roles, options, ports and files exist."""

import configparser
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from bot.cli import cli
from bot.roles import ALL, roles_of

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
ROLE_FILES = sorted((DEPLOY / "systemd" / "vai").glob("*.env"))
COMPOSED = sorted(DEPLOY.glob("compose*.yaml"))


def parsed(words: list[str]) -> tuple[str, dict[str, Any]]:
    """The command and its parameters; fails as the command line would where it does not exist."""
    group = typer.main.get_command(cli)
    name, command, rest = group.resolve_command(group.make_context("motcua", [*words]), words)  # type: ignore[attr-defined]
    return name, command.make_context(name, rest).params


def settings_of(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def unit(path: Path) -> configparser.RawConfigParser:
    read = configparser.RawConfigParser(strict=False)
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read(path, encoding="utf-8")
    return read


def services(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["services"]
    return found


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_unit_runs_a_command_that_exists(path: Path) -> None:
    service = unit(path)["Service"]
    commands = [service[key] for key in ("ExecStartPre", "ExecStart") if key in service]

    for command in commands:
        words = shlex.split(command.replace("${ROLES}", "send").replace("${PORT}", "8082"))
        assert "$" not in "".join(words)
        assert words[0] == "/opt/motcua/bin/motcua"
        assert parsed(words[1:])[0] in ("run", "migrate")


def test_a_stop_has_time_to_finish_what_is_under_way() -> None:
    from bot.config import OutboxSettings

    for path in UNITS:
        assert float(unit(path)["Service"]["TimeoutStopSec"]) > OutboxSettings().drain + 10


def test_the_processes_of_a_machine_have_all_roles_between_them_and_each_a_port_of_its_own() -> None:
    settings = [settings_of(path) for path in ROLE_FILES]

    roles = [role for each in settings for role in roles_of(each["ROLES"])]

    assert sorted(roles) == sorted(ALL), "each role once"
    assert len({each["PORT"] for each in settings}) == len(settings)


@pytest.mark.parametrize("path", COMPOSED, ids=lambda path: path.name)
def test_every_container_runs_a_command_that_exists(path: Path) -> None:
    for name, service in services(path).items():
        command, _ = parsed([str(word) for word in service["command"]])
        assert command == ("migrate" if name == "nang-cap" else "run")
        assert service["image"] == "motcua"


def test_three_machines_run_in_containers_what_they_run_under_systemd() -> None:
    composed = {
        name: parsed([str(word) for word in service["command"]])[1]
        for name, service in services(DEPLOY / "compose.three.yaml").items()
        if name != "nang-cap"
    }

    assert {name: (roles_of(each["roles"]), each["port"]) for name, each in composed.items()} == {
        path.stem: (roles_of(settings_of(path)["ROLES"]), int(settings_of(path)["PORT"])) for path in ROLE_FILES
    }


def test_what_the_image_copies_is_there() -> None:
    copied = re.findall(r"^COPY (?!--)(.+)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)

    for line in copied:
        for name in line.split()[:-1]:
            assert (DEPLOY.parent / name).exists(), name


def test_what_the_guide_names_is_there() -> None:
    guide = (DEPLOY / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"deploy/[\w./@*-]+|docs/[\w.-]+\.md", guide)

    assert named
    for name in named:
        assert list(DEPLOY.parent.glob(name)), name
    for path in ROLE_FILES:
        assert f"motcua@{path.stem}" in guide
