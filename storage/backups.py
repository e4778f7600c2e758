"""One moment of the database for a backup, and a database from a backup put in its place: SQLite."""

import fcntl
import os
import shutil
import sqlite3
import threading
import time
from asyncio import to_thread
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from bot.model.clock import VIETNAM
from bot.model.errors import StorageError
from bot.ports.backups import SQLITE, Facts, Placed
from storage.migrate import APPLIED, as_applied, missing

STEP = 512
"""Pages (2 MB) that are copied at a stretch …"""
PAUSE = 0.004
"""… and the seconds for which the disk then belongs to those who write. Measured: benchmarks/backup.py."""
_SIDES = ("-wal", "-shm", "-journal")
_BUSY = 1.0
"""Seconds that a file which others have open is waited for."""
_FULL = ("database or disk is full", "disk I/O error")
COUNTS = """
SELECT
    (SELECT CAST(COALESCE(SUM(planned), 0) AS BIGINT) FROM plans), (SELECT COUNT(*) FROM outbox),
    (SELECT COUNT(*) FROM dossiers)
"""


class FileCopy:
    """`bot.ports.backups.Copying` of a database file."""

    def __init__(self, file: BinaryIO, facts: Facts) -> None:
        self.facts = facts
        self._file = file

    def close(self) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except OSError as error:
            raise StorageError(f"bản chụp cơ sở dữ liệu / the copy: {error.strerror}") from None


@asynccontextmanager
async def copy_file(path: str) -> AsyncIterator[FileCopy]:
    """The database file `path` as it is at one moment, while others write. The copy lies beside it without a name, so
    that nothing of it is left whatever happens to this process. Raises `StorageError`."""
    stop = threading.Event()
    try:
        copy = await to_thread(_snapshot, path, stop)
    finally:
        stop.set()
    try:
        yield copy
    finally:
        copy.close()


def _snapshot(path: str, stop: threading.Event) -> FileCopy:
    if not Path(path).is_file():
        raise StorageError(f"{path}: không có cơ sở dữ liệu này / there is no such database")
    spare = Path(f"{path}.backup-snapshot")
    try:
        with _alone(spare) as file:
            try:
                _copy(path, spare, stop)
                facts = _facts(spare, path)
                return FileCopy(os.fdopen(os.open(spare, os.O_RDONLY), "rb"), facts)
            finally:
                for name in (spare, *(Path(f"{spare}{side}") for side in _SIDES)):
                    name.unlink(missing_ok=True)
                file.close()
    except sqlite3.Error as error:
        raise _readable(error, path) from None
    except OSError as error:
        raise StorageError(f"{spare}: {error.strerror}") from None


