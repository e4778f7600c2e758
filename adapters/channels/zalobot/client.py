"""Calls the Bot Platform and says exactly one of five things about what became of the call."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from adapters.channels.zalobot.settings import Settings
from adapters.http import Answer, Caller, DoorClosed, NotSent, Request, Unanswered, calling

LONGEST_ANSWER = 1024 * 1024
"""Octets; a longer answer is not Zalo's, and is not read."""


@dataclass(frozen=True, slots=True)
class Answered:
    """`ok: true`."""

    result: Any


@dataclass(frozen=True, slots=True)
class Refused:
    """Zalo says in its own form that it did not do it."""

    code: int
    """`error_code`, or the HTTP status where it names none."""
    words: str
    after: float | None = None
    """Seconds that Zalo asks to wait."""


Reached = Answered | Refused | DoorClosed | NotSent | Unanswered
"""No reason ever holds the URL, because it holds the token."""


class Client:
    """The methods of one bot. Each call is made at most once and ends within its time-outs."""

    def __init__(self, caller: Caller, settings: Settings) -> None:
        self._caller = caller
        self._base = f"{settings.base_url.rstrip('/')}/bot{settings.token.get_secret_value()}"

    async def call(self, method: str, given: Mapping[str, object] | None = None, *, patience: float = 0) -> Reached:
        """`patience`: seconds beside the ordinary ones that the answer may take."""
        reached = await self._caller.ask(Request.of_json(f"{self._base}/{method}", given or {}), patience=patience)
        if isinstance(reached, Answer):
            return judged(reached)
        if isinstance(reached, Unanswered) and reached.status:
            return judged(Answer(reached.status, {}, b""))
        return reached


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Client]:
    """A client whose connections are opened when they are needed: works without a network."""
    async with calling(
        window=settings.window,
        connect_timeout=settings.connect_timeout,
        response_timeout=settings.read_timeout,
        proxy=settings.proxy,
        longest=LONGEST_ANSWER,
    ) as caller:
        yield Client(caller, settings)


def judged(answer: Answer) -> Reached:
    """What an answer means. Errors come with HTTP 200 as well as with their own status; a wrong token is sometimes
    answered with something that is not JSON."""
    status, told = answer.status, answer.json()
    if told.get("ok") is True and status < 300:
        return Answered(told.get("result"))
    if told.get("ok") is False and status not in (502, 504):
        return _refused(told, status)
    if status == 429:
        return Refused(429, "HTTP 429")
    if status < 300 or status >= 500:
        return Unanswered(f"HTTP {status}, and not an answer of the Bot API")
    return DoorClosed(f"HTTP {status} from somebody who is not the Bot API")


def _refused(told: Mapping[str, Any], status: int) -> Refused:
    code, words, given = told.get("error_code"), told.get("description"), told.get("parameters")
    after = given.get("retry_after") if isinstance(given, dict) else None
    return Refused(
        code if isinstance(code, int) else status,
        words if isinstance(words, str) else "",
        float(after) if isinstance(after, int | float) and after >= 0 else None,
    )
