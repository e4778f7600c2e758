"""A call of the one-stop software, from its first byte to our answer."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from adapters.sources.push import own
from adapters.sources.push.bodies import CallError, Refusal, parsed, records_in, unauthorised
from adapters.sources.push.credentials import Credentials
from adapters.sources.push.national import SERVICES, Answers, Envelope, opened
from adapters.sources.push.reading import Place, Reading, dossiers, reports
from adapters.sources.push.settings import Settings
from adapters.sources.push.taking import Taken, take
from bot.model.clock import Clock, utc_now
from bot.ports import Accept, Batch, PushAnswer, WebhookRequest

T = TypeVar("T")

_OWN: Mapping[str, Reading] = {"dossiers": dossiers, "progress": reports}
_LARGE = 64 * 1024
"""Bytes of a call beyond which it is read in a thread, so that other callers need not wait for it."""


class PushSource:
    """`bot.ports.Push`: knows who calls before it says anything about what was sent."""

    def __init__(self, name: str, settings: Settings, *, clock: Clock = utc_now) -> None:
        self.largest = settings.largest_mib << 20
        self._name = name
        self._settings = settings
        self._clock = clock
        self._credentials = Credentials(name, settings, clock)
        self._answers = Answers(settings)

    async def receive(self, request: WebhookRequest, accept: Accept) -> PushAnswer:
        if request.path in ("auth", "integration", *SERVICES):
            try:
                return await self._national(request, accept)
            except CallError as error:
                return self._answers.refused(error)
        try:
            return await self._own(request, accept)
        except CallError as error:
            return own.refused(error)

    async def _own(self, request: WebhookRequest, accept: Accept) -> PushAnswer:
        if request.path not in ("alive", *_OWN):
            raise CallError(Refusal.UNKNOWN, "Không có địa chỉ này / no such endpoint")
        if not self._credentials.admits(request):
            raise unauthorised()
        if request.path == "alive":
            await accept(Batch((), "", as_of=self._clock(), once=True))
            return own.alive()
        value = await _apart(request, partial(parsed, request.body))
        records = value["dossiers"] if isinstance(value, dict) and "dossiers" in value else value
        place = Place(self._name, f"POST {request.path}")
        return own.taken(await self._take(request, _OWN[request.path], place, records, accept))

    async def _national(self, request: WebhookRequest, accept: Accept) -> PushAnswer:
        if request.path == "auth":
            return self._log_in(request)
        envelope = await self._envelope(request)
        reading = SERVICES.get(envelope.service)
        if reading is None:
            known = ", ".join(SERVICES)
            raise CallError(Refusal.UNKNOWN, f"Không có dịch vụ này; có: {known} / unknown service; known are: {known}")
        place = Place(self._name, envelope.service, envelope.agency)
        return self._answers.taken(await self._take(request, reading, place, envelope.records, accept))

    async def _envelope(self, request: WebhookRequest) -> Envelope:
        is_known = self._credentials.admits(request)
        try:
            envelope = opened(await _apart(request, partial(parsed, request.body)), request)
        except CallError as error:
            raise error if is_known else unauthorised() from None
        if not is_known and not self._credentials.knows(envelope.session):
            raise unauthorised()
        return envelope

    def _log_in(self, request: WebhookRequest) -> PushAnswer:
        try:
            value = parsed(request.body)
        except CallError:
            raise unauthorised() from None
        stated = value if isinstance(value, dict) else {}
        session = self._credentials.log_in(stated.get("username"), stated.get("password"))
        if session is None:
            raise unauthorised()
        return self._answers.session(session)

    async def _take(
        self, request: WebhookRequest, reading: Reading, place: Place, records: object, accept: Accept
    ) -> Taken:
        came_at = self._clock()
        listed = records_in(records, most=self._settings.most_records)
        read = await _apart(request, partial(reading, self._settings, place, listed))
        return await take(read, accept, came_at)


async def _apart(request: WebhookRequest, work: Callable[[], T]) -> T:
    return work() if len(request.body) < _LARGE else await asyncio.to_thread(work)
