"""How a record is written: in the look-up API of a city, in the national exchange, and as a report of progress."""

from collections.abc import Callable
from datetime import UTC, datetime
from zlib import crc32

from adapters.simulators.onestop.province import Record
from adapters.simulators.onestop.stages import Stage, Supplement
from bot.model.clock import VIETNAM
from bot.model.dossier import Handing, Status

Json = dict[str, object]

STATUS_NAMES = {
    Status.REGISTERED: "Mới đăng ký",
    Status.RECEIVED: "Được tiếp nhận",
    Status.REFUSED: "Không được tiếp nhận",
    Status.PROCESSING: "Đang xử lý",
    Status.SUPPLEMENT: "Yêu cầu bổ sung giấy tờ",
    Status.PAYMENT: "Yêu cầu thực hiện nghĩa vụ tài chính",
    Status.WITHDRAWN: "Công dân yêu cầu rút hồ sơ",
    Status.STOPPED: "Dừng xử lý",
    Status.DONE: "Đã xử lý xong",
    Status.RETURNED: "Đã trả kết quả",
}

CHANNELS = {Handing.COUNTER: "1", Handing.ONLINE: "2", Handing.POST: "3"}
RETURNS = {Handing.COUNTER: "0", Handing.POST: "1", Handing.ONLINE: "Bản điện tử"}

_NAMED_OTHERWISE = 7
"""Every so many dossiers have their owner in `HoTen`, as other dossiers have him in `TenChuHoSo`."""


def status_name(record: Record) -> str:
    return record.word or STATUS_NAMES[record.status]


def status_code(record: Record) -> str:
    return record.word or str(int(record.status))


def public(record: Record) -> Json:
    """As Đà Nẵng's look-up has it (DOMAIN §2.3): dates as `{"$date": …}`, the status as a text."""
    owner = "HoTen" if crc32(record.code.encode()) % _NAMED_OTHERWISE == 0 else "TenChuHoSo"
    return {
        "MaHoSo": record.code,
        "MaTTHC": record.procedure.code,
        "TenTTHC": record.procedure.name,
        "TenTrangThai": status_name(record),
        "MaDonVi": record.agency.id,
        "DonViXuLy": record.agency.name,
        owner: record.applicant,
        "SoDienThoai": record.phone,
        "NgayTiepNhan": _dollar(record.received_at),
        "HanGiaiQuyet": _dollar(record.appointment_at),
        "NgayKetThucXuLy": _dollar(record.finished_at),
        "NgayTraKetQua": _dollar(record.returned_at),
        "NoiDungBoSung": record.supplement,
        "LyDo": record.reason,
        "ThongTinTra": record.place,
        **terms(record, _dollar),
        "NgayCapNhat": _dollar(record.updated_at),
        "PhienBan": record.version,
        "QuaTrinhXuLy": [_stage(stage, STATUS_NAMES[stage.status], _dollar) for stage in record.stages],
    }


def national(record: Record) -> Json:
    """As `DongBoHoSoMC` sends it (DOMAIN §2.2): every value a text, dates as yyyyMMddHHmmss of Vietnam.

    `LyDo`, `NgayCapNhat`, `PhienBan` and those of `terms` are additions.
    """
    return {
        "MaHoSo": record.code,
        "MaTTHC": record.procedure.code,
        "TenTTHC": record.procedure.name,
        "ChuHoSo": record.applicant,
        "LoaiDoiTuong": "1",
        "SoDienThoai": record.phone,
        "NgayTiepNhan": digits(record.received_at),
        "NgayHenTra": digits(record.appointment_at),
        "TrangThaiHoSo": status_code(record),
        "NgayTra": digits(record.returned_at),
        "ThongTinTra": record.place,
        "HinhThuc": "1" if record.returned_by is Handing.POST else "0",
        "NgayKetThucXuLy": digits(record.finished_at),
        "MaDonVi": record.agency.id,
        "DonViXuLy": record.agency.name,
        "GhiChu": "",
        "LyDo": record.reason,
        **terms(record, digits),
        "NgayCapNhat": digits(record.updated_at),
        "PhienBan": str(record.version),
        "TaiLieuNop": [],
        "DanhSachLePhi": [{"TenPhiLePhi": "Lệ phí", "Gia": str(record.fee)}] if record.fee else [],
        "DanhSachHoSoBoSung": [_supplement(number, each) for number, each in enumerate(record.supplements, 1)],
        "DanhSachGiayToKetQua": [],
    }


def terms(record: Record, date: Callable[[datetime | None], object]) -> Json:
    """How it comes and goes, what is to be paid, until when, and whether the clock stands."""
    return {
        "KenhThucHien": CHANNELS[record.filed_by],
        "HinhThucTra": RETURNS[record.returned_by],
        "MaBuuGui": record.tracking,
        "TongLePhi": str(record.fee or ""),
        "NgayNopLePhi": date(record.fee_paid_at),
        "ThoiHanBoSung": date(record.supplement_until),
        "NgayTamDung": date(record.paused_at),
    }


def whole(record: Record) -> Json:
    """The national record with the way it has gone."""
    stages = [_stage(stage, str(int(stage.status)), digits) for stage in record.stages]
    return national(record) | {"QuaTrinhXuLy": stages}


def progress(record: Record) -> Json:
    """The newest stage as `CapNhatTienDoHoSoMC` reports it; `DonViXuLy` and `NgayKetThuc` are additions."""
    stage = record.stages[-1]
    return {
        "MaHoSo": record.code,
        "NguoiXuLy": stage.officer,
        "ChucDanh": "",
        "ThoiDiemXuLy": digits(record.updated_at),
        "PhongBanXuLy": stage.unit,
        "NoiDungXuLy": stage.task,
        "TrangThai": status_code(record),
        "NgayBatDau": digits(stage.started_at),
        "NgayKetThucTheoQuyDinh": digits(stage.due_at),
        "DonViXuLy": stage.agency,
        "NgayKetThuc": digits(stage.ended_at),
    }


def digits(moment: datetime | None) -> str:
    return f"{moment.astimezone(VIETNAM):%Y%m%d%H%M%S}" if moment else ""


def _dollar(moment: datetime | None) -> Json | None:
    return {"$date": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}"} if moment else None


def _stage(stage: Stage, status: str, date: Callable[[datetime | None], object]) -> Json:
    return {
        "DonViXuLy": stage.agency,
        "PhongBanXuLy": stage.unit,
        "NguoiXuLy": stage.officer,
        "NoiDungXuLy": stage.task,
        "TrangThai": status,
        "NgayBatDau": date(stage.started_at),
        "NgayKetThucTheoQuyDinh": date(stage.due_at),
        "NgayKetThuc": date(stage.ended_at),
    }


def _supplement(number: int, supplement: Supplement) -> Json:
    return {
        "HoSoBoSungId": str(number),
        "NguoiYeuCauBoSung": "",
        "NoiDungBoSung": supplement.content,
        "NgayBoSung": digits(supplement.asked_at),
        "ThongTinTiepNhan": "",
        "ThoiHanBoSung": digits(supplement.until),
        "NgayTiepNhanBoSung": digits(supplement.answered_at),
        "TrangThaiBoSung": "1" if supplement.answered_at else "0",
        "NgayHenTraTruoc": digits(supplement.due_before),
        "NgayHenTraMoi": digits(supplement.due_after),
    }
