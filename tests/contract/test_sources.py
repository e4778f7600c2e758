"""What every kind of source does with the mirror behind it, whatever its one-stop software speaks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.model.clock import utc_now
from bot.model.dossier import ChangeKind, Status
from bot.model.errors import SourceError
from bot.ports import Storage
from tests.contract import bench_folder, bench_push, bench_rest, bench_sql_view
from tests.contract.office import MANY, Office, an_office, code, counted, finished, record
from tests.contract.sources import SOURCE, FailingBench, SourceBench

BENCHES: dict[str, Callable[[Path], AbstractAsyncContextManager[SourceBench]]] = {
    "folder": bench_folder.bench,
    "push": bench_push.bench,
    "rest": bench_rest.bench,
    "sql_view": bench_sql_view.bench,
}


@pytest.fixture(params=list(BENCHES))
async def office(request: pytest.FixtureRequest, tmp_path: Path, sqlite_storage: Storage) -> AsyncIterator[Office]:
    async with BENCHES[request.param](tmp_path / "office") as bench:
        assert bench.kind == request.param
        yield an_office(bench, sqlite_storage)


async def test_all_records_arrive(office: Office) -> None:
    await office.bench.put([record(number) for number in range(MANY)])

    assert await office.deliver() == (MANY, MANY, MANY)

    found = await office.dossiers(range(MANY))
    assert [dossier.code for dossier in found] == [code(number) for number in range(MANY)]
    assert await counted(office.storage) == (MANY, MANY, MANY)
    assert await office.quarantined() == []
    dossier = found[7]
    assert (dossier.source, dossier.status, dossier.applicant) == (SOURCE, Status.RECEIVED, "Nguyễn Thị Ánh 7")
    assert (dossier.phone, dossier.procedure) == ("+84912340007", "1.004873")
    assert dossier.agency_name == "UBND phường Ngọc Hiệp"
    assert dossier.received_at == dossier.updated_at == datetime(2025, 3, 3, 1, 15, tzinfo=UTC)
    assert dossier.appointment_at == datetime(2025, 3, 7, 10, tzinfo=UTC)


async def test_where_nothing_is_new_nothing_changes_but_the_time_of_the_data(office: Office) -> None:
    await office.bench.put([record(number) for number in range(MANY)])
    await office.deliver()
    before, count = await office.state(), await counted(office.storage)

    _, *again = await office.deliver()
    quiet = await office.state()
    await office.bench.put([])
    _, *alive = await office.deliver()
    after = await office.state()

    assert again == alive == [0, 0]
    assert await counted(office.storage) == count
    assert quiet.cursor == before.cursor
    assert before.fresh_at is not None
    assert quiet.fresh_at is not None
    assert after.fresh_at is not None
    assert before.fresh_at <= quiet.fresh_at <= after.fresh_at <= utc_now()
    assert before.fresh_at < after.fresh_at


async def test_one_changed_record_is_one_change_and_one_message(office: Office) -> None:
    await office.bench.put([record(number) for number in range(MANY)])
    await office.deliver()

    await office.bench.put([finished(7)])
    _, *came = await office.deliver()

    assert came == [1, 1]
    assert await counted(office.storage) == (MANY, MANY + 1, MANY + 1)
    assert [change.kind for change in await office.changes(7)] == [ChangeKind.APPEARED, ChangeKind.STATUS]
    assert [dossier.status for dossier in await office.dossiers([6, 7])] == [Status.RECEIVED, Status.DONE]


async def test_a_bad_record_is_named_and_stops_no_other(office: Office) -> None:
    await office.bench.put([record(1), record(2, NgayHenTra="hôm nọ"), record(3)])

    await office.deliver()

    assert [dossier.code for dossier in await office.dossiers([1, 2, 3])] == [code(1), code(3)]
    [bad] = await office.quarantined()
    assert (bad.source, bad.column, bad.code) == (SOURCE, "NgayHenTra", code(2))
    assert bad.place
    assert bad.reason
    assert "hôm nọ" not in repr(bad)


async def test_a_bad_record_that_comes_again_and_again_is_named_once(office: Office) -> None:
    for night in range(3):
        await office.bench.put([record(1), record(2, NgayHenTra="hôm nọ"), record(10 + night)])
        await office.deliver()

    assert [(bad.code, bad.column) for bad in await office.quarantined()] == [(code(2), "NgayHenTra")]
    assert await counted(office.storage) == (4, 4, 4)


async def test_a_bad_record_that_was_mended_is_mirrored_and_no_longer_named(office: Office) -> None:
    await office.bench.put([record(1), record(2, TrangThaiHoSo="")])
    await office.deliver()
    bad = await office.quarantined()

    await office.bench.put([record(2)])
    await office.deliver()

    assert [each.code for each in bad] == [code(2)]
    assert await office.quarantined() == []
    assert await counted(office.storage) == (2, 2, 2)


async def test_records_that_come_twice_tell_nobody_twice(office: Office) -> None:
    records = [record(number) for number in range(MANY)]
    await office.bench.put(records)
    await office.deliver()

    for again in (records, records[::-1]):
        await office.bench.put(again)
        await office.deliver()

    assert await counted(office.storage) == (MANY, MANY, MANY)


async def test_an_older_version_that_comes_late_is_kept_and_not_applied(office: Office) -> None:
    await office.bench.put([record(1), record(2)])
    await office.deliver()
    await office.bench.put([finished(1)])
    await office.deliver()

    await office.bench.put([record(1, TrangThaiHoSo="4", NgayCapNhat="20250303150000"), record(3)])
    await office.deliver()

    assert [dossier.status for dossier in await office.dossiers([1])] == [Status.DONE]
    assert [(late.status, late.updated_at) for late in await office.late(1)] == [
        (Status.PROCESSING, datetime(2025, 3, 3, 8, tzinfo=UTC))
    ]
    assert await counted(office.storage) == (3, 4, 4)


async def test_a_round_that_was_cut_off_goes_on_where_it_was(office: Office) -> None:
    await office.bench.put([record(number) for number in range(MANY)])

    first, *_ = await office.deliver(batches=1)
    part = await counted(office.storage)
    await office.deliver()

    assert 0 < first < MANY
    assert part == (first, first, first)
    assert await counted(office.storage) == (MANY, MANY, MANY)
    assert [len(await office.changes(number)) for number in range(0, MANY, 10)] == [1] * (MANY // 10)


async def test_a_process_that_dies_again_and_again_gets_through(office: Office) -> None:
    await office.bench.put([record(number) for number in range(MANY)])
    await office.bench.put([finished(number) for number in range(0, MANY, 5)])

    for batches in (1, 1, 2, 1, 3, None):
        await office.deliver(batches=batches)

    dossiers, _, told = await counted(office.storage)
    assert dossiers == MANY
    assert MANY <= told <= MANY + MANY // 5
    assert {dossier.status for dossier in await office.dossiers(range(0, MANY, 5))} == {Status.DONE}


@pytest.mark.parametrize("office", [kind for kind in BENCHES if kind != "push"], indirect=True)
async def test_a_software_that_is_out_of_order_is_an_error_and_goes_on_later(office: Office) -> None:
    assert isinstance(office.bench, FailingBench)
    await office.bench.put([record(1), record(2)])
    await office.deliver()
    before = await office.state()

    await office.bench.put([finished(1)])
    async with office.bench.failing():
        with pytest.raises(SourceError) as failure:
            await office.deliver()
        failed = await office.state()
    await office.deliver()

    assert " / " in str(failure.value)
    assert failed == before
    assert await counted(office.storage) == (2, 3, 3)
    assert [dossier.status for dossier in await office.dossiers([1])] == [Status.DONE]


@pytest.mark.parametrize("kind", BENCHES)
async def test_two_sources_of_one_kind_with_the_same_codes_do_not_touch_each_other(
    kind: str, tmp_path: Path, sqlite_storage: Storage
) -> None:
    async with BENCHES[kind](tmp_path / "one") as here, BENCHES[kind](tmp_path / "other") as there:
        one, other = an_office(here, sqlite_storage, "one"), an_office(there, sqlite_storage, "other")
        await here.put([record(number) for number in range(MANY)])
        await there.put([record(1), record(2, NgayHenTra="x")])
        await asyncio.gather(one.deliver(), other.deliver())
        await there.put([finished(1)])
        await asyncio.gather(one.deliver(), other.deliver())

        assert [each.status for each in await one.dossiers([1, 2])] == [Status.RECEIVED] * 2
        assert [each.status for each in await other.dossiers([1, 2])] == [Status.DONE]
        assert [(bad.source, bad.code) for bad in await other.quarantined()] == [("other", code(2))]
        assert await one.quarantined() == []
        assert await counted(sqlite_storage) == (MANY + 1, MANY + 2, MANY + 2)


async def test_sources_of_all_kinds_fill_one_storage_at_once(tmp_path: Path, sqlite_storage: Storage) -> None:
    async with AsyncExitStack() as stack:
        offices = []
        for kind, bench in BENCHES.items():
            here = await stack.enter_async_context(bench(tmp_path / kind))
            await here.put([record(number) for number in range(MANY)])
            offices.append(an_office(here, sqlite_storage, kind))

        await asyncio.gather(*(each.deliver() for each in offices))

        total = MANY * len(BENCHES)
        assert [len(await each.dossiers(range(MANY))) for each in offices] == [MANY] * len(BENCHES)
        assert await counted(sqlite_storage) == (total, total, total)
