"""Every parameter that could carry something personal is sealed, or named here with the reason why it is not."""

import re
import sqlite3
from collections.abc import Iterator

import pytest

from storage import postgres_driver, sqlite_driver
from storage.migrate import migrations
from storage.sealing.columns import COLUMNS, EVERYWHERE, IN_QUERY, TABLES, form_of
from storage.statements import PARAMETER

SETS = {"keys", "subjects", "items", "origins", "after", "old", "new"}
"""Names of parameters that may carry anything: sets, places in a walk, what becomes of what."""
NOT_MEANT = {
    "after": {
        # Numbers, ids and moments.
        "api_watched", "audit_add", "audit_chain", "broadcast_results", "broadcast_rows", "changes_end",
        "doubtful_items", "fed", "history", "quiet_items", "retention_consents", "retention_left",
        "retention_messages", "retention_recipients", "today_quiet", "unplanned_between",
    },
    "items": {"api_over", "drop_held", "settle", "settle_ordinary", "stay"},
    "keys": {"seek_lines"},
    "origins": {"broadcast_add"},
    "subjects": {"personal_seen"},
    "answer": {"api_called", "api_tell"},  # how another system answered our call: a number or the kind of an error
    "callback_secret": set[str](),
    "content": set[str](),
    "detail": {"raise_alarm", "renew_alarm"},
    "digest": {
        # Of secrets that were made at random, of a code for minutes, and of phones with a salt that is sealed.
        "api_add", "audit_add", "audit_move", "audit_step", "erasure_keep", "invite", "put_code", "redeem",
        "staff_end_session", "staff_invitation", "staff_invite", "staff_open_session", "staff_save_session",
        "staff_session", "staff_use_invitation",
    },
    "email": set[str](),
    "invited_by": {"staff_invite"},
    "name": {
        # Of sources, gateways, leases, jobs, months, keys of the API, people at work by their log-in.
        "api_add", "clear_alarm", "count_failures", "lease_fence", "lease_give_back",
        "lease_lock", "lease_renew", "lease_take", "month_drop", "month_make", "moves_of", "note_beats", "note_move",
        "pause", "proof", "prove", "raise_alarm", "renew_alarm", "reports_name", "reports_note_seen", "resume",
        "set_share",
        "source_get",
        "source_save", "vault", "vault_keep",
    },
    "note": {"text_draft", "text_republish"},
    "password": set[str](),
    "place": {"dossiers_add", "dossiers_save", "retention_mark"},  # where a result is handed out; an id of ours
    "reason": {
        # Words of ours, or of a provider, of why a message is where it is; sources' and gateways' troubles.
        "abandon", "api_tell", "apology_add", "apology_save", "arrive_item", "bar_ways", "broadcast_cancel",
        "broadcast_stop", "call_off", "cancel_quiet", "discard", "drop_doubtful", "enqueue", "enqueue_one",
        "erase_feedback", "erase_outbox", "expire", "expire_held", "fold_held", "hand_back_lapsed", "hold",
        "hold_of_budget", "lapse", "note_move", "park", "pause", "quarantine", "source_fail", "supersede",
        "supersede_held", "take_way", "unsettle",
    },
    "reference": {"add_part", "arrive_part", "number_part", "park", "record_part"},  # a provider's
    "subject": {
        "api_keep_subject", "audit_add", "audit_of_subject", "clear_alarm", "raise_alarm", "renew_alarm", "staff_add",
        "staff_by_subject", "staff_save",
    },
    "token": set[str](),
    "why": set[str](),
    "wording": {"agree"},  # which wording was agreed to
}  # fmt: skip
"""Parameters that are named like a sealed column and go elsewhere."""
_WRITTEN = re.compile(r"\b(?:INSERT INTO|UPDATE)\s+(\w+)")


def names_of(queries: object) -> list[str]:
    return [name for name in queries.available_queries if not name.startswith("sealing_")]  # type: ignore[attr-defined]


def parameters() -> Iterator[tuple[str, str]]:
    queries = postgres_driver.queries(row_locks=True)
    driver = queries.driver_adapter
    for name in names_of(queries):
        if not name.endswith("_cursor"):  # aiosql's own twin of each query
            for parameter in driver.in_order(name):
                yield name, parameter


@pytest.fixture(scope="module")
def schema() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    for migration in migrations():
        for statement in migration.statements("sqlite"):
            connection.execute(statement)
    yield connection
    connection.close()


def columns_of(schema: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in schema.execute(f'PRAGMA table_info("{table}")')}


def test_the_sealed_tables_and_columns_exist(schema: sqlite3.Connection) -> None:
    wrong = {
        name: missing
        for name, table in TABLES.items()
        if not table.postgres_only and (missing := {*table.key, *table.columns} - columns_of(schema, name))
    }

    assert wrong == {}


def test_every_parameter_named_like_a_sealed_column_is_decided() -> None:
    named = set(COLUMNS) | set(EVERYWHERE) | SETS
    undecided = {
        (query, parameter)
        for query, parameter in parameters()
        if parameter in named and not form_of(query, parameter) and query not in NOT_MEANT.get(parameter, ())
    }

    assert undecided == set(), "is it personal? Then storage/sealing/columns.py must seal it, else say here why not"


def test_what_is_sealed_is_written_where_it_is_walked_to(schema: sqlite3.Connection) -> None:
    queries = sqlite_driver.queries()
    wrong = []
    for query, parameter in parameters():
        written = _WRITTEN.search(getattr(queries, query).sql)
        if form_of(query, parameter) is None or written is None:
            continue
        column = "callback_secret" if parameter == "secret" else parameter
        table = written[1]
        if column in columns_of(schema, table) and column not in TABLES.get(table, TABLES["talks"]).columns:
            wrong.append((query, parameter, table))

    assert wrong == []


def test_no_decision_is_left_over() -> None:
    known = set(parameters())
    queries = {query for query, _ in known}
    decided = {(query, name) for query, forms in IN_QUERY.items() for name in forms}
    named = {(query, name) for name, each in NOT_MEANT.items() for query in each}

    assert {query for query, _ in decided if query not in queries} == set()
    assert decided - known == set()
    assert {pair for pair in named - known if pair[0] in queries} == set()
    assert PARAMETER.findall("SELECT :a") == ["a"]
