"""`motcua restored wishes`: what people asked for between a backup and its return is done again."""

import asyncio
import shutil
from datetime import timedelta

import pytest

from bot import privacy
from bot.model.erasure import digest_of
from bot.model.person import Address
from bot.ports import Storage, Transaction, Unwanted
from storage import open_storage
from tests.contract.storage_values import NOW, later
from tests.contract.test_storage_privacy import ANH, MAI, fill, in_every_state
from tests.flows.test_key_commands import RING, sealing
from tests.support.desk import Desk

ERASED_AT = later(hours=5)
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
    assert done == {"erased": 1, "remembered": 1, "unwanted": 1}
    assert again == {"erased": 0, "remembered": 0, "unwanted": 0}

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

    keys = (service.place / RING).read_text if is_sealed else None

    async def open_and_look() -> None:
        async with open_storage(f"sqlite:{service.place / 'motcua.db'}", keys=keys) as storage:
            await look(storage)

    asyncio.run(open_and_look())
    (entry, *_) = service.json("audit", "list")
    assert entry["what"] == "db.wishes"


async def _tables(tx: Transaction) -> list[str]:
    return list(tx.privacy.tables)


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
