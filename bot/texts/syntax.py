"""What a text may be written with: an allow-list over Jinja2's own syntax tree, checked before anything is compiled.

A sandbox stops what it knows to be dangerous; this lets through only what a text needs: words, names of values,
`if`, comparisons for equality, `and`, `or`, `not`, and four filters. What is not on the list is refused with its line.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.model.errors import MotcuaError

LONGEST = 4_000
"""Characters of one template."""
DEEPEST = 24
"""Levels of the syntax tree; an `if` takes two, each operator in a condition one."""
MOST_NODES = 400

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_JINJAS_OWN = frozenset({"self", "super", "loop", "caller", "varargs", "kwargs", "context", "environment"})

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr, nodes.Compare,
    nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter,
)  # fmt: skip
Words = tuple[str, str]
"""Vietnamese and English."""

_REFUSED: tuple[tuple[tuple[type[nodes.Node], ...], Words], ...] = (
    ((nodes.For,), ("vòng lặp", "a loop")),
    ((nodes.Getattr,), ("thuộc tính sau dấu chấm", "an attribute after a dot")),
    ((nodes.Getitem, nodes.Slice), ("phần tử trong [ ]", "an item in [ ]")),
    ((nodes.Call, nodes.CallBlock), ("lời gọi hàm", "a call")),
    ((nodes.Concat,), ("phép nối ~", "joining with ~")),
    ((nodes.BinExpr, nodes.UnaryExpr), ("phép tính", "arithmetic")),
    ((nodes.Assign, nodes.AssignBlock, nodes.NSRef), ("phép gán", "an assignment")),
    (
        (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends, nodes.Block),
        ("tệp khác", "another file, a block"),
    ),
    ((nodes.Macro,), ("macro", "a macro")),
    ((nodes.Test,), ("phép thử is", "a test with is")),
    ((nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair), ("danh sách", "a list")),
)
_OPERATORS = {"eq": "==", "ne": "!=", "in": "in", "notin": "not in"}


class Empty(str):
    """The value that is not known, with its name: false in an `if`, and never shown."""

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str) -> "Empty":
        made = super().__new__(cls)
        made.name = name
        return made


class MissingValueError(Exception):
    """A template needs a value that the dossier does not have; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True, order=True)
class Refusal:
    """A place in a template that may not be so."""

    line: int
    vi: str
    en: str

    def __str__(self) -> str:
        return f"dòng {self.line}: {self.vi} / line {self.line}: {self.en}"


