"""How SQLite finds things: the queue's statements cost the same whatever waits behind, or was ever sent."""

import re
import sqlite3
from collections.abc import Iterator

import pytest

from storage import sqlite_driver
from storage.migrate import migrations

_PARAMETER = re.compile(r"(?<![:\w]):([a-z]\w*)")
_NAMES = (
    "claim", "due", "next_due", "orphans", "requeue", "requeue_held", "lapse", "expire", "expire_held",
    "hold", "hold_of_budget", "let_go", "discard", "release_budget", "held_for_budget",
    "lock_items", "find_items", "parts_of", "unpark", "move_items", "settle", "name_carrier",
)  # fmt: skip
_WALKS = re.compile(r"SCAN (outbox|o|parts|p|parked|carriers|c)\b(?! USING (COVERING )?INDEX outbox_(held|budget))")
"""Reading a table from end to end; the indexes of what is held hold nothing else."""


@pytest.fixture
def tables() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    for migration in migrations():
        for statement in migration.statements("sqlite"):
            connection.execute(statement)
    yield connection
    connection.close()


def plan(tables: sqlite3.Connection, query: str) -> list[str]:
    sql = getattr(sqlite_driver.queries(), query).sql
    values = dict.fromkeys(_PARAMETER.findall(sql), "{}")
    rows = tables.execute(f"EXPLAIN QUERY PLAN {sql}", values or ["{}"] * sql.count("?"))
    return [row[3] for row in rows]


@pytest.mark.parametrize("query", _NAMES)
def test_no_statement_of_the_queue_walks_through_the_outbox(tables: sqlite3.Connection, query: str) -> None:
    steps = plan(tables, query)

    assert [step for step in steps if _WALKS.search(step)] == []


@pytest.mark.parametrize("query", ["claim", "due"])
def test_what_waits_is_read_in_the_order_of_its_index_and_never_sorted(tables: sqlite3.Connection, query: str) -> None:
    steps = plan(tables, query)

    assert sum("USING INDEX outbox_due (channel=? AND lane=? AND next_at<?)" in step for step in steps) == 3
    assert not [step for step in steps if "TEMP B-TREE" in step]


def test_what_is_next_due_is_found_by_queue_and_lane(tables: sqlite3.Connection) -> None:
    assert "SEARCH o USING INDEX outbox_due (channel=? AND lane=?)" in plan(tables, "next_due")


def test_the_newest_moves_are_read_from_their_end(tables: sqlite3.Connection) -> None:
    assert plan(tables, "moves") == ["SCAN moves USING INDEX moves_newest"]
    assert plan(tables, "moves_of") == ["SEARCH moves USING INDEX moves_of (name=?)"]


def test_minutes_are_found_by_their_moment(tables: sqlite3.Connection) -> None:
    assert plan(tables, "minutes") == ["SEARCH gateway_minutes USING INDEX gateway_minutes_of (minute>?)"]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("audit_of_person", "audit_by (done_by=? AND number>? AND number<?)"),
        ("audit_of_subject", "audit_subject (subject=? AND number>? AND number<?)"),
        ("audit_of_kinds", "audit_what (what=? AND number>? AND number<?)"),
        ("audit_of_agencies", "audit_agency (agency=? AND number>? AND number<?)"),
        ("audit_of_agencies_kinds", "audit_agency_what (agency=? AND what=? AND number>? AND number<?)"),
    ],
)
def test_the_record_is_read_from_the_end_of_an_index(tables: sqlite3.Connection, query: str, index: str) -> None:
    steps = plan(tables, query)

    assert any(index in step for step in steps)
    assert not [step for step in steps if "SCAN a" in step or "SCAN audit " in step]
