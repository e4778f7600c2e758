"""What the vendor's database is spared: no write, no query without an end, no transaction between two pages."""

import asyncio
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import LiteralString

import psycopg
import pytest
import sqlalchemy as sa

from adapters.sources.sql_view import open as open_source
from adapters.sources.sql_view.database import Database
from bot.model.errors import SourceError
from tests.adapters.sql_view.support import SECRET, Office, batches, code, codes, row, settings_of

SLOW = {
    "postgresql": "SELECT ho_so.* FROM ho_so, pg_sleep(30)",
    "mariadb": "SELECT * FROM ho_so WHERE SLEEP(30) = 0",
    "sqlite": "SELECT ho_so.* FROM ho_so WHERE 0 < (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 1000000000) SELECT count(*) FROM n)",
}


def kind_of(office: Office) -> str:
    return office.url.partition(":")[0]


async def test_a_slow_query_is_ended_and_says_so(office: Office) -> None:
    office.put(row(1))
    began = time.monotonic()

    with pytest.raises(SourceError, match=r"quá 0\.3 giây .*chỉ mục.* / .*index"):
        await batches(office.source(query=SLOW[kind_of(office)], timeout=0.3))

    assert time.monotonic() - began < 20


async def test_after_a_slow_query_the_next_one_is_answered(office: Office) -> None:
    office.put(row(1))
    source = office.source(query=SLOW[kind_of(office)].replace("30", "0"), timeout=0.3)
    if kind_of(office) != "sqlite":
        assert codes(await batches(source)) == [code(1)]
    slow = office.source(query=SLOW[kind_of(office)], timeout=0.3)

    for _ in range(2):
        with pytest.raises(SourceError, match="giây"):
            await batches(slow)


async def test_a_server_that_never_answers_is_given_up(secret: str) -> None:
    with silent_server() as port:
        office = Office(f"mysql://reader@127.0.0.1:{port}/vendor", lambda *_: None, "?")
        source = office.source(password=secret, timeout=0.1, connect_timeout=0.1, spare=0.1)
        began = time.monotonic()

        with pytest.raises(SourceError, match="không trả lời") as raised:
            await batches(source)
        with pytest.raises(SourceError, match="truy vấn trước"):
            await batches(source)

    assert time.monotonic() - began < 20
    assert SECRET not in str(raised.value)


async def test_whoever_stops_waiting_leaves_no_query_behind(postgresql_office: Office) -> None:
    postgresql_office.put(row(1))
    source = postgresql_office.source(query=SLOW["postgresql"], timeout=60)
    reading = asyncio.create_task(batches(source))
    await until(postgresql_office, "state = 'active' AND query LIKE '%pg_sleep%'", 1)

    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading

    await until(postgresql_office, "state = 'active'", 0)


async def test_a_connection_cut_in_the_middle_is_told_and_the_next_round_goes_on(postgresql_office: Office) -> None:
    postgresql_office.put(*(row(number) for number in range(1, 251)))
    postgresql_office.do("CREATE TABLE wait (seconds FLOAT); INSERT INTO wait VALUES (0)")
    query = "SELECT ho_so.* FROM ho_so, (SELECT pg_sleep(seconds) FROM wait OFFSET 0) AS w"
    source = postgresql_office.source(query=query, undated=False)

    found = await batches(source, most=1)
    postgresql_office.do("UPDATE wait SET seconds = 30")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(cut(postgresql_office))
        with pytest.raises(SourceError, match="bị đứt"):
            await batches(source, found[-1].cursor)
    postgresql_office.do("UPDATE wait SET seconds = 0")
    rest = await batches(source, found[-1].cursor)

    assert codes(found) + codes(rest) == [code(number) for number in range(1, 251)]


async def test_a_connection_cut_between_two_pages_is_replaced_without_a_word(postgresql_office: Office) -> None:
    postgresql_office.put(*(row(number) for number in range(1, 251)))

    found = []
    async for batch in postgresql_office.source().batches(None):
        found.append(batch)
        postgresql_office.do(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'motcua-bot'"
        )

    assert codes(found) == [code(number) for number in range(1, 251)]


