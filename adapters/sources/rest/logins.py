"""What we show to be let in: given once, or asked for with a log-in and renewed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, assert_never

from aiohttp import encode_basic_auth
from pydantic import JsonValue, SecretStr

from adapters.sources.rest.answers import finder
from adapters.sources.rest.failures import RefusedError, UnansweredError, no_token, wrong_login
from adapters.sources.rest.requests import AskedLogin, BasicLogin, FixedToken, Login, NoLogin
from adapters.sources.rest.templates import Values, fill_text
from bot.model.clock import Clock
from bot.model.errors import SourceError


@dataclass(frozen=True, slots=True)
class Keys:
    """What a request carries so that it is let in."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """For {session} and {token}."""


Ask = Callable[[AskedLogin, Values, Keys], Awaitable[JsonValue]]


class Door(Protocol):
    """A way to be let in."""

    async def keys(self) -> Keys:
        """What to show now. Raises `SourceError` where the log-in fails."""
        ...

    async def renewed(self, used: Keys) -> Keys | None:
        """Others than `used`, which were refused; None where there can be no others."""
        ...


class GivenDoor:
    """Keys that stand in the configuration."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def keys(self) -> Keys:
        return self._keys

    async def renewed(self, used: Keys) -> Keys | None:
        return None


class AskedDoor:
    """Keys that a log-in gives. Many may ask at once: one logs in, the others wait for it."""

    def __init__(self, login: AskedLogin, ask: Ask, clock: Clock) -> None:
        self._login = login
        self._ask = ask
        self._clock = clock
        self._token_in = finder(login.token)
        self._lock = asyncio.Lock()
        self._keys: Keys | None = None
        self._until: datetime | None = None

    async def keys(self) -> Keys:
        async with self._lock:
            if self._keys is None or self._until is None or self._clock() >= self._until:
                return await self._log_in()
            return self._keys

    async def renewed(self, used: Keys) -> Keys | None:
        async with self._lock:
            if self._keys is not None and self._keys is not used:
                return self._keys
            return await self._log_in()

    async def _log_in(self) -> Keys:
        login, self._keys = self._login, None
        user, password = login.username, login.password.get_secret_value()
        headers = {"Authorization": encode_basic_auth(user, password)} if login.basic else {}
        place = f"{login.method} {login.path}"
        asked_at = self._clock()
        try:
            answer = await self._ask(login, {"username": user, "password": password}, Keys(headers))
        except RefusedError as error:
            raise wrong_login(place, error.said) if error.login else error from None
        except UnansweredError as error:
            # Not the failure of what we logged in for: that may not be told apart otherwise.
            raise SourceError(str(error)) from None
        token = self._token_in(answer)
        if not isinstance(token, str) or not token.strip() or not token.strip().isprintable():
            raise no_token(place, login.token)
        self._keys = token_keys(token.strip(), login.header, login.value)
        self._until = asked_at + timedelta(seconds=login.keep)
        return self._keys


def door(login: Login, ask: Ask, clock: Clock) -> Door:
    """The way that the settings describe; `ask` makes the request of a log-in."""
    match login:
        case NoLogin():
            return GivenDoor(Keys())
        case BasicLogin(username=user, password=password):
            return GivenDoor(Keys({"Authorization": encode_basic_auth(user, password.get_secret_value())}))
        case FixedToken(token=token, header=header, value=value):
            return GivenDoor(token_keys(token.get_secret_value(), header, value))
        case AskedLogin():
            return AskedDoor(login, ask, clock)
        case _:
            assert_never(login)


def token_keys(token: str, header: str, value: str) -> Keys:
    """`token` in its header, and under both of the names that templates may use."""
    headers = {header: fill_text(value, {"token": token})} if header else {}
    return Keys(headers, {"token": token, "session": token})


def secrets_of(login: Login) -> tuple[str, ...]:
    """What must never reach a log, also in the form in which it travels."""
    match login:
        case NoLogin():
            return ()
        case FixedToken(token=token):
            return (token.get_secret_value(),)
        case BasicLogin(username=user, password=password) | AskedLogin(username=user, password=password):
            return _with_password(user, password)
        case _:
            assert_never(login)


def _with_password(user: str, password: SecretStr) -> tuple[str, ...]:
    secret = password.get_secret_value()
    return secret, encode_basic_auth(user, secret).partition(" ")[2]
