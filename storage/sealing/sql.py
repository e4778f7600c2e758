"""The queries that walk through what is sealed, made from `columns.TABLES`: all of one pattern, one for each table."""

from collections.abc import Collection

from storage.sealing.columns import TABLES, Table

_STATE = """
-- name: sealing_state()
SELECT kind, name, proof FROM sealing ORDER BY kind, name;

-- name: sealing_proof(kind, name)$
SELECT proof FROM sealing WHERE kind = :kind AND name = :name;

-- name: sealing_since(kind, name)$
SELECT since FROM sealing WHERE kind = :kind AND name = :name;

-- name: sealing_keep(kind, name, proof, since)!
INSERT INTO sealing (kind, name, proof, since) VALUES (:kind, :name, :proof, :since)
ON CONFLICT (kind, name) DO UPDATE SET proof = excluded.proof, since = excluded.since;

-- name: sealing_drop(kind, name)!
DELETE FROM sealing WHERE kind = :kind AND name = :name;

-- name: sealing_drop_kind(kind)!
DELETE FROM sealing WHERE kind = :kind;

-- name: sealing_note(name, at)!
INSERT INTO migrations (name, checksum, applied_at) VALUES (:name, '', :at) ON CONFLICT DO NOTHING;

-- name: sealing_alive(now, since)
SELECT owner FROM leases WHERE until > :now
UNION
SELECT owner FROM heartbeats WHERE at > :since
ORDER BY 1;
"""


def queries(engine: str) -> str:
    """For aiosql."""
    tables = {name: table for name, table in TABLES.items() if engine == "postgres" or not table.postgres_only}
    rows = " OR ".join(f"EXISTS (SELECT 1 FROM {name})" for name in tables)  # noqa: S608 names of ours
    any_row = f"\n-- name: sealing_any()$\nSELECT CASE WHEN {rows} THEN 1 ELSE 0 END;\n"
    return _STATE + any_row + "".join(_of_table(name, table) for name, table in tables.items())


def _of_table(name: str, table: Table) -> str:
    keys = [f"{column} AS key_{number}" for number, column in enumerate(table.key)]
    after = [f":after_{number}" for number in range(len(table.key))]
    known = [column for column in table.key if column not in table.columns]
    order, columns = ", ".join(table.key), ", ".join((*keys, *known, *table.columns))
    walk = f"""
-- name: sealing_first_{name}(most)
SELECT {columns} FROM {name} ORDER BY {order} LIMIT :most;

-- name: sealing_next_{name}({", ".join(each[1:] for each in after)}, most)
SELECT {columns} FROM {name} WHERE ({order}) > ({", ".join(after)}) ORDER BY {order} LIMIT :most;
"""  # noqa: S608 names of ours
    return (
        walk
        + _put(f"sealing_turn_{name}", name, table, table.looked_up)
        + _put(f"sealing_free_{name}", name, table, table.free)
    )


def _put(query: str, name: str, table: Table, columns: Collection[str]) -> str:
    """Changes a row that is still as it was read; nothing of what was written since is lost."""
    if not columns:
        return ""
    sets = ", ".join(f"{column} = :new_{column}" for column in columns)
    keys = [f"{column} = :key_{number}" for number, column in enumerate(table.key)]
    were = [f"{column} = :was_{column}" for column in columns]
    parameters = [f"new_{column}" for column in columns]
    parameters += [f"key_{number}" for number in range(len(table.key))] + [f"was_{column}" for column in columns]
    return f"""
-- name: {query}({", ".join(parameters)})*!
UPDATE {name} SET {sets} WHERE {" AND ".join((*keys, *were))};
"""  # noqa: S608 names of ours
