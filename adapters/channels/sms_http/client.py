"""Calls a provider and says exactly one of three things: here is the answer, nothing left us, or perhaps it did."""

import errno
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientHandlerType,
    ClientHttpProxyError,
    ClientOSError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    ServerDisconnectedError,
    TCPConnector,
    TraceConfig,
    TraceRequestHeadersSentParams,
)

from adapters.channels.sms_http.provider import Answer, Request
from adapters.channels.sms_http.settings import HttpSettings
from bot.model.errors import ConfigError

LONGEST_ANSWER = 64 * 1024
"""Octets; a longer answer is no provider's, and is not read."""

_SPARE = 2
"""Connections beside the window: one for tokens, one for questions about receipts."""
_KEPT_ALIVE = 4.0
"""Seconds; below the five after which common servers close. A connection closed just as we write to it leaves us
not knowing whether the message was read."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing left us. The reason never holds an address."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The request may have been read, and no answer came that can be."""

    reason: str


Reached = Answer | NotSent | Unanswered


class Client:
    """One pool of connections to one provider. Each call is made at most once and ends within its time-outs."""

    def __init__(self, session: ClientSession, settings: HttpSettings) -> None:
        self._session = session
        self._base = settings.url.rstrip("/")
        self._proxy = settings.proxy or None
        self._timeout = ClientTimeout(
            total=settings.connect_timeout + settings.response_timeout,
            connect=settings.connect_timeout,
            sock_read=settings.response_timeout,
        )

    async def ask(self, request: Request) -> Reached:
        trip = SimpleNamespace(departed=False)
        try:
            async with self._session.request(
                request.method,
                address_of(self._base, request.url),
                headers=request.headers,
                data=request.body or None,
                timeout=self._timeout,
                proxy=self._proxy,
                # A redirect would carry keys and text to an address that nobody chose.
                allow_redirects=False,
                trace_request_ctx=trip,
                middlewares=(_only_once,),
            ) as response:
                body = await _body(response)
                if body is None:
                    return Unanswered("the answer is too long")
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, headers, body)
        except Exception as error:  # whatever it is, what counts is whether the request had left us
            return _failure(error, departed=trip.departed)


def address_of(base: str, url: str) -> str:
    """`url` itself where it is absolute, else below `base`."""
    if url.startswith(("http://", "https://")):
        return url
    return f"{base}{url}" if not url or url[0] in "/?" else f"{base}/{url}"


@asynccontextmanager
async def connected(settings: HttpSettings) -> AsyncIterator[Client]:
    """A client whose connections are opened when they are needed. Raises `ConfigError` for a bad `ca_file`."""
    connector = TCPConnector(
        limit=settings.window + _SPARE, keepalive_timeout=_KEPT_ALIVE, ssl=tls_of(settings) or True
    )
    async with ClientSession(
        connector=connector,
        cookie_jar=DummyCookieJar(),
        headers={"User-Agent": "motcua-bot"},
        trace_configs=[_departures()],
    ) as session:
        yield Client(session, settings)


def tls_of(settings: HttpSettings) -> ssl.SSLContext | None:
    """None where the system's own rules are enough."""
    if settings.ca_file is None and settings.verify_tls:
        return None
    context = ssl.create_default_context()
    if settings.ca_file is not None:
        try:
            context.load_verify_locations(settings.ca_file)
        except (OSError, ssl.SSLError):
            raise ConfigError(
                f"ca_file: không đọc được chứng thư trong {settings.ca_file} / holds no certificates"
            ) from None
    if not settings.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class _LostError(Exception):
    """A connection fell."""


async def _only_once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """aiohttp makes a GET again when its connection falls, as GET changes nothing. Kannel's GET sends an SMS: the
    citizen would get two. What is no error of the connection is never repeated."""
    try:
        return await handler(request)
    except ClientConnectorError:
        raise
    except (ClientOSError, ServerDisconnectedError) as error:
        raise _LostError(type(error).__name__) from None


def _departures() -> TraceConfig:
    """Notes on `trip` that aiohttp has begun to write the request to a connection."""

    async def departed(_: ClientSession, context: SimpleNamespace, __: TraceRequestHeadersSentParams) -> None:
        context.trace_request_ctx.departed = True

    trace = TraceConfig()
    trace.on_request_headers_sent.append(departed)
    return trace


async def _body(response: ClientResponse) -> bytes | None:
    """None where it is too long; the connection is then closed unread."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LONGEST_ANSWER:
            response.close()
            return None
    return bytes(body)


def _failure(error: Exception, *, departed: bool) -> NotSent | Unanswered:
    """aiohttp's own words are never used: they hold the URL, and it holds keys, number and text."""
    if isinstance(error, ClientConnectorCertificateError):
        return NotSent("the server's certificate cannot be trusted")
    if isinstance(error, ClientConnectorDNSError):
        return NotSent("the host's name is not known")
    if isinstance(error, ClientConnectorError):
        return NotSent(f"no connection ({errno.errorcode.get(error.errno or 0, type(error).__name__)})")
    # The answer to CONNECT: the request itself was not written yet.
    if isinstance(error, ClientHttpProxyError):
        return NotSent(f"the proxy answers {error.status}")
    if isinstance(error, InvalidURL):
        return NotSent("the address is not a URL")
    if isinstance(error, TimeoutError):
        return Unanswered("no answer in time") if departed else NotSent("no connection in time")
    kind = type(error).__name__ if not isinstance(error, _LostError) else "the connection fell"
    return Unanswered(f"no answer ({kind})") if departed else NotSent(f"no connection ({kind})")
