"""What went wrong at the database, as a sentence that says what to do and quotes no value of any row."""

from collections.abc import Iterator
from typing import Any

from adapters.sources.sql_view.kinds import Kind
from adapters.sources.sql_view.settings import Settings
from bot.model.errors import SourceError

_SLOW, _ABSENT, _FORBIDDEN, _WRITES = "slow", "absent", "forbidden", "writes"

_CAUSES = {
    "57014": _SLOW, "55P03": _SLOW, "1969": _SLOW, "3024": _SLOW, "1205": _SLOW, "1222": _SLOW, "20003": _SLOW,
    "DPY-4024": _SLOW, "DPI-1067": _SLOW, "ORA-03156": _SLOW, "SQLITE_INTERRUPT": _SLOW, "SQLITE_BUSY": _SLOW,
    "42P01": _ABSENT, "42703": _ABSENT, "3F000": _ABSENT, "42883": _ABSENT,
    "1146": _ABSENT, "1054": _ABSENT, "1049": _ABSENT, "208": _ABSENT, "207": _ABSENT,
    "ORA-00942": _ABSENT, "ORA-00904": _ABSENT, "ORA-04063": _ABSENT, "SQLITE_ERROR": _ABSENT,
    "42501": _FORBIDDEN, "1142": _FORBIDDEN, "1143": _FORBIDDEN, "1044": _FORBIDDEN, "229": _FORBIDDEN,
    "ORA-01031": _FORBIDDEN, "SQLITE_PERM": _FORBIDDEN, "SQLITE_AUTH": _FORBIDDEN,
    "25006": _WRITES, "1792": _WRITES, "1290": _WRITES, "ORA-01456": _WRITES, "SQLITE_READONLY": _WRITES,
}  # fmt: skip
"""The database's own number for an error -> what it comes to.

Numbers: PostgreSQL's SQLSTATE (appendix A of its manual), MySQL's and MariaDB's server errors, SQL Server's
sys.messages and DB-Library's 20003, Oracle's ORA- and python-oracledb's DPY-, SQLite's result codes.
"""
_NAMES = ("sqlstate", "sqlite_errorname")
"""Where psycopg and sqlite3 keep it; the others have it, or an object with it, as the first argument."""
_LONGEST = 300

_SENTENCES = {
    _SLOW: (
        "truy vấn quá {timeout:g} giây nên bị dừng. Hãy tạo chỉ mục trên (cột thời điểm thay đổi, mã), giảm batch_rows "
        "hoặc tăng timeout",
        "the query was ended after {timeout:g} s. Add an index on (changed column, code), lower batch_rows or raise "
        "timeout",
    ),
    _ABSENT: (
        "không có view, bảng, cột hay hàm đã khai báo, hoặc tài khoản không được thấy: {words}",
        "the view, table, column or function is missing, or hidden from this account",
    ),
    _FORBIDDEN: (
        "tài khoản chưa được quyền đọc; chỉ cần cấp quyền SELECT trên view này",
        "the account may not read it; grant SELECT on this view, nothing more",
    ),
    _WRITES: (
        "truy vấn tìm cách ghi vào cơ sở dữ liệu nên đã bị từ chối; chỉ được đọc",
        "the query tried to write and was refused; this connection only reads",
    ),
}


def failure(error: BaseException, settings: Settings) -> SourceError:
    """For an error of a query. `error` is SQLAlchemy's."""
    original = getattr(error, "orig", None) or error
    if getattr(error, "connection_invalidated", False):
        return _told(
            settings,
            "kết nối bị đứt giữa chừng; lần đọc sau sẽ tiếp tục từ chỗ đã đọc",
            "the connection was cut; the next round goes on from where this one was",
            code_of(original),
        )
    code = code_of(original)
    cause = _CAUSES.get(code)
    if cause is None:
        return _told(settings, "cơ sở dữ liệu báo lỗi khi đọc", "the database reported an error", code)
    vietnamese, english = _SENTENCES[cause]
    known = {"timeout": settings.timeout, "words": _words(original, settings)}
    return _told(settings, vietnamese.format(**known), english.format(**known), code)


def unreachable(error: BaseException, settings: Settings) -> SourceError:
    """For an error before any query: the host, the port, the account or the password is wrong."""
    words = _words(getattr(error, "orig", None) or error, settings)
    return _told(
        settings,
        "không kết nối được với cơ sở dữ liệu; hãy kiểm tra địa chỉ, cổng, tên cơ sở dữ liệu, tài khoản, mật khẩu",
        f"cannot connect; check address, port, database, account and password. {words}",
        "",
    )


def busy(settings: Settings) -> SourceError:
    return _told(
        settings,
        "truy vấn trước vẫn chưa dừng hẳn; sẽ thử lại ở lần đọc sau",
        "the query before has not ended yet; the next round tries again",
        "",
    )


def silent(settings: Settings, seconds: float) -> SourceError:
    """Neither the server nor the driver ended the wait in time."""
    return _told(
        settings,
        f"cơ sở dữ liệu không trả lời trong {seconds:g} giây; hãy kiểm tra mạng và tường lửa",
        f"no answer within {seconds:g} s; check the network and the firewall",
        "",
    )


def not_installed(kind: Kind) -> SourceError:
    command = f"pip install 'motcua-bot[{kind.extra}]'"
    return SourceError(
        f"Thiếu thư viện để đọc cơ sở dữ liệu {kind.name}; hãy cài: {command} / "
        f"The library for {kind.name} is not installed: {command}"
    )


def unstable(settings: Settings) -> SourceError:
    """The database says that a row comes after itself."""
    return _told(
        settings,
        "cột thời điểm thay đổi hoặc cột mã mịn hơn mức trình điều khiển đọc được nên không phân trang được; hãy CAST "
        "trong view (ví dụ TIMESTAMP(6), DATETIME2(3))",
        "the changed column or the code column is finer than the driver can carry, so pages would repeat: CAST it in "
        "the view, such as to TIMESTAMP(6) or DATETIME2(3)",
        "",
    )


def code_of(original: Any) -> str:
    """The database's own number for an error; empty where it gives none."""
    first = original.args[0] if original.args else ""
    while isinstance(first, tuple) and first:
        first = first[0]
    if isinstance(first, int):
        return str(first)
    for found in (getattr(first, "full_code", ""), *(getattr(original, name, "") for name in _NAMES)):
        if found:
            return str(found)
    return ""


def _told(settings: Settings, vietnamese: str, english: str, code: str) -> SourceError:
    number = f" [{code}]" if code else ""
    return SourceError(f"{settings.place}: {vietnamese}. / {english}{number}")


def _words(original: Any, settings: Settings) -> str:
    """The driver's own first two lines, which name hosts, accounts, tables and columns; without the password."""
    lines = " ".join(_texts(original.args)).strip().splitlines()[:2]
    line = " ".join(" ".join(lines).split())[:_LONGEST]
    secret = settings.password.get_secret_value() if settings.password else ""
    return line.replace(secret, "•••") if secret else line


def _texts(arguments: tuple[Any, ...]) -> Iterator[str]:
    """pymssql nests them, and gives bytes."""
    for each in arguments:
        if isinstance(each, tuple):
            yield from _texts(each)
        else:
            yield each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each)
