"""The commands `motcua keys …`: an office that begins to seal, changes its keys, and moves up with what is sealed."""

import asyncio
import fcntl
import os
import pwd
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import key_commands
from bot.model.clock import utc_now
from bot.model.person import Binding, Proof
from bot.ports import Storage
from bot.sealing import seal_all
from storage import open_storage
from storage.sealing.ring import parse
from tests.contract.storage_values import NOW
from tests.contract.test_storage_privacy import ANH, MAI, fill, in_every_state
from tests.flows.test_moving_up import There, planned
from tests.support.desk import Desk
from tests.support.sealed import raw, readable, spellings
from tests.support.storages import _admin, _on, in_a_loop_of_its_own

RING = "data.keys"
WORDS = {*spellings(MAI.phone), MAI.name, MAI.chat, ANH.name}


def filled(service: Desk) -> None:
    async def work(storage: Storage) -> None:
        for person in (MAI, ANH):
            await storage.write(lambda tx, each=person: fill(tx, each))  # type: ignore[misc]
            await in_every_state(storage, person)

    service.in_database(work)


def sealing(service: Desk) -> None:
    """The office makes a ring and names it in the configuration."""
    service.said("keys", "new", RING)
    path = service.place / "config.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[storage]\n", f'[storage]\nkeys = "file:{RING}"\n', 1), encoding="utf-8")


def content(service: Desk) -> set[str]:
    """Who can be read in the files."""
    return readable(asyncio.run(raw(f"sqlite:{service.place / 'motcua.db'}")), WORDS)


def keys_of(service: Desk) -> set[str]:
    return {row["key"] for row in service.json("keys", "status")}


def test_an_office_seals_what_it_has(service: Desk) -> None:
    filled(service)
    before = content(service)
    sealing(service)

    refused = service.refused("ledger")
    said = service.said("keys", "seal")

    assert before == WORDS
    assert "motcua keys seal" in refused
    assert "Số điện thoại và địa chỉ đã niêm phong" in said
    assert content(service) == set()
    assert len(keys_of(service)) == 2
    assert service.json("audit", "list")[0]["what"] == "keys.sealed"
    assert MAI.phone[-3:] in service.said("consents", MAI.phone)


def test_a_ring_is_for_its_owner_alone_and_never_overwritten(service: Desk) -> None:
    service.said("keys", "new", RING)
    path = service.place / RING
    text = path.read_text(encoding="utf-8")

    refused = service.refused("keys", "new", RING)

    assert path.stat().st_mode & 0o777 == 0o600
    assert "không ghi đè" in refused
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_ring_that_changes_keeps_its_owner_and_who_may_read_it(service: Desk) -> None:
    sealing(service)
    path, nobody = service.place / RING, pwd.getpwnam("nobody")
    os.chown(path, 0, nobody.pw_gid)
    path.chmod(0o640)

    service.said("keys", "add")

    found = path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (0, nobody.pw_gid, 0o640)


def test_a_data_key_is_added_used_and_dropped_when_nothing_is_under_it(service: Desk) -> None:
    sealing(service)
    ring = service.place / RING
    (old,) = parse(ring.read_text(encoding="utf-8")).data

    async def fills(storage: Storage) -> None:
        await storage.write(lambda tx: fill(tx, MAI))

    async def work() -> None:
        async with open_storage(f"sqlite:{service.place / 'motcua.db'}", keys=lambda: ring.read_text()) as storage:
            await fills(storage)

    asyncio.run(work())
    added = service.said("keys", "add", "--spare")
    spare = list(parse(ring.read_text(encoding="utf-8")).data)[1]
    service.said("keys", "use", spare)
    early = service.refused("keys", "drop", old, "--yes")
    service.said("keys", "seal")
    service.said("keys", "drop", old, "--yes")

    assert f"motcua keys use {spare}" in added
    assert "keys seal" in early
    assert list(parse(ring.read_text(encoding="utf-8")).data) == [spare]
    assert ring.stat().st_mode & 0o777 == 0o600
    assert keys_of(service) == {spare, "look-up"}


