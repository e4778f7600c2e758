"""What a template says of itself: the values it uses, those that it shows without a guard, and its own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import nodes

from bot.texts.syntax import tree_of

Names = frozenset[str]
_NONE: Names = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a template uses."""

    names: Names
    """All values, also those that are only asked for in a condition."""
    shown: Names
    """Those that a reader may see."""
    unguarded: Names
    """Values that some reader sees without an `if`, `or` or `default` for when they are missing: then it refuses."""
    literal: str
    """Its own words, with a space where a value stands."""


@lru_cache(maxsize=1024)
def read(source: str) -> Reading:
    """Raises `TextRefused`."""
    tree = tree_of(source)
    words = [node.data for node in tree.find_all(nodes.TemplateData)]
    words += [node.value for node in tree.find_all(nodes.Const)]
    return Reading(
        names=frozenset(node.name for node in tree.find_all(nodes.Name)),
        shown=_in_body(tree.body, _NONE, shown=True),
        unguarded=_in_body(tree.body, _NONE, shown=False),
        literal=" ".join(words),
    )


def _in_body(body: Sequence[nodes.Node], known: Names, *, shown: bool) -> Names:
    """The names that statements show; or those among them that may be empty there, where `known` are not."""
    found = _NONE
    for node in body:
        if isinstance(node, nodes.Output):
            for expression in node.nodes:
                found |= _names_in(expression) if shown else _may_be_empty(expression, known)
        elif isinstance(node, nodes.If):
            found |= _in_if(node, known, shown=shown)
    return found


def _in_if(node: nodes.If, known: Names, *, shown: bool) -> Names:
    found = _in_body(node.body, known | _given(node.test), shown=shown)
    otherwise = known | _given_if_not(node.test)
    for each in node.elif_:
        found |= _in_body(each.body, otherwise | _given(each.test), shown=shown)
        otherwise |= _given_if_not(each.test)
    return found | _in_body(node.else_, otherwise, shown=shown)


def _names_in(expression: nodes.Node) -> Names:
    """What it may show; a condition is not shown."""
    match expression:
        case nodes.Name():
            return frozenset({expression.name})
        case nodes.CondExpr():
            return _names_in(expression.expr1) | (_names_in(expression.expr2) if expression.expr2 else _NONE)
        case nodes.Filter():
            return _NONE.union(*map(_names_in, _filtered(expression)))
        case nodes.And() | nodes.Or():
            return _names_in(expression.left) | _names_in(expression.right)
        case _:
            return _NONE


def _filtered(expression: nodes.Filter) -> list[nodes.Expr]:
    return [*([expression.node] if expression.node else []), *expression.args]


def _may_be_empty(expression: nodes.Node, known: Names) -> Names:
    match expression:
        case nodes.Name():
            return frozenset({expression.name}) - known
        case nodes.CondExpr():
            first = _may_be_empty(expression.expr1, known | _given(expression.test))
            other = known | _given_if_not(expression.test)
            return first | (_may_be_empty(expression.expr2, other) if expression.expr2 else _NONE)
        case nodes.Filter():
            # What `default` falls back on stands last.
            return _may_be_empty(_filtered(expression)[-1], known)
        case nodes.Or():
            return _may_be_empty(expression.right, known)
        case nodes.And():
            return _may_be_empty(expression.left, known) | _may_be_empty(
                expression.right, known | _given(expression.left)
            )
        case _:
            return _NONE


def _given(test: nodes.Node) -> Names:
    """The values that are known not to be empty where a condition holds."""
    match test:
        case nodes.Name():
            return frozenset({test.name})
        case nodes.And():
            return _given(test.left) | _given(test.right)
        case nodes.Or():
            return _given(test.left) & _given(test.right)
        case nodes.Not():
            return _given_if_not(test.node)
        case nodes.Compare(expr=nodes.Name() as name, ops=[nodes.Operand(op="eq", expr=nodes.Const() as const)]):
            return frozenset({name.name}) if const.value else _NONE
        case nodes.Compare(expr=nodes.Name() as name, ops=[nodes.Operand(op="ne", expr=nodes.Const() as const)]):
            return _NONE if const.value else frozenset({name.name})
        case _:
            return _NONE


def _given_if_not(test: nodes.Node) -> Names:
    """The same where a condition does not hold."""
    match test:
        case nodes.And():
            return _given_if_not(test.left) & _given_if_not(test.right)
        case nodes.Or():
            return _given_if_not(test.left) | _given_if_not(test.right)
        case nodes.Not():
            return _given(test.node)
        case _:
            return _NONE
