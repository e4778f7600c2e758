"""Texts filled in without the template engine, which costs ten times as much and builds a world for each of them.

`bot.texts.syntax` lets little through: words, values, conditions and four filters. Each becomes a function once; what
is not among them, and a value that nobody gave, is the engine's affair, and so are its complaints.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import eq, itemgetter, ne
from typing import TypeVar

from jinja2 import Template, nodes

from bot.texts.syntax import FILTERS, Empty, MissingValueError, compiled, tree_of

T = TypeVar("T")
Values = Mapping[str, str]
_Value = Callable[[Values], str]
_Condition = Callable[[Values], object]
_Piece = str | _Value
"""Words, or what is said in their place."""

_COMPARED: Mapping[str, Callable[[str, str], bool]] = {
    "eq": eq,
    "ne": ne,
    "in": lambda one, other: one in other,
    "notin": lambda one, other: one not in other,
}


class Quick:
    """A text as a row of words and functions."""

    def __init__(self, source: str, pieces: Sequence[_Piece]) -> None:
        self._source = source
        self._pieces = pieces

    def render(self, values: Values) -> str:
        """As the compiled template does. Raises `MissingValueError`."""
        try:
            return _said(self._pieces, values)
        except KeyError:
            return compiled(self._source).render(values)


Fillable = Template | Quick


def fillable(source: str) -> Fillable:
    """What fills the text in, without the engine where that can be. Raises `TextRefused`."""
    try:
        return Quick(source, _pieces(tree_of(source).body))
    except _ForTheEngineError:
        return compiled(source)


class _ForTheEngineError(Exception):
    """The text says something in a way that is not known here."""


def _said(pieces: Sequence[_Piece], values: Values) -> str:
    return "".join([piece if isinstance(piece, str) else piece(values) for piece in pieces])


def _pieces(body: Sequence[nodes.Node]) -> Sequence[_Piece]:
    pieces: list[_Piece] = []
    for statement in body:
        match statement:
            case nodes.Output():
                pieces += [
                    each.data if isinstance(each, nodes.TemplateData) else _shown(each) for each in statement.nodes
                ]
            case nodes.If():
                pieces.append(_decided(statement))
            case _:
                raise _ForTheEngineError
    return tuple(pieces)


def _shown(expression: nodes.Expr) -> _Value:
    value = _value(expression)

    def show(values: Values) -> str:
        said = value(values)
        if isinstance(said, Empty):
            raise MissingValueError(said.name)
        return said

    return show


def _decided(statement: nodes.If) -> _Value:
    """The first branch whose condition holds."""
    branches = [(_condition(each.test), _pieces(each.body)) for each in (statement, *statement.elif_)]
    otherwise = _pieces(statement.else_)

    def decide(values: Values) -> str:
        for holds, pieces in branches:
            if holds(values):
                return _said(pieces, values)
        return _said(otherwise, values)

    return decide


def _value(expression: nodes.Node) -> _Value:
    """KeyError where nobody gave it."""
    match expression:
        case nodes.Name(name=name):
            return itemgetter(name)
        case nodes.Const(value=str() as words):
            return lambda _: words
        case nodes.Filter(name=name, node=nodes.Expr() as inner, args=arguments):
            act, given = FILTERS[name], [_value(each) for each in (inner, *arguments)]
            return lambda values: act(*[each(values) for each in given])
        case nodes.CondExpr(test=test, expr1=first, expr2=nodes.Expr() as second):
            holds, one, other = _condition(test), _value(first), _value(second)
            return lambda values: one(values) if holds(values) else other(values)
        case nodes.Or(left=left, right=right):
            return _first_that_holds(_value(left), _value(right))
        case nodes.And(left=left, right=right):
            return _last_if_all_hold(_value(left), _value(right))
        case _:
            raise _ForTheEngineError


def _condition(test: nodes.Node) -> _Condition:
    match test:
        case nodes.Not(node=inner):
            holds = _condition(inner)
            return lambda values: not holds(values)
        case nodes.Or(left=left, right=right):
            return _first_that_holds(_condition(left), _condition(right))
        case nodes.And(left=left, right=right):
            return _last_if_all_hold(_condition(left), _condition(right))
        case nodes.Compare(expr=left, ops=[nodes.Operand(op=op, expr=right)]):
            compare, here, there = _COMPARED[op], _value(left), _value(right)
            return lambda values: compare(here(values), there(values))
        case _:
            return _value(test)


def _first_that_holds(one: Callable[[Values], T], other: Callable[[Values], T]) -> Callable[[Values], T]:
    return lambda values: one(values) or other(values)


def _last_if_all_hold(one: Callable[[Values], T], other: Callable[[Values], T]) -> Callable[[Values], T]:
    return lambda values: one(values) and other(values)
