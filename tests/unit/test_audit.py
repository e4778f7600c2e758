"""A record that somebody changed behind our back: every way of doing it is found, with its place."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot import auditing
from bot.auditing import Break, verify
from bot.model.audit import Entry, digest_of
from storage import open_storage
from tests.contract.storage_values import later

Spoil = Callable[[sqlite3.Connection], Any]


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "PAGE", 3)


def entry(number: int) -> Entry:
    return Entry(
        at=later(minutes=number), by="lan", what="apology.approved", subject=f"XL-{number}", agency="H32",
        before={"state": "draft"}, after={"state": "approved"},
    )  # fmt: skip


async def spoilt(place: Path, spoil: Spoil, *, noted: auditing.Head | None = None) -> auditing.Verified:
    """Seven entries, and what `verify` says of them after somebody was at the file."""
    path = place / "motcua.db"
    async with open_storage(f"sqlite:{path}") as storage:
        await storage.migrate()
        await storage.write(lambda tx: tx.audit.add([entry(number) for number in range(1, 8)]))
    with closing(sqlite3.connect(path)) as connection:
        spoil(connection)
        connection.commit()
    async with open_storage(f"sqlite:{path}") as storage:
        return await verify(storage, noted=noted)


def changes(statement: str) -> Spoil:
    return lambda connection: connection.executescript(statement)


@pytest.mark.parametrize(
    "change",
    [
        "at = at + 1", "at = 1e300", "at = 'soon'", "done_by = 'hoa'", "done_by = x'00ff'", "way = 'api'",
        "what = 'apology.rejected'",
        "subject = 'XL-9'", "agency = ''", "before = '{}'", "before = ''", "before = '[]'", "before = 'oh'",
        """before = '{"state": "draft"}'""", """after = '{"state":"draft"}'""", "digest = lower(hex(zeroblob(32)))",
    ],
)  # fmt: skip
async def test_an_entry_that_was_changed_in_any_column_is_found(tmp_path: Path, change: str) -> None:
    verified = await spoilt(tmp_path, changes(f"UPDATE audit SET {change} WHERE number = 5"))  # noqa: S608

    assert verified.broken is not None
    assert (verified.broken.kind, verified.broken.number, verified.checked) == ("changed", 5, 4)


async def test_an_untouched_record_is_whole_and_tells_its_head(tmp_path: Path) -> None:
    verified = await spoilt(tmp_path, changes("SELECT 1"))

    assert (verified.checked, verified.broken, verified.head[0]) == (7, None, 7)


@pytest.mark.parametrize("number", [1, 3, 4, 6])
async def test_an_entry_that_was_taken_out_is_missed(tmp_path: Path, number: int) -> None:
    verified = await spoilt(tmp_path, changes(f"DELETE FROM audit WHERE number = {number}"))  # noqa: S608

    before = later(minutes=number - 1) if number > 1 else None
    assert verified.broken == Break("missing", number, before)


@pytest.mark.parametrize("kept", [6, 3, 0])
async def test_a_tail_that_was_cut_off_is_missed(tmp_path: Path, kept: int) -> None:
    verified = await spoilt(tmp_path, changes(f"DELETE FROM audit WHERE number > {kept}"))  # noqa: S608

    assert verified.broken == Break("cut", kept + 1, later(minutes=kept) if kept else None)


async def test_two_entries_that_changed_places_are_found(tmp_path: Path) -> None:
    swap = """
        UPDATE audit SET number = CASE number WHEN 2 THEN -5 ELSE -2 END WHERE number IN (2, 5);
        UPDATE audit SET number = -number WHERE number < 0;
    """

    verified = await spoilt(tmp_path, changes(swap))

    assert verified.broken is not None
    assert (verified.broken.kind, verified.broken.number) == ("changed", 2)


@pytest.mark.parametrize(
    "change", ["UPDATE audit_head SET number = 6", "UPDATE audit_head SET digest = ''", "DELETE FROM audit_head"]
)
async def test_a_head_that_does_not_fit_the_last_entry_is_told(tmp_path: Path, change: str) -> None:
    verified = await spoilt(tmp_path, changes(change))

    assert verified.broken == Break("head", 7, later(minutes=7))


def rewrite(connection: sqlite3.Connection) -> None:
    """A whole new chain, as somebody would make who knows how."""
    digest = "0" * 64
    for number in range(1, 8):
        forged = Entry(at=later(minutes=number), by="nobody", what="apology.approved")
        digest = digest_of(forged, number=number, previous=digest)
        connection.execute(
            """UPDATE audit SET done_by = 'nobody', subject = '', agency = '', before = '', after = '', digest = ?
            WHERE number = ?""",
            (digest, number),
        )
    connection.execute("UPDATE audit_head SET digest = ?", (digest,))


async def test_a_chain_that_was_rewritten_as_a_whole_shows_only_beside_a_noted_digest(tmp_path: Path) -> None:
    honest = await spoilt(tmp_path, changes("SELECT 1"))
    (tmp_path / "motcua.db").unlink()

    unnoticed = await spoilt(tmp_path, rewrite)
    (tmp_path / "motcua.db").unlink()
    noticed = await spoilt(tmp_path, rewrite, noted=honest.head)

    assert unnoticed.broken is None
    assert noticed.broken == Break("rewritten", 7, later(minutes=7))


async def test_a_tail_that_was_cut_off_with_its_head_shows_beside_a_noted_digest(tmp_path: Path) -> None:
    def cut(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM audit WHERE number > 5")
        connection.execute("UPDATE audit_head SET number = 5, digest = (SELECT digest FROM audit WHERE number = 5)")

    verified = await spoilt(tmp_path, cut, noted=(7, "0" * 64))

    assert verified.broken == Break("cut", 6, later(minutes=5))
