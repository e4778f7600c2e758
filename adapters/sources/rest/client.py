"""HTTP as a careful guest makes it: bounded in time and size, patient with failures, loyal to one host."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import ClientResponse, ClientSession
from pydantic import JsonValue
from yarl import URL

from adapters.sources.rest.answers import Unreadable, json_in
from adapters.sources.rest.connecting import proxy_headers
from adapters.sources.rest.failures import (
    BROKEN_OFF,
    SILENT,
    UNREACHABLE,
    Passing,
    bad_certificate,
    busy,
    given_up,
    redirected,
    refused,
    too_large,
)
from adapters.sources.rest.pauses import Pauses, retry_after
from adapters.sources.rest.settings import Settings
from bot.model.clock import Clock
from bot.model.errors import SourceError

log = logging.getLogger(__name__)

_CHUNK = 1 << 16
_MOST_REDIRECTS = 5
_TRY_AGAIN = frozenset({408, 425, 429})
"""Statuses below 500 that speak of the moment, not of the request."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Call:
    """A request ready to be made, as often as it takes."""

    place: str
    """How messages name it."""
    method: str
    url: URL = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


class Client:
    """Makes calls. One call lasts at most `timeout` and `longest_pause` seconds for each attempt."""

    def __init__(
        self, session: ClientSession, settings: Settings, *, clock: Clock, pauses: Pauses, sleep: Sleep
    ) -> None:
        self._session = session
        self._settings = settings
        self._clock = clock
        self._pauses = pauses
        self._sleep = sleep
        self._largest = settings.largest_mib << 20

    async def ask(self, call: Call) -> JsonValue:
        """The JSON that came. Raises `RefusedError` where the server says no, `SourceError` where nothing helps."""
        attempt = 1
        while True:
            answer = await self._attempt(call)
            if not isinstance(answer, Passing):
                return answer.json
            if attempt > self._settings.retries:
                raise given_up(call.place, answer, attempt)
            attempt += 1
            pause = self._pauses.before(attempt, answer.after)
            log.info("%s: %s; attempt %d in %.1f s", call.place, answer.en, attempt, pause)
            await self._sleep(pause)

    async def _attempt(self, call: Call) -> "_Read | Passing":
        # aiohttp's errors name the whole address: none of them may become part of ours.
        failure: SourceError | Passing
        try:
            async with asyncio.timeout(self._settings.timeout):
                return await self._answer(call)
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError):
            failure = bad_certificate(call.place)
        except TimeoutError:
            failure = SILENT
        except aiohttp.ClientPayloadError:
            failure = BROKEN_OFF
        except aiohttp.ClientError:
            failure = UNREACHABLE
        except Unreadable as unreadable:
            failure = unreadable.failure
        if isinstance(failure, SourceError):
            raise failure
        return failure

    async def _answer(self, call: Call) -> "_Read | Passing":
        url, status = call.url, 0
        for _ in range(_MOST_REDIRECTS):
            async with self._request(call, url) as response:
                status = response.status
                if status in (301, 302, 303, 307, 308):
                    url = _next_stop(call, url, response)
                    continue
                if status >= 500 or status in _TRY_AGAIN:
                    return busy(status, self._asked_pause(response))
                if not 200 <= status < 300:
                    raise refused(call.place, status)
                return _Read(json_in(await self._body(call, response)))
        raise redirected(call.place, status)

    def _request(self, call: Call, url: URL) -> AbstractAsyncContextManager[ClientResponse]:
        return self._session.request(
            call.method,
            url,
            data=call.body,
            headers=call.headers,
            allow_redirects=False,
            proxy=self._settings.proxy or None,
            proxy_headers=proxy_headers(self._settings),
        )

    async def _body(self, call: Call, response: ClientResponse) -> bytes:
        body = bytearray()
        if (response.content_length or 0) > self._largest:
            raise too_large(call.place, self._settings.largest_mib)
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > self._largest:
                raise too_large(call.place, self._settings.largest_mib)
        return bytes(body)

    def _asked_pause(self, response: ClientResponse) -> float | None:
        headers = response.headers
        return retry_after(headers.get("Retry-After"), their_now=headers.get("Date"), our_now=self._clock())


@dataclass(frozen=True, slots=True)
class _Read:
    json: JsonValue = field(repr=False)


def _next_stop(call: Call, url: URL, response: ClientResponse) -> URL:
    """Where a redirect leads; a POST is not turned into a GET."""
    target = joined(url, response.headers.get("Location", ""))
    changes_method = call.method != "GET" and response.status in (301, 302, 303)
    if target is None or changes_method:
        raise redirected(call.place, response.status)
    return target


def joined(url: URL, reference: str) -> URL | None:
    """Where `reference` leads from `url`; None where our keys must not go there: to another host, or from
    https back to http."""
    try:
        target = url.join(URL(reference))
        upgraded = target.host == url.host and url.scheme == "http" and target.scheme == "https"
        return target if upgraded or target.origin() == url.origin() else None
    except ValueError:
        return None
