"""Keeps a provider's access token: asked for once, by one, and not hammered for when it is refused."""

import asyncio
import logging
import time
from collections.abc import Callable

from adapters.channels.sms_http.client import Client
from adapters.channels.sms_http.provider import Provider, Reading, Token, Verdict
from adapters.channels.sms_http.settings import HttpSettings
from adapters.channels.sms_http.verdicts import outcome_of, presentable
from adapters.http import Answer, NotSent, Unanswered
from bot.model.errors import trail
from bot.model.message import ChannelDown, Outcome

log = logging.getLogger(__name__)

_SPARE = 60.0
"""Seconds before its end when a token is no longer used."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
"""Seconds between attempts after failures."""


class Tokens:
    """The present token. Kept in memory only: after a start it is asked for anew."""

    def __init__(
        self, provider: Provider[HttpSettings], client: Client, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._provider = provider
        self._client = client
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._value = ""
        self._until = 0.0
        self._trouble: Outcome | None = None
        self._not_before = 0.0
        self._pause = 0.0

    async def current(self) -> str | Outcome:
        """The token; empty for a provider without any; else why there is none. Nothing was sent then."""
        if self._provider.token_request() is None:
            return ""
        return await self._fresh(stale="")

    async def renewed(self, stale: str) -> str | Outcome:
        """Another token than `stale`, which the provider no longer takes; who comes second gets the first one's."""
        return await self._fresh(stale=stale)

    def refused(self, code: str) -> Outcome:
        """A token that is new is no good either: for a while none is asked for."""
        return self._failed(ChannelDown(f"token: {presentable(code) or 'not taken'}"))

    async def _fresh(self, *, stale: str) -> str | Outcome:
        async with self._lock:
            if self._value and self._value != stale and self._monotonic() < self._until:
                return self._value
            if self._trouble is not None and self._monotonic() < self._not_before:
                return self._trouble
            return await self._ask()

    async def _ask(self) -> str | Outcome:
        request = self._provider.token_request()
        if request is None:
            return ""
        answer = await self._client.ask(request)
        if isinstance(answer, NotSent | Unanswered):
            return self._failed(ChannelDown(f"token: {answer.reason}"))
        read = self._read(answer)
        if isinstance(read, Reading):
            return self._failed(_trouble(read))
        return self._taken(read)

    def _read(self, answer: Answer) -> Token | Reading:
        try:
            return self._provider.read_token(answer)
        except Exception as error:  # an answer that we misread is no token, and no reason to stop
            log.error("an access token could not be read: %s", trail(error))
            return Reading(Verdict.CONFIG, "the answer could not be read")

    def _taken(self, token: Token) -> str:
        spare = min(_SPARE, token.seconds / 2)
        self._value, self._until = token.value, self._monotonic() + token.seconds - spare
        self._trouble, self._pause = None, 0.0
        return token.value

    def _failed(self, trouble: Outcome) -> Outcome:
        self._value = ""
        self._pause = min(max(self._pause * 2, _SHORTEST_PAUSE), _LONGEST_PAUSE)
        self._trouble, self._not_before = trouble, self._monotonic() + self._pause
        return trouble


def _trouble(read: Reading) -> Outcome:
    """A refused token never speaks of one message: it is the channel's trouble, or the moment's."""
    if read.verdict in (Verdict.THROTTLED, Verdict.TEMPORARY):
        return outcome_of(Reading(Verdict.THROTTLED, f"token: {read.code}", after=read.after or _SHORTEST_PAUSE))
    return ChannelDown(f"token: {presentable(read.code)}")
