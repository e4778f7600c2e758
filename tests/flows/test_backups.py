"""Backups: whole while others write, refused when anything is wrong with them, put back in one step or not at all."""

import asyncio
import fcntl
import os
import random
import resource
import signal
import sqlite3
import stat
import time as times
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.backup_archive import DATABASE, read_archive
from bot.backup_format import BackupError, Key
from bot.backup_watch import LATE, NAME, BackupWatch
from bot.backups import Backups, listed, make_key
from bot.beats import Beats, Shift
from bot.ledger import balance
from bot.model.clock import utc_now
from bot.model.errors import MotcuaError, StorageError
from bot.model.message import DeliveryState
from bot.ports import Storage
from bot.ports.backups import Facts
from bot.restore_files import Order, extract, restore
from storage import migrate, open_storage
from storage.backups import copy_file
from tests.support.desk import Desk
from tests.support.making import START, Time, message

KEY = Key(bytes(range(32)))
TAKEN = datetime(2026, 11, 22, 19, 30, tzinfo=UTC)
"""02:30 in Vietnam."""


def backups(place: Path, clock: Callable[[], datetime] = utc_now, database: str = "motcua.db") -> Backups:
    return Backups(lambda: copy_file(str(place / database)), KEY, clock)


def order(place: Path, file: Path, **changes: object) -> Order:
    given = {"file": file, "key": KEY, "url": f"sqlite:{place / 'motcua.db'}", "at": utc_now(), "by": "lan"}
    return Order(**given | changes)  # type: ignore[arg-type]


async def planned(storage: Storage, number: int = 30) -> None:
    items = [message() for _ in range(number)]
    await storage.write(lambda tx: tx.outbox.enqueue(items))


async def a_database(path: Path, number: int = 30) -> None:
    async with open_storage(f"sqlite:{path}") as storage:
        await storage.migrate()
        await planned(storage, number)


async def messages_in(path: Path) -> dict[DeliveryState, int]:
    async with open_storage(f"sqlite:{path}") as storage:
        books = await balance(storage)
    assert books.balanced
    return {state: number for state, number in books.states.items() if number}


@pytest.fixture
async def place(tmp_path: Path) -> Path:
    """With a database of 30 messages that wait."""
    await a_database(tmp_path / "motcua.db")
    return tmp_path


async def test_a_backup_is_of_one_moment_while_others_write(place: Path) -> None:
    """The copy is made slowly, and each writer's commit would have it begin again if it were not of one moment."""
    async with open_storage(f"sqlite:{place / 'motcua.db'}") as storage:
        for _ in range(40):
            await planned(storage, 300)
        is_over, commits = False, 0

        async def write() -> None:
            nonlocal commits
            while not is_over:
                await planned(storage, 3)
                commits += 1

        writers = [asyncio.create_task(write()) for _ in range(2)]
        made = await backups(place).make(place)
        during, is_over = commits, True
        await asyncio.gather(*writers)
        after = (await balance(storage)).planned

    facts = made.manifest.facts
    assert during > 10
    assert 12_030 <= facts.messages == facts.planned < after
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert {path.name for path in place.iterdir()} == {"motcua.db", made.path.name}, "nothing is left beside"


async def test_it_comes_back_marked_and_balanced(place: Path) -> None:
    made = await backups(place).make(place)
    async with open_storage(f"sqlite:{place / 'motcua.db'}") as storage:
        await planned(storage, 5)

    done = await restore(order(place, made.path, replaces=True), None)

    assert (done.planned, done.balanced) == (30, True)
    assert await messages_in(place / "motcua.db") == {DeliveryState.UNCERTAIN: 30}
    assert done.placed.aside is not None
    assert await messages_in(done.placed.aside) == {DeliveryState.QUEUED: 35}
    assert stat.S_IMODE((place / "motcua.db").stat().st_mode) == 0o600
    left = {path.name for path in place.iterdir()} - {made.path.name, done.placed.aside.name}
    assert left == {"motcua.db"}


async def test_a_database_that_is_there_is_not_overwritten_by_itself(place: Path) -> None:
    made = await backups(place).make(place)
    before = (place / "motcua.db").read_bytes()

    with pytest.raises(StorageError, match="--replace puts it aside"):
        await restore(order(place, made.path), None)

    assert (place / "motcua.db").read_bytes() == before


