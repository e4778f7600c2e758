"""Requests as an operator writes them: texts with `{page}`, `{since}` and the like to be filled in."""

from collections.abc import Mapping
from functools import lru_cache
from json import dumps
from string import Formatter
from typing import NamedTuple

from pydantic import JsonValue

Values = Mapping[str, str | int]
"""Name of a placeholder -> what stands for it now. A name may be missing: there is nothing to say."""


class _Part(NamedTuple):
    literal: str
    name: str
    as_text: bool


def names_in(template: JsonValue) -> frozenset[str]:
    """The placeholders in it, however deep. Raises `ValueError` for a text that is no template."""
    if isinstance(template, str):
        return frozenset(part.name for part in _parts(template) if part.name)
    if isinstance(template, dict):
        return frozenset().union(*map(names_in, template.values()))
    if isinstance(template, list):
        return frozenset().union(*map(names_in, template))
    return frozenset()


def fill(template: JsonValue, values: Values) -> JsonValue:
    """`template` with its placeholders filled. Keys and items that would need a value which is missing are left out.

    A text that is one placeholder becomes a number where the value is one; `{page!s}` stays a text.
    """
    if isinstance(template, str):
        return _fill(template, values)
    if isinstance(template, dict):
        return {key: fill(each, values) for key, each in template.items() if _can_be_filled(each, values)}
    if isinstance(template, list):
        return [fill(each, values) for each in template if _can_be_filled(each, values)]
    return template


def fill_text(template: str, values: Values) -> str:
    """As `fill`, always a text. Raises `KeyError` for a value that is missing."""
    return "".join(part.literal + (str(values[part.name]) if part.name else "") for part in _parts(template))


def fill_table(template: Mapping[str, str | int | float | bool], values: Values) -> dict[str, str]:
    """As `fill`, for parameters and headers, where everything is a text."""
    return {
        key: fill_text(each, values) if isinstance(each, str) else dumps(each)
        for key, each in template.items()
        if _can_be_filled(each, values)
    }


def _can_be_filled(template: JsonValue, values: Values) -> bool:
    return not isinstance(template, str) or names_in(template) <= values.keys()


def _fill(template: str, values: Values) -> str | int:
    parts = _parts(template)
    if len(parts) == 1 and parts[0].name and not parts[0].literal and not parts[0].as_text:
        return values[parts[0].name]
    return fill_text(template, values)


@lru_cache(maxsize=1_024)
def _parts(template: str) -> tuple[_Part, ...]:
    parts = []
    for literal, name, spec, conversion in Formatter().parse(template):
        if name is not None and (not name.isidentifier() or spec or conversion not in (None, "s")):
            raise ValueError(f"not a placeholder: {{{name}}} (a brace that is meant as such is written twice)")
        parts.append(_Part(literal, name or "", conversion == "s"))
    return tuple(parts)
