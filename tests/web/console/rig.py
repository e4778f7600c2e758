"""A console over a real database and a real service, and people who have logged in to it."""

import itertools
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any

import pyotp
from aiohttp import ClientResponse, ClientSession, ClientTimeout, CookieJar
from yarl import URL

from adapters.channels import webchat
from bot.app import read_plan
from bot.config import Config
from bot.demo.processes import free_port
from bot.model.audit import Entry
from bot.model.clock import EPOCH
from bot.model.staff import Credentials, Grant, Member, Role, StaffSession
from bot.ports import Channel, Storage
from bot.report_plan import reports_for
from bot.service import App
from bot.staffing import Invited, Staffing
from bot.web.console.console import Console, digest_of
from bot.web.context import WebContext
from bot.web.prefix import PREFIX
from bot.web.server import build_app, serve
from tests.web.office import SECRET, Clock

_numbers = itertools.count(1)
_NOBODY = Member(id="", login="", name="", since=EPOCH)

PASSWORD = "ba con trâu gặm cỏ ngoài đồng"


@dataclass
class Phone:
    """An authenticator app."""

    secret: str = field(repr=False)
    clock: Clock

    def code(self, steps: int = 0) -> str:
        """What it shows now, or so many steps later."""
        return pyotp.TOTP(self.secret).at(self.clock(), counter_offset=steps)


@dataclass
class Clerk:
    """A browser without JavaScript, of somebody who has logged in."""

    http: ClientSession
    url: str
    member: Member
    cookie: str = field(repr=False)
    page: str = ""
    status: int = 0
    where: str = ""
    """The path of the page that is seen, below /can-bo."""
    phone: Phone | None = None
    """Of somebody who came in by `Rig.login`."""

    async def get(self, path: str, **headers: str) -> str:
        """Opens a page; its text."""
        async with self.http.get(self.url + PREFIX + path, headers=headers) as answer:
            return await self._see(answer)

    async def post(self, path: str, fields: Mapping[str, Any] | None = None, **more: Any) -> str:
        """Sends the form, with the token of the page that was seen last, and follows on to the next page."""
        token = found(r'name="token" value="([^"]+)"', self.page)
        form = [("token", token), *_pairs({**(fields or {}), **more})]
        async with self.http.post(self.url + PREFIX + path, data=form) as answer:
            return await self._see(answer)

    async def bytes_of(self, path: str) -> tuple[bytes, Mapping[str, str]]:
        """A download: its content and headers."""
        async with self.http.get(self.url + PREFIX + path) as answer:
            self.status = answer.status
            return await answer.read(), answer.headers

    @property
    def words(self) -> str:
        """What the page says, without its markup, with single spaces."""
        text = re.sub(r"<(script|style).*?</\1>", " ", self.page, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())

    async def _see(self, answer: ClientResponse) -> str:
        self.page = await answer.text()
        self.status = answer.status
        self.where = answer.url.path_qs.removeprefix(PREFIX)
        return self.page