async def test_nothing_is_replaced_beneath_a_service(place: Path) -> None:
    made = await backups(place).make(place)
    async with open_storage(f"sqlite:{place / 'motcua.db'}") as storage:
        with pytest.raises(StorageError, match="has this database open"):
            await restore(order(place, made.path, replaces=True), None)
        await planned(storage, 1)

    assert await messages_in(place / "motcua.db") == {DeliveryState.QUEUED: 31}


async def test_a_damaged_database_can_be_replaced(place: Path) -> None:
    made = await backups(place).make(place)
    with (place / "motcua.db").open("r+b") as file:
        file.write(os.urandom(8192))

    done = await restore(order(place, made.path, replaces=True), None)

    assert done.balanced
    assert await messages_in(place / "motcua.db") == {DeliveryState.UNCERTAIN: 30}


async def test_two_returns_within_one_second_keep_both_of_before(place: Path) -> None:
    made, now = await backups(place).make(place), utc_now()

    first = await restore(order(place, made.path, replaces=True, at=now), None)
    async with open_storage(f"sqlite:{place / 'motcua.db'}") as storage:
        await planned(storage, 2)
    second = await restore(order(place, made.path, replaces=True, at=now), None)

    assert first.placed.aside is not None
    assert second.placed.aside is not None
    assert await messages_in(first.placed.aside) == {DeliveryState.QUEUED: 30}
    assert await messages_in(second.placed.aside) == {DeliveryState.UNCERTAIN: 30, DeliveryState.QUEUED: 2}


