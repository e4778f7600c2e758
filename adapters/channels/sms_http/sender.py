"""Hands one message to the provider and says what became of it."""

import logging

from adapters.channels.sms_http.client import Client
from adapters.channels.sms_http.composing import Composer
from adapters.channels.sms_http.pace import Pace
from adapters.channels.sms_http.polling import Outstanding
from adapters.channels.sms_http.provider import Outgoing, Provider, Reading, Verdict
from adapters.channels.sms_http.replies import Replies
from adapters.channels.sms_http.settings import HttpSettings
from adapters.channels.sms_http.tokens import Tokens
from adapters.channels.sms_http.verdicts import (
    explained,
    outcome_of,
    reading_of_http,
    statuses_of,
)
from adapters.http import Answer, NotSent, Unanswered, outcome_of_failure
from bot.model.clock import Clock
from bot.model.errors import trail
from bot.model.message import Accepted, OutboxItem, Outcome

log = logging.getLogger(__name__)

_LONGEST_ADDRESS = 8_000
"""Characters; where the text stands in the address of a GET, web servers cut off or refuse longer ones."""


class HttpSender:
    """One request a message; a second one only where the provider said that our token had ended."""

    def __init__(
        self,
        provider: Provider[HttpSettings],
        client: Client,
        *,
        clock: Clock,
        replies: Replies,
        outstanding: Outstanding | None,
    ) -> None:
        """Raises `ConfigError` for `statuses` that mean nothing. `outstanding` where receipts are asked for."""
        self._provider = provider
        self._client = client
        self._clock = clock
        self._replies = replies
        self._outstanding = outstanding
        self._tokens = Tokens(provider, client)
        self._composer = Composer(provider.channel, provider.settings)
        self._statuses = statuses_of(provider.settings.statuses)
        self._pace = Pace()

    async def send(self, item: OutboxItem) -> Outcome:
        if await self._replies.offer(item):
            return Accepted(reason="in the answer to the provider's call", final=True)
        message = self._composer.outgoing(item)
        if not isinstance(message, Outgoing):
            return message
        outcome = await self._offer(message)
        if isinstance(outcome, Accepted):
            self._pace.accepted()
            if self._outstanding is not None:
                self._outstanding.add(outcome.references)
        return outcome

    async def _offer(self, message: Outgoing) -> Outcome:
        token = await self._tokens.current()
        if not isinstance(token, str):
            return token
        reading = await self._ask(message, token)
        if isinstance(reading, Reading) and reading.verdict is Verdict.TOKEN:
            token = await self._tokens.renewed(token)
            if not isinstance(token, str):
                return token
            reading = await self._ask(message, token)
            if isinstance(reading, Reading) and reading.verdict is Verdict.TOKEN:
                return self._tokens.refused(reading.code)
        if not isinstance(reading, Reading):
            return outcome_of_failure(reading)
        return outcome_of(self._paced(reading))

    async def _ask(self, message: Outgoing, token: str) -> Reading | NotSent | Unanswered:
        request = self._provider.request(message, token)
        if len(request.url) > _LONGEST_ADDRESS:
            return Reading(Verdict.PERMANENT, f"the text makes an address of more than {_LONGEST_ADDRESS} characters")
        answer = await self._client.ask(request)
        if isinstance(answer, NotSent | Unanswered):
            return answer
        if reading := reading_of_http(answer, self._clock()):
            return reading
        return explained(self._read(answer, message), answer, self._statuses)

    def _read(self, answer: Answer, message: Outgoing) -> Reading:
        try:
            return self._provider.read(answer, message)
        except Exception as error:  # the message has left: whatever we misread, nobody may think that it has not
            log.error("an answer could not be read: %s", trail(error))
            return Reading(Verdict.UNKNOWN, "the answer could not be read")

    def _paced(self, reading: Reading) -> Reading:
        if reading.verdict is not Verdict.THROTTLED or reading.after is not None:
            return reading
        return Reading(reading.verdict, reading.code, after=self._pace.throttled())
