"""A sealed database: nothing of anybody stands in it, all that it promises holds, and its keys can be changed."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.model.clock import utc_now
from bot.model.errors import StorageError
from bot.model.message import Alternative
from bot.model.name import name_words
from bot.model.person import Address
from bot.ports import Storage
from bot.ports.console import DossierWish
from bot.ports.people import Looked
from bot.sealing import Sealed, seal_all, sealed
from storage import open_storage
from storage.migrate import SEALED, as_applied, migrations, missing
from storage.sealing import walks
from storage.sealing.columns import TABLES
from storage.sealing.ring import Ring, new_ring
from storage.sealing.turning import Turning
from tests.contract.storage_values import NOW, an_item, enqueue, later, stored
from tests.contract.test_storage_privacy import (
    ABOUT_PEOPLE,
    ANH,
    MAI,
    MOMENT,
    betrayals,
    erase,
    everything,
    fill,
    in_every_state,
    rows_of,
    tables_of,
)  # fmt: skip
from tests.support.sealed import raw, readable, spellings
from tests.support.storages import _EMPTY, _admin, in_a_loop_of_its_own

RING = new_ring("2026-11-23")
HASHES = {"fingerprint", "name_words", "given"}
"""Columns of which nobody can tell what they were made of."""
WORDS = {
    *spellings(MAI.phone), *spellings(ANH.phone), MAI.name, ANH.name, "nguyen thi mai", MAI.chat, ANH.chat,
    MAI.former_chat, "Người giữ số", "chờ lâu",
}  # fmt: skip


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated, empty database, to be opened more than once."""
    if request.param == "postgres":
        found: str = request.getfixturevalue("postgres_database")
        in_a_loop_of_its_own(_admin(found, _EMPTY))
        return found
    address = f"sqlite:{tmp_path / 'motcua.db'}"

    async def make() -> None:
        async with open_storage(address) as storage:
            await storage.migrate()

    in_a_loop_of_its_own(make())
    return address


def under(ring: Ring) -> Callable[[], str]:
    return lambda: ring.text


@asynccontextmanager
async def opened(url: str, ring: Ring | None = RING) -> AsyncIterator[Storage]:
    async with open_storage(url, keys=under(ring) if ring else None) as storage:
        yield storage


async def filled(storage: Storage) -> None:
    for person in (MAI, ANH):
        await storage.write(lambda tx, each=person: fill(tx, each))  # type: ignore[misc]
        await in_every_state(storage, person)


async def turned(url: str, ring: Ring = RING) -> int:
    async with opened(url, ring) as storage:
        return await Turning(storage, clock=lambda: MOMENT).turn()


def clock() -> Any:
    return MOMENT


