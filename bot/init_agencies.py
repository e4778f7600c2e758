"""Reads the list of agencies that `motcua init` is given: a table with the columns code and name."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.model.errors import ConfigError
from bot.model.sms import nfc
from bot.recipient_files.columns import SEARCHED, Wanted, folded
from bot.recipient_files.texts import rows_of_text
from bot.recipient_files.trouble import TroubleError
from bot.staff_fields import is_agency

_CODES = ("code", "ma", "ma_co_quan", "ma_don_vi", "ma_dinh_danh", "agency")
_NAMES = ("name", "ten", "ten_co_quan", "ten_don_vi", "agency_name")
_LONGEST = 200
_SHOWN = 20
"""Bad rows that an error names."""

_TROUBLES: Mapping[str, str] = {
    "not_a_table": "không phải tệp CSV; từ Excel: Lưu thành, CSV UTF-8 / no CSV file; from Excel: Save as, CSV UTF-8",
    "quotes": "có dấu ngoặc kép mở mà không đóng / a quote opens and never closes",
}


def read_agencies(path: Path) -> dict[str, str]:
    """Code → name, in the order of the file. Further columns are left alone. Raises `ConfigError` that names every row
    which cannot be used."""
    try:
        with path.open("rb") as file:
            rows = list(rows_of_text(file, Wanted(required=(*_CODES, *_NAMES))))
    except OSError as error:
        raise ConfigError(f"{path}: không đọc được / cannot be read: {error.strerror}") from None
    except TroubleError as error:
        raise ConfigError(f"{path}: {_TROUBLES.get(error.trouble.word, error.trouble.word)}") from None
    heading, code_at, name_at = _columns(path, rows)
    found: dict[str, str] = {}
    seen: dict[str, int] = {}
    wrong = []
    for number, cells in enumerate(rows[heading:], heading + 1):
        if not any(cell.strip() for cell in cells):
            continue
        code, name = _cell(cells, code_at), _cell(cells, name_at)
        if told := _fault(code, name, seen):
            wrong.append(f"{path}, dòng / row {number}: {told}")
            continue
        found[code], seen[code] = name, number
    if wrong:
        more = f"\n… và {len(wrong) - _SHOWN} dòng nữa / more rows" if len(wrong) > _SHOWN else ""
        raise ConfigError("\n".join(wrong[:_SHOWN]) + more)
    if not found:
        raise ConfigError(f"{path}: không có cơ quan nào / no agency in it")
    return found


def _columns(path: Path, rows: Sequence[Sequence[str]]) -> tuple[int, int, int]:
    """The number of the row of headings, and where code and name stand."""
    for number, cells in enumerate(rows[:SEARCHED], 1):
        words = [folded(cell[:_LONGEST]) for cell in cells]
        codes = [at for at, word in enumerate(words) if word in _CODES]
        names = [at for at, word in enumerate(words) if word in _NAMES]
        if codes and names:
            return number, codes[0], names[0]
    raise ConfigError(f"{path}: không có hai cột / lacks the columns: code (mã), name (tên)")


def _fault(code: str, name: str, seen: Mapping[str, int]) -> str:
    """What keeps a row from being used; empty: nothing."""
    if not code or not is_agency(code):
        return f"mã “{code[:40]}” không đúng dạng, ví dụ H32.10 / is no code of an agency, such as H32.10"
    if not name:
        return f"{code}: còn thiếu tên / has no name"
    if len(name) > _LONGEST or not name.isprintable():
        return f"{code}: tên quá dài hoặc có ký tự lạ / its name is too long or has strange signs"
    if code in seen:
        return f"{code}: đã có ở dòng {seen[code]} / stands in row {seen[code]} already"
    return ""


def _cell(cells: Sequence[str], at: int) -> str:
    return nfc(" ".join(cells[at].split())).removeprefix("'") if at < len(cells) else ""
