"""Workbooks (XLSX, XLS, ODS), opened in a process of their own: one that is made to burst bursts alone."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

from bot.model.errors import SourceError

_READER = Path(__file__).with_name("workbook_reader.py")
_MIB = 1 << 20
_COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
"""How XLS files begin, and XLSX files under a password."""


def is_workbook(path: Path) -> bool:
    return path.suffix.lower() in {".xlsx", ".xlsm", ".xls", ".ods"}


class Workbook:
    """One sheet as CSV text, read from a process that is ended by `close`."""

    def __init__(self, path: Path, *, place: str, sheet: str, unpacked_mib: int, memory_mib: int) -> None:
        """Raises `SourceError` for what is no workbook or would unpack to more than `unpacked_mib`."""
        self._place = place
        _examine(path, place, unpacked_mib)
        self._process = subprocess.Popen(  # noqa: S603 - our own script, no shell
            [sys.executable, "-P", str(_READER), str(path.absolute()), sheet, str(memory_mib * _MIB)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        self.text = io.TextIOWrapper(self._process.stdout, encoding="utf-8", newline="")

    def check(self) -> None:
        """To be asked at the end of the text: raises `SourceError` where the process failed instead of ending."""
        assert self._process.stderr is not None  # noqa: S101 - for the type checker: it is a pipe
        words = self._process.stderr.read(4_096).decode("utf-8", "replace")
        if self._process.wait() != 0:
            raise SourceError(_failure(words, self._place))

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self.text.close()
        if self._process.stderr is not None:
            self._process.stderr.close()


def _examine(path: Path, place: str, unpacked_mib: int) -> None:
    with path.open("rb") as file:
        head = file.read(8)
        if head == _COMPOUND:
            return
        try:
            with zipfile.ZipFile(file) as archive:
                unpacked = sum(entry.file_size for entry in archive.infolist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
            raise SourceError(f"Tệp {place} không phải bảng tính Excel đọc được, hoặc đã bị hỏng.") from error
    if unpacked > unpacked_mib * _MIB:
        raise SourceError(
            f"Tệp {place} bị từ chối: khi giải nén chiếm {unpacked // _MIB} MiB, quá giới hạn {unpacked_mib} MiB."
        )


def _failure(words: str, place: str) -> str:
    kind, _, rest = words.partition("\n")[0].partition(":")
    match kind:
        case "password":
            return f"Tệp {place} có mật khẩu; hãy xuất lại không đặt mật khẩu."
        case "sheet":
            return f"Tệp {place} không có trang tính đã khai báo. Tìm thấy: {rest.strip() or 'không có'}."
        case "broken":
            return f"Tệp {place} là bảng tính bị hỏng ({rest.strip()[:120]}); hãy xuất lại."
        case _:
            return f"Tệp {place} là bảng tính quá lớn hoặc bị hỏng: không mở được trong giới hạn bộ nhớ cho phép."
