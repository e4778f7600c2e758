"""Connections to one provider, on which each call is made at most once and ends in time."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

from aiohttp import (
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    TraceConfig,
    TraceRequestHeadersSentParams,
)

from adapters.http.exchange import Answer, Reached, Request, Unanswered
from adapters.http.failures import failure_of, only_once

LONGEST_ANSWER = 64 * 1024
"""Octets; what is longer is no provider's answer to one message, and is not read."""

_SPARE = 2
"""Connections beside those for messages: for tokens, polls, and questions about receipts or quota."""
_KEPT_ALIVE = 4.0
"""Seconds; below the five after which common servers close. A connection closed just as we write to it leaves us
not knowing whether the message was read."""


class Caller:
    """One pool of connections to one provider."""

    def __init__(
        self, session: ClientSession, *, connect_timeout: float, response_timeout: float, proxy: str, longest: int
    ) -> None:
        self._session = session
        self._connect_timeout = connect_timeout
        self._response_timeout = response_timeout
        self._proxy = proxy or None
        self._longest = longest

    async def ask(self, request: Request, *, patience: float = 0.0) -> Reached:
        """`patience`: seconds beside the ordinary ones that the answer may take."""
        trip = SimpleNamespace(departed=False)
        try:
            async with self._session.request(
                request.method,
                request.url,
                headers=request.headers,
                data=request.body or None,
                timeout=self._timeout(patience),
                proxy=self._proxy,
                # A redirect would carry keys and text to an address that nobody chose.
                allow_redirects=False,
                trace_request_ctx=trip,
                middlewares=(only_once,),
            ) as response:
                return await self._answer(response)
        except Exception as error:  # whatever it is, what counts is whether the request had left us
            return failure_of(error, departed=trip.departed)

    def _timeout(self, patience: float) -> ClientTimeout:
        response = self._response_timeout + patience
        return ClientTimeout(total=self._connect_timeout + response, connect=self._connect_timeout, sock_read=response)

    async def _answer(self, response: ClientResponse) -> Answer | Unanswered:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._longest:
                response.close()
                return Unanswered("the answer is too long", response.status)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, headers, bytes(body))


@asynccontextmanager
async def calling(
    *,
    window: int,
    connect_timeout: float,
    response_timeout: float,
    proxy: str = "",
    tls: ssl.SSLContext | None = None,
    longest: int = LONGEST_ANSWER,
) -> AsyncIterator[Caller]:
    """A caller whose connections are opened when they are needed: works without a network. `window` messages may be
    under way at once; times are in seconds, `longest` in octets; `tls` as of `trust`."""
    async with ClientSession(
        connector=TCPConnector(limit=window + _SPARE, keepalive_timeout=_KEPT_ALIVE, ssl=tls or True),
        cookie_jar=DummyCookieJar(),
        headers={"User-Agent": "motcua-bot"},
        trace_configs=[_departures()],
    ) as session:
        yield Caller(
            session, connect_timeout=connect_timeout, response_timeout=response_timeout, proxy=proxy, longest=longest
        )


def _departures() -> TraceConfig:
    """Notes on `trip` that aiohttp has begun to write the request to a connection."""

    async def departed(_: ClientSession, context: SimpleNamespace, __: TraceRequestHeadersSentParams) -> None:
        context.trace_request_ctx.departed = True

    trace = TraceConfig()
    trace.on_request_headers_sent.append(departed)
    return trace
