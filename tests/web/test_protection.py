"""What keeps strangers out: signed cookies, form tokens, limits, headers, and errors that show nothing inside."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import CookieJar
from pydantic import ValidationError

from bot.config import PageSettings
from bot.model.errors import MotcuaError, PerhapsWrittenError
from bot.ports import Storage
from bot.web.context import WebContext
from bot.web.server import build_app, serve
from bot.web.sessions import KEPT
from tests.web.office import CODE, Office, Visitor, free_port, open_office

PAGES = ["/", "/nowhere", "/static/page.css", "/healthz", "/chat/events", "/demo"]


def cookie_of(visitor: Visitor) -> str:
    return next(cookie.value for cookie in visitor.http.cookie_jar if cookie.key == "motcua")


async def with_cookie(office: Office, value: str) -> Visitor:
    visitor = await office.stranger()
    assert isinstance(visitor.http.cookie_jar, CookieJar)
    visitor.http.cookie_jar.update_cookies({"motcua": value})
    return visitor


async def status_of_stream(visitor: Visitor) -> int:
    async with visitor.http.get(f"{visitor.url}/chat/events") as answer:
        return answer.status


async def test_a_session_is_made_of_128_random_bits_and_hidden_from_scripts(office: Office) -> None:
    visitor = await office.stranger()

    async with visitor.http.get(office.url) as answer:
        cookie = answer.cookies["motcua"]

    assert len(cookie.value.split(".")[0]) == 22
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["secure"]


async def test_behind_tls_the_cookie_is_secure_and_browsers_stay_on_https(sqlite_storage: Storage) -> None:
    async with open_office(sqlite_storage, settings=PageSettings(behind_tls=True)) as office:
        visitor = await office.stranger()
        async with visitor.http.get(office.url) as answer:
            cookie = answer.cookies["__Host-motcua"]
            headers = answer.headers

    assert cookie["secure"]
    assert headers["Strict-Transport-Security"].startswith("max-age=")


async def test_a_forged_cookie_is_nobody(office: Office) -> None:
    victim = await office.visitor()
    await victim.submit(CODE)
    identity, issued, seal = cookie_of(victim).split(".")
    changed = ("A" if identity[0] != "A" else "B") + identity[1:]
    later = str(int(issued) + 1)

    forgeries = [
        f"{changed}.{issued}.{seal}",
        f"{identity}.{later}.{seal}",
        f"{identity}.{issued}.",
        f"{identity}.{issued}",
        identity,
        "",
        "é" * 30,
        "x" * 5000,
    ]

    for forgery in forgeries:
        forger = await with_cookie(office, forgery)
        assert await status_of_stream(forger) == 403, forgery
        assert CODE not in await forger.come(), forgery
    honest = await with_cookie(office, cookie_of(victim))
    assert CODE in await honest.come()


async def test_a_session_ends_when_it_was_not_used_for_long(office: Office) -> None:
    visitor = await office.visitor()
    await visitor.submit(CODE)

    office.clock.moved = KEPT - timedelta(minutes=1)
    almost = await visitor.come()
    office.clock.moved += KEPT + timedelta(minutes=1)
    after = await visitor.come()

    assert CODE in almost
    assert CODE not in after


async def test_a_form_of_another_site_is_not_ours(office: Office) -> None:
    visitor, attacker = await office.visitor(), await office.visitor()

    without = await visitor.submit(CODE, token="")
    with_own = await visitor.submit(CODE, token=attacker.token)
    await visitor.come()
    foreign = await visitor.http.post(
        f"{office.url}/tra-cuu", data={"text": CODE, "token": visitor.token}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert (without.status, with_own.status, foreign.status) == (403, 403, 403)
    assert office.clerk.heard == []


async def test_an_expired_form_keeps_what_was_typed_and_works_at_the_second_press(office: Office) -> None:
    visitor = await office.stranger()

    refused = await visitor.submit(CODE, token="old", id="an-old-form")
    visitor.token = visitor.page.split('name="token" value="')[1].split('"')[0]
    answered = await visitor.submit(CODE)

    assert refused.status == 403
    assert answered.status == 200
    assert visitor.bubbles == [CODE, f"Đã nhận: {CODE}"]


@pytest.mark.parametrize("path", ["/chat/messages", "/chat/seen"])
async def test_scripts_of_other_sites_are_refused(office: Office, path: str) -> None:
    visitor = await office.visitor()
    body = {"text": CODE, "id": "client-made-id"}

    without = await visitor.post(path, body, **{"X-Form-Token": ""})
    foreign = await visitor.post(path, body, **{"Sec-Fetch-Site": "cross-site"})

    assert (without.status, foreign.status) == (403, 403)
    assert office.clerk.heard == []


@pytest.mark.parametrize("path", PAGES)
async def test_every_answer_carries_the_protective_headers(office: Office, path: str) -> None:
    visitor = await office.stranger()

    async with visitor.http.get(office.url + path) as answer:
        headers = answer.headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert "aiohttp" not in headers["Server"].lower()


async def test_no_page_needs_an_inline_script_or_style(office: Office) -> None:
    page = await (await office.stranger()).come()

    assert "<script>" not in page
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page


async def test_a_portal_may_show_the_pages_in_a_frame(sqlite_storage: Storage) -> None:
    settings = PageSettings(frame_ancestors=("'self'", "https://dichvucong.khanhhoa.gov.vn"))
    async with open_office(sqlite_storage, settings=settings) as office:
        visitor = await office.stranger()
        async with visitor.http.get(office.url) as answer:
            headers = answer.headers

    assert "frame-ancestors 'self' https://dichvucong.khanhhoa.gov.vn" in headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in headers


def test_a_frame_setting_cannot_smuggle_in_another_policy() -> None:
    with pytest.raises(ValidationError, match="expected 'self'"):
        PageSettings(frame_ancestors=("https://a.vn; script-src *",))


async def test_static_files_may_be_kept_while_their_address_names_their_content(office: Office) -> None:
    visitor = await office.visitor()
    address = visitor.page.split('rel="stylesheet" href="')[1].split('"')[0]

    async with visitor.http.get(office.url + address) as answer:
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/nowhere", "/static/../server.py", "/static/%2e%2e/server.py", "/static/"])
async def test_what_is_not_there_is_said_in_vietnamese(office: Office, path: str) -> None:
    visitor = await office.stranger()

    async with visitor.http.get(office.url + path) as answer:
        page = await answer.text()

    assert answer.status in (403, 404)
    assert '<html lang="vi">' in page
    assert "Python" not in page


async def test_what_was_perhaps_written_is_said_to_be_looked_at_first(sqlite_storage: Storage) -> None:
    class Cut:
        async def read(self, work: object) -> None:
            raise PerhapsWrittenError("the connection broke at the commit")

    async with open_office(sqlite_storage, storage=Cut()) as office:
        visitor = await office.stranger()
        async with visitor.http.get(office.url) as answer:
            page = await answer.text()

    assert answer.status == 503
    assert "Xin tải lại trang để xem" in page


async def test_an_error_inside_shows_nothing_of_itself(
    sqlite_storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    number = "+84912345678"

    class Broken:
        async def read(self, work: object) -> None:
            raise RuntimeError(f"the phone is {number}")

    async with open_office(sqlite_storage, storage=Broken()) as office:
        visitor = await office.stranger()
        async with visitor.http.get(office.url) as answer:
            page = await answer.text()

    assert answer.status == 500
    assert "Hệ thống gặp lỗi" in page
    assert number not in page + caplog.text
    assert "RuntimeError" in caplog.text


async def test_the_service_is_ready_only_while_its_storage_answers(sqlite_storage: Storage) -> None:
    class Silent:
        async def read(self, work: object) -> None:
            raise OSError("database is gone")

    for storage, ready in ((sqlite_storage, 200), (Silent(), 503)):
        async with open_office(sqlite_storage, storage=storage) as office:
            visitor = await office.stranger()
            for path, status in (("/healthz", 200), ("/readyz", ready)):
                async with visitor.http.get(office.url + path) as answer:
                    assert answer.status == status


async def test_a_taken_port_is_named_to_the_operator(office: Office) -> None:
    with pytest.raises(MotcuaError, match=f"cổng {office.port} đang bận"):
        async with serve(build_app(office.context), "127.0.0.1", office.port):
            pytest.fail("served on a taken port")


async def test_an_address_of_another_machine_is_named_to_the_operator(office: Office) -> None:
    with pytest.raises(MotcuaError, match=r"192\.0\.2\.1"):
        async with serve(build_app(office.context), "192.0.2.1", free_port()):
            pytest.fail("served on a foreign address")


async def test_a_short_secret_is_refused(office: Office) -> None:
    with pytest.raises(MotcuaError, match="32"):
        WebContext(storage=office.clerk.storage, deliver=office.clerk.deliver, feed=office.rooms, secret=b"too short")


async def test_a_body_that_never_ends_is_given_up(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.desk._BODY_SECONDS", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", office.port)

    writer.write(b"POST /tra-cuu HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\ntext=")
    status = await asyncio.wait_for(reader.readline(), 5)
    writer.close()

    assert b"408" in status


async def test_a_broken_request_leaves_no_address_in_the_log(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    reader, writer = await asyncio.open_connection("127.0.0.1", office.port)

    writer.write(b"GET / HTTP/1.1\r\nbroken header of 203.0.113.7\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()

    assert b" 400 " in answer.splitlines()[0]
    assert "127.0.0.1" not in caplog.text
    assert "203.0.113.7" not in caplog.text
