"""What the simulator writes, the folder source reads: whole files, in order, faulty only where that is planned."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from adapters.simulators.onestop import Exporter, Province, Record, Settings, run
from adapters.simulators.onestop.exports import HEADER
from adapters.simulators.onestop.hours import DAY, moment_at, worked
from adapters.sources.folder import FolderSource
from adapters.sources.folder import Settings as FolderSettings
from bot.model.dossier import Dossier, Status
from bot.ports import Batch

START = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


def _reader(folder: Path) -> FolderSource:
    return FolderSource("mc", FolderSettings(path=folder, settle=0))


async def _taken(folder: Path) -> list[Batch]:
    return [batch async for batch in _reader(folder).batches(None)]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_an_export_is_read_back_as_it_was_except_for_the_planned_faults(
    tmp_path: Path, form: Literal["csv", "xlsx"]
) -> None:
    exporter = Exporter(tmp_path, form=form, bad_rows=0.02)
    records = Province(Settings(out=tmp_path, dossiers_per_day=1_000), START).advance(moment_at(worked(START) + DAY))

    exporter.write(records)
    batches = await _taken(tmp_path)

    dossiers = [dossier for batch in batches for dossier in batch.dossiers]
    assert [_told(dossier) for dossier in dossiers] == [_said(record) for record in records]
    assert exporter.broken == 20
    assert sum(len(batch.quarantined) for batch in batches) == 20


def _told(dossier: Dossier) -> tuple[object, ...]:
    return (
        dossier.code, dossier.status, dossier.agency, dossier.agency_name, dossier.procedure, dossier.procedure_name,
        dossier.applicant, dossier.received_at, dossier.appointment_at, dossier.finished_at, dossier.supplement,
        dossier.reason, dossier.place, dossier.updated_at,
    )  # fmt: skip


def _said(record: Record) -> tuple[object, ...]:
    return (
        record.code, record.status, record.agency.id, record.agency.name, record.procedure.code, record.procedure.name,
        record.applicant, record.received_at, record.appointment_at, record.finished_at, record.supplement,
        record.reason, record.place, record.updated_at,
    )  # fmt: skip


def test_files_are_named_in_the_order_of_time_and_never_half(tmp_path: Path) -> None:
    province = Province(Settings(out=tmp_path, dossiers_per_day=200), START)
    exporter = Exporter(tmp_path, clock=lambda: START)

    paths = [exporter.write(province.advance(moment_at(worked(START) + hour * 3_600))) for hour in range(1, 9)]

    assert sorted(tmp_path.iterdir()) == paths
    assert exporter.write([]) is None
    assert paths[0] is not None
    assert paths[0].read_text("utf-8-sig").splitlines()[0] == ",".join(HEADER)


@asynccontextmanager
async def _running(settings: Settings) -> AsyncIterator[None]:
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run(settings, ready.set))
        await asyncio.wait_for(ready.wait(), 10)
        yield
        task.cancel()


async def test_a_running_province_feeds_a_waiting_source(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    settings = Settings(
        out=folder, start=START, backlog=50, dossiers_per_day=300, speed=4 * DAY, interval=0.02, bad_rows=0.01
    )
    mirror: dict[str, Dossier] = {}
    cursor: str | None = None
    seen: set[Status] = set()
    faulty_files: list[str] = []

    async with _running(settings), asyncio.timeout(20):
        reader = _reader(folder)
        while len(mirror) < 700 or not seen >= {Status.SUPPLEMENT, Status.DONE, Status.RETURNED}:
            async for batch in reader.batches(cursor):
                cursor = batch.cursor
                mirror |= {dossier.code: dossier for dossier in batch.dossiers}
                seen |= {dossier.status for dossier in batch.dossiers}
                faulty_files += [bad.place for bad in batch.quarantined if bad.row == 0]
            await asyncio.sleep(0.01)

    old = [dossier for dossier in mirror.values() if dossier.received_at and dossier.received_at < START]
    assert len(old) >= 45
    assert faulty_files == []
