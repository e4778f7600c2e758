"""What would be sent to SQL Server and Oracle, which cannot run here: the exact text of each query, not their answer.

The facts behind it: pymssql sends moments with milliseconds alone, python-oracledb as DATE without fractions.
"""

import pytest
from sqlalchemy.dialects import mssql, oracle
from sqlalchemy.engine import Dialect

from adapters.sources.sql_view.database import Database
from adapters.sources.sql_view.keys import Key
from adapters.sources.sql_view.kinds import KINDS, connect_arguments, preamble
from adapters.sources.sql_view.layout import Column, layout_of
from adapters.sources.sql_view.statements import Query, Statements, header
from tests.adapters.sql_view.support import settings_of

MSSQL_TEXT: Dialect = mssql.pymssql.dialect()  # type: ignore[no-untyped-call]
ORACLE_TEXT: Dialect = oracle.oracledb.dialect()  # type: ignore[no-untyped-call]
MSSQL, ORACLE = "mssql://reader@127.0.0.1/vendor", "oracle://reader@127.0.0.1/?service_name=vendor"


def text(query: Query, dialect: Dialect) -> str:
    return " ".join(str(query.compile(dialect=dialect)).split())


def statements(url: str, type_: str, sample: Key | None = None, *, view: str = "ho_so") -> Statements:
    """Oracle shows its names in capitals."""
    names = ["MaHoSo", "TrangThaiHoSo", "NgayCapNhat"]
    settings = settings_of(url, view=view)
    columns = [Column(name if url == MSSQL else name.upper(), type_) for name in names]
    return Statements(settings, layout_of(columns, settings), sample)


def test_sql_server_pages_by_comparison_with_its_moments_as_text() -> None:
    asked = statements(MSSQL, "2", "2026-11-20T08:15:00.1234567", view="dbo.V_HoSo")

    assert text(asked.dated(None, ("2026-11-20T08:15:00.1234567", "H32"), 1_001), MSSQL_TEXT) == (
        "SELECT TOP __[POSTCOMPILE_param_1] [MaHoSo], [TrangThaiHoSo], [NgayCapNhat], "
        "convert(varchar(60), [NgayCapNhat], 126) AS motcua_changed FROM dbo.[V_HoSo] "
        "WHERE [MaHoSo] IS NOT NULL AND [NgayCapNhat] >= :param_2 "
        "AND ([NgayCapNhat] > :param_3 OR [MaHoSo] > :param_4) ORDER BY [NgayCapNhat], [MaHoSo]"
    )
    assert text(asked.newest(), MSSQL_TEXT) == (
        "SELECT TOP __[POSTCOMPILE_param_1] convert(varchar(60), [NgayCapNhat], 126) AS motcua_changed "
        "FROM dbo.[V_HoSo] WHERE [NgayCapNhat] IS NOT NULL ORDER BY [NgayCapNhat] DESC"
    )


def test_sql_server_compares_a_rowversion_as_the_bytes_that_it_is() -> None:
    key = (65).to_bytes(8)
    asked = statements(MSSQL, "2", key)

    query = asked.dated(key, (), 11)

    assert "convert" not in text(query, MSSQL_TEXT)
    # pymssql would write bytes that happen to be letters as a text.
    assert bytearray(key) in query.compile().params.values()
    assert asked.text_for(17) is asked.text_for(key) is False


def test_sql_server_takes_a_view_of_another_database() -> None:
    assert text(header(settings_of(MSSQL, view="mc.dbo.V_HoSo")), MSSQL_TEXT) == (
        "SELECT * FROM mc.dbo.[V_HoSo] WHERE 1 = 0"
    )


