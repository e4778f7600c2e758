"""Walks through the tables, a page in each transaction: what is plain, or under another key, is sealed anew."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bot.model.name import given_name, name_words
from storage.edge import MARK
from storage.migrate import SEALED
from storage.sealing import forms
from storage.sealing.columns import TABLES, Table
from storage.sealing.forms import Form, sealed_value
from storage.sealing.ring import DATA, LOOK_UP
from storage.sealing.seal import Seal, Sealed, is_sealed, is_words, key_of
from storage.sealing.seeking import as_is, page_after
from storage.sealing.state import TURN, WALK, proof_of, state_of
from storage.statements import Row, Statements

PLAIN = ""
"""Among the keys that are counted: under none."""
SETTLED = 60_000
"""Milliseconds after which no process seals under an older data key any more: each reads the ring twice meanwhile."""
_NAMES = ("name_words", "given")
"""Columns that only hold hashes: they are made anew of the name."""


# Beginning


async def begin(sql: Statements, seal: Seal, at: int) -> None:
    """A database without a row is sealed from now on, unless somebody else was quicker."""
    state = state_of(await sql.rows("sealing_state"))
    if state.look_up or state.turns_to or await sql.value("sealing_any"):
        return
    await _keep(sql, LOOK_UP, seal.ring.look_up, proof_of(seal, LOOK_UP), at)
    await note_key(sql, seal, at)
    await sql.change("sealing_note", name=SEALED, at=at)


async def note_key(sql: Statements, seal: Seal, at: int) -> None:
    """The newest data key is in use from now on."""
    await _keep(sql, DATA, seal.ring.newest, proof_of(seal, DATA), at)


async def begin_turn(sql: Statements, seal: Seal, at: int) -> None:
    """From now on nobody but who turns the rows may work here."""
    if await sql.value("sealing_proof", kind=TURN, name=seal.ring.look_up) is None:
        await sql.change("sealing_drop_kind", kind=TURN)
        await sql.change("sealing_drop_kind", kind=WALK)
    await _keep(sql, TURN, seal.ring.look_up, "-", at)
    await sql.change("sealing_note", name=SEALED, at=at)


async def end_turn(sql: Statements, seal: Seal, at: int) -> None:
    """All rows are found by the new look-up key."""
    await sql.change("sealing_drop_kind", kind=LOOK_UP)
    await _keep(sql, LOOK_UP, seal.ring.look_up, proof_of(seal, LOOK_UP), at)
    # Nobody works here who could still have an older one.
    await note_key(sql, seal, at - SETTLED)
    for kind in (TURN, WALK):
        await sql.change("sealing_drop_kind", kind=kind)


# What rows are found by


async def turn_page(sql: Statements, seal: Seal, table: str, at: int, *, limit: int) -> int | None:
    """Turns a page to the look-up key in use; the rows looked at, None once there is no more. Not for a running
    service: until the end half of the rows are found and half are not."""
    known = TABLES[table]
    if not known.looked_up:
        return None
    mark = await _mark(sql, table)
    if mark.get("turned"):
        return None
    rows = await page_after(sql, table, mark.get("after"), most=limit)
    changed = [change for row in rows if (change := _turned(seal, known, row))]
    await sql.change_many(f"sealing_turn_{table}", changed)
    place = [rows[-1][f"key_{number}"] for number in range(len(known.key))] if rows else None
    await _keep_mark(sql, table, {"after": place} if rows else {"turned": True}, at)
    return len(rows) if rows else None


def _turned(seal: Seal, table: Table, row: Row) -> dict[str, Any] | None:
    names: dict[str, str] = {}
    if "applicant" in table.columns:
        applicant = row["applicant"]
        words = name_words(seal.open_free("applicant", applicant) if is_sealed(applicant) else applicant)
        names = {"name_words": words, "given": given_name(words)}
    made = {}
    for column, form in table.looked_up.items():
        was = row[column]
        if column in _NAMES:
            made[column] = sealed_value(form, column, seal, names[column]) if was else was
        else:
            made[column] = sealed_value(form, column, seal, _opened(seal, form, was)) if was else was
    return _change(table, row, made)


def _opened(seal: Seal, form: Form, value: str) -> str:
    if MARK in value:
        return seal.open_within(value)
    return seal.open_print(value) if form is forms.fingerprint else value


# Everything else


async def seal_page(sql: Statements, seal: Seal, table: str, at: int, *, limit: int) -> int | None:
    """Seals a page under the newest data key, beside a running service; the rows looked at, None where the table is
    done. What is written meanwhile is sealed by who writes it: under an older key, where that process has not read the
    ring again. So a walk that began too early is not the last one."""
    known, newest = TABLES[table], seal.ring.newest
    if not known.free:
        return None
    mark = await _mark(sql, table)
    if mark.get("done") and mark.get("key") == newest:
        return None
    if mark.get("key") != newest or "began" not in mark:
        mark = {"key": newest, "began": at}
    rows = await page_after(sql, table, mark.get("after"), most=limit)
    changed = [change for row in rows if (change := _sealed(seal, known, row))]
    await sql.change_many(f"sealing_free_{table}", changed)
    place = [rows[-1][f"key_{number}"] for number in range(len(known.key))] if rows else None
    await _keep_mark(sql, table, {**mark, "after": place} if rows else await _end(sql, mark), at)
    return len(rows) if rows else None


async def _end(sql: Statements, mark: Mapping[str, Any]) -> dict[str, Any]:
    """Of a walk: it was the last one, or the next look begins anew."""
    since = await sql.value("sealing_since", kind=DATA, name=mark["key"])
    is_last = since is not None and mark["began"] >= since + SETTLED
    return {"key": mark["key"], **({"done": True} if is_last else {})}


def _sealed(seal: Seal, table: Table, row: Row) -> dict[str, Any] | None:
    made = {}
    for column, form in table.free.items():
        was = row[column]
        if not was or key_of(was) == seal.ring.newest:
            made[column] = was
            continue
        if is_sealed(was):
            opened: Any = (
                seal.open_bytes(column, was) if isinstance(was, bytes)
                else forms.open_attached(seal, was) if form is forms.attached
                else seal.open_free(column, was)
            )  # fmt: skip
        else:
            opened = was
        made[column] = sealed_value(form, column, seal, opened)
    return _change(table, row, made)


# How it stands


async def count_page(
    sql: Statements, table: str, after: Sequence[Any] | None, *, limit: int
) -> tuple[Counter[tuple[str, str]], Sequence[Any] | None]:
    """How many values of a page are under which key, by column and key (`PLAIN` for none), and where the page ends;
    None: it was the last one. Empty values are none."""
    known = TABLES[table]
    rows = await page_after(sql, table, after, most=limit)
    counted = Counter(
        (column, _key(form, row[column])) for row in rows for column, form in known.columns.items() if row[column]
    )
    counted.pop(("", ""), None)
    if len(rows) < limit:
        return counted, None
    return counted, [rows[-1][f"key_{number}"] for number in range(len(known.key))]


def _key(form: Form, value: Any) -> str:
    if form in (forms.address, forms.key, forms.subject) and form is not forms.phone and MARK not in value:
        # Most name nobody: a word of ours, or somebody who was forgotten.
        return PLAIN if _names_somebody(form, value) else LOOK_UP
    if form in (forms.name_words, forms.given):
        return LOOK_UP if is_words(value) else PLAIN
    return key_of(value) or PLAIN


def _names_somebody(form: Form, value: str) -> bool:
    found: list[str] = []

    class Asked:
        def token(self, value: str) -> str:
            found.append(value)
            return value

    form(Asked(), value)  # type: ignore[arg-type]
    return bool(found)


# Rows as they are stored


def _change(table: Table, row: Row, made: Mapping[str, Any]) -> dict[str, Any] | None:
    if all(row[column] == value for column, value in made.items()):
        return None
    keys = {f"key_{number}": as_is(row[f"key_{number}"]) for number in range(len(table.key))}
    new = {f"new_{column}": as_is(value) for column, value in made.items()}
    return new | keys | {f"was_{column}": as_is(row[column]) for column in made}


async def _mark(sql: Statements, table: str) -> dict[str, Any]:
    text = await sql.value("sealing_proof", kind=WALK, name=table)
    mark: dict[str, Any] = json.loads(text) if text else {}
    return mark


async def _keep_mark(sql: Statements, table: str, mark: Mapping[str, Any], at: int) -> None:
    await _keep(sql, WALK, table, json.dumps(mark, ensure_ascii=False), at)


async def _keep(sql: Statements, kind: str, name: str, proof: str, at: int) -> None:
    await sql.change("sealing_keep", kind=kind, name=name, proof=Sealed(proof), since=at)
