"""Pure: a configuration into which choices are written, every other line and every comment staying as it was."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_LINE = re.compile(
    r"(?P<off># )?(?:\[{1,2}(?P<table>[^\[\]]+)\]{1,2}|(?P<key>[A-Za-z_][\w-]*|\"[^\"]+\") = (?P<rest>.*))"
)
_COMMENT_AT = 28
"""Column of the comments, as in the example."""

Value = str | bool | int | float | Sequence[Any] | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    table: str
    """To which it belongs, `channels.sms`; empty above the first one."""
    key: str = ""
    """Of a setting; empty: the table's heading, or prose."""
    is_heading: bool = False


class Sheet:
    """The text of a configuration. A setting or table that stands there as a comment is off."""

    def __init__(self, text: str) -> None:
        self._lines: list[_Line] = []
        table = ""
        for each in text.splitlines():
            found = _LINE.match(each)
            if found and found["table"]:
                table = found["table"]
                self._lines.append(_Line(each, table, is_heading=True))
            else:
                self._lines.append(_Line(each, table, found["key"] if found else ""))

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self._lines) + "\n"

    def comment(self, table: str, key: str) -> str:
        """What stands beside a setting; empty: nothing, or no such line."""
        line = next((each for each in self._lines if (each.table, each.key) == (table, key)), None)
        return _parts(line.text)[1].lstrip("# ") if line else ""

    def switch_off(self, table: str) -> None:
        """Makes a comment of a table, and of all below it."""
        for number, line in enumerate(self._lines):
            if _lies_in(line.table, table) and (line.key or line.is_heading) and not line.text.startswith("# "):
                self._put(number, f"# {line.text}")

    def write(self, table: str, key: str, value: Value) -> None:
        """Sets and switches on a setting, and its table; where either is not in the text, it is added."""
        self._switch_on(table)
        number = next((at for at, line in enumerate(self._lines) if (line.table, line.key) == (table, key)), None)
        if number is None:
            own = [at for at, line in enumerate(self._lines) if line.table == table and (line.key or line.is_heading)]
            self._lines.insert(own[-1] + 1, _Line(f"{key} = {literal(value)}", table, key))
            return
        setting, comment = f"{key} = {literal(value)}", _parts(self._lines[number].text)[1]
        self._put(number, f"{setting.ljust(_COMMENT_AT - 2)}  {comment}" if comment else setting)

    def add(self, text: str) -> None:
        """Further tables, below everything else."""
        self._lines += [_Line("", ""), *Sheet(text)._lines]

    def _switch_on(self, table: str) -> None:
        for number, line in enumerate(self._lines):
            if line.table == table and line.is_heading:
                self._put(number, line.text.removeprefix("# "))
                return
        family = table.rpartition(".")[0]
        self._lines.insert(self._end(family), _Line(f"[{table}]", table, is_heading=True))

    def _end(self, table: str) -> int:
        """Below the last line of a table and of all below it; of none: at the end."""
        settings = (at for at, line in enumerate(self._lines) if line.key or line.is_heading)
        of = [at for at in settings if _lies_in(self._lines[at].table, table)]
        return of[-1] + 1 if of else len(self._lines)

    def _put(self, number: int, text: str) -> None:
        line = self._lines[number]
        self._lines[number] = _Line(text, line.table, line.key, line.is_heading)


def literal(value: Value) -> str:
    """As TOML writes it, in one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # The escapes of JSON are TOML's too, but for DEL, which JSON lets stand.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        pairs = (f"{_name(str(key))} = {literal(each)}" for key, each in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(literal, value))}]"
    return str(value)


def everything_on(text: str) -> dict[str, Any]:
    """What the text would say with all its settings switched on."""
    lines = (each.removeprefix("# ") if _LINE.match(each) else each for each in text.splitlines())
    return tomllib.loads("\n".join(lines))


def _name(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else literal(key)


def _parts(line: str) -> tuple[str, str]:
    """A setting without the comment beside it, and that comment from its `#` on."""
    line = line.removeprefix("# ")
    for at in (found.start() for found in re.finditer(r"(?<=\s)#", line)):
        try:
            tomllib.loads(line[:at])
        except tomllib.TOMLDecodeError:
            continue  # that one stood within a text
        return line[:at].rstrip(), line[at:]
    return line, ""


def _lies_in(table: str, above: str) -> bool:
    return table == above or table.startswith(f"{above}.")
