"""A one-stop office of the contract suite: its records, its source, its mirror, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.ledger import balance
from bot.mirror import Mirror
from bot.model.clock import utc_now
from bot.model.dossier import Change, Dossier
from bot.model.ids import id_maker
from bot.ports import LateEvent, Quarantined, SourceState, Storage
from bot.settings import SourceSettings
from tests.contract.sources import SOURCE, Record, SourceBench
from tests.support.making import planner

MANY = 250
"""Records that no bench gives in one batch."""
RULES = SourceSettings(go_live=datetime(2025, 1, 1, tzinfo=UTC), brake_messages=0, brake_percent=0)
"""Everything is news and everybody is told at once: whoever is told twice is seen in the outbox."""


def code(number: int) -> str:
    return f"H32.21.02-250303-{number:04}"


def record(number: int = 1, **changes: str) -> Record:
    """A dossier received on 3 March 2025 at 08:15 in Vietnam, and last changed then."""
    return {
        "MaHoSo": code(number),
        "TrangThaiHoSo": "2",
        "NgayTiepNhan": "20250303081500",
        "NgayHenTra": "20250307170000",
        "NgayCapNhat": "20250303081500",
        "ChuHoSo": f"Nguyễn Thị Ánh {number}",
        "SoDienThoai": f"091234{number:04}",
        "MaTTHC": "1.004873",
        "TenTTHC": "Cấp Giấy xác nhận tình trạng hôn nhân",
        "DonViXuLy": "UBND phường Ngọc Hiệp",
        **changes,
    }


def finished(number: int) -> Record:
    """The same a day later: the result is there."""
    return record(number, TrangThaiHoSo="9", NgayCapNhat="20250304090000")


@dataclass(frozen=True)
class Office:
    """A one-stop software, the source that is opened anew for every delivery, and its mirror."""

    bench: SourceBench
    storage: Storage
    mirror: Mirror
    name: str

    async def deliver(self, *, batches: int | None = None) -> tuple[int, int, int]:
        """Rows that came, dossiers changed, messages planned."""
        async with self.bench.open(self.name) as opened:
            applied = await opened.deliver(self.mirror, batches=batches)
        return applied.rows, applied.changed, applied.planned

    async def dossiers(self, numbers: Sequence[int]) -> list[Dossier]:
        codes = [code(number) for number in numbers]
        found = await self.storage.read(lambda tx: tx.dossiers.get_many(self.name, codes))
        return [found[each] for each in codes if each in found]

    async def changes(self, number: int) -> list[Change]:
        return await self.storage.read(lambda tx: tx.dossiers.changes_of(self.name, code(number)))

    async def late(self, number: int) -> list[LateEvent]:
        return await self.storage.read(lambda tx: tx.dossiers.late_of(self.name, code(number)))

    async def quarantined(self) -> list[Quarantined]:
        return await self.storage.read(lambda tx: tx.sources.quarantined(limit=1_000, source=self.name))

    async def state(self) -> SourceState:
        state = await self.storage.read(lambda tx: tx.sources.get(self.name))
        assert state is not None
        return state


async def counted(storage: Storage) -> tuple[int, int, int]:
    """Dossiers, changes and messages of all sources."""
    dossiers, changes = await storage.read(lambda tx: tx.dossiers.count())
    told = await balance(storage)
    assert told.balanced
    return dossiers, changes, told.planned


def an_office(bench: SourceBench, storage: Storage, name: str = SOURCE) -> Office:
    return Office(bench, storage, Mirror(name, storage, planner(id_maker(utc_now)), utc_now, RULES), name)
