"""The front desk: what all routes share, and the one way in for what a visitor writes."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from bot.model.message import InboundMessage, Receipt
from bot.ports import Feed
from bot.web import bodies
from bot.web.asking import Asked
from bot.web.context import WebContext
from bot.web.errors import RefusedError
from bot.web.pages import Pages
from bot.web.rates import Allowance, Buckets, network_of
from bot.web.sessions import Session, Sessions
from bot.web.sightings import Sightings

TOKEN_HEADER = "X-Form-Token"  # noqa: S105 (a header's name)

_STREAMS_PER_SESSION = 4
_STREAMS = 5000
_LONGEST_BODY = 16 * 1024
_BODY_SECONDS = 10.0
_DELIVER_SECONDS = 10.0
_BODY_WORDS = {"too_long": "too_long", "slow": "unreadable", "unreadable": "unreadable", "busy": "unavailable"}


class Streams:
    """Answers that stay open; counted, and ended when the server stops."""

    def __init__(self, *, of_network: int) -> None:
        self._of_network = of_network
        self._open: dict[asyncio.Task[Any], tuple[str, str]] = {}
        self._of_session, self._from = Counter[str](), Counter[str]()

    @contextmanager
    def slot(self, key: str, network: str) -> Iterator[None]:
        """`key`: whose it is; `network`: where he is."""
        is_full = len(self._open) >= _STREAMS or self._from[network] >= self._of_network
        if is_full or self._of_session[key] >= _STREAMS_PER_SESSION:
            raise RefusedError(429, "too_many_pages", wait=30)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (a handler runs in a task)
        self._open[task] = (key, network)
        for counted, each in ((self._of_session, key), (self._from, network)):
            counted[each] += 1
        try:
            yield
        finally:
            self._open.pop(task, None)
            for counted, each in ((self._of_session, key), (self._from, network)):
                counted[each] -= 1
                if not counted[each]:
                    del counted[each]

    async def end(self, _: web.Application) -> None:
        for task in tuple(self._open):
            task.cancel()


@dataclass(frozen=True, slots=True)
class Desk:
    """Shared by the routes of one application."""

    context: WebContext
    pages: Pages
    sessions: Sessions
    per_session: Buckets
    per_network: Buckets
    drawings: Buckets
    sightings: Sightings
    streams: Streams

    @property
    def feed(self) -> Feed:
        """Of the web chat. Raises `RuntimeError` where there is none: its pages are not served there."""
        if self.context.feed is None:
            raise RuntimeError("there is no web chat")
        return self.context.feed

    def network(self, request: web.BaseRequest) -> str:
        """Where a request comes from."""
        return network_of(request, self.context.settings.trusted_proxies)

    def session(self, request: web.BaseRequest) -> Session:
        """Whose request this is; refuses strangers."""
        session = self.sessions.of(request)
        if session is None:
            raise RefusedError(403, "expired")
        return session

    def session_of_script(self, request: web.BaseRequest) -> Session:
        """Whose request this is, for what our own script sends; refuses what another site could have sent."""
        return self._trusted(request, self.session(request), request.headers.get(TOKEN_HEADER, ""))

    def session_of_form(self, request: web.BaseRequest, token: str) -> Session:
        """Whose request this is, for a form of ours; refuses what another site could have sent."""
        return self._trusted(request, self.session(request), token)

    def session_of_frame(self, request: web.BaseRequest, seal: str) -> Session:
        """Whose request this is, for a form that carries its session itself. No cookie speaks for the visitor here, so
        another site could only use a session of its own; that it does so through our visitors is refused too."""
        session = self.sessions.unsealed(seal)
        if session is None or not self._is_from_ourselves(request):
            raise RefusedError(403, "expired")
        return session

    def _is_from_ourselves(self, request: web.BaseRequest) -> bool:
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        if site is not None:
            return site in ("same-origin", "none")
        # Browsers too old to say so name the origin of a form; what names none is no browser.
        ours = {request.host, urlsplit(self.context.links.web).netloc} - {""}
        try:
            return origin is None or urlsplit(origin).netloc in ours
        except ValueError:
            return False

    def _trusted(self, request: web.BaseRequest, session: Session, token: str) -> Session:
        # A second lock beside the token: browsers say where a request comes from.
        is_foreign = request.headers.get("Sec-Fetch-Site") == "cross-site"
        if is_foreign or not self.sessions.trusts(session, token):
            raise RefusedError(403, "expired")
        return session

    def admit(self, request: web.BaseRequest, session: Session) -> None:
        """Counts one message; refuses when there are too many."""
        network = network_of(request, self.context.settings.trusted_proxies)
        if wait := self.per_network.take(network) or self.per_session.take(session.id):
            raise RefusedError(429, "too_many", wait=wait)

    async def take_in(self, request: web.Request, session: Session, asked: Asked, language: str) -> InboundMessage:
        """Delivers what a visitor asked; returns when it is durable. The same text of the same form is one message."""
        self.admit(request, session)
        message = InboundMessage(
            channel=self.context.channel,
            message_id=message_id(session, asked),
            sender=session.address,
            text=asked.text,
            at=self.context.clock(),
            network=network_of(request, self.context.settings.trusted_proxies),
            language=language,
        )
        await self.deliver([message])
        return message

    async def deliver(self, events: Sequence[Receipt | InboundMessage]) -> None:
        try:
            async with asyncio.timeout(_DELIVER_SECONDS):
                await self.context.deliver(events)
        except Exception as error:
            raise RefusedError(503, "unavailable", wait=5) from error


def open_desk(context: WebContext) -> Desk:
    many = Allowance.per_minute(context.network_per_minute)
    return Desk(
        context,
        Pages(
            context.settings,
            performance="/cong-khai" if context.reports else "",
            status="/tinh-trang" if context.notices else "",
            home=_home_of(context),
        ),
        Sessions(context),
        per_session=Buckets(context.clock, Allowance.per_minute(context.visitor_per_minute)),
        per_network=Buckets(context.clock, many),
        drawings=Buckets(context.clock, many),
        sightings=Sightings(context),
        streams=Streams(of_network=context.network_streams),
    )


def _home_of(context: WebContext) -> str:
    """Where the pages lead back to."""
    if context.feed is not None:
        return "/"
    return "/cong-khai" if context.reports else ""


def message_id(session: Session, asked: Asked) -> str:
    """One browser cannot use up the ids of another, and a form that is sent again with another text asks anew."""
    return blake2b(f"{session.id} {asked.client_id} {asked.text}".encode(), digest_size=16).hexdigest()


async def body_of(request: web.Request, limit: int = _LONGEST_BODY) -> bytes:
    """The whole body, if it is small and comes in time."""
    try:
        return await bodies.read(request, most=limit, seconds=_BODY_SECONDS)
    except bodies.BodyError as error:
        is_busy = error.word == "busy"
        raise RefusedError(error.status, _BODY_WORDS[error.word], wait=5 if is_busy else 0) from None


async def json_of(request: web.Request) -> dict[str, str]:
    """A flat JSON object of strings."""
    if request.content_type != "application/json":
        raise RefusedError(415, "unreadable")
    try:
        value = json.loads(await body_of(request))
    except (ValueError, RecursionError):
        raise RefusedError(400, "unreadable") from None
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise RefusedError(400, "unreadable")
    return value


async def form_of(request: web.Request) -> dict[str, str]:
    """The fields of a plain HTML form, the first of each name."""
    try:
        fields = parse_qs((await body_of(request)).decode(), max_num_fields=20)
    except ValueError:
        raise RefusedError(400, "unreadable") from None
    return {name: values[0] for name, values in fields.items()}
