"""The one-stop software calls us here; what it sends is answered by its source, once it is durable."""

import asyncio
import json
import logging
from collections import OrderedDict
from datetime import datetime, timedelta

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.model.clock import Clock
from bot.model.errors import StorageError, trail
from bot.ports import PushAnswer, WebhookRequest
from bot.web.context import Door, WebContext
from bot.web.rates import network_of

log = logging.getLogger(__name__)

FAILURES = 60
"""Refused log-ins of one network address within `WINDOW` after which it has to wait."""
WINDOW = timedelta(seconds=60)

MOST_HELD = 64 * 1024 * 1024
"""Bytes of all calls under way; further ones are asked to come again."""
BODY_SECONDS = 60.0
ANSWER_SECONDS = 30.0

_NETWORKS = 10_000
"""Addresses whose failures are counted; the one that failed longest ago makes room."""
_AGAIN = {"Retry-After": "5"}
"""Seconds after which what could not be kept may be sent again."""
_JSON = {"Content-Type": "application/json; charset=utf-8"}


class _NotTakenError(Exception):
    """The call goes to no source, or no source could answer it."""

    def __init__(self, status: int, word: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(word)
        self.status, self.word, self.message, self.headers = status, word, message, headers or {}

    def answer(self) -> web.Response:
        body = json.dumps({"error": self.word, "message": self.message}, ensure_ascii=False).encode()
        return web.Response(status=self.status, body=body, headers=self.headers | _JSON)


class Failures:
    """Refused log-ins by network address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def wait(self, network: str) -> float:
        """Seconds for which this address is not heard; 0 where it may call."""
        count, since = self._current(network)
        return max(0.0, (since + WINDOW - self._clock()).total_seconds()) if count >= FAILURES else 0.0

    def note(self, network: str) -> None:
        count, since = self._current(network)
        self._counts[network] = (count + 1, since)
        self._counts.move_to_end(network)
        if len(self._counts) > _NETWORKS:
            self._counts.popitem(last=False)

    def _current(self, network: str) -> tuple[int, datetime]:
        now = self._clock()
        count, since = self._counts.get(network, (0, now))
        return (count, since) if now - since < WINDOW else (0, now)


class OneStop:
    """`/onestop/v1/{endpoint}`."""

    def __init__(self, context: WebContext) -> None:
        self._doors = context.doors
        self._proxies = context.settings.trusted_proxies
        self._failures = Failures(context.clock)
        self._held = 0

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/onestop/v1/{endpoint}", self.hear)]

    async def hear(self, request: web.Request) -> web.StreamResponse:
        body = bytearray()
        try:
            return await self._hear(request, body)
        except _NotTakenError as refused:
            return refused.answer()
        finally:
            self._held -= len(body)

    async def _hear(self, request: web.Request, body: bytearray) -> web.Response:
        if request.method != "POST":
            raise _NotTakenError(405, "method", "Chỉ nhận POST / only POST", {"Allow": "POST"})
        network = network_of(request, self._proxies)
        if wait := self._failures.wait(network):
            raise _NotTakenError(
                429,
                "too_many_failures",
                "Đăng nhập sai quá nhiều lần, xin chờ / too many refused log-ins: wait",
                {"Retry-After": str(round(wait) or 1)},
            )
        asked = self._name(request)
        # A stranger's name is answered as a wrong key is: by a source that is shown neither keys nor records.
        name = asked if asked in self._doors else next(iter(self._doors))
        door = self._doors[name]
        await self._read(request, body, door.push.largest)
        answer = await _answered(name, door, _call(request, bytes(body), is_known=name == asked))
        headers = dict(answer.headers)
        if "WWW-Authenticate" in headers:
            self._failures.note(network)
            log.warning("one-stop software: a log-in was refused")
        return web.Response(status=answer.status, body=answer.body, headers=headers | _JSON)

    def _name(self, request: web.Request) -> str:
        """Which source is called."""
        if not self._doors:
            raise _NotTakenError(404, "unknown_endpoint", "Không có địa chỉ này / no such endpoint")
        name = request.headers.get("X-Source") or request.query.get("source")
        if name:
            return name
        if len(self._doors) > 1:
            raise _NotTakenError(400, "source_missing", "Cần tiêu đề X-Source / the header X-Source is missing")
        return next(iter(self._doors))

    async def _read(self, request: web.Request, body: bytearray, largest: int) -> None:
        """Fills `body`, which is counted in `_held`. Reads no further than it must to refuse."""
        too_large = _NotTakenError(413, "too_large", f"Quá {largest} byte / more than {largest} bytes")
        if (request.content_length or 0) > largest:
            raise too_large
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in request.content.iter_any():
                    if len(body) + len(chunk) > largest:
                        raise too_large
                    if self._held + len(chunk) > MOST_HELD:
                        raise _NotTakenError(503, "busy", "Hệ thống đang bận, xin gửi lại / busy: send again", _AGAIN)
                    body += chunk
                    self._held += len(chunk)
        except TimeoutError:
            raise _NotTakenError(408, "slow", "Nội dung đến quá chậm / the body came too slowly") from None
        except (web.RequestPayloadError, HttpProcessingError):
            raise _NotTakenError(400, "unreadable", "Nội dung bị hỏng / the body is broken") from None


def _call(request: web.Request, body: bytes, *, is_known: bool) -> WebhookRequest:
    return WebhookRequest(
        method=request.method,
        path=request.match_info["endpoint"],
        query=dict(request.query) if is_known else {},
        headers={key.lower(): value for key, value in request.headers.items()} if is_known else {},
        body=body if is_known else b"",
    )


async def _answered(name: str, door: Door, call: WebhookRequest) -> PushAnswer:
    """The source's answer. What is not durable, or may not be, is to be sent again."""
    unavailable = _NotTakenError(503, "unavailable", "Chưa lưu được, xin gửi lại / not kept: send again", _AGAIN)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await door.push.receive(call, door.accept)
    except StorageError as error:
        log.error("source %s: a call could not be kept: %s", name, error)
        raise unavailable from error
    except TimeoutError:
        log.error("source %s: a call was not kept within %d s", name, ANSWER_SECONDS)
        raise unavailable from None
    except Exception as error:
        log.error("source %s: the adapter failed: %s", name, trail(error))
        raise _NotTakenError(500, "failed", "Lỗi của hệ thống / our mistake") from error
