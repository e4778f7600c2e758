"""The public page: one field, one answer. Works without JavaScript; with it, the same form becomes a chat."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from bot.model.message import DeliveryState, InboundMessage, OutboxItem, Receipt
from bot.web.desk import LONGEST_TEXT, Desk, form_of
from bot.web.errors import RefusedError, with_wait
from bot.web.history import Arrivals, next_within, recent, watching
from bot.web.pages import LANGUAGES, language_of
from bot.web.sessions import KEPT, Session

_LOOK_EVERY = 0.5
"""Seconds between looks at the history while a page waits for its answer."""

_MORE_WITHIN = 0.02
"""Seconds in which a second message of the same answer is expected: they are planned and sent together."""


@dataclass(frozen=True, slots=True)
class Line:
    """One bubble of the conversation."""

    text: str = field(repr=False)
    at: datetime
    id: str = ""
    """The outbox item's; empty for what the visitor wrote."""
    is_seen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What the conversation part of a page shows."""

    token: str = field(repr=False)
    next_id: str
    lines: tuple[Line, ...] = ()
    typed: str = field(default="", repr=False)
    """What stands in the field."""
    error: str = ""
    asked: str = field(default="", repr=False)
    """A message whose answer has not come; sent again under `next_id`."""


class Public:
    """`/`, `/tra-cuu` and `/ket-thuc`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.show),
            web.post("/tra-cuu", self.look_up),
            web.get("/tra-cuu", _to_start),
            web.post("/ket-thuc", self.finish),
        ]

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The page with its conversation so far. `?ma=` fills the field, for QR codes and links."""
        session = self._desk.sessions.of(request) or self._desk.sessions.start()
        talk = await open_talk(self._desk, session, typed=request.query.get("ma", "")[:LONGEST_TEXT])
        return self._page(session, talk, language=language_of(request))

    async def look_up(self, request: web.Request) -> web.StreamResponse:
        """The form without JavaScript: takes the question in and waits a little for its answer."""
        fields = await form_of(request)
        language = fields.get("lang", "vi") if fields.get("lang") in LANGUAGES else "vi"
        try:
            session = self._desk.session_of_form(request, fields.get("token", ""))
            return await self._answer(request, session, fields, language)
        except RefusedError as refused:
            session = self._desk.sessions.of(request) or self._desk.sessions.start()
            sentence = self._desk.pages.words[language]["error"][refused.word]
            talk = await open_talk(
                self._desk,
                session,
                typed=fields.get("text", "")[: 2 * LONGEST_TEXT],
                error=sentence,
            )
            page = self._page(session, talk, language=language, status=refused.status)
            return with_wait(page, refused)

    async def finish(self, request: web.Request) -> web.StreamResponse:
        """Leaves the conversation behind: the next person at this machine begins a new one."""
        fields = await form_of(request)
        self._desk.session_of_form(request, fields.get("token", ""))
        response = web.Response(status=303, headers={"Location": "/?lang=en" if fields.get("lang") == "en" else "/"})
        self._desk.sessions.keep(response, self._desk.sessions.start())
        return response

    async def _answer(
        self, request: web.Request, session: Session, fields: dict[str, str], language: str
    ) -> web.StreamResponse:
        context, client_id = self._desk.context, fields.get("id", "")
        earlier = await conversation(self._desk, session)
        async with watching(context.feed, session.address) as arrivals:
            message = await self._desk.take_in(request, session, fields.get("text", ""), client_id)
            answers = await self._answers_to(message, arrivals)
        lines = [line for line in earlier if line.id not in {item.id for item in answers}]
        lines += [Line(message.text, message.at), *map(line_of, answers)]
        talk = Talk(
            token=self._desk.sessions.token(session),
            next_id=context.new_id() if answers else client_id,
            lines=tuple(lines),
            asked="" if answers else message.text,
        )
        page = self._page(session, talk, language=language)
        await page.prepare(request)
        await page.write_eof()
        await self._note_as_shown(answers)
        return page

    async def _answers_to(self, message: InboundMessage, arrivals: Arrivals) -> list[OutboxItem]:
        """What was sent in answer to `message`, or nothing after the wait. A repeated form finds it at once."""
        context, origin = self._desk.context, f"inbound:{message.channel}:{message.message_id}"
        found: dict[str, OutboxItem] = {}

        def note(item: OutboxItem | None) -> bool:
            if item is not None and item.origin == origin:
                found[item.id] = item
            return item is not None

        clock = asyncio.get_running_loop().time
        until = clock() + context.settings.answer_wait
        while not found and clock() < until:
            for item in await recent(context.storage, message.sender, since=message.at - KEPT):
                note(item)
            if not found:
                note(await next_within(arrivals, _LOOK_EVERY))
        while found and note(await next_within(arrivals, _MORE_WITHIN)):
            pass
        return [found[item_id] for item_id in sorted(found)]

    async def _note_as_shown(self, items: list[OutboxItem]) -> None:
        receipts = [seen(self._desk, item) for item in items if item.state is not DeliveryState.DELIVERED]
        if receipts:
            await self._desk.deliver(receipts)

    def _page(self, session: Session, talk: Talk, *, language: str, status: int = 200) -> web.Response:
        page = self._desk.pages.page("public.html", language=language, status=status, talk=talk, path="/")
        self._desk.sessions.keep(page, session)
        return page


async def open_talk(desk: Desk, session: Session, *, typed: str = "", error: str = "") -> Talk:
    return Talk(
        token=desk.sessions.token(session),
        next_id=desk.context.new_id(),
        lines=tuple(await conversation(desk, session)),
        typed=typed,
        error=error,
    )


async def conversation(desk: Desk, session: Session) -> list[Line]:
    """What this session was sent; what it wrote is kept by the browser alone."""
    since = desk.context.clock() - KEPT
    return [line_of(item) for item in await recent(desk.context.storage, session.address, since=since)]


def line_of(item: OutboxItem) -> Line:
    return Line(item.text, item.sent_at or item.created_at, item.id, item.state is DeliveryState.DELIVERED)


def seen(desk: Desk, item: OutboxItem) -> Receipt:
    return Receipt(
        channel=desk.context.channel, item_id=item.id, state=DeliveryState.DELIVERED, at=desk.context.clock()
    )


async def _to_start(_: web.Request) -> web.StreamResponse:
    """Somebody came back to the address of the form."""
    raise web.HTTPSeeOther("/")
