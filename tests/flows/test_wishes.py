"""`motcua restored wishes`: what people asked for between a backup and its return is done again."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot import privacy
from bot.model.erasure import digest_of
from bot.model.person import Address, Consent, Purpose
from bot.ports import Storage, Transaction, Unwanted
from storage import open_storage
from tests.contract.storage_values import NOW, later
from tests.contract.test_storage_privacy import ANH, MAI, fill, in_every_state
from tests.flows.test_key_commands import RING, sealing
from tests.support.desk import Desk

ERASED_AT = later(hours=5)
LEFT_AT, ASKED_AT = later(hours=3), later(hours=4)
QUIET = Address("telegram", "778899001122")


def town(service: Desk) -> None:
    async def work(storage: Storage) -> None:
        for person in (MAI, ANH):
            await storage.write(lambda tx, each=person: fill(tx, each))  # type: ignore[misc]
            await in_every_state(storage, person)
        # Somebody was erased before the backup: the salt is older than it.
        await privacy.erase(storage, "+84900000077", lambda: NOW)

    service.in_database(work)


def returned(service: Desk) -> None:
    """A backup; then one person is erased and another says STOP; then the older state comes back."""
    place = service.place / "motcua.db"
    shutil.copy(place, service.place / "backup.db")

    async def wishes(storage: Storage) -> None:
        await privacy.erase(storage, MAI.phone, lambda: ERASED_AT)
        await storage.write(lambda tx: tx.do_not_send.add([Unwanted(QUIET, ERASED_AT, "", "STOP")]))

    service.in_database(wishes)
    shutil.copy(place, service.place / "before.db")
    shutil.copy(service.place / "backup.db", place)


@pytest.mark.parametrize("is_sealed", [False, True])
def test_who_was_erased_and_who_wants_no_message_are_so_again(service: Desk, is_sealed: bool) -> None:
    town(service)
    returned(service)
    if is_sealed:
        sealing(service)
        service.said("keys", "seal")
    before = service.said("consents", MAI.phone)

    done = service.json("restored", "wishes", "before.db")
    again = service.json("restored", "wishes", "before.db")

    assert "Chưa có" not in before
    assert done == {"erased": 1, "remembered": 1, "unwanted": 1, "withdrawn": 0, "requests": 0}
    assert set(again.values()) == {0}

    async def look(storage: Storage) -> None:
        salt = await storage.read(lambda tx: tx.privacy.salt())
        erased = await storage.read(lambda tx: tx.privacy.erased())
        assert erased[digest_of(MAI.phone, salt)] == ERASED_AT, "what she files after that moment is hers again"
        unwanted = await storage.read(lambda tx: tx.do_not_send.listed(limit=9))
        assert QUIET in [each.address for each in unwanted]
        rest: set[str] = set()
        for table in await storage.read(_tables):
            page = await storage.read(lambda tx, each=table: tx.privacy.phones(each, None, limit=10_000))  # type: ignore[misc]
            assert MAI.phone not in page.found, table
            assert page.after is None
            rest |= page.found
        assert ANH.phone in rest

    in_database(service, look, is_sealed=is_sealed)
    (entry, *_) = service.json("audit", "list")
    assert entry["what"] == "db.wishes"


async def _tables(tx: Transaction) -> list[str]:
    return list(tx.privacy.tables)


@pytest.mark.parametrize("is_sealed", [False, True])
def test_who_has_left_a_chat_is_not_told_there_again_and_who_waits_to_be_erased_waits_on(
    service: Desk, is_sealed: bool
) -> None:
    town(service)
    place = service.place / "motcua.db"
    shutil.copy(place, service.place / "backup.db")

    async def wishes(storage: Storage) -> None:
        async def work(tx: Transaction) -> None:
            await tx.people.unbind(MAI.telegram)
            await tx.people.withdraw(MAI.telegram, {Purpose.UPDATES}, at=LEFT_AT)
            # Somebody who came back since then has not left.
            await tx.people.withdraw(ANH.telegram, {Purpose.UPDATES}, at=LEFT_AT)
            await tx.people.agree([Consent(ANH.telegram, Purpose.UPDATES, "start/1", later(hours=5))])

        await storage.write(work)
        await privacy.request(storage, MAI.phone, lambda: ASKED_AT, prefix="PA", text="Xin xóa")

    service.in_database(wishes)
    shutil.copy(place, service.place / "before.db")
    shutil.copy(service.place / "backup.db", place)
    if is_sealed:
        sealing(service)
        service.said("keys", "seal")

    done = service.json("restored", "wishes", "before.db")
    again = service.json("restored", "wishes", "before.db")

    assert done == {"erased": 0, "remembered": 0, "unwanted": 0, "withdrawn": 2, "requests": 1}
    assert set(again.values()) == {0}
    seen: list[object] = []

    async def look(storage: Storage) -> None:
        async def read(tx: Transaction) -> None:
            seen.extend([await tx.people.binding(each.telegram) for each in (MAI, ANH)])
            seen.extend([len(await tx.follows.of(each.telegram)) for each in (MAI, ANH)])
            (consent,) = await tx.people.consents(MAI.telegram)
            seen.append(consent.withdrawn_at)
            seen.extend([each.feedback.at for each in await privacy.requests(tx) if each.phone == MAI.phone])

        await storage.read(read)

    in_database(service, look, is_sealed=is_sealed)
    binding_of_mai, binding_of_anh, *rest = seen
    assert binding_of_mai is None
    assert binding_of_anh is not None
    assert rest == [0, 1, LEFT_AT, ASKED_AT]
    (entry, *_) = service.json("audit", "list", "--what", "db.wishes")
    assert set(entry["after"]) >= {"withdrawn", "requests", "numbers"}


def test_a_database_that_began_empty_takes_nobody_away(service: Desk) -> None:
    town(service)
    place = service.place / "motcua.db"
    shutil.copy(place, service.place / "backup.db")
    place.unlink()
    service.said("migrate")
    shutil.copy(place, service.place / "before.db")
    shutil.copy(service.place / "backup.db", place)

    done = service.json("restored", "wishes", "before.db")

    assert set(done.values()) == {0}


def in_database(service: Desk, work: Callable[[Storage], Awaitable[None]], *, is_sealed: bool) -> None:
    keys = (service.place / RING).read_text if is_sealed else None

    async def opened() -> None:
        async with open_storage(f"sqlite:{service.place / 'motcua.db'}", keys=keys) as storage:
            await work(storage)

    asyncio.run(opened())


def test_an_older_erasure_and_nobody_known_are_only_remembered(service: Desk) -> None:
    town(service)
    returned(service)

    async def forgotten(storage: Storage) -> None:
        await privacy.erase(storage, MAI.phone, lambda: ERASED_AT + timedelta(hours=1))

    service.in_database(forgotten)

    assert service.json("restored", "wishes", "before.db")["erased"] == 0


def test_the_database_in_use_and_none_at_all_are_refused(service: Desk) -> None:
    town(service)

    assert "đang dùng" in service.refused("restored", "wishes", str(service.place / "motcua.db"))
    assert "không có tệp" in service.refused("restored", "wishes", "nothing.db")
