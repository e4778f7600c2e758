"""The chat for browsers with JavaScript: a stream of messages, and what the visitor writes and has seen."""

import asyncio
import json
from contextlib import suppress

from aiohttp import web

from bot.model.message import DeliveryState, OutboxItem
from bot.web.asking import asked_of
from bot.web.desk import Desk, json_of
from bot.web.errors import RefusedError
from bot.web.history import OVERLAP, Arrivals, missed, recent, watching
from bot.web.pages import address_of_file, language_of
from bot.web.sessions import KEPT, Session
from bot.web.talk import line_of

_FIRST_LOOK = 1.0
"""Seconds after which the history is looked at again: by then what was just being sent is written down."""

_LONGEST_ID = 64
_SHOWN_STATES = (DeliveryState.SENDING, DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN)


class Chat:
    """`/chat/…`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/chat/events", self.events, allow_head=False),
            web.post("/chat/messages", self.write),
            web.post("/chat/seen", self.note_as_seen),
        ]

    async def write(self, request: web.Request) -> web.StreamResponse:
        """Takes `{text, id}`, and `factor` where one was typed; 202 once it is durable. The same text under the same id
        is the same message."""
        session = self._desk.session_of_script(request)
        asked = asked_of(await json_of(request), takes_factor=bool(self._desk.context.lookup.factors))
        await self._desk.take_in(request, session, asked, language_of(request))
        return web.json_response({"id": asked.client_id}, status=202)

    async def note_as_seen(self, request: web.Request) -> web.StreamResponse:
        """Takes `{id}` of a message that the reader has on the screen. Others' messages do not exist here."""
        session = self._desk.session_of_script(request)
        item_id = (await json_of(request)).get("id", "")[:_LONGEST_ID]
        item = await self._desk.context.storage.read(lambda tx: tx.outbox.get(item_id))
        if item is None or item.address != session.address:
            raise RefusedError(404, "missing")
        if item.state in _SHOWN_STATES:
            self._desk.sightings.note([item])
        return web.Response(status=204)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """The conversation as server-sent events, from after `Last-Event-ID` (or `?after=`) on, without end."""
        session = self._desk.session(request)
        after = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        with self._desk.streams.slot(session.id, self._desk.network(request)):
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
            await response.prepare(request)
            await response.write(b"retry: 2000\n\n")
            with suppress(ConnectionError):
                await self._stream(response, session, after[:_LONGEST_ID])
        return response

    async def _stream(self, response: web.StreamResponse, session: Session, after: str) -> None:
        """Past, then present. Ends where the feed cuts us off: the browser comes back and reads the past."""
        told = set[str]()

        async def tell(items: list[OutboxItem]) -> None:
            for item in items:
                if item.id not in told:
                    told.add(item.id)
                    await response.write(event_of(item))

        context = self._desk.context
        async with watching(self._desk.feed, session.address) as arrivals:
            past = await recent(context.storage, session.address, since=context.clock() - KEPT)
            fresh = missed(past, after)
            told.update({item.id for item in past} - {item.id for item in fresh})
            await tell(fresh)
            wait = min(_FIRST_LOOK, context.settings.heartbeat)
            while (news := await _arrived(arrivals, wait)) is not None:
                if not news:
                    await response.write(b": still here\n\n")
                    wait = context.settings.heartbeat
                    news = await recent(context.storage, session.address, since=context.clock() - OVERLAP)
                await tell(news)


async def _arrived(arrivals: Arrivals, wait: float) -> list[OutboxItem] | None:
    """The next message; nothing after the wait; None where there will be no more."""
    try:
        async with asyncio.timeout(wait):
            item = await arrivals.get()
    except TimeoutError:
        return []
    return None if item is None else [item]


def event_of(item: OutboxItem) -> bytes:
    """One event; its id is the item's."""
    line = line_of(item)
    shown = {
        "id": item.id,
        "text": item.text,
        "language": line.language,
        "answer": line.is_answer,
        "options": [{"label": option.label, "says": option.says} for option in line.options],
        "files": [{"name": file.name, "address": address_of_file(item.id, file)} for file in line.files],
        "at": int(line.at.timestamp() * 1000),
        "seen": item.state is DeliveryState.DELIVERED,
    }
    return f"id: {item.id}\nevent: message\ndata: {json.dumps(shown, ensure_ascii=False)}\n\n".encode()
