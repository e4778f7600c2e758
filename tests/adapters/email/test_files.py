"""Documents arrive as attachments, byte for byte."""

from bot.model.message import Accepted, File
from tests.adapters.email.support import item, running, sent

PDF = File("1", "xin-loi-H56.14-240823-0001.pdf", "application/pdf", b"%PDF-1.7\r\n.\r\n" + bytes(range(256)) * 900)
DOCX = File("2", "Phiếu xin lỗi.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK")


async def test_documents_are_attached_under_their_names_with_the_text_in_front() -> None:
    async with running() as mail:
        [outcome] = await sent(mail.port, item(text="Kính gửi Ông/Bà", files=(PDF, DOCX)))
        letter = await mail.letter()
        contents = [await mail.file(letter, number) for number in (0, 1)]

    assert outcome == Accepted()
    assert letter["text"].strip() == "Kính gửi Ông/Bà"
    assert [(each["name"], each["type"]) for each in letter["files"]] == [
        (PDF.name, PDF.media_type),
        (DOCX.name, DOCX.media_type),
    ]
    assert contents == [PDF.content, DOCX.content]


async def test_a_document_that_is_no_longer_there_leaves_the_text_alone() -> None:
    async with running() as mail:
        [outcome] = await sent(mail.port, item(files=(File("1", "x.pdf", "application/pdf"),)))
        letter = await mail.letter()

    assert outcome == Accepted()
    assert letter["files"] == []
