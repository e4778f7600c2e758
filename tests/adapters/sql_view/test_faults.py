"""What the office's administrator is told when something is wrong, and that no password or value is in it."""

import logging
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.sources.sql_view.faults import unreachable
from bot.demo.processes import free_port
from bot.model.errors import SourceError
from tests.adapters.sql_view.support import SECRET, Office, batches, code, codes, row, settings_of


async def test_a_wrong_password_is_told_without_it(mariadb_office: Office, secret: str) -> None:
    mariadb_office.do("CREATE OR REPLACE USER reader IDENTIFIED BY 'khac'")
    wrong = mariadb_office.url.replace("root@", "reader@")

    with pytest.raises(SourceError, match=r"mật khẩu.*Access denied for user 'reader'") as raised:
        await batches(Office(wrong, lambda *_: None, "?").source(password=secret))

    assert SECRET not in str(raised.value)
    assert "khac" not in str(raised.value)


def test_a_driver_that_quotes_the_password_is_not_quoted(secret: str) -> None:
    error = sa.exc.OperationalError("", {}, Exception((18456, f"Login failed: {SECRET}".encode())))

    told = str(unreachable(error, settings_of("mssql://a@127.0.0.1/x", password=secret)))

    assert SECRET not in told
    assert "18456 Login failed: •••" in told


async def test_the_right_password_opens_the_door(mariadb_office: Office, secret: str) -> None:
    quoted = SECRET.replace("'", "''")
    mariadb_office.do(f"CREATE OR REPLACE USER reader IDENTIFIED BY '{quoted}'")
    mariadb_office.do("GRANT SELECT ON vendor.ho_so TO reader")
    mariadb_office.put(row(1))
    office = Office(mariadb_office.url.replace("root@", "reader@"), lambda *_: None, "?")

    assert codes(await batches(office.source(password=secret))) == [code(1)]
    await office.close()


@pytest.mark.parametrize("kind", ["postgresql", "mysql", "mariadb"])
async def test_a_host_where_nobody_listens_is_told_without_the_password(
    kind: str, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    office = Office(f"{kind}://reader@127.0.0.1:{free_port()}/vendor", lambda *_: None, "?")

    with pytest.raises(SourceError, match="không kết nối được") as raised:
        await batches(office.source(password=secret))

    assert SECRET not in f"{raised.value} {caplog.text}"
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("url", ["mysql://a@127.0.0.1/x?la=1", "postgresql://a@127.0.0.1/x?la=1"])
async def test_an_option_that_the_driver_does_not_know_is_told(url: str) -> None:
    with pytest.raises(SourceError, match=r"không kết nối được.*la"):
        await batches(Office(url, lambda *_: None, "?").source())


async def test_a_file_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    office = Office(f"sqlite:///{tmp_path / 'none.db'}", lambda *_: None, "?")

    with pytest.raises(SourceError, match="không kết nối được"):
        await batches(office.source())

    assert not list(tmp_path.iterdir())


async def test_a_missing_view_is_told(office: Office) -> None:
    with pytest.raises(SourceError, match=r"không có view"):
        await batches(office.source(view="khong_co"))


async def test_missing_columns_are_named_with_what_was_found(office: Office) -> None:
    settings: dict[str, Any] = {"fields": {"phone": "Dien_Thoai"}, "changed_column": "SuaLuc", "code_column": "So"}

    with pytest.raises(SourceError, match=r"thiếu cột Dien_Thoai, So, SuaLuc\. .*mahoso|MaHoSo"):
        await batches(office.source(**settings))


async def test_a_view_without_any_change_time_is_told_to_say_so(sqlite_office: Office) -> None:
    with pytest.raises(SourceError, match="thiếu cột NgayCapNhat"):
        await batches(sqlite_office.source(query="SELECT MaHoSo, TrangThaiHoSo FROM ho_so"))


async def test_an_account_that_may_not_read_is_told_what_to_grant(postgresql_office: Office) -> None:
    postgresql_office.do("GRANT USAGE ON SCHEMA public TO PUBLIC; DROP ROLE IF EXISTS motcua_reader")
    postgresql_office.do("CREATE ROLE motcua_reader LOGIN")
    office = Office(postgresql_office.url.replace("postgres:@", "motcua_reader:@"), lambda *_: None, "?")

    with pytest.raises(SourceError, match="cấp quyền SELECT"):
        await batches(office.source())

    await office.close()
    postgresql_office.do("DROP ROLE motcua_reader")


@pytest.mark.parametrize(
    ("url", "library", "extra"),
    [
        ("postgresql://a@localhost/x", "psycopg", "postgresql"),
        ("mariadb://a@localhost/x", "pymysql", "mysql"),
        ("mssql://a@localhost/x", "pymssql", "mssql"),
        ("oracle://a@localhost/?service_name=x", "oracledb", "oracle"),
    ],
)
async def test_a_missing_library_is_named_with_the_extra_to_install(
    url: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(SourceError, match=rf"pip install 'motcua-bot\[{extra}\]'"):
        await batches(Office(url, lambda *_: None, "?").source())
