"""Credentials that rotate, on every engine."""

from bot.ports import Storage
from tests.contract.storage_values import NOW, later


async def test_a_vault_gives_back_what_was_kept_last(storage: Storage) -> None:
    before = await storage.read(lambda tx: tx.vaults.read("zalo"))
    for content, at in (("first", NOW), ('{"refresh": "ệ"}', later(hours=1))):
        await storage.write(lambda tx, c=content, at=at: tx.vaults.keep("zalo", c, at=at))  # type: ignore[misc]

    assert before == ""
    assert await storage.read(lambda tx: tx.vaults.read("zalo")) == '{"refresh": "ệ"}'
    assert await storage.read(lambda tx: tx.vaults.read("zalo-2")) == ""