@dataclass
class Rig:
    """The running console."""

    url: str
    storage: Storage
    clock: Clock
    app: App
    console: Console
    stack: AsyncExitStack

    async def staff(self, *grants: Grant | Role, login: str = "", logged_in: bool = True) -> Clerk:
        """Somebody new with these grants, who has just logged in. A role alone is for the whole province."""
        name = login or f"cb{next(_numbers)}"
        held = frozenset(each if isinstance(each, Grant) else Grant(each) for each in grants)
        member = Member(id=f"m-{name}", login=name, name=f"Cán bộ {name}", grants=held, since=self.clock())
        await self.storage.write(lambda tx: tx.staff.add(member, Credentials()))
        return await self.enter(member) if logged_in else await self._browser(member, "")

    async def enter(self, member: Member) -> Clerk:
        """A further browser of the same person."""
        secret = f"session-{next(_numbers)}-{member.login}"
        now = self.clock()
        session = StaffSession(
            digest=digest_of(secret), member=member.id, opened_at=now, seen_at=now, agent="test", proved_at=now
        )
        await self.storage.write(lambda tx: tx.staff.open_session(session))
        return await self._browser(member, secret)

    async def open_half(self, member: Member) -> str:
        """The cookie of a session that has not given its second factor."""
        secret = f"half-{next(_numbers)}"
        now = self.clock()
        session = StaffSession(digest=digest_of(secret), member=member.id, opened_at=now, seen_at=now)
        await self.storage.write(lambda tx: tx.staff.open_session(session))
        return secret

    async def recorded(self, what: str = "") -> list[Entry]:
        """The record, oldest first."""
        entries = await self.storage.read(lambda tx: tx.audit.listed((), what=what, limit=1000))
        return entries[::-1]

    async def login(self, *grants: Grant | Role, login: str = "", name: str = "") -> Clerk:
        """Somebody new who has come in through the real door: a letter, a password, a phone."""
        given = login or f"cb{next(_numbers)}"
        held = frozenset(each if isinstance(each, Grant) else Grant(each) for each in grants)
        invited = await self.staffing.invite(given, name or f"Cán bộ {given}", held)
        assert isinstance(invited, Invited), invited
        clerk = await self._browser(_NOBODY, "")
        await clerk.get(f"/loi-moi/{invited.secret}")
        fields = {"name": name or f"Cán bộ {given}", "password": PASSWORD, "again": PASSWORD}
        await clerk.post(f"/loi-moi/{invited.secret}", fields)
        assert clerk.where == "/toi/hai-lop", clerk.words
        clerk.phone = Phone("".join(found(r'<code class="key">([^<]+)<', clerk.page).split()), self.clock)
        await clerk.post("/toi/hai-lop", code=clerk.phone.code())
        assert clerk.status == 200, clerk.words
        member = await self.storage.read(lambda tx: tx.staff.by_login(given))
        assert member is not None
        clerk.member = member
        await clerk.get("/toi")
        return clerk

    async def log_in_again(self, clerk: Clerk) -> Clerk:
        """The same person in another browser: by password and the next code of her phone."""
        assert clerk.phone is not None
        again = await self._browser(clerk.member, "")
        again.phone = clerk.phone
        await again.get("/dang-nhap")
        await again.post("/dang-nhap", login=clerk.member.login, password=PASSWORD)
        self.clock.moved += timedelta(seconds=30)
        await again.post("/dang-nhap/ma", code=clerk.phone.code())
        return again

    async def stranger(self) -> Clerk:
        """A browser of nobody."""
        return await self._browser(_NOBODY, "")

    @property
    def staffing(self) -> Staffing:
        """Who holds the machine."""
        return Staffing(
            storage=self.storage, rules=self.app.plan.config.console, clock=self.clock, by="test", way="command"
        )

    async def _browser(self, member: Member, secret: str) -> Clerk:
        jar = CookieJar(unsafe=True)
        if secret:
            jar.update_cookies({self.console.cookie("staff"): secret}, URL(self.url))
        http = ClientSession(cookie_jar=jar, timeout=ClientTimeout(total=30))
        return Clerk(await self.stack.enter_async_context(http), self.url, member, secret)


@asynccontextmanager
async def open_rig(storage: Storage, opened: list[Channel] | None = None, /, **config: Any) -> AsyncIterator[Rig]:
    """Serves on a free port. `config` are tables of the configuration."""
    async with AsyncExitStack() as stack:
        clock, port = Clock(), free_port()
        given = {"channels": {"webchat": {"kind": "webchat"}}, **config}
        plan = read_plan(Config.model_validate(given))
        chat = await stack.enter_async_context(webchat.open("webchat", webchat.Settings()))
        assert chat.feed is not None
        app = App(plan, storage, [chat, *(opened or [])], [], clock)
        console = Console(app=app, secret=SECRET)
        context = WebContext(
            storage=storage, deliver=app.deliver, feed=chat.feed, secret=SECRET, clock=clock, settings=plan.config.web,
            reports=reports_for(plan, storage, clock),
        )  # fmt: skip
        await stack.enter_async_context(serve(build_app(context, console), "127.0.0.1", port))
        browsers = await stack.enter_async_context(AsyncExitStack())
        yield Rig(f"http://127.0.0.1:{port}", storage, clock, app, console, browsers)


def found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    return unescape(match.group(1)) if match else ""


def _pairs(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, str(each))
        for name, value in fields.items()
        for each in (value if isinstance(value, list | tuple) else [value])
    ]
