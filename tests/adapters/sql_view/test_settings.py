"""What may stand in the settings: a plain name or one SELECT, and an address without a password."""

import pytest
from pydantic import ValidationError

from tests.adapters.sql_view.support import settings_of


@pytest.mark.parametrize(
    "view",
    [
        "ho_so; DROP TABLE x",
        "ho_so--",
        "ho so",
        'a"b',
        '"a""b"',
        "a.b.c",
        "",
        ".",
        "a.",
        "(SELECT 1)",
        "a'b",
        "1a",
        '""',
    ],
)
def test_a_view_whose_name_is_no_name_is_refused(view: str) -> None:
    with pytest.raises(ValidationError):
        settings_of("postgresql://a@localhost/x", view=view)


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM ho_so", "SELECT 1; DELETE FROM ho_so", "SELECT 1) AS x; DROP TABLE y", "SELECT 1 -- x", "SELECT (1",
     "SELECT 1 /* x */", "WITH x AS (DELETE FROM y) SELECT 1", "SELECT 'a", "INSERT INTO x SELECT 1", "SELECTED"],
)  # fmt: skip
def test_what_is_not_one_select_is_refused(query: str) -> None:
    with pytest.raises(ValidationError):
        settings_of("postgresql://a@localhost/x", query=query)


@pytest.mark.parametrize(
    "query", ["SELECT ';--' AS a, \"(\" AS b FROM t", "select * from [a;b] where `c)` = 'it''s (fine'"]
)
def test_signs_within_quotation_marks_are_just_signs(query: str) -> None:
    assert settings_of("postgresql://a@localhost/x", query=f" {query}\n").query == query


@pytest.mark.parametrize(
    "url",
    ["postgresql://a:geheim@localhost/x", "mysql://a@localhost/x?password=geheim", "mssql://a@localhost/x?PWD=geheim",
     "postgresql+asyncpg://a@localhost/x", "http://localhost", "postgresql:/x", "excel://x", "mysql://a@h:geheim/x"],
)  # fmt: skip
def test_an_address_with_a_password_or_of_an_unknown_database_is_refused(url: str) -> None:
    with pytest.raises(ValidationError) as raised:
        settings_of(url)

    assert "geheim" not in str(raised.value.errors(include_input=False, include_context=False))


def test_a_view_and_a_query_at_once_are_refused() -> None:
    with pytest.raises(ValidationError, match="exactly one"):
        settings_of("sqlite:///x", view="a", query="SELECT 1")
