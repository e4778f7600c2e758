"""A one-stop software that exports CSV files into a folder, as a test fills it."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

HEADER = "MaHoSo;TrangThaiHoSo;NgayTiepNhan;NgayHenTra;ChuHoSo;SoDienThoai;MaDonVi;DonViXuLy;NgayCapNhat\n"


def row(
    number: int,
    *,
    code: str = "",
    status: str = "2",
    received: str = "23/08/2024 08:00",
    appointment: str = "30/08/2024 16:30",
    phone: str = "0912345678",
    agency: str = "H56.14;UBND xã Hải Hà",
    updated: str = "23/08/2024 09:00",
) -> str:
    return f"{code or code_of(number)};{status};{received};{appointment};Nguyễn Thị Ánh;{phone};{agency};{updated}\n"


def code_of(number: int) -> str:
    return f"H56.14-240823-{number:04}"


@dataclass(slots=True)
class Office:
    """The folder into which the one-stop software exports."""

    folder: Path

    def exports(self, *rows: str, name: str = "day.csv", age: float = 0.0) -> None:
        """What the office has now; `age` in seconds."""
        path = self.folder / name
        path.write_text(HEADER + "".join(rows), encoding="utf-8")
        changed = time.time() - age
        os.utime(path, (changed, changed))
