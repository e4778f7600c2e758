"""The source's words for a status, and the national ten."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from adapters.records.columns import fold
from bot.model.dossier import Status

_NATIONAL = {
    "Mới đăng ký": Status.REGISTERED,
    "Được tiếp nhận": Status.RECEIVED,
    "Đã tiếp nhận": Status.RECEIVED,
    "Không được tiếp nhận": Status.REFUSED,
    "Đang xử lý": Status.PROCESSING,
    "Yêu cầu bổ sung giấy tờ": Status.SUPPLEMENT,
    "Yêu cầu thực hiện nghĩa vụ tài chính": Status.PAYMENT,
    "Công dân yêu cầu rút hồ sơ": Status.WITHDRAWN,
    "Dừng xử lý": Status.STOPPED,
    "Đã xử lý xong": Status.DONE,
    "Đã trả kết quả": Status.RETURNED,
}


def statuses(own: Mapping[str, Status]) -> Callable[[str], Status]:
    """A reader of status cells. `own` is the source's own map and goes before the national numbers and names."""
    words = {fold(name): status for name, status in _NATIONAL.items()}
    words |= {fold(word): status for word, status in own.items()}

    @lru_cache(maxsize=1_024)
    def status(text: str) -> Status:
        word = fold(text)
        if word in words:
            return words[word]
        number = text.strip().removesuffix(".0")
        if number.isascii() and number.isdecimal() and len(number) <= 3 and int(number) <= Status.RETURNED:
            return Status(int(number))
        return Status.UNKNOWN

    return status
