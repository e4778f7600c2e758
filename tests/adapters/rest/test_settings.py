"""Mistakes in the settings are named before anything is asked."""

from typing import Any

import pytest
from pydantic import JsonValue, ValidationError

from adapters.sources.rest import Settings
from adapters.sources.rest.templates import fill, fill_table, names_in

GOOD: dict[str, Any] = {"kind": "rest", "base_url": "https://motcua.example.vn", "listing": {"url": "/hoso"}}


def problem(**changes: Any) -> str:
    given = {name: value for name, value in (GOOD | changes).items() if name != "kind"}
    with pytest.raises(ValidationError) as raised:
        Settings.model_validate(given)
    return str(raised.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base_url": "motcua.example.vn"}, "http:// or https://"),
        ({"base_url": "https://may:mk@motcua.example.vn"}, "a login does not belong into an address"),
        ({"listing": {"url": "hoso"}}, "http:// or https://"),
        ({"listing": {"url": "https://may:mk@khac.example.vn/hoso"}}, "a login does not belong into an address"),
        ({"proxy": "socks5://127.0.0.1:9"}, "http:// or https://"),
        ({"listing": {"url": "/hoso?tu={since}"}}, "since cannot stand in the url itself"),
        ({"listing": {"url": "/hoso", "query": {"a": "{trang}"}}}, "unknown placeholder trang"),
        ({"listing": {"url": "/hoso", "query": {"a": "{page:3}"}}}, "not a placeholder: {page}"),
        ({"listing": {"url": "/hoso", "query": {"a": "{page"}}}, "expected '}'"),
        ({"listing": {"url": "/hoso", "body": {"a": 1}}}, "a GET request has no body"),
        ({"listing": {"method": "POST", "url": "/a", "body": [1], "encoding": "form"}}, "a form is a table of names"),
        ({"paging": {"by": "page"}}, "needs {page} in the listing"),
        ({"paging": {"by": "offset"}}, "needs {offset} in the listing"),
        ({"paging": {"by": "next"}}, "`next` names the path"),
        ({"paging": {"next": "a"}}, "`next` names the path"),
        ({"changes": {"mode": "since"}}, "needs {since} in the listing"),
        ({"changes": {"mode": "window"}}, "needs {since} in the listing"),
        ({"changes": {"format": "yyyyMMdd"}}, "expected a strftime pattern"),
        ({"changes": {"start": "2026-01-01T00:00:00"}}, "timezone"),
        ({"detail": {"url": "/chi-tiet"}}, "the detail request needs {code}"),
        ({"listing": {"url": "/hoso", "query": {"a": "{session}"}}}, 'a login of kind "none" gives no {session}'),
        ({"records": "HoSo["}, "not a JMESPath"),
        ({"login": {"kind": "phien"}}, "does not match any of the expected tags"),
        ({"login": {"kind": "basic", "username": "may", "password": "mk"}}, "a secret is written as"),
        (
            {"login": {"kind": "bearer", "token": "env:PATH", "value": "Bearer {toke}"}},
            "{token} is the only placeholder",
        ),
    ],
)
def test_a_mistake_is_named(changes: dict[str, Any], words: str) -> None:
    assert words in problem(**changes)


def test_templates_are_filled_and_what_has_no_value_is_left_out() -> None:
    template: JsonValue = {
        "page": "{page}",
        "text": "{page!s}",
        "both": "trang {page}/{size}",
        "since": "{since}",
        "fixed": 5,
        "none": None,
        "deep": [{"since": "{since}", "size": "{size}"}, "{since}", "{{page}}", True],
    }

    assert fill(template, {"page": 3, "size": 10}) == {
        "page": 3,
        "text": "3",
        "both": "trang 3/10",
        "fixed": 5,
        "none": None,
        "deep": [{"size": 10}, "{page}", True],
    }
    assert names_in(template) == {"page", "size", "since"}


def test_parameters_are_always_texts() -> None:
    assert fill_table({"a": "{page}", "b": True, "c": 1.5, "d": "{since}"}, {"page": 3}) == {
        "a": "3",
        "b": "true",
        "c": "1.5",
    }
