"""Every regular expression of the house, how it is applied, and the strings that would make it work hardest.

Strings are made from the expression itself: for each repetition in it, what leads there, then the repeated piece very
often, then a sign that it cannot end with. An expression that tries many ways over such a string shows it in its time.
"""

import ast
import importlib
import pkgutil
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from re import _constants as signs  # type: ignore[attr-defined]
from re import _parser as syntax  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "adapters", "storage")
NOT_OUTSIDE = ("adapters.simulators", "bot.demo", "bot.__main__")
"""Stand-ins and demonstrations: nothing from outside comes to them."""
_METHODS = ("search", "match", "fullmatch", "sub", "split", "finditer", "findall", "subn")
_MANY = 12
"""Repetitions below this are no pump."""


@dataclass(frozen=True, slots=True)
class Use:
    """An expression as a module applies it."""

    place: str
    """`bot.model.phone._PIECE`, or the module where the expression stands in the call."""
    pattern: re.Pattern[Any]
    method: str

    def run(self, text: str) -> None:
        """Works through the text as the module would."""
        given = text.encode("utf-8", "surrogatepass") if isinstance(self.pattern.pattern, bytes) else text
        match self.method:
            case "finditer" | "findall" | "sub" | "subn" | "split":
                for _ in self.pattern.finditer(given):
                    pass
            case other:
                getattr(self.pattern, other)(given)


def uses() -> list[Use]:
    """Of every module that may be shown something from outside."""
    modules = [each for each in map(importlib.import_module, _names()) if isinstance(each.__file__, str)]
    applied = _applied(modules)
    found: dict[tuple[str, str], Use] = {}
    for module in modules:
        for name, pattern in _held(module):
            for method in applied.get(name.partition("[")[0], {"search"}):
                found.setdefault(
                    (f"{module.__name__}.{name}", method), Use(f"{module.__name__}.{name}", pattern, method)
                )
        for pattern, method in _inline(module):
            found[(f"{module.__name__}: {pattern.pattern!r}", method)] = Use(module.__name__, pattern, method)
    return list(found.values())


def _names() -> Iterator[str]:
    for package in PACKAGES:
        for each in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if not each.name.startswith(NOT_OUTSIDE):
                yield each.name


def _held(module: ModuleType) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Those that stand in the module's own names, in tables and tuples too."""
    for name, value in vars(module).items():
        for number, pattern in enumerate(_within(value)):
            yield (name if isinstance(value, re.Pattern) else f"{name}[{number}]"), pattern


def _within(value: object, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, Mapping) and depth < 3:
        for each in value.values():
            yield from _within(each, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset) and depth < 3:
        for each in value:
            yield from _within(each, depth + 1)


def _applied(modules: list[ModuleType]) -> dict[str, set[str]]:
    """How each name is applied, wherever it has been imported to; of a table's expressions all that its module does."""
    found: dict[str, set[str]] = {}
    for module in modules:
        text = _source(module)
        for name, method in re.findall(rf"\b([A-Za-z_]+)(?:\[\w+\])?\.({'|'.join(_METHODS)})\(", text):
            found.setdefault(name, set()).add(method)
    return found


