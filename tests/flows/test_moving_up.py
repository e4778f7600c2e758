"""The command `motcua db copy`: from a SQLite file to a PostgreSQL database, by hand and for good."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from bot.ledger import balance
from bot.model.clock import utc_now
from bot.model.ids import first_id_at
from bot.model.message import OutboxItem
from bot.model.person import Address
from bot.ports import Storage
from bot.ports.watching import Heartbeat
from storage import open_storage
from tests.support.desk import Desk
from tests.support.making import message
from tests.support.storages import _admin, _on, in_a_loop_of_its_own

_numbers = count(1)
SOURCE = "sqlite:motcua.db"


@pytest.fixture
def target(postgres_url: str) -> Iterator[str]:
    """The address of a database in which nothing is."""
    name = f"motcua_moved_{next(_numbers)}"
    in_a_loop_of_its_own(_admin(postgres_url, f"CREATE DATABASE {name}"))
    yield _on(postgres_url, name)
    in_a_loop_of_its_own(_admin(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


def messages(number: int) -> list[OutboxItem]:
    """One of each of the last months."""
    made = []
    for serial in range(number):
        moment = utc_now() - timedelta(days=31 * serial)
        made.append(
            message(
                id=first_id_at(moment), address=Address("sms", f"+8491{serial:07}"),
                created_at=moment, next_at=moment, expires_at=utc_now() + timedelta(days=1),
            )
        )  # fmt: skip
    return made


def planned(desk: Desk, number: int) -> list[OutboxItem]:
    items = messages(number)

    async def plan(storage: Storage) -> None:
        await storage.write(lambda tx: tx.outbox.enqueue(items))

    desk.in_database(plan)
    return items


def alive(desk: Desk, *, ago: timedelta) -> None:
    """A process gave a sign of life then."""
    beat = Heartbeat("máy-1", "outbox", utc_now() - ago, 5.0)

    async def work(storage: Storage) -> None:
        await storage.write(lambda tx: tx.watch.beat([beat]))

    desk.in_database(work)


class There:
    """The target, looked into."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.rows: list[asyncpg.Record] = []
        self.balanced = False
        self.planned = 0

    def look(self, query: str) -> list[tuple[object, ...]]:
        async def work() -> None:
            connection = await asyncpg.connect(self.url)
            self.rows = await connection.fetch(query)
            await connection.close()

        in_a_loop_of_its_own(work())
        return [tuple(row) for row in self.rows]

    def prove(self) -> None:
        async def work() -> None:
            async with open_storage(self.url) as storage:
                books = await balance(storage)
            self.balanced, self.planned = books.balanced, books.planned

        in_a_loop_of_its_own(work())


def test_everything_arrives_and_the_books_are_the_same(service: Desk, target: str) -> None:
    items = planned(service, 5)

    said = service.said("db", "copy", SOURCE, target)

    there = There(target)
    there.prove()
    assert (there.balanced, there.planned) == (True, 5)
    assert sorted(there.look("SELECT id, address FROM outbox")) == sorted((i.id, i.address.key) for i in items)
    assert "Sổ cái hai bên bằng nhau" in said
    assert "url = " in said
    assert there.look("SELECT what, way FROM audit ORDER BY number DESC LIMIT 1") == [("db.copied", "command")]


def test_past_months_have_tables_of_their_own(service: Desk, target: str) -> None:
    planned(service, 5)

    service.said("db", "copy", SOURCE, target)

    places = There(target).look("SELECT tableoid::regclass::text, COUNT(*) FROM outbox GROUP BY 1 ORDER BY 1")
    assert len(places) >= 4
    assert "outbox_default" not in {place for place, _ in places}


def test_it_can_be_read_by_a_machine(service: Desk, target: str) -> None:
    planned(service, 3)

    told = service.json("db", "copy", SOURCE, target)

    assert (told["planned"], told["rows"]["outbox"], told["balanced"]) == (3, 3, True)


def test_the_password_is_not_shown(service: Desk, target: str) -> None:
    with_password = target.replace("://postgres@", "://postgres:bi-mat@").replace(
        "://postgres:@", "://postgres:bi-mat@"
    )

    said = service.said("db", "copy", SOURCE, with_password)

    assert "bi-mat" in with_password
    assert "bi-mat" not in said


def test_a_service_that_runs_on_the_source_is_not_overtaken(service: Desk, target: str) -> None:
    alive(service, ago=timedelta(seconds=20))

    refusal = service.refused("db", "copy", SOURCE, target)

    assert "máy-1" in refusal
    assert "stop it first" in refusal
    assert There(target).look("SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []


def test_one_that_ended_a_while_ago_is_no_hindrance(service: Desk, target: str) -> None:
    alive(service, ago=timedelta(minutes=2))

    service.said("db", "copy", SOURCE, target)


def test_a_target_that_holds_something_is_left_alone(service: Desk, target: str) -> None:
    planned(service, 2)
    service.said("db", "copy", SOURCE, target)

    refusal = service.refused("db", "copy", SOURCE, target)

    assert "trống" in refusal
    assert There(target).look("SELECT COUNT(*) FROM outbox") == [(2,)]


def test_a_source_whose_books_do_not_balance_is_looked_into_first(service: Desk, target: str) -> None:
    items = planned(service, 2)

    async def lose(storage: Storage) -> None:
        import sqlite3

        with sqlite3.connect("motcua.db") as connection:
            connection.execute("DELETE FROM outbox WHERE id = ?", (items[0].id,))
        connection.close()

    service.in_database(lose)

    assert "motcua ledger" in service.refused("db", "copy", SOURCE, target)


@pytest.mark.parametrize(
    ("source", "url", "why"),
    [
        ("sqlite:nothing.db", "postgresql://localhost/x", "there is no such file"),
        ("sqlite::memory:", "postgresql://localhost/x", "sqlite:PATH"),
        ("postgresql://localhost/y", "postgresql://localhost/x", "sqlite:PATH"),
        (SOURCE, "sqlite:other.db", "postgresql://USER"),
        (SOURCE, "postgresql://nobody@127.0.0.1:1/x", "127.0.0.1"),
        ("sqlite:text.db", "postgresql://nobody@127.0.0.1:1/x", "text.db"),
    ],
)
def test_what_cannot_be_copied_is_told(service: Desk, source: str, url: str, why: str) -> None:
    (service.place / "text.db").write_text("not a database at all, " * 100)

    refusal = service.refused("db", "copy", source, url)

    assert why in refusal
    assert not Path("nothing.db").exists()


def test_an_upgrade_says_whether_old_programs_may_run_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from storage.migrate import Migration, migrations

    first = migrations()
    wider = Migration("9001_wider", f"-- beside: {first[-1].name}\nCREATE TABLE wider (a TEXT);\n")
    other = replace(wider, name="9002_other", text="CREATE TABLE other (a TEXT);\n")
    new = desk.said("migrate")

    monkeypatch.setattr("storage.migrate.migrations", lambda: (*first, wider, other))
    one, two = desk.said("migrate").splitlines()

    assert "may run on" not in new
    assert "must stop" not in new
    assert f"chương trình cũ, từ {first[-1].name} trở đi, chạy tiếp được" in one
    assert "must stop" in two
