"""Protected connections, `motcua check`, settings that are refused, and the page of the simulator."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from pydantic import ValidationError

from adapters.channels import email
from bot.model.errors import ChannelError, ConfigError
from bot.model.message import Accepted, ChannelDown, File
from tests.adapters.email.support import certificate, free_port, item, running, sent, settings_for
from tests.web.conftest import chromium, page

__all__ = ["chromium", "page"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_protected_connection_is_used_by_who_trusts_its_certificate(security: str, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    async with running(security=security, tls_cert=cert, tls_key=key) as mail:
        [trusted] = await sent(mail.port, item(), security=security, ca_file=cert)
        [distrusted] = await sent(mail.port, item(), security=security)
        said = await email.check(settings_for(mail.port, security=security, ca_file=cert))

    assert trusted == Accepted()
    assert isinstance(distrusted, ChannelDown)
    assert "certificate" in distrusted.reason
    assert said == f"SMTP 127.0.0.1:{mail.port} {security.upper()}: đăng nhập được / logged in"


async def test_a_server_without_starttls_gets_no_password() -> None:
    async with running() as mail:
        [outcome] = await sent(mail.port, item(), security="starttls")
        stats = await mail.stats()

    assert isinstance(outcome, ChannelDown)
    assert "STARTTLS" in outcome.reason
    assert "AUTH" not in stats


async def test_a_check_sends_nothing_and_says_what_is_wrong() -> None:
    async with running() as mail:
        said = await email.check(settings_for(mail.port))
        with pytest.raises(ChannelError, match="refuses our login"):
            await email.check(settings_for(mail.port, username="another"))
        stats = await mail.stats()
    with pytest.raises(ChannelError, match="ECONNREFUSED"):
        await email.check(settings_for(free_port()))

    assert said == f"SMTP 127.0.0.1:{mail.port}: đăng nhập được / logged in"
    assert "MAIL" not in stats


async def test_the_channel_says_what_it_can_do_and_hides_its_password() -> None:
    async with email.open("mail", settings_for(25)) as channel:
        assert channel.limits.files
        assert not channel.limits.honours_reference
        assert not channel.limits.arrives_when_accepted
        assert channel.secrets == ("m4il-t3st-password",)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host": "mail.khanhhoa.test"}, "only for a server on this machine"),
        ({"sender": "Một cửa"}, "Name <name@host>"),
        ({"sender": "a@b\nBcc: c@d"}, "Name <name@host>"),
        ({"reply_to": "hỏi"}, "an address"),
        ({"domain": "khanh hoa"}, "a domain"),
        ({"password": None}, "go together"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings_for(25, **changes)


async def test_a_bad_ca_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")

    with pytest.raises(ConfigError, match="holds no certificates"):
        async with email.open("mail", settings_for(25, ca_file=tmp_path / "ca.pem")):
            pass


async def test_a_person_reads_letters_and_fetches_documents_on_the_page(page: Page) -> None:
    file = File("1", "xin-loi.pdf", "application/pdf", "%PDF-1.7 nội dung".encode())
    async with running() as mail:
        await page.goto(mail.control.removesuffix("/_control"))
        await sent(mail.port, item(text="<b>Kính gửi</b> Ông/Bà", files=(file,)))
        await expect(page.locator("h2")).to_have_text("<b>Kính gửi</b> Ông/Bà")
        async with page.expect_download() as fetching:
            await page.get_by_role("link", name="xin-loi.pdf").click()
        fetched = await (await fetching.value).path()

    assert fetched.read_bytes() == file.content
