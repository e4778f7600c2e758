"""Where in a record a field stands: a JMESPath of the operator's, or the first national name that holds something."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

Find = Callable[[Mapping[str, Any]], Any]
"""The value in a record, None where there is none. Raises `ValueError` where a path does not fit the record."""


def path(expression: str) -> Find:
    """A compiled JMESPath. Raises `ValueError` for one that cannot be read."""
    try:
        compiled = jmespath.compile(expression)
    except JMESPathError as error:
        raise ValueError(f"not a JMESPath: {expression}") from error

    def find(record: Mapping[str, Any]) -> Any:
        try:
            return compiled.search(record)
        except (JMESPathError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(expression) from error

    return find


def first_of(names: Sequence[str]) -> Find:
    """The value of the first of these keys that is not empty."""

    def find(record: Mapping[str, Any]) -> Any:
        for name in names:
            value = record.get(name)
            if value is not None and value != "":
                return value
        return None

    return find
