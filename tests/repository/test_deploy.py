"""What `deploy/` says is what there is: commands, roles, options, ports and files exist."""

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
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


def required(program: str, package: str) -> str:
    """Where a program of the system is; without it the test is left out, in CI it fails."""
    found = shutil.which(program)
    if found is None:
        reason = f"{program} is not installed (Debian: apt install {package})"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


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


def test_a_unit_tells_when_it_is_ready_that_it_lives_and_can_be_told_to_reload() -> None:
    for path in UNITS:
        service = unit(path)["Service"]
        assert service["Type"] == "notify"
        assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
        assert float(service["WatchdogSec"]) >= 30, "jobs may be at work for some seconds"
        assert unit(path)["Unit"]["StartLimitIntervalSec"] == "0", "a database that is away for an hour comes back"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_understands_the_unit_and_finds_it_locked_up(path: Path, tmp_path: Path) -> None:
    """By systemd's own reckoning, 0 (sealed) to 10 (open): it is a program that must reach the network."""
    analyze = required("systemd-analyze", "systemd")
    text = path.read_text(encoding="utf-8").replace("/opt/motcua/bin/motcua", "/bin/true")
    text = re.sub(r"(?m)^(User|Group)=motcua$", r"\1=bin", text)
    copy = tmp_path / path.name.replace("@", "@lap-tin")
    copy.write_text(text, encoding="utf-8")

    verified = subprocess.run([analyze, "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False)
    judged = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", "--threshold=20", str(copy)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    said = [line for line in verified.stderr.splitlines() if copy.name in line and "PartOf" not in line]
    assert said == []
    assert judged.returncode == 0, judged.stdout[-400:] + judged.stderr


def test_the_libraries_live_with_memory_that_is_never_both_written_and_run() -> None:
    """`MemoryDenyWriteExecute=` of the units, by the kernel's own switch (prctl PR_SET_MDWE, Linux 6.3)."""
    code = """
import asyncio, ctypes, mmap, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):
    sys.exit(3)
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)
    sys.exit(4)
except OSError:
    pass
import aiohttp, asyncpg, docxtpl, jwt, pydantic, python_calamine, segno, xlsxwriter
from bot.passwords import hashed, verified
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from storage import open_storage
async def work():
    assert (await verified("mật khẩu", await hashed("mật khẩu")))[0]
    async with open_storage("sqlite::memory:") as storage:
        await storage.migrate()
asyncio.run(work())
AESGCM(AESGCM.generate_key(256)).encrypt(bytes(12), b"x", None)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=False)

    if done.returncode == 3:
        pytest.skip("this kernel has no such switch (Linux 6.3)")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", COMPOSED, ids=lambda path: path.name)
def test_every_container_runs_a_command_that_exists(path: Path) -> None:
    for name, service in services(path).items():
        command, _ = parsed([str(word) for word in service["command"]])
        assert command == {"nang-cap": "migrate", "khoi-tao": "init"}.get(name, "run")
        assert service["image"] == "motcua"


@pytest.mark.parametrize("path", COMPOSED, ids=lambda path: path.name)
def test_every_container_is_closed_and_watched(path: Path) -> None:
    for name, service in services(path).items():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["pids_limit"]
        assert service["logging"]["driver"] == "json-file", "Podman knows it too"
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, "a full disk is the end of every message"
        mounts = dict(each.split(":", 1) for each in service["volumes"])
        assert mounts["data"] == "/var/lib/motcua"
        assert mounts["./etc"] == ("/etc/motcua" if name == "khoi-tao" else "/etc/motcua:ro")
        is_asked = not service.get("healthcheck", {}).get("disable", False)
        assert is_asked == (parsed([str(word) for word in service["command"]])[0] == "run"), "as the image says"
        if is_asked:
            assert service["restart"] == "unless-stopped"
            assert service["mem_limit"], "a process that grows takes nobody else's memory"
            assert service["init"] is True, "a stop is heard from the first moment"
            assert int(service["stop_grace_period"].rstrip("s")) >= 45
            port = parsed([str(word) for word in service["command"]])[1]["port"] or 8080
            asked = service.get("environment", {}).get("MOTCUA_HEALTH", "http://127.0.0.1:8080/healthz")
            assert asked == f"http://127.0.0.1:{port}/healthz"


def test_one_machine_in_containers_is_reached_by_its_own_proxy_alone_and_knows_it() -> None:
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    (network,) = composed["networks"]["default"]["ipam"]["config"]
    _, asked = parsed(composed["services"]["khoi-tao"]["command"])
    said = dict(each.split("=", 1) for each in asked["set_"])

    assert composed["services"]["motcua"]["ports"] == ["127.0.0.1:8080:8080"]
    assert tomllib.loads(f"x = {said['web.trusted_proxies']}")["x"] == [f"{network['gateway']}/32"]
    assert f"{network['gateway']}/32" in tomllib.loads(f"x = {said['watch.metrics_networks']}")["x"], "its Prometheus"


def test_the_image_asks_for_health_itself_and_runs_as_nobody_in_particular() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    stage = text.rpartition("\nFROM ")[2]

    assert re.search(r"(?m)^USER 10001:10001$", stage)
    (probe,) = re.findall(r'(?s)HEALTHCHECK .*?CMD \["python", "-c", "(.+?)"\]\n', stage)
    compile(probe, "HEALTHCHECK", "exec")
    assert "curl" not in text
    from bot.config import WebSettings

    assert f"127.0.0.1:{WebSettings().port}/healthz" in probe


def test_three_machines_run_in_containers_what_they_run_under_systemd() -> None:
    composed = {
        name: parsed([str(word) for word in service["command"]])[1]
        for name, service in services(DEPLOY / "compose.three.yaml").items()
        if name not in ("nang-cap", "khoi-tao")
    }

    assert {name: (roles_of(each["roles"]), each["port"]) for name, each in composed.items()} == {
        path.stem: (roles_of(settings_of(path)["ROLES"]), int(settings_of(path)["PORT"])) for path in ROLE_FILES
    }


def test_what_the_image_copies_is_there_and_is_all_that_the_builder_is_given() -> None:
    lines = re.findall(r"^COPY (?!--)(.+)$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    copied = {name for line in lines for name in line.split()[:-1]}
    ignored = (DEPLOY.parent / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in ignored if line and not line.startswith("#")]

    for name in copied:
        assert (DEPLOY.parent / name).exists(), name
    assert rules[0] == "*", "secrets of deploy/etc, databases, .git and .venv stay outside"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied


def test_the_image_is_compiled_whole_and_stays_so_whatever_times_its_layers_give_the_files() -> None:
    """Seen: builders round times in layers, the base image removes *.pyc, and nobody may write them later."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    built, _, stage = text.rpartition("\nFROM ")

    assert re.search(r"compileall -q -f --invalidation-mode unchecked-hash /opt/motcua/lib", built)
    assert re.search(r"compileall -q --invalidation-mode unchecked-hash .*stdlib", stage)
    assert all("--no-compile" in line for line in built.splitlines() if "pip install" in line)


def test_the_account_and_its_group_are_the_ones_that_the_image_runs_as() -> None:
    stage = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]

    assert "groupadd --gid 10001 motcua" in stage
    assert "useradd --uid 10001 --gid 10001 --no-create-home" in stage
    assert "install -d -o motcua -g motcua -m 700 /etc/motcua /var/lib/motcua" in stage


def test_what_the_guide_names_is_there() -> None:
    guide = (DEPLOY / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"deploy/[\w./@*-]*\w|docs/[\w.-]+\.md", guide)
    named = [name for name in named if name not in ("deploy/etc", "deploy/secrets.env")]

    assert named
    for name in named:
        assert list(DEPLOY.parent.glob(name)), name
    for path in ROLE_FILES:
        assert f"motcua@{path.stem}" in guide


def test_every_command_of_the_guide_exists() -> None:
    guide = (DEPLOY / "README.md").read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"(?s)```sh\n(.*?)```", guide)).replace("\\\n", " ")
    typed = re.findall(r"(?m)(?:^|/|motcua )motcua ((?:init|migrate|check|run|staff|backup)\b[^#\n]*)", blocks)

    assert {words.split()[0] for words in typed} >= {"init", "migrate", "check"}
    for words in typed:
        parsed(shlex.split(words.strip()))


def test_the_proxies_and_the_settings_speak_of_the_same_limits() -> None:
    from bot.config import Config

    largest = Config().api.broadcast_bytes / (1 << 20)
    nginx = (DEPLOY / "proxy" / "nginx.conf").read_text(encoding="utf-8")
    caddy = (DEPLOY / "proxy" / "Caddyfile").read_text(encoding="utf-8")

    (api,) = re.findall(r"(?s)location /api/v1/ \{.*?client_max_body_size (\d+)m;", nginx)
    (programs,) = re.findall(r"(?s)request_body @programs \{\s*max_size (\d+)MB", caddy)
    assert int(api) == int(programs) > largest
    for page in ("/metrics", "/healthz", "/readyz"):
        assert f"location = {page} {{ return 404; }}" in nginx
        assert page in caddy