class TextRefused(MotcuaError):  # noqa: N818 - it is an answer to whoever wrote the text
    """The template is not written as texts may be; the message says where and why."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__("; ".join(map(str, refusals)))
        self.refusals = refusals


def refusals(source: str) -> list[Refusal]:
    """All that is not allowed in a template, in the order of its lines; empty: it may be compiled."""
    parsed = _parsed(source)
    return [parsed] if isinstance(parsed, Refusal) else sorted(set(_objections(parsed)))


def tree_of(source: str) -> nodes.Template:
    """The syntax tree of a template that is allowed. Raises `TextRefused`."""
    parsed = _parsed(source)
    found = [parsed] if isinstance(parsed, Refusal) else sorted(set(_objections(parsed)))
    if isinstance(parsed, Refusal) or found:
        raise TextRefused(found)
    return parsed


def compiled(source: str) -> Template:
    """A template that refuses, with `MissingValueError`, to show an `Empty`. Raises `TextRefused`."""
    tree_of(source)
    return _environment().from_string(source)


_TOO_DEEP = ("lồng nhau quá sâu", "nested too deeply")
_TOO_MANY = ("quá nhiều chỗ điền", "too many places")


def _parsed(source: str) -> nodes.Template | Refusal:
    if len(source) > LONGEST:
        return Refusal(1, f"dài {len(source):,} ký tự, nhiều nhất {LONGEST:,}", f"longer than {LONGEST:,} characters")
    try:
        return _environment().parse(source)
    except TemplateSyntaxError as error:
        return Refusal(error.lineno, f"cú pháp không đúng: {error.message}", f"syntax: {error.message}")
    except (RecursionError, MemoryError):
        return Refusal(1, *_TOO_DEEP)
    except ValueError as error:  # a number with more digits than Python reads
        return Refusal(1, f"cú pháp không đúng: {error}", f"syntax: {error}")


def _objections(template: nodes.Template) -> Iterator[Refusal]:
    """Walks with a stack of its own, so that depth costs nothing."""
    waiting = [_Place(template, 1)]
    seen = 0
    while waiting:
        place = waiting.pop()
        seen += 1
        if place.depth > DEEPEST or seen > MOST_NODES:
            yield Refusal(place.line, *(_TOO_DEEP if place.depth > DEEPEST else _TOO_MANY))
            return
        if objection := _objection(place):
            vi, en = objection
            yield Refusal(place.line, f"không được dùng {vi}", f"not allowed: {en}")
        else:
            waiting += _within(place)


class _Place(NamedTuple):
    """A node, and where it stands."""

    node: nodes.Node
    line: int
    depth: int = 0
    is_condition: bool = False
    """Only whether it is true matters; elsewhere it is a text."""


def _within(place: _Place) -> Iterator[_Place]:
    node = place.node
    for child in node.iter_child_nodes():
        match node:
            case nodes.If() | nodes.CondExpr():
                is_condition = child is node.test
            case nodes.Not():
                is_condition = True
            case nodes.And() | nodes.Or():
                is_condition = place.is_condition
            case _:
                is_condition = False
        yield _Place(child, child.lineno or place.line, place.depth + 1, is_condition)


def _objection(place: _Place) -> Words | None:
    node = place.node
    if not isinstance(node, _ALLOWED):
        kind = type(node).__name__
        named = (words for kinds, words in _REFUSED if isinstance(node, kinds))
        return next(named, (f"cú pháp này ({kind})", f"this syntax ({kind})"))
    if isinstance(node, nodes.Not | nodes.Compare) and not place.is_condition:
        return "điều kiện ở chỗ của lời", "a condition where words should stand"
    match node:
        case nodes.Name() if not _NAME.fullmatch(node.name) or node.name in _JINJAS_OWN or node.ctx != "load":
            return f"tên “{node.name[:40]}”", f"the name “{node.name[:40]}”"
        case nodes.Const() if not isinstance(node.value, str):
            shown = f"{node.value!r:.20}"
            return f"{shown} không có ngoặc kép", f"{shown} without quotes"
        case nodes.Operand() if node.op not in _OPERATORS:
            known = " ".join(_OPERATORS.values())
            return f"so sánh khác {known}", f"comparisons other than {known}"
        case nodes.CondExpr() if node.expr2 is None:
            return "if thiếu else", "an if without else"
        case nodes.Filter():
            return _filter_objection(node)
        case _:
            return None


def _filter_objection(node: nodes.Filter) -> Words | None:
    if node.name not in FILTERS:
        known = ", ".join(FILTERS)
        return f"bộ lọc “{node.name[:40]}”, chỉ có {known}", f"the filter “{node.name[:40]}”; there are {known}"
    if node.node is None:
        return "khối {% filter %}", "a {% filter %} block"
    wanted = 1 if node.name == "default" else 0
    if len(node.args) != wanted or node.kwargs or node.dyn_args or node.dyn_kwargs:
        return f"bộ lọc {node.name} như vậy: cần {wanted} giá trị", f"{node.name} takes {wanted} value(s)"
    return None


def _shown(value: object) -> object:
    """Called on everything that a template shows."""
    if isinstance(value, Empty):
        raise MissingValueError(value.name)
    return value


def _upper(value: str) -> str:
    return value if isinstance(value, Empty) else value.upper()


def _lower(value: str) -> str:
    return value if isinstance(value, Empty) else value.lower()


def _capitalize(value: str) -> str:
    """The first letter alone: Jinja's own would write "Ubnd phường"."""
    return value[:1].upper() + value[1:] if value else value


def _default(value: str, otherwise: str) -> str:
    """Also for an empty value: Jinja's own lets that through, which nobody expects."""
    return value or otherwise


FILTERS: Mapping[str, Callable[..., str]] = {
    "upper": _upper,
    "lower": _lower,
    "capitalize": _capitalize,
    "default": _default,
}
"""`upper` for names at the head of an SMS; `lower` and `capitalize` for a status within and at the beginning of a
sentence; `default` for a value that may be missing. Nothing shortens: an SMS that is too long gives way by `flexible`,
visibly, and half a code or a date would be a wrong one."""


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, auto_reload=False, cache_size=0, finalize=_shown
    )
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.clear()
    environment.filters.update(FILTERS)
    return environment