def _inline(module: ModuleType) -> Iterator[tuple[re.Pattern[Any], str]]:
    """`re.sub("…", …)`: the expression stands in the call."""
    for node in ast.walk(ast.parse(_source(module))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        is_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
        said = node.args[0]
        if is_re and node.func.attr in _METHODS and isinstance(said, ast.Constant):
            flags = re.IGNORECASE if "IGNORECASE" in ast.unparse(node) else re.NOFLAG
            yield re.compile(said.value, flags), node.func.attr


@cache
def _source(module: ModuleType) -> str:
    return Path(str(module.__file__)).read_text(encoding="utf-8")


def pumps(pattern: re.Pattern[Any], length: int) -> set[str]:
    """Strings of about this length."""
    flags = pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        tree = syntax.parse(pattern.pattern, flags)
    made: set[str] = set()
    for before, piece in _repeated(list(tree), ""):
        often = max(1, (length - len(before)) // max(1, len(piece)))
        made |= {before + piece * often + end for end in ("\x00", "!", "", "x ", "0")}
    return made


def _repeated(items: list[Any], before: str) -> Iterator[tuple[str, str]]:
    """What leads to each repetition, and a piece of it."""
    for kind, value in items:
        if kind in (signs.MAX_REPEAT, signs.MIN_REPEAT, signs.POSSESSIVE_REPEAT):
            least, most, inner = value
            for piece in _samples(list(inner)):
                if most >= _MANY and piece:
                    yield before, piece
            yield from _repeated(list(inner), before)
            before += _sample(list(inner)) * min(least, 64)
        elif kind is signs.BRANCH:
            for branch in value[1]:
                yield from _repeated(list(branch), before)
            before += _sample(list(value[1][0]))
        elif kind is signs.SUBPATTERN:
            yield from _repeated(list(value[3]), before)
            before += _sample(list(value[3]))
        elif kind in (signs.ASSERT, signs.ASSERT_NOT):
            yield from _repeated(list(value[1]), before)
        elif kind is signs.ATOMIC_GROUP:
            yield from _repeated(list(value), before)
            before += _sample(list(value))
        else:
            before += _sample([(kind, value)])


def _samples(items: list[Any]) -> set[str]:
    """Some different pieces that an expression takes."""
    first = _sample(items)
    found = {first}
    for kind, value in items:
        if kind is signs.BRANCH:
            found |= {_sample(list(branch)) for branch in value[1]}
        elif kind is signs.SUBPATTERN:
            found |= _samples(list(value[3]))
        elif kind is signs.IN:
            found |= set(_signs(value))
    return found


def _sample(items: list[Any]) -> str:
    said = ""
    for kind, value in items:
        if kind is signs.LITERAL:
            said += chr(value)
        elif kind is signs.NOT_LITERAL:
            said += "a" if value != ord("a") else "b"
        elif kind is signs.ANY:
            said += "a"
        elif kind is signs.IN:
            said += next(iter(_signs(value)), "a")
        elif kind in (signs.MAX_REPEAT, signs.MIN_REPEAT, signs.POSSESSIVE_REPEAT):
            said += _sample(list(value[2])) * min(max(value[0], 1), 64)
        elif kind is signs.BRANCH:
            said += _sample(list(value[1][0]))
        elif kind is signs.SUBPATTERN:
            said += _sample(list(value[3]))
        elif kind is signs.ATOMIC_GROUP:
            said += _sample(list(value))
    return said


_OF_CATEGORY = {
    signs.CATEGORY_DIGIT: "0",
    signs.CATEGORY_SPACE: " ",
    signs.CATEGORY_WORD: "a0_",
    signs.CATEGORY_NOT_DIGIT: "a",
    signs.CATEGORY_NOT_SPACE: "a",
    signs.CATEGORY_NOT_WORD: "- ",
}


def _signs(choices: list[Any]) -> list[str]:
    """One sign for each choice of a set; of a negated set some that are in it."""
    if choices and choices[0][0] is signs.NEGATE:
        taken = {chr(value) for kind, value in choices[1:] if kind is signs.LITERAL}
        likely = " " if any(value is signs.CATEGORY_WORD for kind, value in choices if kind is signs.CATEGORY) else "a"
        if (signs.CATEGORY, signs.CATEGORY_NOT_WORD) in choices:
            likely = "a"
        return [each for each in (likely, "0", "\u00e0") if each not in taken]
    found: list[str] = []
    for kind, value in choices:
        if kind is signs.LITERAL:
            found.append(chr(value))
        elif kind is signs.RANGE:
            found.append(chr(value[0]))
        elif kind is signs.CATEGORY:
            found += _OF_CATEGORY[value]
    return found
