"""The page with the whole service behind it, for visitors without JavaScript: what strangers can tell apart, and that
following, binding and feedback need no script."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from aiohttp import ClientSession, CookieJar

from bot.app import App, open_app, read_plan
from bot.config import Config, LookupSettings
from bot.model.clock import utc_now
from bot.model.dossier import Dossier, Status
from bot.model.message import Situation
from bot.model.person import Address
from bot.ports import Mirrored, Transaction
from bot.web.context import WebContext
from bot.web.server import build_app, serve
from tests.web.office import SECRET, Visitor, free_port

KNOWN, UNKNOWN = "H56.14-251103-0042", "H56.14-251103-0043"
PHONE = "0912345678"
STRICT = {"strangers": "nothing"}


@dataclass
class Service:
    app: App
    url: str
    stack: AsyncExitStack

    async def visitor(self) -> Visitor:
        http = await self.stack.enter_async_context(ClientSession(cookie_jar=CookieJar(unsafe=True)))
        visitor = Visitor(http, self.url)
        await visitor.come()
        return visitor

    async def sent_code(self) -> str:
        """The one-time code that went to the phone."""
        texts = await self.app.storage.read(_texts_of_codes)
        return re.findall(r"\b\d{6}\b", texts[-1])[0]


async def _texts_of_codes(tx: Transaction) -> list[str]:
    items = await tx.outbox.history(Address("sms", "+84912345678"), after="", limit=100)
    return [item.text for item in items if item.situation is Situation.CODE]


@asynccontextmanager
async def service(lookup: dict[str, str]) -> AsyncIterator[Service]:
    config = Config.model_validate(
        {
            "storage": {"url": "sqlite::memory:"},
            "quiet": {"personal": {"begin": "00:00", "end": "00:00"}},  # whatever the hour is
            "lookup": lookup,
            "channels": {"webchat": {"kind": "webchat"}, "sms": {"kind": "log"}},
        }
    )
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_app(read_plan(config), migrate=True))
        await app.storage.write(lambda tx: tx.dossiers.add([Mirrored.of(_dossier(), 1)], at=utc_now()))
        feed = app.channels[0].feed
        assert feed is not None
        context = WebContext(
            storage=app.storage, deliver=app.deliver, feed=feed, secret=SECRET, clock=app.clock, new_id=app.new_id,
            lookup=LookupSettings.model_validate(lookup),
        )  # fmt: skip
        port = free_port()
        await stack.enter_async_context(serve(build_app(context), "127.0.0.1", port))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(app.run())
            yield Service(app, f"http://127.0.0.1:{port}", stack)
            app.stop()


def _dossier() -> Dossier:
    now: datetime = utc_now()
    return Dossier(
        source="office",
        code=KNOWN,
        status=Status.PROCESSING,
        phone="+84912345678",
        lookup_code="Kx93",
        id_tail="6789",
        agency_name="UBND phường Vĩnh Hải",
        received_at=now - timedelta(days=2),
        appointment_at=now + timedelta(days=5),
    )


@pytest.mark.parametrize("factor", ["", "1111"])
async def test_a_stranger_cannot_tell_a_code_that_exists_from_one_that_does_not(factor: str) -> None:
    async with service(STRICT) as office:
        seen = []
        for code in (KNOWN, UNKNOWN):
            visitor = await office.visitor()
            answer = await visitor.submit(code, factor=factor)
            headers = {name: value for name, value in answer.headers.items() if name not in ("Set-Cookie", "Date")}
            cookie = len(answer.headers["Set-Cookie"])
            seen.append((answer.status, headers, cookie, len(visitor.page), visitor.bubbles[-1].replace(code, "")))

    assert seen[0] == seen[1]


async def test_a_second_factor_shows_the_appointment(office_of_levels: Service) -> None:
    visitor = await office_of_levels.visitor()

    await visitor.submit(KNOWN, factor="kx93")

    assert "Ngày hẹn trả" in visitor.bubbles[-1]
    assert visitor.bubbles[0] == f"{KNOWN} · ••••"


@pytest.fixture
async def office_of_levels() -> AsyncIterator[Service]:
    async with service({}) as office:
        yield office


async def test_following_needs_no_script(office_of_levels: Service) -> None:
    visitor = await office_of_levels.visitor()
    await visitor.submit(KNOWN, factor="6789")

    await visitor.choose("Theo dõi hồ sơ này")
    await visitor.submit("6789")

    assert await office_of_levels.app.storage.read(lambda tx: tx.follows.followers("office", KNOWN))


async def test_binding_needs_no_script_and_then_shows_all(office_of_levels: Service) -> None:
    visitor = await office_of_levels.visitor()
    await visitor.submit(KNOWN)
    await visitor.choose("Liên kết số điện thoại")
    await visitor.submit(PHONE)

    await visitor.submit(await office_of_levels.sent_code())
    await visitor.submit(KNOWN)

    assert "Ngày hẹn trả" in visitor.bubbles[-1]


async def test_feedback_needs_no_script(office_of_levels: Service) -> None:
    visitor = await office_of_levels.visitor()

    for text in ("góp ý", "Quầy số 3 không có ghế cho người già", "Nguyễn Văn An", "12 Trần Phú, Nha Trang", PHONE):
        await visitor.submit(text)
    await visitor.choose("Đồng ý gửi")

    assert re.search(r"PA-\d{6}-\d{4}", visitor.bubbles[-1])


async def test_a_visitor_of_the_english_page_is_answered_in_english_from_the_first_message(
    office_of_levels: Service,
) -> None:
    visitor = await office_of_levels.visitor()

    await visitor.submit(KNOWN, lang="en")

    assert "dossier" in visitor.bubbles[-1]
    assert "hồ sơ" not in visitor.bubbles[-1]
