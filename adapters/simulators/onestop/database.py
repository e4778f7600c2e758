"""The database of the one-stop software: a table of its own making, and a view with the national names.

Times are Vietnamese local times without a zone, as such databases have them. Needs SQLAlchemy, so it is imported only
where a database is asked for.
"""

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    create_engine,
    delete,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from adapters.simulators.onestop.province import Record
from adapters.simulators.onestop.shapes import CHANNELS, RETURNS, status_code, status_name
from bot.model.clock import VIETNAM

VIEW = "v_ho_so"
_BATCH = 1_000

_log = logging.getLogger(__name__)
_metadata = MetaData()
_table = Table(
    "ho_so",
    _metadata,
    Column("ma_ho_so", String(64), primary_key=True),
    Column("ma_tthc", String(32), nullable=False),
    Column("ten_tthc", String(300), nullable=False),
    Column("ma_don_vi", String(64), nullable=False),
    Column("don_vi", String(200), nullable=False),
    Column("chu_ho_so", String(200), nullable=False),
    Column("dien_thoai", String(40), nullable=False),
    Column("trang_thai", String(8), nullable=False),
    Column("ten_trang_thai", String(80), nullable=False),
    Column("ngay_tiep_nhan", DateTime),
    Column("ngay_hen_tra", DateTime),
    Column("ngay_ket_thuc", DateTime),
    Column("ngay_tra", DateTime),
    Column("noi_dung_bo_sung", Text, nullable=False),
    Column("ly_do", Text, nullable=False),
    Column("thong_tin_tra", Text, nullable=False),
    Column("kenh_thuc_hien", String(1), nullable=False),
    Column("hinh_thuc_tra", String(20), nullable=False),
    Column("ma_buu_gui", String(20), nullable=False),
    Column("tong_le_phi", Integer),
    Column("ngay_nop_le_phi", DateTime),
    Column("thoi_han_bo_sung", DateTime),
    Column("ngay_tam_dung", DateTime),
    Column("phien_ban", Integer, nullable=False),
    Column("ngay_cap_nhat", DateTime, nullable=False),
    Index("ho_so_cap_nhat", "ngay_cap_nhat", "ma_ho_so"),
)
_NATIONAL = {
    "ma_ho_so": "MaHoSo",
    "ma_tthc": "MaTTHC",
    "ten_tthc": "TenTTHC",
    "ma_don_vi": "MaDonVi",
    "don_vi": "DonViXuLy",
    "chu_ho_so": "ChuHoSo",
    "dien_thoai": "SoDienThoai",
    "trang_thai": "TrangThaiHoSo",
    "ten_trang_thai": "TenTrangThai",
    "ngay_tiep_nhan": "NgayTiepNhan",
    "ngay_hen_tra": "NgayHenTra",
    "ngay_ket_thuc": "NgayKetThucXuLy",
    "ngay_tra": "NgayTra",
    "noi_dung_bo_sung": "NoiDungBoSung",
    "ly_do": "LyDo",
    "thong_tin_tra": "ThongTinTra",
    "kenh_thuc_hien": "KenhThucHien",
    "hinh_thuc_tra": "HinhThucTra",
    "ma_buu_gui": "MaBuuGui",
    "tong_le_phi": "TongLePhi",
    "ngay_nop_le_phi": "NgayNopLePhi",
    "thoi_han_bo_sung": "ThoiHanBoSung",
    "ngay_tam_dung": "NgayTamDung",
    "phien_ban": "PhienBan",
    "ngay_cap_nhat": "NgayCapNhat",
}


class Database:
    """Written to from one task. What could not be written stays owed, and is written with what comes next."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, pool_pre_ping=True)
        self._owed: dict[str, Record | None] = {}

    async def open(self) -> None:
        """Makes the table and the view where they are missing. Raises SQLAlchemy's errors."""
        await asyncio.to_thread(self._make)

    async def close(self) -> None:
        await asyncio.to_thread(self._engine.dispose)

    def owe(self, records: Iterable[Record], gone: Iterable[str]) -> None:
        """These records are to be written, and these codes to be taken away."""
        self._owed.update((record.code, record) for record in records)
        self._owed.update((code, None) for code in gone)

    async def write(self) -> bool:
        """Writes what is owed; False while the database does not answer."""
        if not self._owed:
            return True
        try:
            await asyncio.to_thread(self._write)
        except DBAPIError as error:
            # The error's own text holds the rows.
            _log.warning("the province's database: %s; %d rows are owed", type(error.orig).__name__, len(self._owed))
            return False
        self._owed.clear()
        return True

    def _make(self) -> None:
        with self._engine.begin() as connection:
            _metadata.create_all(connection)
            if VIEW not in inspect(connection).get_view_names():
                named = [_table.c[own].label(name) for own, name in _NATIONAL.items()]
                connection.execute(text(f"CREATE VIEW {VIEW} AS {select(*named).compile(self._engine)}"))

    def _write(self) -> None:
        with self._engine.begin() as connection:
            owed = iter(self._owed.items())
            while part := dict(islice(owed, _BATCH)):
                _replace(connection, part)


def _replace(connection: Connection, part: dict[str, Record | None]) -> None:
    """Takes out and puts in again: every database can do that."""
    keys = [{"code": code} for code in part]
    connection.execute(delete(_table).where(_table.c.ma_ho_so == bindparam("code")), keys)
    if rows := [_row(record) for record in part.values() if record]:
        connection.execute(insert(_table), rows)


def _row(record: Record) -> dict[str, object]:
    return {
        "ma_ho_so": record.code,
        "ma_tthc": record.procedure.code,
        "ten_tthc": record.procedure.name,
        "ma_don_vi": record.agency.id,
        "don_vi": record.agency.name,
        "chu_ho_so": record.applicant,
        "dien_thoai": record.phone,
        "trang_thai": status_code(record),
        "ten_trang_thai": status_name(record),
        "ngay_tiep_nhan": _local(record.received_at),
        "ngay_hen_tra": _local(record.appointment_at),
        "ngay_ket_thuc": _local(record.finished_at),
        "ngay_tra": _local(record.returned_at),
        "noi_dung_bo_sung": record.supplement,
        "ly_do": record.reason,
        "thong_tin_tra": record.place,
        "kenh_thuc_hien": CHANNELS[record.filed_by],
        "hinh_thuc_tra": RETURNS[record.returned_by],
        "ma_buu_gui": record.tracking,
        "tong_le_phi": record.fee or None,
        "ngay_nop_le_phi": _local(record.fee_paid_at),
        "thoi_han_bo_sung": _local(record.supplement_until),
        "ngay_tam_dung": _local(record.paused_at),
        "phien_ban": record.version,
        "ngay_cap_nhat": _local(record.updated_at),
    }


def _local(moment: datetime | None) -> datetime | None:
    return moment.astimezone(VIETNAM).replace(tzinfo=None) if moment else None
