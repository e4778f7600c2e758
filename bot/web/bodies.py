"""The body of a call: read no further than it may reach, no longer than it may take, and all of them together no more
than this process is to hold."""

import asyncio

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

MOST_HELD = 64 * 1024 * 1024
"""Bytes of all bodies that are being read; further calls are asked to come again."""


class BodyError(Exception):
    """There is no body to work with. `word`: too_long | slow | busy | unreadable."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status = status
        self.word = word


class Held:
    """How many bytes are being held now. A slow caller holds what he has sent until his time is over: so many callers
    could hold a lot."""

    def __init__(self) -> None:
        self.bytes = 0
        self.most_seen = 0

    def take(self, more: int) -> None:
        """Raises `BodyError` where there would be too many."""
        if self.bytes + more > MOST_HELD:
            raise BodyError(503, "busy")
        self.bytes += more
        self.most_seen = max(self.most_seen, self.bytes)


HELD = web.AppKey("held", Held)
"""Of an application and all that are mounted in it."""


async def read(request: web.Request, *, most: int, seconds: float) -> bytes:
    """The whole body, unpacked where it came packed: `most` bytes within `seconds`. Raises `BodyError`, without having
    read more than that: 413, 408, 503 or 400."""
    if (request.content_length or 0) > most:
        raise BodyError(413, "too_long")
    held = request.config_dict.get(HELD) or Held()
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
                if len(body) + len(chunk) > most:
                    raise BodyError(413, "too_long")
                held.take(len(chunk))
                body += chunk
    except TimeoutError:
        raise BodyError(408, "slow") from None
    except (web.RequestPayloadError, HttpProcessingError):
        raise BodyError(400, "unreadable") from None
    finally:
        held.bytes -= len(body)
    return bytes(body)
