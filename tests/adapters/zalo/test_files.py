"""Documents follow a consultation message; once its text was taken, nothing that befalls them makes it go again."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from adapters.channels.zalo.api import Api
from adapters.channels.zalo.client import connected
from adapters.channels.zalo.documents import LARGEST
from adapters.channels.zalo.tokens import Keeper
from adapters.channels.zalo.verdicts import Reply
from bot.model.clock import utc_now
from bot.model.message import Accepted, File, Situation
from tests.adapters.zalo.support import PHONE, USER, Bench, bench, grant, item
from tests.web.conftest import chromium, page

__all__ = ["chromium", "page"]

PDF = File("1", "xin-loi-H32.15-261122-0001.pdf", "application/pdf", b"%PDF-1.7\r\n--" + bytes(range(256)) * 3000)
DOCX = File("2", "xin-loi.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK")


async def sent(zalo: Bench, *files: File, user: str = USER, **changes: Any) -> Any:
    await zalo.zalo.heard(user)
    return await zalo.send(item(user, files=files, **changes))


async def content(zalo: Bench, shown: dict[str, Any]) -> bytes:
    async with zalo.zalo.http.get(f"{zalo.zalo.base}/_control/files/{shown['file']['token']}") as response:
        return await response.read()


async def test_the_text_comes_first_and_its_documents_after_it_byte_for_byte(tmp_path: Path) -> None:
    async with bench(tmp_path) as zalo:
        outcome = await sent(zalo, PDF, DOCX)

        text, pdf, docx = await zalo.zalo.shown(USER)
        assert outcome == Accepted((text["message_id"],), cost=0)
        assert [each["kind"] for each in (text, pdf, docx)] == ["text", "file", "file"]
        assert [each["file"]["name"] for each in (pdf, docx)] == [PDF.name, DOCX.name]
        assert pdf["file"]["type"] == "application/pdf"
        assert await content(zalo, pdf) == PDF.content


async def test_an_upload_that_has_expired_is_uploaded_once_more_and_the_text_is_not_repeated(tmp_path: Path) -> None:
    async with bench(tmp_path) as zalo:
        await zalo.zalo.fault(stale_upload=True)

        outcome = await sent(zalo, PDF)

        assert outcome.reason == ""
        assert [each["kind"] for each in await zalo.zalo.shown(USER)] == ["text", "file"]


async def test_an_ended_access_token_is_renewed_for_an_upload_too(tmp_path: Path) -> None:
    kept = grant(utc_now(), age=25)
    async with bench(tmp_path, kept=kept) as zalo, connected(zalo.settings) as caller:
        keeper = Keeper("zalo", zalo.settings, zalo.vault, clock=utc_now)
        await zalo.zalo.fault(expire=True)

        reply = await Api(zalo.settings, caller, keeper, clock=utc_now).upload(PDF.name, PDF.media_type, PDF.content)
        await keeper.close()

        assert isinstance(reply, Reply)
        assert reply.word("token")
        assert await zalo.zalo.rotations() == 1


@pytest.mark.parametrize(
    ("simulated", "file", "why"),
    [
        ({"uploads": 0}, PDF, "Zalo -211: out of quota"),
        ({}, replace(PDF, name="anh.png"), "Zalo takes PDF, DOC and DOCX"),
        ({}, replace(PDF, content=bytes(LARGEST + 1)), "it is larger than 5 MB"),
        ({}, replace(PDF, content=b""), "it is no longer kept"),
    ],
)
async def test_a_document_that_cannot_go_leaves_the_text_accepted_with_the_reason(
    simulated: dict[str, Any], file: File, why: str, tmp_path: Path
) -> None:
    async with bench(tmp_path, simulated_with=simulated) as zalo:
        outcome = await sent(zalo, file)

        [text] = await zalo.zalo.shown(USER)
        assert outcome == Accepted((text["message_id"],), cost=0, reason=f"without its document: {why}")


async def test_a_document_without_an_answer_leaves_the_text_accepted_too(tmp_path: Path) -> None:
    async with bench(tmp_path, response_timeout=1.5) as zalo:
        first = await sent(zalo, text="một")
        await zalo.zalo.fault(hang_uploads=True)

        outcome = await sent(zalo, PDF)

        assert isinstance(first, Accepted)
        assert isinstance(outcome, Accepted)
        assert outcome.reason == "without its document: no answer in time"


async def test_receipts_of_the_document_are_not_taken_for_the_messages(tmp_path: Path) -> None:
    async with bench(tmp_path) as zalo:
        outcome = await sent(zalo, PDF)

        assert len(outcome.references) == 1
        assert not outcome.final


async def test_templates_carry_no_document(tmp_path: Path) -> None:
    async with bench(tmp_path) as zalo:
        silent = await zalo.send(item(heard=timedelta(days=8), files=(PDF,)))
        by_phone = await zalo.send(item(phone=PHONE, situation=Situation.RESULT, files=(PDF,)))

        assert [silent.reason, by_phone.reason] == ["", ""]
        assert [each["kind"] for each in await zalo.zalo.shown(USER)] == ["template", "template"]


async def test_a_person_fetches_the_document_on_the_page(tmp_path: Path, page: Page) -> None:
    async with bench(tmp_path) as zalo:
        await sent(zalo, PDF)
        await page.goto(f"{zalo.zalo.base}/#{USER}")
        await expect(page.locator(".bubble").nth(1)).to_contain_text(PDF.name)
        async with page.expect_download() as fetching:
            await page.get_by_role("link", name=PDF.name).click()
        fetched = await (await fetching.value).path()

        assert fetched.read_bytes() == PDF.content
