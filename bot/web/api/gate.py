"""The gate of the API: key, pace, right, size and shape are looked at before anything is done."""

import re
from collections.abc import Awaitable, Callable

from aiohttp import web
from pydantic import BaseModel, ValidationError

from bot.api_keys import SEEN_WITHIN
from bot.api_sending import Token
from bot.model.api import ApiKey
from bot.service import App
from bot.web import bodies
from bot.web.api.call import Call
from bot.web.api.problems import Fault, ProblemError, invalid
from bot.web.api.route import Operation
from bot.web.rates import Allowance, Buckets, network_of

IDEMPOTENCY_KEY = r"^[!-~]{1,64}$"
"""What the header looks like."""
_TOKEN = re.compile(IDEMPOTENCY_KEY[1:-1])
_BEARER = re.compile(r"[Bb]earer +(mc_[A-Za-z0-9_]{10,100})")
BODY_SECONDS = 60.0
"""Within which a body has come: 8 MiB over a slow line."""
_STRANGERS = Allowance(burst=30, every=2.0)
"""Tries with keys that do not open, of one network."""


class Gate:
    """Remembers how often each key called; one a process."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._settings = app.plan.config.api
        self._trusted = app.plan.config.web.trusted_proxies
        self._of_keys = Buckets(app.clock, Allowance.per_minute(self._settings.per_minute))
        self._of_strangers = Buckets(app.clock, _STRANGERS)

    def guarded(self, operation: Operation) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The operation's handler behind the gate."""
        shape = re.compile(operation.id_pattern[1:-1]) if operation.id_pattern else None

        async def handle(request: web.Request) -> web.StreamResponse:
            key = await self._key(request, SEEN_WITHIN if operation.asks_key_again else 0.0)
            if wait := self._of_keys.take(key.id):
                raise ProblemError("too_many", wait=wait)
            if operation.right not in key.rights:
                raise ProblemError("no_right")
            if shape and not shape.fullmatch(request.match_info["id"]):
                raise ProblemError("missing")
            query = _query(request, operation)
            raw = await self._body(request, operation) if operation.takes else b""
            body = _parsed(operation.takes, raw) if operation.takes else None
            token = _token(request, raw) if operation.is_repeatable else None
            return await operation.handler(
                Call(app=self._app, request=request, key=key, body=body, query=query, token=token)
            )

        return handle

    async def _key(self, request: web.Request, seen_within: float) -> ApiKey:
        said = _BEARER.fullmatch(request.headers.get("Authorization", "")[:200])
        key = await self._app.api_keys.opened(said[1], seen_within=seen_within) if said else None
        if key is None:
            if said and (wait := self._of_strangers.take(network_of(request, self._trusted))):
                raise ProblemError("too_many", wait=wait)
            raise ProblemError("unauthorized")
        return key

    async def _body(self, request: web.Request, operation: Operation) -> bytes:
        most = self._settings.broadcast_bytes if operation.is_long else self._settings.body_bytes
        if request.content_type != "application/json":
            raise ProblemError("not_json")
        try:
            return await bodies.read(request, most=most, seconds=BODY_SECONDS)
        except bodies.BodyError as error:
            raise ProblemError(error.word, wait=5 if error.word == "busy" else 0) from None


def _parsed(shape: type[BaseModel], raw: bytes) -> BaseModel:
    try:
        return shape.model_validate_json(raw)
    except ValidationError as error:
        raise invalid(error) from None


def _query(request: web.Request, operation: Operation) -> BaseModel | None:
    given = request.query
    if operation.asks is None:
        if given:
            raise ProblemError("unprocessable", Fault("", "unknown", place="query"))
        return None
    if len(given) > len(set(given)):
        raise ProblemError("unprocessable", Fault("", "twice", place="query"))
    try:
        return operation.asks.model_validate(dict(given))
    except ValidationError as error:
        raise invalid(error, place="query") from None


def _token(request: web.Request, raw: bytes) -> Token | None:
    given = request.headers.getall("Idempotency-Key", [])
    if not given:
        return None
    if len(given) > 1 or not _TOKEN.fullmatch(given[0]):
        raise ProblemError("unprocessable", Fault("/Idempotency-Key", "invalid", {"en": IDEMPOTENCY_KEY}, "header"))
    return Token(given[0], f"{request.method} {request.path}\n".encode() + raw)
