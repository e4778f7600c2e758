"""Twenty thousand records gone wrong: no crash, and each one is mirrored or quarantined with a reason."""

import asyncio
import csv
import io
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.records.identities import codes
from adapters.records.objects import ObjectReader
from adapters.records.settings import ObjectSettings
from adapters.sources import folder
from bot.mirror import Mirror
from bot.model.clock import utc_now
from bot.model.dossier import Dossier
from bot.model.ids import id_maker
from bot.ports import Batch, Quarantined, Storage
from storage import open_storage
from tests.contract.mutations import FIELDS, GENES, as_cells, mutants
from tests.support.making import planner

MANY = 20_000
BATCH = 200
ROUNDS = MANY // BATCH + 1
_GENOMES = st.binary(min_size=BATCH * GENES, max_size=BATCH * GENES)
_STABLE = settings(
    max_examples=ROUNDS, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
"""The same twenty thousand on every machine."""
_LOCAL = r"[^\n]{3,60}"
"""An operator who lets nearly everything pass for a local code: the database must bear it."""


class Account:
    """Counts what became of the records."""

    def __init__(self) -> None:
        self.records = self.mirrored = self.refused = 0

    def take(self, *, mirrored: int, refused: int) -> None:
        self.records += mirrored + refused
        self.mirrored += mirrored
        self.refused += refused

    def check(self) -> None:
        assert self.records >= MANY
        # A generator that only makes good or only makes hopeless records would show nothing.
        assert self.mirrored > self.records // 5
        assert self.refused > self.records // 20


def _read(records: Sequence[object], place: str, pattern: str) -> tuple[list[Dossier], list[Quarantined], set[int]]:
    """Dossiers, notes, and the rows that became no dossier."""
    reader = ObjectReader(ObjectSettings(code_pattern=pattern), source="office", place=place)
    told = [reader.read(row, record) for row, record in enumerate(records)]
    refused = {row for row, dossier in enumerate(told) if dossier is None}
    return [dossier for dossier in told if dossier is not None], reader.quarantined, refused


async def _check_kept(storage: Storage, dossiers: Sequence[Dossier], place: str, refused: set[int]) -> None:
    """Every dossier is in the mirror, every refused row is in the quarantine with a reason."""
    known = await storage.read(lambda tx: tx.dossiers.known("office", {dossier.code for dossier in dossiers}))
    assert known.keys() == {dossier.code for dossier in dossiers}
    kept = await storage.read(lambda tx: tx.sources.quarantined(limit=20 * BATCH, source="office"))
    assert refused <= {bad.row for bad in kept if bad.place == place and bad.reason}


def test_twenty_thousand_mutated_objects_are_mirrored_or_quarantined(tmp_path: Path) -> None:
    account, rounds = Account(), iter(range(10_000))

    async def apply(genome: bytes, storage: Storage, mirror: Mirror) -> None:
        number = next(rounds)
        records, place = mutants(genome), f"page {number}"
        dossiers, notes, refused = _read(records, place, _LOCAL if number % 4 == 3 else "")
        assert len(dossiers) + len(refused) == len(records) == BATCH
        assert refused <= {note.row for note in notes if note.reason}
        applied = await mirror.apply(Batch(tuple(dossiers), str(number), tuple(notes)))
        assert (applied.rows, applied.quarantined) == (len(dossiers), len(notes))
        await _check_kept(storage, dossiers, place, refused)
        account.take(mirrored=len(dossiers), refused=len(refused))

    with asyncio.Runner() as runner:
        opening = open_storage(f"sqlite:{tmp_path / 'motcua.db'}")
        storage = runner.run(opening.__aenter__())
        try:
            runner.run(storage.migrate())
            mirror = Mirror("office", storage, planner(id_maker(utc_now)), utc_now)
            _STABLE(given(_GENOMES)(lambda genome: runner.run(apply(genome, storage, mirror))))()
        finally:
            runner.run(opening.__aexit__(None, None, None))

    account.check()


async def _export(path: Path, folder_settings: folder.Settings) -> tuple[list[Dossier], list[Quarantined]]:
    batches = [batch async for batch in folder.read_file(path, folder_settings, "office")]
    return (
        [dossier for batch in batches for dossier in batch.dossiers],
        [bad for batch in batches for bad in batch.quarantined],
    )


def test_twenty_thousand_mutated_rows_are_read_or_quarantined(tmp_path: Path) -> None:
    account, rounds, code_in = Account(), iter(range(10_000)), codes("")
    options = folder.Settings(path=tmp_path, longest_line=15_000)

    async def read(genome: bytes) -> None:
        path = tmp_path / f"{next(rounds)}.csv"
        rows = [as_cells(record) for record in mutants(genome)]
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([FIELDS, *rows])
        path.write_text(out.getvalue(), encoding="utf-8", newline="")
        dossiers, quarantined = await _export(path, options)
        read = {dossier.code for dossier in dossiers}
        noted = {bad.row for bad in quarantined if bad.reason}
        # Row 1 is the header. A code may stand in several rows, of which some can be read.
        lost = [row for row, cells in enumerate(rows, 2) if row not in noted and code_in(cells[0]) not in read]
        assert lost == []
        assert all(2 <= row <= len(rows) + 1 for row in noted)
        refused = len({bad.row for bad in quarantined if not bad.code or bad.code not in read})
        account.take(mirrored=len(rows) - refused, refused=refused)
        path.unlink()

    with asyncio.Runner() as runner:
        _STABLE(given(_GENOMES)(lambda genome: runner.run(read(genome))))()

    account.check()