@contextmanager
def _alone(spare: Path) -> Iterator[BinaryIO]:
    """The empty file of the copy, for the owner alone. A killed backup leaves it behind; one that runs holds it."""
    with os.fdopen(os.open(spare, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StorageError("một lần sao lưu khác đang chạy / another backup is running") from None
        if os.fstat(file.fileno()).st_size:
            # Not cut off: of a file that once was ext4 writes out everything when it is closed, and SQLite closes it
            # while it holds all of Python up.
            spare.unlink(missing_ok=True)
            with _alone(spare) as fresh:
                yield fresh
            return
        for side in _SIDES:  # of one that was killed: its journal would be played back into this copy
            Path(f"{spare}{side}").unlink(missing_ok=True)
        yield file


def _copy(path: str, spare: Path, stop: threading.Event) -> None:
    """Page by page with pauses, within one reading transaction: without that, each commit of others would have it begin
    again from the first page, and under load it would never end."""
    source = sqlite3.connect(f"file:{quote(path)}?mode=rw", uri=True, isolation_level=None)
    target = sqlite3.connect(spare, isolation_level=None)

    def rest(_status: int, _left: int, _total: int) -> None:
        if stop.is_set():
            raise StorageError("đã dừng giữa chừng / was stopped")
        time.sleep(PAUSE)

    try:
        target.execute("PRAGMA synchronous = OFF")
        source.execute("BEGIN")
        source.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        source.backup(target, pages=STEP, progress=rest)
        target.execute("PRAGMA journal_mode = DELETE")
    finally:
        target.close()
        source.close()


def checked(path: Path, shown: str) -> Facts:
    """What a database file holds, once it was found whole. Raises `StorageError`."""
    try:
        return _facts(path, shown)
    except sqlite3.Error as error:
        raise _readable(error, shown) from None


def _facts(path: Path, shown: str) -> Facts:
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
    try:
        if (said := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise StorageError(f"{shown}: cơ sở dữ liệu bị hỏng / the database is damaged ({said})")
        try:
            applied = as_applied(connection.execute(APPLIED).fetchall())
            planned, messages, dossiers = connection.execute(COUNTS).fetchone()
        except sqlite3.OperationalError:
            raise StorageError(f"{shown}: không phải cơ sở dữ liệu của motcua / is no database of motcua") from None
        missing(applied, shown)
        return Facts(SQLITE, tuple(sorted(applied)), planned, messages, dossiers, path.stat().st_size)
    finally:
        connection.close()


class FileReceiver:
    """`bot.ports.backups.Receiving`: a database file beside the one that is in use, until `put_in_place`."""

    def __init__(self, path: str) -> None:
        # Behind a link lies the database, and beside that its log.
        self.path = os.path.realpath(path)
        self.draft = Path(f"{self.path}.restoring")
        self._file: BinaryIO | None = None

    def __enter__(self) -> "FileReceiver":
        try:
            self.forget()
            self._file = os.fdopen(os.open(self.draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        except OSError as error:
            raise StorageError(f"{self.draft}: không ghi được / cannot be written: {error.strerror}") from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            with suppress(OSError):
                self._file.close()
        self.forget()

    def write(self, content: bytes) -> None:
        assert self._file is not None  # noqa: S101 it was opened above
        try:
            self._file.write(content)
        except OSError as error:
            raise StorageError(f"{self.draft}: không ghi được / cannot be written: {error.strerror}") from None

    def finish(self) -> Facts:
        assert self._file is not None  # noqa: S101 it was opened above
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise StorageError(f"{self.draft}: không ghi được / cannot be written: {error.strerror}") from None
        return checked(self.draft, str(self.draft))

    def put_in_place(self, *, replaces: bool, at: datetime) -> Placed:
        """What was received, and marked since, takes the name of the database; where one stands there it is kept under
        another name if it may be replaced. At each moment the name means the one or the other, whole. Raises
        `StorageError`, and nothing has changed."""
        try:
            _settle(self.draft)
            stands, aside = _stands(self.path, replaces=replaces), _aside(self.path, at)
            if stands:
                _keep_aside(self.path, aside)
            _clear_sides(self.path, aside)
            _give_to_owner(self.draft, Path(self.path))
            os.replace(self.draft, self.path)
            _sync_folder(Path(self.path).parent)
        except OSError as error:
            raise StorageError(f"{self.path}: không thay được / cannot be replaced: {error.strerror}") from None
        return Placed(self.path, aside if stands else None)

    def forget(self) -> None:
        for name in (self.draft, *(Path(f"{self.draft}{side}") for side in _SIDES)):
            name.unlink(missing_ok=True)


def require_free(path: str, *, replaces: bool) -> None:
    """Raises `StorageError` where a database stands there that must stay, or that a process has open."""
    if not _stands(path, replaces=replaces):
        return
    # Only who has the file for himself alone can read it so.
    _alone_with(path, "PRAGMA locking_mode = EXCLUSIVE", "SELECT COUNT(*) FROM sqlite_master")


def _alone_with(path: str, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY)
    try:
        for statement in statements:
            connection.execute(statement).fetchall()
    except sqlite3.OperationalError as error:
        raise _open_elsewhere(path) if "locked" in str(error) else _readable(error, path) from None
    except sqlite3.DatabaseError:
        # Too damaged to be asked: for that it is to be replaced.
        return
    finally:
        connection.close()


def _stands(path: str, *, replaces: bool) -> bool:
    if not Path(path).exists():
        return False
    if not replaces:
        raise StorageError(
            f"{path}: đã có cơ sở dữ liệu ở đây; muốn thay thì thêm --replace (bản cũ được giữ lại dưới tên khác) / "
            "a database stands here; --replace puts it aside"
        )
    return True


def _open_elsewhere(path: str) -> StorageError:
    return StorageError(
        f"{path}: dịch vụ hoặc một lệnh khác đang mở cơ sở dữ liệu này, xin dừng trước / a service or another command "
        "has this database open: stop it first"
    )


def _keep_aside(path: str, aside: Path) -> None:
    """A second name for the database that stands there, with what its log has; where it is too damaged for that the log
    goes with it. The first name stays all the while."""
    _alone_with(path, "PRAGMA journal_mode = DELETE")
    _clear_sides(path, aside)
    try:
        os.link(path, aside)
    except FileExistsError:
        raise
    except OSError:  # a file system without second names
        shutil.copy2(path, aside)
        with aside.open("rb") as file:
            os.fsync(file.fileno())


def _aside(path: str, at: datetime) -> Path:
    """A name that nothing has: two returns may come within one second."""
    name = f"{path}.{at.astimezone(VIETNAM):%Y%m%d-%H%M%S}.truoc-phuc-hoi"
    return next(each for each in map(Path, (name, *(f"{name}-{n}" for n in range(2, 1_000)))) if not each.exists())


def _clear_sides(path: str, aside: Path) -> None:
    """No log of another database stays beside this name: SQLite would play it into the one that comes, even where the
    database that it belongs to has been moved away without it."""
    for side in _SIDES:
        with suppress(FileNotFoundError):
            os.replace(f"{path}{side}", f"{aside}{side}")


def _give_to_owner(draft: Path, path: Path) -> None:
    """What root puts back is the service's: it belongs to whom the one of before, or else the folder, belongs to."""
    if os.geteuid() == 0:
        owner = (path if path.exists() else path.parent).stat()
        os.chown(draft, owner.st_uid, owner.st_gid)


def _settle(draft: Path) -> None:
    """All of it in the one file, on the disk."""
    connection = sqlite3.connect(draft, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise _readable(error, str(draft)) from None
    finally:
        connection.close()
    with draft.open("rb") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _readable(error: sqlite3.Error, shown: str) -> StorageError:
    said = str(error)
    if any(word in said for word in _FULL):
        return StorageError(f"{shown}: đĩa đã đầy / the disk is full ({said})")
    return StorageError(f"{shown}: không đọc ghi được / cannot be read or written ({said})")
