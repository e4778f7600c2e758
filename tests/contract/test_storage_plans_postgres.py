"""How PostgreSQL finds things where messages lie in many months: by the index that was made for it, whether it plans
for the values or for any values, and in no more months than the key allows."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from bot.keeping import month_begin
from bot.model.clock import VIETNAM, to_millis
from bot.model.ids import first_id_at
from storage import open_storage, postgres_driver
from storage.edge import to_json
from tests.support.storages import _admin, _on, in_a_loop_of_its_own

BEGIN = datetime(2025, 1, 1, tzinfo=VIETNAM)
MONTHS = 14
A_MONTH = 2_000
NOW = month_begin(BEGIN, MONTHS) - timedelta(days=3)
"""In the last month that is filled."""

IDS = to_json({f"{first_id_at(month_begin(BEGIN, MONTHS - 1))[:10]}{number:016d}": 0 for number in range(1, 21)})
VALUES: dict[str, Any] = {
    "queue": "sms", "gateway": "sms", "channel": "sms", "owner": "sender", "state": "accepted", "reason": "",
    "now": to_millis(NOW), "lease_until": to_millis(NOW), "lanes": 3, "most": 50, "cost": None, "after": "",
    "queues": '{"sms": 0}', "ids": IDS, "id": json.loads(IDS).popitem()[0],
    "keys": to_json({f"k-{MONTHS - 1}-{number}": 0 for number in range(1, 21)}),
    "references": '{"0": {"gateway": "sms", "reference": "r"}}',
    "parts": to_json({f"r-{MONTHS - 1}-{number}": 0 for number in range(1, 21)}),
    "receipts": to_json(
        {str(n): {"item_id": "", "channel": "sms", "reference": f"r-{MONTHS - 1}-{n}"} for n in range(1, 21)}
    ),
    "recent": first_id_at(NOW - timedelta(days=35)),
    "origins": '{"change:onestop:H56.14-1-1:1": 0}', "origin": "broadcast:x:1", "first": "broadcast:x:",
    "last": "broadcast:x;", "address": "sms:+84900000001", "source": "onestop", "code": "H56.14-1-1",
    "codes": '{"H56.14-1-1": 0}',
    "kept": "{}", "requeue": "{}", "broadcast": "x", "at": to_millis(NOW), "number": 1, "message_id": "m", "text": "",
}  # fmt: skip
ITEMS = {
    "settle": '{"01": {"state": "accepted"}}',
    "settle_ordinary": to_json(dict.fromkeys(json.loads(IDS), 5)),
    "supersede": '{"01": {"source": "onestop", "code": "H56.14-1-1", "address": "sms:+84900000001", "origin": "o"}}',
}
ITEMS["supersede_held"] = ITEMS["supersede"]

_INDEXES = {
    "claim": {"outbox_due", "outbox_leases", "outbox_pkey"},
    "due": {"outbox_due", "outbox_pkey"},
    "next_due": {"outbox_due"},
    "enqueue_one": set(),
    "planned_before": {"outbox_keys_pkey", "outbox_pkey"},
    "arrived": {"outbox_pkey"},
    "settle": {"outbox_pkey"},
    "settle_ordinary": {"outbox_pkey"},
    "lock_items": {"outbox_pkey"},
    "find_items": {"outbox_pkey", "parts_pkey"},
    "arrivals": {"outbox_pkey", "parts_pkey"},
    "arrive_part": {"parts_item"},
    "arrive_item": {"outbox_pkey"},
    "add_part": set(),
    "plan": set(),
    "count_dossier_spending": set(),
    "parts_of": {"parts_item"},
    "unpark": set(),
    "lapse": {"outbox_leases"},
    "expire": {"outbox_expiry"},
    "expire_held": {"outbox_held_expiry"},
    "supersede": {"outbox_waiting", "outbox_pkey"},
    "supersede_held": {"outbox_held", "outbox_pkey"},
    "history": {"outbox_history"},
    "of_origins": {"outbox_origin"},
    "item": {"outbox_pkey"},
    "call_off": {"outbox_history"},
    "changes_of": {"changes_pkey"},
    "dossiers_find": {"dossiers_next_pkey"},
    "dossiers_known": {"dossiers_next_pkey"},
    "inbound_first": set(),
    "broadcast_tallies": {"outbox_bulk"},
    "broadcast_results": {"outbox_keys_pkey", "outbox_pkey"},
}
"""Statement → the indexes by which it looks into the big tables, as the tables of all months have them."""


@pytest.fixture(scope="module")
def months(postgres_url: str) -> Iterator[str]:
    """The address of a database with messages of fourteen months."""
    url = _on(postgres_url, "motcua_test_months")

    async def make() -> None:
        await _admin(postgres_url, "CREATE DATABASE motcua_test_months")
        async with open_storage(url) as storage:
            await storage.migrate()
            for number in range(MONTHS):
                for table in ("outbox", "parts", "changes"):
                    await _made(storage, table, number)
        server = await asyncpg.connect(url, server_settings={"motcua.notes_keys": "yes"})
        for number in range(MONTHS):
            begin = month_begin(BEGIN, number)
            for statement in _FILLING:
                await server.execute(statement, number, first_id_at(begin)[:10], to_millis(begin), A_MONTH)
        for statement in _REST:
            await server.execute(statement)
        await server.execute("VACUUM ANALYZE")
        await server.close()

    in_a_loop_of_its_own(make())
    yield url
    in_a_loop_of_its_own(_admin(postgres_url, "DROP DATABASE motcua_test_months WITH (FORCE)"))


async def _made(storage: Any, table: str, number: int) -> None:
    bounds = month_begin(BEGIN, number), month_begin(BEGIN, number + 1)
    await storage.write(lambda tx: tx.keeping.make(table, *bounds))


@pytest.fixture
async def server(months: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(months, server_settings={"jit": "off"})
    yield connection
    await connection.close()


async def plan(server: asyncpg.Connection, query: str, mode: str) -> list[dict[str, Any]]:
    """The nodes of the plan, outermost first."""
    queries = postgres_driver.queries(row_locks=True)
    sql, names = getattr(queries, query).sql, queries.driver_adapter._names[query]
    values = VALUES | {"items": ITEMS.get(query, "{}")}
    types = [each.name for each in (await server.prepare(sql)).get_parameters()]
    given = ", ".join(_literal(values.get(name, "{}"), kind) for name, kind in zip(names, types, strict=True))
    await server.execute(f"SET plan_cache_mode = {mode}")
    await server.execute(f"PREPARE asked AS {sql}")
    found = await server.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked({given})" if names else sql)
    return list(_nodes(json.loads(found)[0]["Plan"]))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for each in node.get("Plans", ()):
        yield from _nodes(each)


def _literal(value: Any, kind: str) -> str:
    if kind.endswith("[]"):
        return f"array_fill({_literal(value, kind[:-2])}::{kind[:-2]}, '{{500}}')"
    if value is None:
        return "NULL"
    if kind == "int8":
        return str(value if isinstance(value, int) else 0)
    return "'" + str(value).replace("'", "''") + "'"


async def parents(server: asyncpg.Connection) -> dict[str, str]:
    """Index → the one of all months of which it is a part; itself where there is none."""
    rows = await server.fetch(
        "SELECT c.relname AS name, p.relname AS of_all FROM pg_class AS c"
        " LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid LEFT JOIN pg_class AS p ON p.oid = i.inhparent"
        " WHERE c.relkind = 'i'"
    )
    return {row["name"]: row["of_all"] or re.sub(r"_(\d{4}_\d\d|default)_", "_", row["name"]) for row in rows}


async def big(server: asyncpg.Connection) -> set[str]:
    """The tables that nobody should read from end to end."""
    rows = await server.fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= $1", A_MONTH / 4)
    return {row["relname"] for row in rows}


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("query", _INDEXES)
async def test_each_statement_finds_by_its_index_in_every_month(
    server: asyncpg.Connection, query: str, mode: str
) -> None:
    of_all = await parents(server)

    nodes = await plan(server, query, mode)

    used = {of_all[node["Index Name"]] for node in nodes if "Index Name" in node}
    read_whole = [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"]
    assert sorted(await big(server) & set(read_whole)) == []
    assert used >= _INDEXES[query]


@pytest.mark.parametrize(
    ("query", "values", "expected"),
    [
        ("item", {}, {"outbox_2026_02"}),
        (
            "reports_messages_day",
            {"first": first_id_at(NOW), "last": first_id_at(NOW + timedelta(days=1))},
            {"outbox_2026_02"},
        ),
        ("trim_page", {"first": first_id_at(BEGIN), "last": first_id_at(month_begin(BEGIN, 1))}, {"outbox_2025_01"}),
    ],
)
async def test_where_the_key_tells_the_month_no_other_one_is_looked_into(
    server: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    values: dict[str, Any],
    expected: set[str],
) -> None:
    for name, value in values.items():
        monkeypatch.setitem(VALUES, name, value)

    nodes = await plan(server, query, "force_custom_plan")

    assert {node["Relation Name"] for node in nodes if "Relation Name" in node} - {"outbox_default"} == expected


async def test_a_receipt_is_looked_for_in_the_months_from_which_it_can_be(server: asyncpg.Connection) -> None:
    queries = postgres_driver.queries(row_locks=True)
    names = queries.driver_adapter._names["find_items"]
    given = [VALUES[name] for name in names]

    found = await server.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {queries.find_items.sql}", *given)

    nodes = list(_nodes(json.loads(found)[0]["Plan"]))
    looked_into = {node["Relation Name"] for node in nodes if node.get("Actual Loops") and "Relation Name" in node}
    parts = {name for name in looked_into if name.startswith(("parts_2025", "parts_2026_0"))}
    assert parts == {"parts_2026_01", "parts_2026_02"}


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("query", ["arrivals", "find_items"])
async def test_in_a_month_of_which_nothing_is_known_yet_a_part_is_found_by_its_reference(
    server: asyncpg.Connection, query: str, mode: str
) -> None:
    # As a month is when it begins: nobody has looked at it, and the next minute's thousands are planned as none.
    await server.execute("TRUNCATE parts_default")

    nodes = await plan(server, query, mode)

    scans = [each for each in nodes if each.get("Relation Name") == "parts_default" and each["Alias"][0] != "q"]
    assert [scan["Node Type"] for scan in scans] == ["Index Scan"]
    assert "reference" in scans[0]["Index Cond"]


_LAST = first_id_at(month_begin(BEGIN, MONTHS - 1))
_FILLING = (
    """
    INSERT INTO outbox (
        id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at, next_at,
        expires_at, state, attempts, reason, sent_at, settled_at, agency, gateway, cost
    )
    SELECT
        $2::TEXT || lpad(g::TEXT, 16, '0'), 'k-' || $1::BIGINT || '-' || g,
        CASE WHEN g % 20 = 0 THEN 'broadcast:x:' || g ELSE 'change:onestop:H56.14-' || $1 || '-' || g || ':1' END,
        'sms', 'sms:+849' || lpad((g * 7919 % 100000000)::TEXT, 8, '0'), CASE WHEN g % 20 = 0 THEN 2 ELSE 1 END,
        'progress', repeat('x', 100), 'onestop', 'H56.14-' || $1 || '-' || g, 1, $3::BIGINT + g, $3 + g,
        $3 + g + 86400000 * 40::BIGINT, CASE WHEN g % 50 = 0 THEN 'failed' ELSE 'delivered' END, 1, '', $3 + g, $3 + g,
        'H56', 'sms', 300
    FROM generate_series(1, $4::INT) AS g
    """,
    """
    INSERT INTO parts (channel, reference, item_id, number, state, at)
    SELECT 'sms', 'r-' || $1::BIGINT || '-' || g, $2::TEXT || lpad(g::TEXT, 16, '0'), 1, 'delivered', $3::BIGINT + g
    FROM generate_series(1, $4::INT) AS g
    """,
    """
    INSERT INTO changes (source, code, number, kind, at, status_before, status_after, fate)
    SELECT 'onestop', 'H56.14-' || $1::BIGINT || '-' || g, 1, 'status', $3::BIGINT + g, 1, 2, 'planned'
    FROM generate_series(1, $4::INT) AS g WHERE $2::TEXT <> ''
    """,
)
_REST = (
    "INSERT INTO outbox_keys SELECT dedupe_key, id FROM outbox",
    "INSERT INTO plans SELECT origin, COUNT(*) FROM outbox GROUP BY origin",
    f"UPDATE outbox SET state = 'queued' WHERE id > '{_LAST}' AND created_at % 2 = 0",  # noqa: S608 an id of ours
    f"UPDATE outbox SET state = 'held' WHERE id > '{_LAST}' AND created_at % 7 = 0",  # noqa: S608 an id of ours
    "INSERT INTO dossiers (code, source, status, status_text, agency, agency_name, procedure, procedure_name,"
    " applicant, phone, supplement, reason, place, steps, waits, fingerprint, last_number, first_seen_at, saved_at)"
    " SELECT code, source, 1, '', 'H56', '', '', '', '', '', '', '', '', '', '', code, 1, at, at FROM changes",
    "INSERT INTO broadcast_recipients (broadcast, number, phone, source, code, agency, contents)"
    " SELECT 'x', g, '+849' || g, '', '', '', '' FROM generate_series(1, 2000) AS g",
)