@pytest.mark.parametrize(
    ("type_", "shown", "bound"),
    [
        ("DB_TYPE_DATE", "to_char({}, 'YYYY-MM-DD\"T\"HH24:MI:SS')", "to_date({}, 'YYYY-MM-DD\"T\"HH24:MI:SS')"),
        (
            "DB_TYPE_TIMESTAMP",
            "to_char({}, 'YYYY-MM-DD\"T\"HH24:MI:SS.FF9')",
            "to_timestamp({}, 'YYYY-MM-DD\"T\"HH24:MI:SS.FF9')",
        ),
        (
            "DB_TYPE_TIMESTAMP_TZ",
            "to_char({}, 'YYYY-MM-DD\"T\"HH24:MI:SS.FF9TZH:TZM')",
            "to_timestamp_tz({}, 'YYYY-MM-DD\"T\"HH24:MI:SS.FF9TZH:TZM')",
        ),
        ("DB_TYPE_NUMBER", "{}", "{}"),
    ],
)
def test_oracle_pages_by_comparison_with_each_moment_in_its_own_type(type_: str, shown: str, bound: str) -> None:
    asked = statements(ORACLE, type_, view="MC.V_HoSo")
    column = '"NGAYCAPNHAT"'

    assert text(asked.dated(None, ("2026-11-20T08:15:00", "H32"), 1_001), ORACLE_TEXT) == (
        f'SELECT "MAHOSO", "TRANGTHAIHOSO", {column}, {shown.format(column)} AS motcua_changed FROM mc.v_hoso '  # noqa: S608
        f'WHERE "MAHOSO" IS NOT NULL AND {column} >= {bound.format(":param_1")} '
        f'AND ({column} > {bound.format(":param_2")} OR "MAHOSO" > :param_3) ORDER BY {column}, "MAHOSO" '
        "FETCH FIRST __[POSTCOMPILE_param_4] ROWS ONLY"
    )


@pytest.mark.parametrize(
    ("name", "mariadb", "version", "expected"),
    [
        ("postgresql", False, (), ("SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = 2500",)),
        (
            "mysql",
            False,
            (8, 0, 36),
            (
                "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY",
                "SET SESSION time_zone = '+07:00'",
                "SET SESSION max_execution_time = 2500",
            ),
        ),
        (
            "mysql",
            False,
            (5, 6, 51),
            (
                "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY",
                "SET SESSION time_zone = '+07:00'",
            ),
        ),
        (
            "mysql",
            True,
            (10, 11, 19),
            (
                "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY",
                "SET SESSION time_zone = '+07:00'",
                "SET SESSION max_statement_time = 2.5",
            ),
        ),
        (
            "mssql",
            False,
            (),
            ("SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCK_TIMEOUT 2500; SET DEADLOCK_PRIORITY LOW",),
        ),
        ("oracle", False, (), ("ALTER SESSION SET TIME_ZONE = '+07:00'", "SET TRANSACTION READ ONLY")),
        ("sqlite", False, (), ("PRAGMA query_only = ON",)),
    ],
)
def test_each_transaction_begins_with_what_keeps_it_harmless(
    name: str, mariadb: bool, version: tuple[int, ...], expected: tuple[str, ...]
) -> None:
    assert preamble(KINDS[name], timeout=2.5, utc_offset=7, mariadb=mariadb, version=version) == expected


@pytest.mark.parametrize(
    ("name", "waits"),
    [
        ("postgresql", {"connect_timeout": 4, "tcp_user_timeout": 35_000}),
        ("mysql", {"connect_timeout": 4, "read_timeout": 35}),
        ("mssql", {"login_timeout": 4, "timeout": 35}),
        ("oracle", {"tcp_connect_timeout": 4.0}),
    ],
)
def test_every_wait_on_the_network_has_an_end(name: str, waits: dict[str, float]) -> None:
    arguments = connect_arguments(KINDS[name], timeout=30, connect_timeout=4)

    assert arguments.items() >= waits.items()


def test_a_database_that_is_only_opened_has_connected_to_nothing() -> None:
    Database(settings_of("postgresql://reader@127.0.0.1:1/vendor")).close()