async def test_a_disk_without_second_names_keeps_the_one_of_before_too(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, stood = await backups(place).make(place), []

    def no_link(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    def replace_(source: Path, target: Path, really: Callable[..., None] = os.replace) -> None:
        stood.append((place / "motcua.db").exists())
        really(source, target)

    monkeypatch.setattr(os, "link", no_link)
    monkeypatch.setattr(os, "replace", replace_)
    done = await restore(order(place, made.path, replaces=True), None)

    assert stood
    assert all(stood), "at each moment the name means one of them"
    assert done.placed.aside is not None
    assert await messages_in(done.placed.aside) == {DeliveryState.QUEUED: 30}
    assert await messages_in(place / "motcua.db") == {DeliveryState.UNCERTAIN: 30}


async def test_a_log_that_was_left_behind_is_not_played_into_what_comes_back(place: Path) -> None:
    """Somebody moves the database away and leaves the log of a service that was killed."""
    made = await backups(place).make(place)
    _killed_while_writing(place / "motcua.db")
    (place / "motcua.db").rename(place / "moved.db")
    log = (place / "motcua.db-wal").read_bytes()

    done = await restore(order(place, made.path), None)

    with closing(sqlite3.connect(place / "motcua.db")) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert done.balanced
    assert "left_behind" not in tables
    (kept,) = place.glob("motcua.db.*.truoc-phuc-hoi-wal")
    assert kept.read_bytes() == log


def _killed_while_writing(database: Path) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            connection = sqlite3.connect(database)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE left_behind (a)")
            connection.executemany("INSERT INTO left_behind VALUES (?)", [("x" * 3000,)] * 200)
            connection.commit()
        finally:
            os._exit(9)
    os.waitpid(pid, 0)


async def test_behind_a_link_the_database_itself_is_replaced(
    place: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made, disk = await backups(place).make(place), tmp_path_factory.mktemp("another-disk")
    (place / "motcua.db").rename(disk / "motcua.db")
    (place / "motcua.db").symlink_to(disk / "motcua.db")

    await restore(order(place, made.path, replaces=True), None)

    assert (place / "motcua.db").is_symlink()
    assert await messages_in(disk / "motcua.db") == {DeliveryState.UNCERTAIN: 30}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("stands", [True, False], ids=["over another", "where none stands"])
async def test_what_root_puts_back_belongs_to_the_service(place: Path, stands: bool) -> None:
    made = await backups(place).make(place)
    os.chown(place, 12345, 12346)
    os.chown(place / "motcua.db", 12345, 12346)
    if not stands:
        (place / "motcua.db").unlink()

    await restore(order(place, made.path, replaces=stands), None)

    found = (place / "motcua.db").stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (12345, 12346, 0o600)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_what_root_takes_out_the_service_reads_and_nobody_else(place: Path) -> None:
    (place / "config.toml").write_text("")
    made = await Backups(lambda: copy_file(str(place / "motcua.db")), KEY, utc_now, place / "config.toml").make(place)
    (place / "etc").mkdir()
    os.chown(place / "etc", 0, 12346)

    [written] = extract(made.path, KEY, place / "etc")

    make_key(place / "etc" / "backup.key")
    make_key(place / "backup.key")

    for path in (written, place / "etc" / "backup.key"):
        found = path.stat()
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (0, 12346, 0o640)
    assert stat.S_IMODE((place / "backup.key").stat().st_mode) == 0o600, "in a folder of root's own"


async def test_a_damaged_database_is_not_taken_for_a_good_one(place: Path) -> None:
    with sqlite3.connect(place / "motcua.db") as connection:
        connection.execute("PRAGMA writable_schema = 1")
        connection.execute("UPDATE sqlite_master SET rootpage = 3 WHERE name = 'outbox_origin'")
    connection.close()

    with pytest.raises(StorageError, match="is damaged"):
        await backups(place).make(place)

    assert [path.name for path in place.iterdir() if path.name.startswith("motcua-")] == []


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flipped(data: bytes) -> bytes:
    return data[:-2000] + bytes([data[-2000] ^ 4]) + data[-1999:]


def _foreign(data: bytes) -> bytes:
    return b"PK\x03\x04" + data


@pytest.mark.parametrize(
    "spoil",
    [_cut, _flipped, _foreign, lambda data: data[:-40], lambda data: data + b"x", lambda data: b""],
    ids=["half", "a bit", "foreign", "no end", "more", "empty"],
)
async def test_a_bad_backup_changes_nothing(place: Path, spoil: Callable[[bytes], bytes]) -> None:
    made = await backups(place).make(place)
    bad = place / "bad.saoluu"
    bad.write_bytes(spoil(made.path.read_bytes()))
    before = {path.name: path.read_bytes() for path in place.iterdir()}

    with pytest.raises(BackupError, match=r"bad\.saoluu"):
        await restore(order(place, bad, replaces=True), None)

    assert {path.name: path.read_bytes() for path in place.iterdir()} == before


async def test_a_wrong_key_and_a_file_that_is_none_change_nothing(place: Path) -> None:
    made = await backups(place).make(place)
    before = {path.name: path.read_bytes() for path in place.iterdir()}

    for wrong, said in (
        (order(place, made.path, replaces=True, key=Key.new()), "was sealed with the key"),
        (order(place, place / "none.saoluu", replaces=True), "cannot be read"),
        (order(place, place, replaces=True), "cannot be read"),
    ):
        with pytest.raises(BackupError, match=said):
            await restore(wrong, None)

    assert {path.name: path.read_bytes() for path in place.iterdir()} == before


async def test_a_backup_of_the_version_before_comes_back_and_is_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_of_them = migrate.migrations()
    monkeypatch.setattr("storage.migrate.migrations", lambda: all_of_them[:-1])
    await a_database(tmp_path / "motcua.db", 4)
    made = await backups(tmp_path).make(tmp_path)
    monkeypatch.setattr("storage.migrate.migrations", lambda: all_of_them)

    with pytest.raises(StorageError, match=r"is of an earlier version .*: add --migrate"):
        await restore(order(tmp_path, made.path, replaces=True), None)
    done = await restore(order(tmp_path, made.path, replaces=True, migrates=True), None)

    assert done.applied == (all_of_them[-1].name,)
    assert await messages_in(tmp_path / "motcua.db") == {DeliveryState.UNCERTAIN: 4}


async def test_a_backup_of_a_newer_version_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await backups(place).make(place)
    all_of_them = migrate.migrations()
    monkeypatch.setattr("storage.migrate.migrations", lambda: all_of_them[:5])

    with pytest.raises(StorageError, match="was migrated by a newer program"):
        await restore(order(place, made.path, replaces=True), None)


async def test_killed_at_any_moment_there_is_the_old_or_the_new(place: Path) -> None:
    made = await backups(place).make(place)
    begun = times.monotonic()
    await _in_a_child(place, made.path, kill_after=None)
    took = times.monotonic() - begun
    rng = random.Random(2026)
    seen = set()
    for _ in range(8):
        (place / "motcua.db").unlink()
        await a_database(place / "motcua.db", 7)

        await _in_a_child(place, made.path, kill_after=rng.uniform(0.0, took))

        found = await messages_in(place / "motcua.db")
        assert found in ({DeliveryState.QUEUED: 7}, {DeliveryState.UNCERTAIN: 30}), found
        seen.add(tuple(found))
    await restore(order(place, made.path, replaces=True), None)
    assert await messages_in(place / "motcua.db") == {DeliveryState.UNCERTAIN: 30}
    assert (DeliveryState.QUEUED,) in seen


async def _in_a_child(place: Path, file: Path, *, kill_after: float | None) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            asyncio.run(restore(order(place, file, replaces=True), None))
        finally:
            os._exit(0)
    if kill_after is not None:
        await asyncio.sleep(kill_after)
        os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(os.waitpid, pid, 0)


@pytest.mark.parametrize("side", ["", "-journal", "-wal"])
async def test_what_a_killed_backup_left_behind_is_in_nobodys_way(place: Path, side: str) -> None:
    (place / "motcua.db.backup-snapshot").write_bytes(b"half a copy")
    (place / f"motcua.db.backup-snapshot{side}").write_bytes(b"half a copy")

    made = await backups(place).make(place)
    await restore(order(place, made.path, replaces=True), None)

    assert (await messages_in(place / "motcua.db"))[DeliveryState.UNCERTAIN] == 30
    assert not list(place.glob("*backup-snapshot*"))


@pytest.mark.parametrize("has_begun", [False, True])
async def test_a_second_backup_at_the_same_time_is_refused_and_harms_no_first_one(place: Path, has_begun: bool) -> None:
    spare = place / "motcua.db.backup-snapshot"
    with spare.open("w+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write(b"a copy under way" * has_begun)
        held.flush()

        with pytest.raises(StorageError, match="another backup is running"):
            await backups(place).make(place)

        assert spare.stat().st_ino == os.fstat(held.fileno()).st_ino
    assert not list(place.glob("*.saoluu*"))


async def test_where_the_disk_is_full_nothing_is_left_and_the_rest_stays(place: Path) -> None:
    old = await backups(place, lambda: TAKEN).make(place)
    before = {path.name: path.read_bytes() for path in place.iterdir()}

    said = [
        await _on_a_small_disk(place, 4_000, lambda: backups(place).make(place)),
        await _on_a_small_disk(place, 200_000, lambda: backups(place).make(place)),
        await _on_a_small_disk(place, 200_000, lambda: restore(order(place, old.path, replaces=True), None)),
    ]

    assert all("MotcuaError" in each for each in said), said
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before


async def _on_a_small_disk(place: Path, limit: int, work: Callable[[], object]) -> str:
    """No file may grow beyond so many bytes; what came of it."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            asyncio.run(work())  # type: ignore[arg-type]
            said = "done"
        except MotcuaError as error:
            said = f"MotcuaError {error}"
        except BaseException as error:
            said = f"{type(error).__name__} {error}"
        os.write(writer, said.encode()[:4000])
        os._exit(0)
    os.close(writer)
    await asyncio.to_thread(os.waitpid, pid, 0)
    with os.fdopen(reader, "rb") as said_there:
        return said_there.read().decode(errors="replace")


async def test_files_beside_the_database_come_out_and_overwrite_nothing(place: Path) -> None:
    (place / "config.toml").write_text(
        'key = "file:/etc/motcua/key"\n[[channels]]\ntoken = "env:TOKEN"  # or "file:PATH"\n# secret = "env:EXAMPLE"\n'
    )
    (place / "web.key").write_bytes(b"w" * 32)
    made = await Backups(
        lambda: copy_file(str(place / "motcua.db")), KEY, utc_now, place / "config.toml", web_key=place / "web.key"
    ).make(place)
    (place / "out").mkdir()

    written = extract(made.path, KEY, place / "out")

    assert made.manifest.missing == ("env:TOKEN", "file:/etc/motcua/key")
    assert [path.name for path in written] == ["config.toml", "web.key"]
    assert (place / "out" / "web.key").read_bytes() == b"w" * 32
    with pytest.raises(BackupError, match="is there already"):
        extract(made.path, KEY, place / "out")


async def test_one_that_is_given_up_leaves_nothing(place: Path) -> None:
    async with open_storage(f"sqlite:{place / 'motcua.db'}") as storage:
        for _ in range(20):
            await planned(storage, 500)
    making = asyncio.create_task(backups(place).make(place))
    while not any(path.suffix == ".part" for path in place.iterdir()) and not making.done():
        await asyncio.sleep(0.001)
    making.cancel()
    await asyncio.wait([making])

    assert making.cancelled()
    assert sorted(path.name for path in place.iterdir() if not path.name.startswith("motcua.db-")) == ["motcua.db"]


# By night


class Refusing(Backups):
    """A disk that is gone."""

    async def make(self, where: Path) -> object:  # type: ignore[override]
        raise BackupError("the disk is gone")


async def test_one_each_night_and_the_oldest_go(place: Path) -> None:
    folder, clock = place / "b", Time(TAKEN + timedelta(hours=5))
    folder.mkdir()
    watch = BackupWatch(backups(place, clock), folder, at=time(2, 30), keep=2, clock=clock)

    made_at = []
    for _ in range(4 * 24 * 2):
        before = len(listed(folder)), [at for at, _ in listed(folder)][-1:]
        await watch.look()
        if (len(listed(folder)), [at for at, _ in listed(folder)][-1:]) != before:
            made_at.append(clock.now)
        clock.pass_(minutes=30)

    # At once, for there was none; then each night.
    assert [f"{at + timedelta(hours=7):%d %H:%M}" for at in made_at] == [
        "23 07:30", "24 02:30", "25 02:30", "26 02:30", "27 02:30",
    ]  # fmt: skip
    assert [f"{at:%d %H:%M}" for at, _ in listed(folder)] == ["26 02:30", "27 02:30"]


async def test_a_good_one_that_is_too_old_is_an_alarm_and_nothing_is_deleted(place: Path) -> None:
    folder, clock = place / "b", Time(TAKEN)
    folder.mkdir()
    await backups(place, clock).make(folder)
    watch = BackupWatch(Refusing(lambda: copy_file("x"), KEY, clock), folder, at=time(2, 30), keep=1, clock=clock)

    clock.pass_(hours=25)
    early = await watch.look()
    clock.pass_(hours=1, minutes=1)
    late = await watch.look()

    assert early is None
    assert late is not None
    assert "the last good backup is 26 h old: the disk is gone" in late[1]
    assert len(listed(folder)) == 1
    assert clock.now - TAKEN > LATE


async def test_one_that_a_wrong_clock_has_dated_ahead_takes_no_other_ones_place(place: Path) -> None:
    folder, clock = place / "b", Time(TAKEN)
    folder.mkdir()
    ahead = await backups(place, lambda: TAKEN + timedelta(days=900)).make(folder)
    watch = BackupWatch(backups(place, clock), folder, at=time(2, 30), keep=1, clock=clock)

    first = await watch.look()
    clock.pass_(hours=24)
    second = await watch.look()

    assert (first, second) == (None, None)
    assert [at for at, _ in listed(folder)] == [clock.now, ahead.manifest.taken_at]


async def test_without_any_the_first_failure_is_told(place: Path) -> None:
    folder, clock, beats = place / "b", Time(TAKEN), Beats(lambda: START, "me")
    watch = BackupWatch(backups(place, clock), folder, at=time(2, 30), keep=1, clock=clock, every=0.01)

    running = asyncio.create_task(watch.run(Shift(beats)))
    while not any(each.trouble for each in beats.listed()):
        await asyncio.sleep(0.01)
    [complaint] = beats.listed()
    folder.mkdir()
    while any(each.trouble for each in beats.listed()):
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])

    assert len(listed(folder)) == 1
    assert [each.name for each in beats.listed()] == [NAME]
    assert complaint.trouble.endswith("không đọc được")
    assert complaint.trouble_en == "backups: cannot be read: No such file or directory"


# By hand


@pytest.fixture
def sealed(service: Desk) -> Desk:
    """An office with a key and a folder for backups."""
    service.said("backup", "key", "backup.key")
    (service.place / "backups").mkdir()
    service.configure('[backup]\nfolder = "backups"\nkey = "file:backup.key"\n')
    return service


def test_a_key_is_made_once_and_shown_to_nobody_else(service: Desk) -> None:
    said = service.said("backup", "key", "k")

    assert stat.S_IMODE((service.place / "k").stat().st_mode) == 0o600
    assert "KEEP A COPY ELSEWHERE" in said
    assert (service.place / "k").read_text().split()[3] not in said
    assert "is there already" in service.refused("backup", "key", "k")


def test_back_up_prove_list_and_return(sealed: Desk) -> None:
    made = sealed.json("backup", "--keep", "3")
    listed_ = sealed.json("backup", "list")
    proved = sealed.json("backup", "verify", made["file"])
    taken = sealed.said("restore", made["file"], "--replace")

    assert [each["file"] for each in listed_] == [made["file"]]
    assert (proved["good"], proved["engine"], proved["files"]) == (True, "sqlite", ["config.toml"])
    assert proved["not_included"] == ["file:backup.key"]
    assert "Sổ tin cân" in taken
    assert "office" in taken
    assert [each["source"] for each in sealed.json("restored", "list")["sources"]] == ["office"]
    done = [each["what"] for each in sealed.json("audit", "list")]
    assert {"db.backed_up", "db.restored"} <= set(done)


def test_a_backup_whose_database_is_broken_is_no_good_one(sealed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by a disk that lied while it was made."""
    monkeypatch.setattr("storage.backups._facts", lambda path, shown: Facts("sqlite", (), 0, 0, 0, path.stat().st_size))
    monkeypatch.setattr("storage.backups._copy", lambda path, spare, stop: spare.write_bytes(b"SQLite format 3\0" * 99))
    made = sealed.json("backup")
    monkeypatch.undo()
    monkeypatch.chdir(sealed.place)
    monkeypatch.setenv("COLUMNS", "220")

    said = sealed.refused("backup", "verify", made["file"])

    assert "cannot be read or written" in said
    assert [path.name for path in sealed.place.iterdir() if path.name.startswith(".motcua-verify")] == []


def test_what_is_missing_is_said_in_words(service: Desk) -> None:
    assert "[backup] folder" in service.refused("backup")
    assert "[backup] key" in service.refused("backup", str(service.place))
    (service.place / "k").write_text("no key")
    assert "is no backup key" in service.refused("backup", str(service.place), "--key", "file:k")
    assert "cannot be read" in service.refused("backup", "verify", "none", "--key", f"file:{_key(service.place)}")


def _key(place: Path) -> Path:
    make_key(place / "another.key")
    return place / "another.key"


def test_a_backup_without_a_key_is_refused_by_the_configuration(service: Desk) -> None:
    service.configure('[backup]\nfolder = "backups"\n')

    assert "a backup holds names and numbers" in service.refused("backup")


def test_a_person_decides_about_what_is_doubtful(sealed: Desk) -> None:
    items = [message(id=name) for name in ("a", "b", "c")]
    sealed.in_database(lambda storage: storage.write(lambda tx: tx.outbox.enqueue(items)))
    made = sealed.json("backup")
    sealed.said("restore", made["file"], "--replace")

    shown = sealed.json("restored", "list")
    sent = sealed.said("restored", "release", "a")
    none = sealed.said("restored", "release", "--all")
    dropped = sealed.said("restored", "drop", "--all", "--which", "uncertain")

    assert {each["id"]: each["state"] for each in shown["items"]} == dict.fromkeys("abc", "uncertain")
    assert {each["reason"] for each in shown["items"]} == {"restored: waited in the backup, perhaps sent since"}
    assert "+84912345678" not in str(shown)
    assert ("1 messages will be sent" in sent, "0 messages will be sent" in none, "2 messages" in dropped) == (
        True, True, True,
    )  # fmt: skip
    assert "name the messages, or --all" in sealed.refused("restored", "release")
    assert "restored close" not in sealed.said("restored", "close", "office")
    assert "no such source is in doubt" in sealed.refused("restored", "close", "office")


def test_another_kind_of_return_is_marked_by_its_moment(sealed: Desk) -> None:
    sealed.in_database(lambda storage: storage.write(lambda tx: tx.outbox.enqueue([message(id="a")])))

    marked = sealed.json("restored", "mark", "--since", "2026-11-22T02:30:00", "--assume-sent")

    assert (marked["uncertain"], marked["balanced"]) == ({"queued": 1}, True)
    (doubt,) = sealed.json("restored", "list")["sources"]
    assert doubt["policy"] == "assume-sent"
    assert doubt["taken_at"] == "2026-11-21T19:30:00+00:00"
    assert "write 2" in sealed.refused("restored", "mark", "--since", "yesterday")
    assert "is in the future" in sealed.refused("restored", "mark", "--since", "2099-01-01T00:00:00")


async def test_the_archive_names_each_part(place: Path) -> None:
    made = await backups(place).make(place)

    with made.path.open("rb") as file:
        manifest, ends = read_archive(file, KEY, "x")

    assert manifest == made.manifest
    assert ends[DATABASE]["size"] == manifest.facts.size > 0
