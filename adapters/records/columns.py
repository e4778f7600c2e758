"""Which column of an export, or key of a record, holds which of our fields."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot.model.errors import SourceError

FIELDS: Mapping[str, tuple[str, ...]] = {
    "code": ("MaHoSo", "SoHoSo"),
    "status": ("TrangThaiHoSo", "TrangThai", "TenTrangThai", "TinhTrang"),
    "status_text": ("TenTrangThai", "TenTrangThaiHoSo"),
    "agency": ("MaDonVi", "MaDinhDanhDV", "MaCoQuan"),
    "agency_name": ("DonViXuLy", "TenDonVi", "CoQuanXuLy"),
    "procedure": ("MaTTHC", "MaThuTuc"),
    "procedure_name": ("TenTTHC", "TenThuTuc"),
    "applicant": ("ChuHoSo", "TenChuHoSo", "HoTen", "HoVaTen"),
    "phone": ("SoDienThoai", "SoDienThoaiChuHoSo", "DienThoai"),
    "received_at": ("NgayTiepNhan",),
    "appointment_at": ("NgayHenTra", "HanGiaiQuyet"),
    "finished_at": ("NgayKetThucXuLy",),
    "returned_at": ("NgayTra", "NgayTraKetQua"),
    "supplement": ("NoiDungBoSung",),
    "reason": ("LyDo", "LyDoBoSung", "LyDoTuChoi"),
    "place": ("ThongTinTra", "DiaDiemTra", "NoiTraKetQua"),
    "lookup_code": ("MaTraCuu", "MaTraCuuHoSo"),
    "id_number": ("SoDinhDanh", "DinhDanhCHS", "SoGiayTo", "SoCCCD", "SoCMND"),
    "updated_at": ("NgayCapNhat", "ThoiDiemXuLy", "ThoiGianCapNhat"),
    "sequence": ("PhienBan", "Sequence", "sequence"),
    "filed_by": ("KenhThucHien", "KenhNopHoSo"),
    "returned_by": ("HinhThucTra", "HinhThucTraKetQua", "HinhThucNhanKetQua", "HinhThuc"),
    "by_post": ("DangKyNhanHoSoQuaBCCI", "DangKyNhanHoSoQuaBCCIData"),
    "tracking": ("MaBuuGui", "MaVanDon", "SoHieuBuuGui"),
    "fee": ("TongLePhi", "SoTienPhaiNop", "LePhi"),
    "fee_paid_at": ("NgayNopLePhi", "NgayThanhToan", "ThoiDiemThanhToan"),
    "asked_at": ("NgayYeuCauBoSung",),
    "supplement_until": ("ThoiHanBoSung", "HanBoSung"),
    "paused_at": ("NgayTamDung", "ThoiDiemTamDung"),
    "resumed_at": ("NgayTiepTuc", "NgayTiepTucXuLy"),
}
"""Our field -> the names it has in the national exchange and near it, best first.

`GhiChu` is left out on purpose: offices write notes to each other there. Map it where it is meant for citizens.
`HinhThuc` stands behind `ThongTinTra` in the exchange and speaks of the result, as `HinhThucTra` does.
"""

TERMS = (
    "filed_by", "returned_by", "by_post", "tracking", "fee", "fee_paid_at", "asked_at", "supplement_until",
    "paused_at", "resumed_at",
)  # fmt: skip
"""Fields that few records have; one that cannot be read keeps no record out."""

REQUIRED = ("code", "status")


class Columns(NamedTuple):
    """Where each field stands, counted from 0. A field that the file does not have points behind the last column."""

    code: int
    status: int
    status_text: int
    agency: int
    agency_name: int
    procedure: int
    procedure_name: int
    applicant: int
    phone: int
    received_at: int
    appointment_at: int
    finished_at: int
    returned_at: int
    supplement: int
    reason: int
    place: int
    lookup_code: int
    id_number: int
    updated_at: int
    sequence: int
    filed_by: int
    returned_by: int
    by_post: int
    tracking: int
    fee: int
    fee_paid_at: int
    asked_at: int
    supplement_until: int
    paused_at: int
    resumed_at: int
    names: tuple[str, ...]
    """The names as written in the file."""

    def name_of(self, index: int) -> str:
        """The column's name as written; empty for one that the file does not have."""
        return self.names[index] if index < len(self.names) else ""


def fold(text: str) -> str:
    """Letters and digits alone, lower case, without accents: `Mã hồ sơ` and `MA_HO_SO` are one word."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "d"))
    return "".join(letter for letter in plain if letter.isalnum()).lower()


def known_names(cells: Sequence[str], fields: Mapping[str, str]) -> int:
    """How many cells are names of columns that we look for."""
    wanted = {fold(name) for names in FIELDS.values() for name in names} | {fold(name) for name in fields.values()}
    return sum(fold(cell) in wanted for cell in cells)


def columns_of(header: Sequence[str], fields: Mapping[str, str], place: str) -> Columns:
    """Where everything stands. Raises `SourceError` naming the file, what is missing and what was found."""
    names = tuple(cell.strip() for cell in header)
    places: dict[str, int] = {}
    for index, name in enumerate(names):
        places.setdefault(fold(name), index)
    found = {
        field: next((places[fold(name)] for name in _names(field, fields) if fold(name) in places), len(names))
        for field in FIELDS
    }
    missing = [
        _names(field, fields)[0]
        for field in FIELDS
        if found[field] == len(names) and (field in REQUIRED or field in fields)
    ]
    if missing:
        raise SourceError(_missing(missing, names, place))
    return Columns(**found, names=names)


def _names(field: str, fields: Mapping[str, str]) -> tuple[str, ...]:
    return (fields[field],) if field in fields else FIELDS[field]


def _missing(missing: Sequence[str], names: Sequence[str], place: str) -> str:
    found = ", ".join(name[:40] for name in names[:40] if name) or "không có cột nào"
    return f"Tệp {place}: thiếu cột {', '.join(missing)}. Các cột tìm thấy: {found}."
