"""The JSON of a call: read strictly, or refused with a sentence that the caller's developer can act on."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, NoReturn


class Refusal(Enum):
    """Why a call is refused as a whole."""

    UNAUTHORISED = "unauthorised"
    UNREADABLE = "unreadable"
    TOO_MANY = "too_many_records"
    UNKNOWN = "unknown_endpoint"


class CallError(Exception):
    """The call is refused; the message is for its sender, in Vietnamese and English."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(message)
        self.refusal = refusal


def unauthorised() -> CallError:
    return CallError(
        Refusal.UNAUTHORISED,
        "Sai khóa, chữ ký, tên đăng nhập, mật khẩu hoặc phiên, hoặc phiên đã hết hạn; xin đăng nhập lại "
        "/ wrong key, signature, name, password or session, or the session has ended: log in again",
    )


def unreadable(vietnamese: str, english: str) -> CallError:
    return CallError(Refusal.UNREADABLE, f"{vietnamese} / {english}")


def parsed(body: bytes) -> object:
    """The JSON value in `body`, every text NFC and fit for a database. Raises `CallError`."""
    try:
        return _clean(json.loads(body.decode("utf-8-sig"), parse_constant=_no_number))
    except UnicodeDecodeError:
        raise unreadable("Nội dung không phải UTF-8", "the body is not UTF-8") from None
    except (ValueError, RecursionError):
        raise unreadable("Nội dung không phải JSON hợp lệ", "the body is not valid JSON") from None


def records_in(value: object, *, most: int) -> Sequence[object]:
    """One record or a list of them, as a list. Raises `CallError` where there are none or more than `most`."""
    if isinstance(value, Mapping):
        return [value]
    if not isinstance(value, list):
        raise unreadable("Cần một bản ghi hoặc một danh sách bản ghi", "expected a record or a list of records")
    if not value:
        raise unreadable("Danh sách bản ghi rỗng", "the list of records is empty")
    if len(value) > most:
        raise CallError(
            Refusal.TOO_MANY,
            f"Có {len(value)} bản ghi, mỗi lần gửi nhiều nhất {most}; xin chia nhỏ "
            f"/ {len(value)} records, at most {most} in one call: send them in parts",
        )
    return value


def _clean(value: Any) -> Any:
    match value:
        case str():
            return _text(value)
        case list():
            return [_clean(each) for each in value]
        case dict():
            return {_text(key): _clean(each) for key, each in value.items()}
        case _:
            return value


def _text(text: str) -> str:
    """NFC; without NUL and halves of characters (`\\u0000`, `\\ud800`), which JSON may name and databases refuse."""
    if text.isascii():
        return text.replace("\0", "")
    whole = text.replace("\0", "").encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFC", whole)


def _no_number(name: str) -> NoReturn:
    """`NaN` and `Infinity` are not JSON."""
    raise ValueError(name)