def without_hashes(content: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    return {
        table: sorted(str({name: value for name, value in row.items() if name not in HASHES}) for row in rows)
        for table, rows in content.items()
        if table not in ("sealing", "migrations", "outbox_keys")
    }


def keys_of(found: list[Sealed]) -> set[str]:
    return {each.key for each in found}


@pytest.mark.parametrize("ring", [RING, None], ids=["sealed", "plain"])
async def test_nothing_of_anybody_stands_in_a_sealed_database(url: str, ring: Ring | None) -> None:
    async with opened(url, ring) as storage:
        await filled(storage)
        during = await raw(url)
        known = await everything(storage)
    after = await raw(url)

    expected = set() if ring else WORDS
    assert readable(during, WORDS) == readable(after, WORDS) == expected
    assert {table for table, _ in betrayals(known, MAI)} >= {"outbox", "dossiers", "inbound", "bindings", "feedback"}


async def test_every_table_about_people_is_among_the_sealed_ones(url: str) -> None:
    async with opened(url, None) as storage:
        known = {
            table: set((await storage.read(lambda tx, t=table: rows_of(tx, f"SELECT * FROM {t} WHERE false"))) or [])  # type: ignore[misc]  # noqa: S608
            for table in TABLES
            if table != "outbox_keys"
        }

    # Of a part the provider's reference is known, and which message it belongs to.
    assert ABOUT_PEOPLE - {"parts"} <= set(known)


async def test_what_is_sealed_stands_where_the_walks_look_for_it(url: str) -> None:
    async with opened(url) as storage:
        await filled(storage)
        found = await storage.read(tables_of)
        rows = {
            table: await storage.read(lambda tx, t=table: rows_of(tx, f"SELECT * FROM {t}"))  # type: ignore[misc]  # noqa: S608
            for table in found - {"sealing"}
        }

    marked = {
        (table, column)
        for table, each in rows.items()
        for row in each
        for column, value in row.items()
        if isinstance(value, str) and "\ufdd0" in value
    }
    assert marked - {(table, column) for table, known in TABLES.items() for column in known.columns} == set()


async def test_what_was_in_the_clear_is_sealed_and_says_the_same(url: str) -> None:
    async with opened(url, None) as storage:
        await filled(storage)
        before = without_hashes(await everything(storage))
    with pytest.raises(StorageError, match="motcua keys seal"):
        async with opened(url) as storage:
            await storage.read(lambda tx: tx.outbox.planned())

    assert await turned(url) > 0
    async with opened(url) as storage:
        plain = await sealed(storage)
        await seal_all(storage, clock)
        done = await sealed(storage)
        again = await seal_all(storage, clock)
        after = without_hashes(await everything(storage))
    async with opened(url) as storage:
        found = await storage.read(lambda tx: tx.people.binding(MAI.telegram))
        dossiers = await storage.read(lambda tx: tx.dossiers.of_phone(MAI.phone, limit=9))

    assert keys_of(plain) == {"", "look-up"}
    assert keys_of(done) == {"2026-11-23", "look-up"}
    assert again == 0
    assert after == before
    assert readable(await raw(url), WORDS) == set()
    assert found
    assert found.phone == MAI.phone
    assert [each.applicant for each in dossiers] == [MAI.name]


async def test_a_turn_that_was_killed_keeps_everybody_out_until_it_is_done(url: str) -> None:
    async with opened(url, None) as storage:
        await filled(storage)

    class KilledError(Exception):
        pass

    def killed(table: str, rows: int) -> None:
        if table == "dossiers":
            raise KilledError

    async with opened(url) as storage:
        with pytest.raises(KilledError):
            await Turning(storage, clock=clock).turn(killed)
    for ring in (RING, None):
        async with opened(url, ring) as storage:
            with pytest.raises(StorageError, match=r"\[storage\] keys|keys seal"):
                await storage.read(lambda tx: tx.outbox.planned())
    await turned(url)

    async with opened(url) as storage:
        await seal_all(storage, clock)
        assert keys_of(await sealed(storage)) == {"2026-11-23", "look-up"}
        assert (await storage.read(lambda tx: tx.people.binding(MAI.telegram))) is not None


async def test_a_walk_that_was_killed_goes_on_where_it_was(url: str) -> None:
    async with opened(url, None) as storage:
        await enqueue(storage, *[an_item(number, address=Address("sms", f"+8491{number:07}")) for number in range(5)])
    await turned(url)

    async with opened(url) as storage:
        first = await storage.write(lambda tx: tx.sealing.seal("outbox", at=NOW, limit=2))
    async with opened(url) as storage:
        rest = [await storage.write(lambda tx: tx.sealing.seal("outbox", at=NOW, limit=2)) for _ in range(3)]
        texts = [each for each in await sealed(storage) if (each.table, each.column) == ("outbox", "text")]

    assert (first, rest) == (2, [2, 1, None])
    assert [(each.key, each.values) for each in texts] == [("2026-11-23", 5)]


async def test_what_is_written_while_a_page_is_sealed_is_not_lost(
    postgres_storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = (Alternative("sms", MAI.sms, "by SMS"),)
    item = an_item(1, address=MAI.telegram, channel="telegram", text="by chat", alternatives=ways)
    async with opened(postgres_storage_url, None) as storage:
        await enqueue(storage, item)
    await turned(postgres_storage_url)
    seal_row = walks._sealed

    async with opened(postgres_storage_url) as storage, opened(postgres_storage_url) as other:
        page = walks.page_after

        async def slow(*args: Any, **most: Any) -> Any:
            rows = await page(*args, **most)
            if args[1] == "outbox":
                assert await other.write(lambda tx: tx.outbox.reroute("telegram", reason="shut", at=NOW, limit=9))
            return rows

        monkeypatch.setattr(walks, "page_after", slow)
        await storage.write(lambda tx: tx.sealing.seal("outbox", at=NOW, limit=9))
        kept = await stored(storage, item)

    assert seal_row is walks._sealed
    assert (kept.text, kept.address, kept.alternatives) == ("by SMS", MAI.sms, ())


async def test_another_data_key_takes_over_and_the_old_one_can_go(url: str) -> None:
    grown = RING.with_data("2026-12-01")
    async with opened(url) as storage:
        await filled(storage)
    async with opened(url, grown) as storage:
        await storage.write(lambda tx: tx.do_not_send.add([]))
        before = keys_of(await sealed(storage))
        await seal_all(storage, clock)
        after = keys_of(await sealed(storage))
        content = without_hashes(await everything(storage))
        await storage.write(lambda tx: tx.sealing.forget("2026-11-23"))

    async with opened(url, grown.without("data", "2026-11-23")) as storage:
        assert without_hashes(await everything(storage)) == content
    assert (before, after) == ({"2026-11-23", "look-up"}, {grown.newest, "look-up"})


async def test_what_a_process_with_the_old_ring_writes_behind_the_walk_is_sealed_by_the_next_one(url: str) -> None:
    grown, soon = RING.with_data("2026-12-01"), utc_now() + timedelta(minutes=2)
    async with opened(url) as slow:
        await enqueue(slow, an_item(1))
        async with opened(url, grown) as quick:
            await seal_all(quick, utc_now)
            # Within its half minute it knows of no other key.
            await enqueue(slow, an_item(2))
            left = keys_of(await sealed(quick))
            await seal_all(quick, lambda: soon)
            done = keys_of(await sealed(quick))
            assert await seal_all(quick, lambda: soon) == 0

    assert left == {"2026-11-23", grown.newest, "look-up"}
    assert done == {grown.newest, "look-up"}


async def test_another_look_up_key_turns_every_row(url: str) -> None:
    async with opened(url) as storage:
        await filled(storage)
        content = without_hashes(await everything(storage))
    before = await raw(url)
    grown = RING.with_look_up("2026-12-01")
    with pytest.raises(StorageError, match="new look-up key"):
        async with opened(url, grown) as storage:
            await storage.read(lambda tx: tx.outbox.planned())

    await turned(url, grown)

    async with opened(url, grown.without("look-up", "2026-11-23")) as storage:
        assert without_hashes(await everything(storage)) == content
        assert await storage.read(lambda tx: tx.people.binding(ANH.telegram))
        assert {each.applicant for each in await storage.read(lambda tx: tx.dossiers.of_phone(ANH.phone, limit=9))}
        taken = await erase(storage, MAI)
        token = storage.seal.token(ANH.phone)  # type: ignore[attr-defined]
    async with opened(url, grown) as storage:
        assert betrayals(await everything(storage), MAI) == []
    assert token.encode() not in before
    assert taken["dossiers"] == 2


async def test_an_erasure_looks_through_messages_before_it_locks_anybody_out(url: str) -> None:
    former = Address("telegram", MAI.former_chat)
    async with opened(url) as storage:
        texts = ["Xin chào", f"Số {MAI.written} đã liên kết", f"gọi {MAI.phone}", "Xin chào", f"số {ANH.written}"]
        items = [an_item(number, address=former, text=text) for number, text in enumerate(texts)]
        await enqueue(storage, *items)
        addresses = await storage.read(lambda tx: tx.privacy.addresses_of(MAI.phone))
        looked = Looked()
        while not looked.is_done:
            looked = await storage.read(
                lambda tx, before=looked: tx.privacy.look(MAI.phone, addresses, before, limit=2)  # type: ignore[misc]
            )
        # What comes after the look is found all the same.
        await enqueue(storage, an_item(7, address=former, text=f"lại là {MAI.written}"))
        taken = await storage.write(
            lambda tx: tx.privacy.erase(MAI.phone, addresses, digest="d", at=MOMENT, looked=looked)
        )
        left = [(await stored(storage, an_item(number))).text for number in (0, 1, 2, 3, 4, 7)]

    assert looked == Looked(frozenset({items[1].id, items[2].id}), items[4].id, is_done=True)
    assert taken["outbox"] == 3
    assert left == [texts[0], "", "", texts[3], texts[4], ""]


async def test_names_are_found_by_whole_words(url: str) -> None:
    async with opened(url) as storage:
        await storage.write(lambda tx: fill(tx, MAI))

        async def found(name: str) -> int:
            wish = DossierWish(name=name_words(name))
            page = await storage.read(lambda tx: tx.console.dossiers(wish, (), now=NOW, before=None, limit=9))
            return len(page.found)

        names = ["Mai", "nguyễn mai", "Nguyen Thi Mai", "Thị Nguyễn Mai", "Nguy Mai", "Ma", "Lan"]
        assert [await found(name) for name in names] == [2, 2, 2, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("ring", "said"),
    [
        (None, "is not set"),
        (new_ring("2026-11-23"), "cannot be opened"),
        (new_ring("2027-01-01"), "lacks it"),
    ],
)
async def test_without_the_right_keys_nothing_is_read_or_written(url: str, ring: Ring | None, said: str) -> None:
    async with opened(url) as storage:
        await enqueue(storage, an_item(1))
    before = await raw(url)

    async with opened(url, ring) as storage:
        with pytest.raises(StorageError, match=said):
            await storage.read(lambda tx: tx.outbox.planned())
        with pytest.raises(StorageError, match=said):
            await enqueue(storage, an_item(2))

    assert len(await raw(url)) == len(before)


async def test_programs_that_know_of_no_seal_keep_away(url: str) -> None:
    async with opened(url) as storage:
        await enqueue(storage, an_item(1))
        rows = await storage.read(lambda tx: rows_of(tx, "SELECT name, checksum, beside FROM migrations"))
    applied = as_applied((row["name"], row["checksum"], row["beside"]) for row in rows)

    assert missing(applied, "here") == []
    # To such a program the entry is one of a newer one, which lets nobody work beside it.
    assert (SEALED in applied, applied[SEALED].beside) == (True, None)
    assert SEALED not in {migration.name for migration in migrations()}


async def test_a_key_that_another_process_began_to_use_is_found_without_a_restart(url: str) -> None:
    held = {"ring": RING}
    async with open_storage(url, keys=lambda: held["ring"].text) as here:
        await enqueue(here, an_item(1))
        held["ring"] = RING.with_data("2026-12-01")
        async with opened(url, held["ring"]) as there:
            await enqueue(there, an_item(2))
        assert (await stored(here, an_item(2))).text == an_item(2).text


async def test_a_running_service_is_not_turned_under_its_feet(url: str) -> None:
    async with opened(url, None) as storage:
        await enqueue(storage, an_item(1))
        await storage.write(lambda tx: tx.leases.take("planning", owner="máy-1", now=MOMENT, until=later(hours=2)))

    with pytest.raises(StorageError, match="máy-1"):
        await turned(url)

    async with opened(url, None) as storage:
        assert (await stored(storage, an_item(1))).address == an_item(1).address


async def test_a_mark_that_somebody_sends_is_not_taken_for_a_seal(url: str) -> None:
    text = "\ufdd0=2026-11-23:QUJD \ufdd0pQUJD \ufdd0w"
    async with opened(url) as storage:
        await enqueue(storage, an_item(1, text=text))
        kept = (await stored(storage, an_item(1))).text

    assert kept == text.replace("\ufdd0", "\ufffd")


def test_marks_of_a_walk_say_nothing_of_anybody() -> None:
    # They are kept in the clear: keys of rows are ids, codes, numbers, or tokens.
    open_keys = {name: [key for key in table.key if key not in table.columns] for name, table in TABLES.items()}

    assert {key for keys in open_keys.values() for key in keys} == {
        "apology", "at", "broadcast", "channel", "code", "column_name", "digest", "id", "item_id", "key_id", "kind",
        "name",
        "number", "one", "row_number", "source", "version",
    }  # fmt: skip
    assert json.dumps(open_keys)