def test_a_key_that_a_running_service_may_still_use_is_not_dropped(
    service: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealing(service)
    ring = service.place / RING
    (old,) = parse(ring.read_text(encoding="utf-8")).data

    async def work() -> None:
        """What a service does that has read the ring before it was changed."""
        async with open_storage(f"sqlite:{service.place / 'motcua.db'}", keys=ring.read_text) as storage:
            await storage.write(lambda tx: fill(tx, ANH))
            lease = {"owner": "máy-1", "now": utc_now(), "until": utc_now() + timedelta(hours=1)}
            await storage.write(lambda tx: tx.leases.take("plan", **lease))
            await asyncio.to_thread(service.said, "keys", "add")
            await asyncio.to_thread(service.said, "keys", "seal")
            early.append(await asyncio.to_thread(service.refused, "keys", "drop", old, "--yes"))
            await storage.write(lambda tx: fill(tx, MAI))

    early: list[str] = []
    asyncio.run(work())
    monkeypatch.setattr("bot.key_commands.utc_now", lambda: datetime.now(UTC) + timedelta(minutes=2))
    late = service.refused("keys", "drop", old, "--yes")
    service.said("keys", "seal")
    service.said("keys", "drop", old, "--yes")

    assert "xin chờ một phút" in early[0]
    assert "keys seal" in late
    assert old not in keys_of(service)
    assert MAI.phone[-3:] in service.said("consents", MAI.phone)


def test_of_two_commands_at_once_none_writes_the_others_key_away(
    service: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealing(service)
    met, first_is_done, lock = threading.Event(), threading.Event(), fcntl.flock
    second = threading.Thread(target=lambda: key_commands.add(config=service.place / "config.toml"))

    def at_the_door(handle: int, how: int) -> None:
        if threading.current_thread() is second:
            met.set()
        lock(handle, how)

    def noted(*_: object) -> None:
        """Between the reading and the writing of the ring."""
        if threading.current_thread() is second:
            met.set()
            assert first_is_done.wait(20)
        elif not second.ident:
            second.start()
            assert met.wait(20)

    monkeypatch.setattr(fcntl, "flock", at_the_door)
    monkeypatch.setattr(key_commands, "_noted", noted)
    key_commands.add(config=service.place / "config.toml")
    first_is_done.set()
    second.join(20)

    assert len(parse((service.place / RING).read_text(encoding="utf-8")).data) == 3


def test_a_ring_that_changes_has_its_name_on_the_disk_before_anything_is_sealed_under_it(
    service: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealing(service)
    done: list[str] = []
    sync, replace = os.fsync, Path.replace

    def synced(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        sync(handle)

    def replaced(path: Path, target: Path) -> Path:
        done.append("name")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    key_commands._write(service.place / RING, parse((service.place / RING).read_text(encoding="utf-8")))

    assert done == ["file", "name", "folder"]


def test_all_keys_are_changed_at_once(service: Desk) -> None:
    filled(service)
    sealing(service)
    service.said("keys", "seal")
    before = parse((service.place / RING).read_text(encoding="utf-8"))

    service.said("keys", "rotate")
    ring = parse((service.place / RING).read_text(encoding="utf-8"))
    service.said("keys", "drop", "--look-up", before.look_up, "--yes")
    service.said("keys", "drop", before.newest, "--yes")

    assert (len(ring.look_ups), len(ring.data)) == (2, 2)
    assert keys_of(service) == {ring.newest, "look-up"}
    assert content(service) == set()
    assert service.said("erase", MAI.phone, "--yes")


def test_a_key_is_dropped_by_its_name_once_somebody_has_said_that_a_copy_is_kept(service: Desk) -> None:
    sealing(service)
    service.said("keys", "seal")
    alone = service.said("keys", "status")
    before = parse((service.place / RING).read_text(encoding="utf-8"))
    service.said("keys", "rotate")

    status = service.said("keys", "status")
    unknown = service.refused("keys", "drop", "2019")
    kept = service.types("keys", "drop", before.newest, answer="n\n")
    after = parse((service.place / RING).read_text(encoding="utf-8"))
    service.types("keys", "drop", before.newest, answer="y\n")

    assert "other keys" not in alone
    assert f"other keys in the ring: look-up {before.look_up}, data {before.newest}" in status
    assert f"{after.newest}, {before.newest}" in unknown
    assert kept.code == 1
    assert before.newest in after.data
    assert [*parse((service.place / RING).read_text(encoding="utf-8")).data] == [after.newest]


@pytest.mark.parametrize("words", [("add",), ("seal",), ("status",), ("rotate",), ("drop", "x"), ("use", "x")])
def test_without_a_ring_each_command_says_how_to_make_one(service: Desk, words: tuple[str, ...]) -> None:
    assert "motcua keys new" in service.refused("keys", *words)


def test_a_ring_that_cannot_be_read_is_refused_with_its_line(service: Desk) -> None:
    sealing(service)
    (service.place / RING).write_text("look-up a = not base64\n", encoding="utf-8")

    assert "dòng 1" in service.refused("ledger")


def test_a_sealed_database_moves_up_as_it_is(service: Desk, postgres_url: str) -> None:
    planned(service, 3)
    binding = Binding(MAI.telegram, MAI.phone, Proof.CONTACT, NOW, NOW, "telegram")
    service.in_database(lambda storage: storage.write(lambda tx: tx.people.bind(binding)))
    sealing(service)
    service.said("keys", "seal")
    name = "motcua_moved_sealed"
    in_a_loop_of_its_own(_admin(postgres_url, f"CREATE DATABASE {name}"))
    target = _on(postgres_url, name)
    try:
        refused = service.refused("db", "copy", "sqlite:motcua.db", target)
        service.said("db", "copy", "sqlite:motcua.db", target, "--keys", f"file:{RING}")

        found = There(target).look("SELECT address FROM bindings")
        read: list[str] = []

        async def look() -> None:
            ring = (service.place / RING).read_text(encoding="utf-8")
            async with open_storage(target, keys=lambda: ring) as storage:
                binding = await storage.read(lambda tx: tx.people.binding(MAI.telegram))
                read.append(binding.phone if binding else "")
                read.append(str(await seal_all(storage, lambda: NOW)))
            read.append(str(readable(await raw(target), WORDS)))

        in_a_loop_of_its_own(look())
    finally:
        in_a_loop_of_its_own(_admin(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))

    assert "keys" in refused
    assert len(found) == 1
    assert read == [MAI.phone, "0", "set()"]


def test_the_file_is_where_the_configuration_says(service: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sealing(service)
    monkeypatch.setenv("MOTCUA_TEST_RING", (service.place / RING).read_text(encoding="utf-8"))
    path = service.place / "config.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f'keys = "file:{RING}"', 'keys = "env:MOTCUA_TEST_RING"'), encoding="utf-8")

    assert keys_of(service) == set()
    assert "biến môi trường" in service.refused("keys", "add")
    assert Path(service.place / RING).exists()
