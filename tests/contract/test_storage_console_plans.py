"""How SQLite finds what staff search for: each search walks down one index from where it stands, and sorts no table."""

import re
import sqlite3
from collections.abc import Iterator

import pytest

from storage import sqlite_driver
from storage.migrate import migrations

_PARAMETER = re.compile(r"(?<![:\w]):([a-z]\w*)")
_WALKS = {
    "seek_agencies": "SEARCH d USING INDEX dossiers_agency (agency=? AND <expr><?)",
    "seek_procedure": "SEARCH d USING INDEX dossiers_procedure (procedure=? AND <expr><?)",
    "seek_status": "SEARCH d USING INDEX dossiers_status (<expr>=? AND <expr><?)",
    "seek_given": "SEARCH d USING INDEX dossiers_given (given=? AND <expr><?)",
    "seek_code": "SEARCH d USING INDEX sqlite_autoindex_dossiers_1 (code>? AND code<?)",
    "seek_late": "SEARCH d USING INDEX dossiers_deadline (due_at>? AND due_at<?)",
    "seek_newest": "SEARCH o USING INDEX sqlite_autoindex_outbox_1 (id>? AND id<?)",
    "seek_failed": "SEARCH o USING INDEX outbox_unreached (id>? AND id<?)",
    "seek_unsent": "SEARCH o USING INDEX outbox_unsent (id>? AND id<?)",
    "seek_uncertain": "SEARCH o USING INDEX outbox_uncertain (id>? AND id<?)",
    "seek_about": "SEARCH o USING INDEX outbox_dossier (code=? AND id>? AND id<?)",
    "seek_senders": "SEARCH o USING INDEX outbox_agency (agency=? AND id>? AND id<?)",
    "seek_recipients": "SEARCH o USING INDEX outbox_history (address=? AND id>? AND id<?)",
}


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
    rows = tables.execute(f"EXPLAIN QUERY PLAN {sql}", dict.fromkeys(_PARAMETER.findall(sql), 1))
    return [row[3] for row in rows]


@pytest.mark.parametrize(("query", "walk"), _WALKS.items())
def test_a_search_walks_down_its_index_and_is_not_sorted_before_it_ends(
    tables: sqlite3.Connection, query: str, walk: str
) -> None:
    steps = plan(tables, query)

    until_the_end = steps[steps.index(walk) :]
    assert [step for step in steps if re.match(r"SCAN [do]\b", step)] == []
    # What was walked over is numbered afterwards; nothing stands between the walk and that but lists of keys.
    numbered = until_the_end.index("SCAN u")
    assert not [step for step in until_the_end[:numbered] if "TEMP B-TREE" in step]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("story_messages", "outbox_dossier"),
        ("story_newer", "outbox_dossier"),
        ("story_resends", "outbox_origin"),
        ("story_asked", "conversations_about"),
        ("story_attempts", "attempts_of"),
        ("story_feedback", "feedback_dossier"),
        ("unnamed", "dossiers_unnamed"),
    ],
)
def test_what_belongs_to_one_thing_is_found_by_its_index(tables: sqlite3.Connection, query: str, index: str) -> None:
    assert any(index in step for step in plan(tables, query))