async def test_between_pages_there_is_one_connection_and_no_transaction(postgresql_office: Office) -> None:
    postgresql_office.put(*(row(number) for number in range(1, 251)))

    states = [sessions(postgresql_office, "true") async for _ in postgresql_office.source().batches(None)]

    assert states == [["idle"]] * 3


async def test_when_the_source_closes_its_connection_goes(postgresql_office: Office) -> None:
    async with open_source("mc", settings_of(postgresql_office.url)) as source:
        assert source.source is not None
        await batches(source.source)  # type: ignore[arg-type]
        assert len(sessions(postgresql_office, "true")) == 1

    await until(postgresql_office, "true", 0)


async def test_no_log_at_any_level_quotes_a_row(postgresql_office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    postgresql_office.put(row(1, ChuHoSo="Trần Văn Kín", TrangThaiHoSo=None), row(2, ChuHoSo="Trần Văn Kín"))

    await batches(postgresql_office.source())

    assert "Kín" not in caplog.text
    assert code(2) not in caplog.text


def test_nothing_can_be_written_through_the_connection(office: Office) -> None:
    office.put(row(1), row(2))
    database = Database(settings_of(office.url))

    with pytest.raises(SourceError, match="ghi vào cơ sở dữ liệu"):
        database.ask(sa.text("DELETE FROM ho_so"))  # type: ignore[arg-type]

    assert len(database.ask(sa.text("SELECT * FROM ho_so")).rows) == 2  # type: ignore[arg-type]
    database.close()


async def test_a_query_that_writes_on_the_sly_is_refused_by_postgresql(postgresql_office: Office) -> None:
    postgresql_office.put(row(1))
    postgresql_office.do(
        "CREATE FUNCTION grab() RETURNS SETOF ho_so LANGUAGE sql AS 'DELETE FROM ho_so; SELECT * FROM ho_so'"
    )

    with pytest.raises(SourceError, match="ghi vào cơ sở dữ liệu"):
        await batches(postgresql_office.source(query="SELECT * FROM grab()"))

    assert codes(await batches(postgresql_office.source())) == [code(1)]


async def test_a_query_that_writes_on_the_sly_is_refused_by_mariadb(mariadb_office: Office) -> None:
    mariadb_office.put(row(1))
    mariadb_office.do("CREATE OR REPLACE TABLE seen (n INT)")
    mariadb_office.do("CREATE OR REPLACE FUNCTION grab() RETURNS INT BEGIN INSERT INTO seen VALUES (1); RETURN 1; END")

    with pytest.raises(SourceError, match="ghi vào cơ sở dữ liệu"):
        await batches(mariadb_office.source(query="SELECT * FROM ho_so WHERE grab() = 1"))


async def test_a_name_in_quotation_marks_is_taken_as_it_stands(postgresql_office: Office) -> None:
    postgresql_office.put(row(1))
    postgresql_office.do('CREATE SCHEMA "Một cửa"; CREATE VIEW "Một cửa"."Hồ sơ; --" AS SELECT * FROM ho_so')

    for view in ('"Một cửa"."Hồ sơ; --"', "PUBLIC.Ho_So"):
        assert codes(await batches(postgresql_office.source(view=view))) == [code(1)]


def sessions(office: Office, condition: LiteralString) -> list[str]:
    """The states of our own connections as the server sees them."""
    ours: LiteralString = "SELECT state FROM pg_stat_activity WHERE application_name = 'motcua-bot' AND "
    with psycopg.connect(office.url) as admin:
        return [str(state) for (state,) in admin.execute(ours + condition)]


async def until(office: Office, condition: LiteralString, count: int) -> None:
    async with asyncio.timeout(10):
        while len(await asyncio.to_thread(sessions, office, condition)) != count:
            await asyncio.sleep(0.02)


async def cut(office: Office) -> None:
    await until(office, "state = 'active' AND wait_event = 'PgSleep'", 1)
    office.do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")


@contextmanager
def silent_server() -> Iterator[int]:
    """Takes connections and says nothing; hangs up at the end."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            with suppress(OSError):
                taken.append(listening.accept()[0])

        thread = Thread(target=take)
        thread.start()
        yield int(listening.getsockname()[1])
        thread.join()
        for connection in taken:
            connection.close()
