"""Documents that go with messages, on every engine."""

from bot.model.message import File
from bot.ports import Storage
from tests.contract.storage_values import NOW, later

PDF = File("A", "xin-loi-H56.14-240823-0001.pdf", "application/pdf", bytes(range(256)) * 300)
DOCX = File("B", "Phiếu ế.docx", "application/x-docx", b"")


async def test_a_document_comes_back_byte_for_byte_and_in_the_order_that_was_asked_for(storage: Storage) -> None:
    await storage.write(lambda tx: tx.documents.put([PDF, DOCX], at=NOW))

    assert await storage.read(lambda tx: tx.documents.get(["B", "nobody's", "A"])) == [DOCX, PDF]
    assert await storage.read(lambda tx: tx.documents.get([])) == []


async def test_the_same_id_put_again_changes_nothing(storage: Storage) -> None:
    await storage.write(lambda tx: tx.documents.put([PDF], at=NOW))

    await storage.write(lambda tx: tx.documents.put([File("A", "other", "text/plain", b"x")], at=later(days=1)))

    assert await storage.read(lambda tx: tx.documents.get(["A"])) == [PDF]


async def test_what_was_put_long_ago_is_forgotten_and_nothing_else(storage: Storage) -> None:
    await storage.write(lambda tx: tx.documents.put([PDF], at=NOW))
    await storage.write(lambda tx: tx.documents.put([DOCX], at=later(seconds=1)))

    gone = await storage.write(lambda tx: tx.documents.forget(before=later(seconds=1)))

    assert gone == 1
    assert await storage.read(lambda tx: tx.documents.get(["A", "B"])) == [DOCX]
