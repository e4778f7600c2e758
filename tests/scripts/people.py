"""Somebody who writes to the bot, whatever the channel: says, presses, shares, leaves, and reads what comes."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession

from bot.model.person import Address

PATIENCE = 6.0
"""Seconds after which a reply that has not come is missing."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of one script."""

    number: int
    """Her own in the whole service."""
    phone: str
    """E.164."""

    @property
    def dialled(self) -> str:
        """As it is written in Vietnam: `0912345678`."""
        return f"0{self.phone.removeprefix('+84')}"


@dataclass(frozen=True, slots=True)
class Seen:
    """A message on the citizen's screen."""

    text: str
    buttons: tuple[str, ...] = ()
    asks_phone: bool = False


class Citizen(ABC):
    """One person on one channel. What a channel cannot do raises `NotImplementedError`."""

    has_buttons = False
    is_sms = False
    shares_phone = False

    def __init__(self, http: ClientSession, person: Person) -> None:
        self.http = http
        self.person = person
        self.last: Seen = Seen("")

    @property
    @abstractmethod
    def address(self) -> Address: ...

    @abstractmethod
    async def say(self, text: str) -> None: ...

    @abstractmethod
    async def again(self) -> None:
        """The last message comes a second time."""

    @abstractmethod
    async def fresh(self) -> Sequence[Seen]:
        """What has come since the last look; waits a little for the first of it."""

    async def press(self, label: str, number: int) -> None:
        """Chooses an answer: by its number where there are no buttons."""
        await self.say(str(number))

    async def share(self) -> None:
        raise NotImplementedError

    async def fill(self) -> None:
        raise NotImplementedError

    async def start(self, code: str) -> None:
        raise NotImplementedError

    async def follow(self) -> None:
        raise NotImplementedError

    async def leave(self) -> None:
        raise NotImplementedError

    async def close(self) -> None:  # noqa: B027 - most devices keep nothing open
        """The device is put away."""

    async def read(self, number: int) -> list[Seen]:
        """The next `number` messages, and what came together with them; fewer where they do not come in time."""
        found: list[Seen] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while len(found) < number:
                    found += await self.fresh()
        self.last = found[-1] if found else self.last
        return found

    async def post(self, url: str, body: dict[str, Any]) -> Any:
        async with self.http.post(url, json=body) as answer:
            assert answer.status in (200, 202), f"{answer.status}: {await answer.text()}"
            return await answer.json()

    async def get(self, url: str, **query: str) -> Any:
        async with self.http.get(url, params=query) as answer:
            assert answer.status == 200, f"{answer.status}: {await answer.text()}"
            return await answer.json()
