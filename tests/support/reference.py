"""The reference of all commands, `docs/lenh.md`, from the commands themselves: `python -m tests.support.reference`
writes it anew."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from bot.cli import cli

FILE = Path(__file__).parents[2] / "docs" / "lenh.md"
_HEAD = """# Các lệnh / all commands

Tệp này được ghi từ chính chương trình, và được kiểm trong bộ kiểm thử: lệnh nào có thì ở đây có, và ngược lại.
*Written from the program itself; the test suite checks that it is complete.*

Mọi lệnh nhận `--help`. Lệnh nào đọc cấu hình thì nhận `-c`, `--config TỆP`; không nêu thì đọc `MOTCUA_CONFIG`, rồi
`config.toml` ở thư mục hiện tại. `--json` in cho máy đọc. Mã thoát 0: được; 1: không được, hoặc có điều cần xem.
*Every command takes `--help`; those that read the configuration take `--config`, by default `MOTCUA_CONFIG`, then
`config.toml`. `--json` is for programs. Exit code 1: it did not work, or something is to be looked at.*
"""
_EVERYWHERE = {"--help", "--config", "--json"}


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its full name, such as `motcua audit list`, in the order of `motcua --help`."""
    yield from _below("motcua", typer.main.get_command(cli))


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    # Typer brings a click of its own, so the kinds are told apart by what they have.
    if hasattr(command, "commands"):
        for each, found in command.commands.items():
            yield from _below(f"{name} {each}", found)
    elif not command.hidden:
        yield name, command


def written() -> str:
    """The whole file."""
    return _HEAD + "".join(_told(name, command) for name, command in commands())


def _told(name: str, command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    needed = [each for each in command.params if each.param_type_name == "option" and each.required]
    usage = " ".join([name, *map(_shown, arguments), *(f"{each.opts[0]} {_shown(each)}" for each in needed)])
    lines = [f"\n## `{usage}`\n", _flat(command.help or "")]
    rows = [
        f"| `{_names(each)}` | {_flat(getattr(each, 'help', None) or '')} |"
        for each in command.params
        if not (set(each.opts) & _EVERYWHERE)
    ]
    if rows:
        lines += ["", "| | |", "|---|---|", *rows]
    return "\n".join(lines) + "\n"


def _shown(argument: Any) -> str:
    name = (argument.metavar or argument.name or "").strip("_{}[]").replace("_", "-").upper()
    return name if argument.required else f"[{name}]"


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return _shown(parameter)
    return ", ".join([*parameter.opts, *parameter.secondary_opts])


def _flat(text: str) -> str:
    """On one line, and a table's own sign as a letter."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
