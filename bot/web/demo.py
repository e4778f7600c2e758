"""The demo page: a phone on which texts arrive, the web chat beside it, and what has just happened."""

import re
from dataclasses import asdict

from aiohttp import web

from bot.web.activity import Activity
from bot.web.asking import LONGEST_TEXT, cleaned
from bot.web.context import DemoSettings
from bot.web.desk import Desk, json_of
from bot.web.errors import RefusedError
from bot.web.pages import language_of
from bot.web.phone import LONG_POLL, Phone, masked
from bot.web.talk import Talk, conversation, with_fresh_options
from bot.web.ways import factor_field

_NUMBER = re.compile(r"\+84\d{8,10}")


class Demo:
    """`/demo` and what its script asks for. Only for a system that runs on simulators."""

    def __init__(self, desk: Desk, settings: DemoSettings) -> None:
        self._desk = desk
        self._settings = settings
        self._activity = Activity(desk.context.storage, desk.context.clock)
        self.phone = Phone(settings)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/demo", self.show),
            web.get("/demo/phone/numbers", self.numbers),
            web.get("/demo/phone/messages", self.messages, allow_head=False),
            web.post("/demo/phone/send", self.text_back),
            web.get("/demo/activity", self.activity),
        ]

    async def show(self, request: web.Request) -> web.StreamResponse:
        session = self._desk.sessions.of(request) or self._desk.sessions.start()
        context, pages, language = self._desk.context, self._desk.pages, language_of(request)
        talk = Talk(
            token=self._desk.sessions.token(session),
            next_id=context.new_id(),
            lines=with_fresh_options(await conversation(context, session)),
        )
        factor = factor_field(pages.words[language], context.lookup)
        page = pages.page(
            "demo.html",
            language=language,
            talk=talk,
            demo=self._settings,
            path="/demo",
            linked="",
            factor=factor,
            example=context.example,
        )
        self._desk.sessions.keep(page, session)
        return page

    async def numbers(self, request: web.Request) -> web.StreamResponse:
        """Phones that got texts, the latest first; shown masked."""
        self._desk.session(request)
        numbers = [{"number": number, "shown": masked(number)} for number in await self.phone.numbers()]
        return web.json_response({"numbers": numbers})

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """Texts of one phone after `after`; waits for the next one where the page already has some."""
        session = self._desk.session(request)
        number, after = _number(request.query.get("number", "")), request.query.get("after", "0")
        if not after.isdecimal() or len(after) > 15:
            raise RefusedError(400, "unreadable")
        with self._desk.streams.slot(f"demo:{session.id}", self._desk.network(request)):
            wait = LONG_POLL if int(after) else 0
            texts = await self.phone.messages(number, after=int(after), wait=wait)
        return web.json_response({"messages": [asdict(text) for text in texts]})

    async def text_back(self, request: web.Request) -> web.StreamResponse:
        """Takes `{number, text}`: the phone texts to the short code."""
        session = self._desk.session_of_script(request)
        fields = await json_of(request)
        number, text = _number(fields.get("number", "")), cleaned(fields.get("text", ""))
        if not text:
            raise RefusedError(400, "empty")
        if len(text) > LONGEST_TEXT:
            raise RefusedError(413, "too_long")
        self._desk.admit(request, session)
        await self.phone.text_back(number, text)
        return web.Response(status=204)

    async def activity(self, request: web.Request) -> web.StreamResponse:
        await self._activity.look()
        return web.json_response(self._activity.shown(self._desk.pages.words[language_of(request)]))


def _number(value: str) -> str:
    if not _NUMBER.fullmatch(value):
        raise RefusedError(400, "unreadable")
    return value
