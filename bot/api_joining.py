"""Flow of the API: requests of the same moment are planned in one transaction, each with its own answer and record.

A single message costs a dozen statements and a commit; forty that come together cost little more. Nothing else differs:
each is checked by itself and is durable when it is answered, and where one of them breaks the transaction the others do
not pay for it: then each is planned alone.
"""

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.api_sending import CLOSED, ApiSending, Sent, Token, entry_of
from bot.api_to_phone import NOBODY, Drafted, ways_of, withheld
from bot.api_wishes import ByTemplate, Refused, ToPhone, Wish, as_trial
from bot.model.api import ApiKey, KeyKind, Remembered
from bot.model.errors import StorageError
from bot.model.message import OutboxItem
from bot.model.person import Address
from bot.ports import Audience, Transaction
from bot.together import Together

Outcome = Sent | Refused | Remembered


@dataclass(frozen=True, slots=True)
class Request:
    """What one caller wants."""

    key: ApiKey
    """As the gate knew it."""
    asked: Wish | ByTemplate
    token: Token | None = field(repr=False)
    answer: Callable[[Sent], str] = field(repr=False)

    @property
    def is_to_a_phone(self) -> bool:
        """Such messages depend on nothing but their phone: others are planned one by one."""
        return isinstance(self.asked.to, ToPhone) and self.key.kind is not KeyKind.TEAM


def _apart(request: Request) -> Hashable | None:
    """Of two with one token the second is to find what became of the first."""
    return (request.key.id, request.token.word) if request.token else None


class ApiJoining:
    """Plans what keys ask for, as `bot.api_sending` does. Each key is asked of the database in the transaction in which
    its message is planned: the gate may have looked some seconds ago."""

    def __init__(self, sending: ApiSending) -> None:
        self._sending = sending
        self._together: Together[Request, Outcome] = Together(self._plan, apart=_apart)

    async def send(
        self, key: ApiKey, asked: Wish | ByTemplate, token: Token | None, answer: Callable[[Sent], str]
    ) -> Outcome:
        """Durable when it returns. `unauthorized` where the key is no longer open."""
        request = Request(key, asked, token, answer)
        if request.is_to_a_phone:
            return await self._together.do(request)
        return await self._alone(request)

    async def _alone(self, request: Request) -> Outcome:
        return await self._sending.send(request.key, request.asked, request.token, request.answer)

    async def _plan(self, begin: Callable[[], Sequence[Request]]) -> Sequence[Outcome | BaseException]:
        try:
            return await self._sending.storage.write(lambda tx: _Batch(self._sending, tx).plan(begin()))
        except StorageError:
            # The database is away, or nobody knows whether all was written.
            raise
        except Exception:
            if len(begin()) == 1:
                raise
        return await asyncio.gather(*map(self._alone, begin()), return_exceptions=True)


@dataclass(slots=True)
class _Place:
    """A request that may be planned, on its way through the transaction."""

    number: int
    """Of the request."""
    token: Token | None
    answer: Callable[[Sent], str]
    drafted: Drafted


class _Batch:
    """One transaction; outcomes by the request's number."""

    def __init__(self, sending: ApiSending, tx: Transaction) -> None:
        self._sending = sending
        self._tx = tx
        self._now: datetime = sending.clock()
        self._outcomes: dict[int, Outcome] = {}

    async def plan(self, requests: Sequence[Request]) -> list[Outcome]:
        places = await self._drafts(requests)
        planned = self._planned(places, await self._audience(places))
        items = await self._wanted(planned)
        if items:
            await self._keep(items)
        for number, request in enumerate(requests):
            outcome = self._outcomes[number]
            if request.token and isinstance(outcome, Refused) and outcome is not CLOSED:
                await self._tx.api.forget(request.key.id, request.token.word)
        return [self._outcomes[number] for number in range(len(requests))]

    async def _drafts(self, requests: Sequence[Request]) -> list[_Place]:
        keys = {each: await self._tx.api.key(each) for each in sorted({request.key.id for request in requests})}
        is_open = {each: key is not None and key.is_open(self._now) for each, key in keys.items()}
        remembered = await self._remembered([each for each in requests if is_open[each.key.id]])
        places = []
        for number, request in enumerate(requests):
            key, token = keys[request.key.id], request.token
            if key is None or not is_open[key.id]:
                self._outcomes[number] = CLOSED
            elif token and (kept := remembered.get((key.id, token.word))):
                self._outcomes[number] = kept
            else:
                drafted = self._drafted(key, request.asked)
                if isinstance(drafted, Refused):
                    self._outcomes[number] = drafted
                else:
                    places.append(_Place(number, token, request.answer, drafted))
        return places

    async def _remembered(self, requests: Sequence[Request]) -> Mapping[tuple[str, str], Remembered]:
        """What was answered to their tokens before; all others are taken now."""
        digests = {
            (each.key.id, each.token.word): each.token.digest(each.key) for each in requests if each.token is not None
        }
        return await self._tx.api.remember_all(digests, at=self._now) if digests else {}

    def _drafted(self, key: ApiKey, asked: Wish | ByTemplate) -> Drafted | Refused:
        wish = self._sending.wish_of(key, asked)
        if isinstance(wish, Refused):
            return wish
        if not isinstance(wish.to, ToPhone):
            raise TypeError("only what goes to phones is planned together")
        return self._sending.phones.drafted(key, wish, wish.to)

    async def _audience(self, places: Sequence[_Place]) -> Audience:
        """What the citizens have said."""
        phones = {place.drafted.phone for place in places if not place.drafted.key.is_trial}
        return await self._tx.follows.audience(phones, set()) if phones else NOBODY

    def _planned(self, places: Sequence[_Place], audience: Audience) -> list[tuple[_Place, OutboxItem]]:
        planned = []
        for place in places:
            item = self._sending.phones.planned(place.drafted, audience, self._now)
            if isinstance(item, Refused):
                self._outcomes[place.number] = item
            else:
                planned.append((place, item))
        return planned

    async def _wanted(self, planned: Sequence[tuple[_Place, OutboxItem]]) -> list[tuple[_Place, OutboxItem]]:
        """Suppressed where the citizen wants nothing at all; those of test keys as they go to the sandbox."""
        if not planned:
            return []
        ways = [ways_of(item, place.drafted.phone) for place, item in planned]
        unwanted = await self._tx.api.unwanted(set[Address]().union(*ways))
        wanted = []
        for (place, planned_item), its in zip(planned, ways, strict=True):
            key, item = place.drafted.key, withheld(planned_item, its & unwanted, self._now)
            wanted.append((place, as_trial(item, self._now) if key.is_trial else item))
        return wanted

    async def _keep(self, planned: Sequence[tuple[_Place, OutboxItem]]) -> None:
        """Messages, answers and record."""
        sending, tx = self._sending, self._tx
        await sending.enqueue(tx, [item for _, item in planned])
        notes, entries, answers = [], [], {}
        for place, item in planned:
            key, wish = place.drafted.key, place.drafted.wish
            sent = self._outcomes[place.number] = sending.sent([item], self._now)
            notes += sending.noted(key, wish, [item])
            entries.append(entry_of(key, wish, [item], self._now))
            if place.token:
                answers[key.id, place.token.word] = place.answer(sent)
        await tx.api.answered_all(answers, status=202)
        await tx.api.note(notes)
        await tx.audit.add(entries)
