"""The commands `motcua keys …`: an office that begins to seal, changes its keys, and moves up with what is sealed."""

import asyncio
import os
import pwd
from pathlib import Path

import pytest

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
    early = service.refused("keys", "drop", old)
    service.said("keys", "seal")
    service.said("keys", "drop", old)

    assert f"motcua keys use {spare}" in added
    assert "keys seal" in early
    assert list(parse(ring.read_text(encoding="utf-8")).data) == [spare]
    assert ring.stat().st_mode & 0o777 == 0o600
    assert keys_of(service) == {spare, "look-up"}


def test_all_keys_are_changed_at_once(service: Desk) -> None:
    filled(service)
    sealing(service)
    service.said("keys", "seal")
    before = parse((service.place / RING).read_text(encoding="utf-8"))

    service.said("keys", "rotate")
    ring = parse((service.place / RING).read_text(encoding="utf-8"))
    service.said("keys", "drop", "--look-up", before.look_up)
    service.said("keys", "drop", before.newest)

    assert (len(ring.look_ups), len(ring.data)) == (2, 2)
    assert keys_of(service) == {ring.newest, "look-up"}
    assert content(service) == set()
    assert service.said("erase", MAI.phone, "--yes")


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
