"""What can be wrong with an API, in words for the operator. Never a value of a request or an answer."""

import re
from typing import NamedTuple

from bot.model.errors import SourceError

_HARMLESS = re.compile(r"-?\d{1,6}|[A-Z]{1,3}[-_.]?\d{1,5}", re.ASCII)


class RefusedError(SourceError):
    """The server understood and said no: a 4xx, or a code that is not success. Asking the same again is no use."""

    def __init__(self, message: str, *, said: str, keys: bool, login: bool) -> None:
        super().__init__(message)
        self.said = said
        """The status or code, for people."""
        self.keys = keys
        """Other keys may help."""
        self.login = login
        """As the answer to a log-in it means a wrong password."""


class UnansweredError(SourceError):
    """However often it was asked, the server gave no usable answer."""


class Passing(NamedTuple):
    """A failure that may be gone at the next attempt."""

    vi: str
    en: str
    after: float | None = None
    """Seconds that the server asked us to wait."""


UNREACHABLE = Passing(
    "không kết nối được, hãy kiểm tra địa chỉ, mạng và proxy",
    "no connection: check address, network and proxy",
)
SILENT = Passing("không có câu trả lời trong thời hạn", "no answer in time")
BROKEN_OFF = Passing("câu trả lời bị đứt giữa chừng", "the answer broke off")
EMPTY = Passing("câu trả lời rỗng", "the answer is empty")
NOT_JSON = Passing("câu trả lời không phải JSON đúng, có thể bị cắt cụt", "invalid JSON, perhaps cut off")
HTML = Passing(
    "máy chủ trả trang HTML thay vì JSON, có thể là trang đăng nhập hay trang báo lỗi; hãy kiểm tra địa chỉ",
    "an HTML page came instead of JSON, perhaps of a log-in or an error: check the address",
)


def busy(status: int, after: float | None) -> Passing:
    return Passing(f"máy chủ trả mã HTTP {status}", f"HTTP {status}", after)


def given_up(place: str, failure: Passing, attempts: int) -> UnansweredError:
    return UnansweredError(
        f"{place}: {failure.vi} (đã thử {attempts} lần; sẽ hỏi lại sau). / {failure.en} (tried {attempts} times)."
    )


def refused(place: str, status: int) -> RefusedError:
    said, keys = f"HTTP {status}", status in (401, 403)
    message = (
        f"{place}: máy chủ không chấp nhận tài khoản hay khóa của ta ({said}); hãy kiểm tra phần login. / "
        f"our login or key is not accepted ({said}): check [login]."
        if keys
        else f"{place}: máy chủ từ chối yêu cầu ({said}); hãy kiểm tra địa chỉ và tham số. / "
        f"the request was refused ({said}): check the address and parameters."
    )
    return RefusedError(message, said=said, keys=keys, login=keys or status == 400)


def said_no(place: str, code: str) -> RefusedError:
    """`code` is the answer's own; it is quoted only where it cannot be anything but a code."""
    said = f"error_code {code if _HARMLESS.fullmatch(code) else '?'}"
    message = f"{place}: máy chủ báo lỗi ({said}). / the server answered with an error ({said})."
    return RefusedError(message, said=said, keys=True, login=True)


def wrong_login(place: str, said: str) -> SourceError:
    return SourceError(
        f"{place}: đăng nhập không thành công ({said}); hãy kiểm tra tên đăng nhập và mật khẩu trong phần login. / "
        f"the log-in failed ({said}): check user name and password in [login]."
    )


def no_token(place: str, path: str) -> SourceError:
    return SourceError(
        f"{place}: đăng nhập xong nhưng không thấy mã phiên ở {path}. / the log-in's answer has no token at {path}."
    )


def no_list(place: str, path: str) -> SourceError:
    where = path or "@"
    return SourceError(
        f"{place}: không thấy danh sách hồ sơ ở {where} trong câu trả lời; hãy kiểm tra `records`. / "
        f"the answer has no list at {where}: check `records`."
    )


def too_large(place: str, mib: int) -> SourceError:
    return SourceError(
        f"{place}: câu trả lời lớn hơn {mib} MiB; hãy giảm paging.size hoặc tăng largest_mib. / "
        f"the answer is larger than {mib} MiB: lower paging.size or raise largest_mib."
    )


def bad_certificate(place: str) -> SourceError:
    return SourceError(
        f"{place}: không lập được kết nối TLS tin cậy; nếu chứng thư là của nội bộ, hãy đặt ca_file. / "
        f"no trusted TLS connection: where the certificate is the office's own, set ca_file."
    )


def redirected(place: str, status: int) -> SourceError:
    return SourceError(
        f"{place}: máy chủ chuyển hướng (HTTP {status}) sang nơi mà ta không gửi khóa tới; hãy sửa base_url. / "
        f"redirected (HTTP {status}) to where our keys must not go: correct base_url."
    )


def same_page_again(place: str) -> SourceError:
    return SourceError(
        f'{place}: máy chủ trả lại đúng trang đã đọc; hãy kiểm tra tham số phân trang, hoặc đặt paging.by = "none" '
        f"nếu phần mềm không phân trang. / the same page came again: check the paging parameters."
    )


def too_many_pages(place: str, most: int) -> SourceError:
    return SourceError(
        f"{place}: quá {most} trang trong một lượt; hãy kiểm tra phân trang hoặc tăng paging.most. / "
        f"more than {most} pages in one round: check the paging or raise paging.most."
    )


def elsewhere(place: str) -> SourceError:
    return SourceError(
        f"{place}: địa chỉ trang kế tiếp không dùng được hoặc chỉ sang máy chủ khác. / "
        f"the address of the next page cannot be used or is on another server."
    )


def strange_cursor() -> SourceError:
    return SourceError(
        "Con trỏ đã lưu của nguồn không phải của nguồn loại rest; hãy đặt tên khác cho nguồn này. / "
        "The stored cursor was not written by a source of kind rest: give this source another name."
    )
