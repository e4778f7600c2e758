"""What an API answers: bytes → JSON, and whether it means success."""

import json
from collections.abc import Callable
from typing import Any, cast

from pydantic import JsonValue

from adapters.records.paths import path
from adapters.sources.rest.failures import EMPTY, HTML, NOT_JSON, Passing


class Unreadable(Exception):  # noqa: N818 - not an error: the request is made again
    """The answer is not the JSON that it should be."""

    def __init__(self, failure: Passing) -> None:
        super().__init__(failure.en)
        self.failure = failure


def json_in(body: bytes) -> JsonValue:
    """Raises `Unreadable` for what is empty, cut off, or a page for people."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if not start:
        raise Unreadable(EMPTY)
    if start == b"<":
        raise Unreadable(HTML)
    try:
        return cast("JsonValue", json.loads(body))
    except (ValueError, RecursionError):
        # The decoder's error holds the whole text; nobody may print it.
        failure = NOT_JSON
    raise Unreadable(failure)


def finder(expression: str) -> Callable[[JsonValue], Any]:
    """What stands at a JMESPath of an answer, None where there is nothing; empty: the answer itself."""
    if not expression:
        return lambda answer: answer
    find = path(expression)

    def found(answer: JsonValue) -> Any:
        try:
            return find(cast("Any", answer))
        except ValueError:
            return None

    return found


def code_text(value: object) -> str:
    """A code of success as the settings write it: 0 and "0" are one, so are true and "true"."""
    return value if isinstance(value, str) else json.dumps(value)
