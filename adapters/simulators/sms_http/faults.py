"""Faults that were ordered over the control API, and how a request meets them."""

import asyncio
import random
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NoReturn

from aiohttp import web
from aiohttp.typedefs import Handler

KINDS = ("down", "hang", "slow", "error", "balance", "config", "throttle", "cut")
"""`down`: nobody listens. `hang`: no answer, and not taken. `slow`: taken, the answer comes late. `error`: HTTP 500 in
nobody's format. `balance`, `config`, `throttle`: refused so. `cut`: taken, and the connection falls before the
answer."""

_REFUSALS = {"balance": "balance", "config": "config", "throttle": "throttled"}

_current: ContextVar[web.Request] = ContextVar("current")


@dataclass(frozen=True, slots=True)
class Fault:
    """`share` of the messages meet it, from 0 to 1; `latency` is the seconds of `slow`."""

    kind: str
    share: float = 1.0
    latency: float = 1.0

    @property
    def refusal(self) -> str:
        """The word of `Refused.why`; empty for what is no refusal."""
        return _REFUSALS.get(self.kind, "")


class Weather:
    """The fault that holds now, if any."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.fault: Fault | None = None

    def strikes(self) -> Fault | None:
        """The fault that this message meets."""
        if self.fault and self._rng.random() < self.fault.share:
            return self.fault
        return None


@web.middleware
async def remembering(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets `cut` know whose connection it is about."""
    _current.set(request)
    return await handler(request)


def cut() -> NoReturn:
    """The connection of the request that is being answered falls, without a word."""
    transport = _current.get().transport
    if transport is not None:
        transport.abort()
    raise web.HTTPServiceUnavailable


async def hang() -> NoReturn:
    """No answer, for as long as the client waits."""
    await asyncio.Event().wait()
    raise web.HTTPServiceUnavailable


def stumble() -> NoReturn:
    raise web.HTTPInternalServerError(text="<html><h1>Internal Server Error</h1></html>", content_type="text/html")
