"""The chained record: gapless whoever adds at once, right after failures, found by every filter, read as written."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.auditing import verify
from bot.model.audit import GENESIS, Entry
from bot.ports import Storage, Transaction
from storage import open_storage
from tests.contract.storage_values import NOW, later


def entry(number: int = 1, **given: Any) -> Entry:
    values: dict[str, Any] = {
        "at": later(seconds=number),
        "by": "lan",
        "what": "dossier.looked",
        "subject": f"HS-{number}",
    }
    return Entry(**values | given)


async def add(storage: Storage, *entries: Entry) -> None:
    await storage.write(lambda tx: tx.audit.add(entries))


async def chain(storage: Storage) -> list[Entry]:
    return await storage.read(lambda tx: tx.audit.chain(after=0, limit=10_000))


async def found(storage: Storage, *agencies: str, **filters: Any) -> list[int]:
    filters.setdefault("limit", 100)
    return [each.number for each in await storage.read(lambda tx: tx.audit.listed(agencies, **filters))]


async def test_an_empty_record_is_whole(storage: Storage) -> None:
    await storage.write(lambda tx: tx.audit.add([]))

    verified = await verify(storage)

    assert (verified.checked, verified.head, verified.broken) == (0, (0, GENESIS), None)


async def test_what_many_add_at_once_is_one_chain_without_gaps(storage: Storage) -> None:
    async def adds(who: int) -> None:
        for number in range(5):
            await add(storage, entry(number, by=f"p{who}"), entry(number + 50, by=f"p{who}"))

    await asyncio.gather(*(adds(who) for who in range(8)))

    assert [each.number for each in await chain(storage)] == list(range(1, 81))
    assert (await verify(storage)).broken is None


async def test_two_processes_add_to_one_chain(postgres_storage_url: str) -> None:
    async with open_storage(postgres_storage_url) as one, open_storage(postgres_storage_url) as other:

        async def adds(storage: Storage) -> None:
            for number in range(20):
                await add(storage, entry(number))

        await asyncio.gather(adds(one), adds(other), adds(one), adds(other))

        verified = await verify(one)
    assert (verified.checked, verified.broken) == (80, None)


async def test_a_work_that_fails_after_it_was_recorded_leaves_no_gap(storage: Storage) -> None:
    async def fails(tx: Transaction) -> None:
        await tx.audit.add([entry(2)])
        raise RuntimeError("afterwards")

    works = [
        add(storage, entry(1)),
        storage.write(fails),
        add(storage, entry(3)),
        storage.write(fails),
        add(storage, entry(5)),
    ]
    results = await asyncio.gather(*works, return_exceptions=True)

    assert sum(isinstance(each, RuntimeError) for each in results) == 2
    assert [each.number for each in await chain(storage)] == [1, 2, 3]
    assert (await verify(storage)).broken is None


VALUES: dict[str, Any] = {
    "floats": {"share": 0.1, "tiny": 5e-324, "huge": 1.7976931348623157e308, "whole": 1.0, "minus": -0.0},
    "numbers": {"big": 2**70, "no": None, "yes": True},
    "letters": {"reason": 'Đã duyệt – “xin lỗi” 😀 Vie\u0323\u0302t \u2028 \\ " /', "é": "e\u0301"},
    "nested": {"b": [1, {"z": 1, "a": [None, False]}], "a": {}},
    "keys": {"10": 1, "9": 2, "a": 3},
}


@pytest.mark.parametrize("name", VALUES)
async def test_values_are_read_as_they_were_written_and_verify(storage: Storage, name: str) -> None:
    await add(storage, entry(before=VALUES[name], after=VALUES[name]), entry())

    first, second = await chain(storage)

    assert (first.before, first.after, second.before) == (VALUES[name], VALUES[name], {})
    assert (await verify(storage)).broken is None


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "\udc00x\ud83d", "\ud83d\ude00"])
async def test_what_no_database_takes_is_cleaned_before_it_is_hashed(storage: Storage, text: str) -> None:
    odd = entry(
        by=text, what=text, subject=text, agency=text, way=text, before={text: text, "z": [text]}, after={"a": text}
    )

    await add(storage, odd, entry())

    verified = await verify(storage)
    assert (verified.checked, verified.broken) == (2, None)


async def test_keys_that_are_numbers_are_kept_as_their_words(storage: Storage) -> None:
    await add(storage, entry(before={10: "a", 9: "b"}))

    assert [each.before for each in await chain(storage)] == [{"10": "a", "9": "b"}]
    assert (await verify(storage)).broken is None


async def test_the_record_is_listed_newest_first_by_every_filter(storage: Storage) -> None:
    await add(
        storage,
        entry(1, agency="H32", by="lan"),
        entry(2, agency="H32.10", by="hoa", what="apology.approved", subject="XL-1"),
        entry(3, agency="H32.10.01", by="lan", what="dossier.resent"),
        entry(4, agency="H321", by="lan"),
        entry(5, agency="", by="hoa", what="staff.left", subject="hoa"),
    )

    assert await found(storage) == [5, 4, 3, 2, 1]
    assert await found(storage, limit=2, before=4) == [3, 2]
    assert await found(storage, by="lan") == [4, 3, 1]
    assert await found(storage, by="lan", what="dossier.looked", before=4) == [1]
    assert await found(storage, what="dossier.") == [4, 3, 1]
    assert await found(storage, what="dossier.", limit=2) == [4, 3]
    assert await found(storage, what="nothing.") == []
    assert await found(storage, subject="XL-1") == [2]
    assert await found(storage, subject="XL-1", by="lan") == []
    assert await found(storage, since=later(seconds=2), until=later(seconds=4)) == [3, 2]
    assert await found(storage, since=later(days=9)) == []
    assert await found(storage, until=NOW) == []


async def test_the_record_of_agencies_is_theirs_and_of_those_below_alone(storage: Storage) -> None:
    agencies = ["H32", "H32.10", "H32.10.01", "H321", "H32-1", "", "H32.2"]
    await add(storage, *(entry(number, agency=agency) for number, agency in enumerate(agencies, 1)))

    assert await found(storage, "H32") == [7, 3, 2, 1]
    assert await found(storage, "H32.10") == [3, 2]
    assert await found(storage, "H32.10", "H32.10.01", "H32.2") == [7, 3, 2]
    assert await found(storage, "H32", by="lan", limit=2) == [7, 3]
    assert await found(storage, "H32", what="staff.") == []
    assert await found(storage, "H32", what="dossier.", limit=3) == [7, 3, 2]
    assert await found(storage, "H32.10", "H32.2", what="dossier.looked") == [7, 3, 2]
    assert await found(storage, "H32.10", subject="HS-1") == []
    assert await found(storage, "H99") == []


async def test_a_clock_that_is_behind_loses_no_entry_from_its_day(storage: Storage) -> None:
    await add(storage, entry(1, at=later(minutes=30)), entry(2, at=NOW), entry(3, at=later(minutes=20)))

    assert await found(storage, since=later(minutes=10), until=later(minutes=25)) == [3]
    assert await found(storage, until=later(minutes=25)) == [3, 2]


async def test_the_chain_is_walked_from_any_number(storage: Storage) -> None:
    await add(storage, *(entry(number) for number in range(1, 6)))

    part = await storage.read(lambda tx: tx.audit.chain(after=2, limit=2))

    assert [each.number for each in part] == [3, 4]
    assert replace(part[0], number=0, digest="") == entry(3)
