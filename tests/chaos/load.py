"""What goes on while processes die: dossiers take their steps, citizens ask, broadcasts run, other software sends."""

import asyncio
import itertools
import random
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp

from bot.broadcasts import Broadcasts
from bot.model.broadcast import Broadcast, BroadcastState, Recipient
from bot.model.errors import StorageError
from bot.model.wording import Wording
from tests.chaos.books import Books
from tests.chaos.house import SHORT_CODE, House
from tests.chaos.office import ASKED, COURSE, PUSHED, Office, Record, session

_LOOK = 0.25
_MOST_UNDER_WAY = 150
_LEFT_LYING = 9
"""Every so many dossiers one stays where it is, and its deadline comes near."""
_FAR, _NEAR = timedelta(days=9), timedelta(minutes=50)
"""Until the appointment: far, or within the hours in which the officer is warned."""
WORDING = Wording(chat="Kính gửi {{ ten }}, ngày mai nghỉ.", sms="Kinh gui {{ ten }}: ngay mai nghi.")


@dataclass(frozen=True, slots=True)
class Question:
    """A citizen's message, which the provider has: (channel, sender) is of no other question."""

    channel: str
    sender: str
    text: str


@dataclass
class Done:
    """What the judge must know of the load beside the office's book."""

    questions: list[Question] = field(default_factory=list)
    broadcasts: dict[str, list[str]] = field(default_factory=dict)
    """Approved ones, and the phones that are to get them."""
    api: dict[str, str] = field(default_factory=dict)
    """Idempotency-Key → the phone, of what was answered with 202."""
    uncertain: set[str] = field(default_factory=set)
    """Ids of messages that were seen uncertain at some time."""
    due: list[str] = field(default_factory=list)
    """Codes of dossiers whose deadline is near, and that stay open."""


class Load:
    """Goes on until `stop`, and `run` returns when everything begun has come to its end."""

    def __init__(
        self, house: House, office: Office, books: Books, *, rng: random.Random, pause: float, api_key: str
    ) -> None:
        """`pause`: seconds between two new dossiers."""
        self._house = house
        self._office = office
        self._books = books
        self._rng = rng
        self._pause = pause
        self._api_key = api_key
        self._stopped = asyncio.Event()
        self._seen: dict[str, int] = {}
        self._numbers, self._lists = itertools.count(1), itertools.count()
        self._under_way = asyncio.Semaphore(_MOST_UNDER_WAY)
        self.done = Done()

    def stop(self) -> None:
        self._stopped.set()

    async def run(self, broadcasts: Broadcasts) -> None:
        async with session() as http:
            looking = asyncio.ensure_future(self._look())
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._dossiers(http, tasks))
                    tasks.create_task(self._until_stopped(lambda: self._broadcast(broadcasts), pause=4.0))
                    tasks.create_task(self._until_stopped(lambda: self._by_api(http), pause=0.3))
            finally:
                looking.cancel()

    async def _look(self) -> None:
        """What the mirror has of the source that is asked."""
        while True:
            rows = await self._books.rows("SELECT source, code, status FROM dossiers")
            self._seen = {code: status for source, code, status in rows if source == ASKED}
            uncertain = await self._books.rows("SELECT id FROM outbox WHERE state = 'uncertain'")
            self.done.uncertain.update(our_id for (our_id,) in uncertain)
            await asyncio.sleep(_LOOK)

    async def _until_stopped(self, act: Any, *, pause: float) -> None:
        while not self._stopped.is_set():
            await act()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopped.wait()

    # Dossiers

    async def _dossiers(self, http: aiohttp.ClientSession, tasks: asyncio.TaskGroup) -> None:
        async def begin() -> None:
            await self._under_way.acquire()
            number = next(self._numbers)
            source = (ASKED, PUSHED)[number % 2]
            if number % _LEFT_LYING:
                record = self._office.receive(number, source, due_in=_FAR)
            else:
                record = self._office.receive(number, source, due_in=_NEAR, course=COURSE[:1])
                self.done.due.append(record.code)
            tasks.create_task(self._course(http, record, number))

        await self._until_stopped(begin, pause=self._pause)

    async def _course(self, http: aiohttp.ClientSession, record: Record, number: int) -> None:
        try:
            while True:
                await self._told(http, record)
                if record.is_over:
                    break
                await asyncio.sleep(self._rng.uniform(0.1, 1.0))
                self._office.advance(record)
            await self._ask(http, record, number)
        finally:
            self._under_way.release()

    async def _told(self, http: aiohttp.ClientSession, record: Record) -> None:
        if record.source == PUSHED:
            await self._office.push(http, record)
            return
        while self._seen.get(record.code) != record.steps[-1]:
            await asyncio.sleep(_LOOK)

    # Citizens

    async def _ask(self, http: aiohttp.ClientSession, record: Record, number: int) -> None:
        """Each dossier is asked about once, by one of three ways. No chat's number is a fate of the simulator's."""
        proof = f"{record.code} {record.phone[-4:]}"
        house = self._house
        match number % 3:
            case 0:
                phone = f"+84{record.phone[1:]}"
                body = {"from": phone, "to": SHORT_CODE, "text": f"HS {record.code}"}
                await self._say(http, f"http://127.0.0.1:{house.smsc_control}/mo", body)
                self.done.questions.append(Question("sms", phone, body["text"]))
            case 1:
                await self._say_in_chat(http, "telegram", house.telegram, 1_000 * number + 1, proof)
            case _:
                await self._say_in_chat(http, "hook", house.hook, 1_000 * number + 1, proof)

    async def _say_in_chat(self, http: aiohttp.ClientSession, channel: str, port: int, user: int, text: str) -> None:
        await self._say(http, f"http://127.0.0.1:{port}/_control/users/{user}/say", {"text": text})
        self.done.questions.append(Question(channel, str(user), text))

    async def _say(self, http: aiohttp.ClientSession, url: str, body: dict[str, str]) -> None:
        """Once: where the provider dies with it, nobody has it, and the judge reads the provider's log."""
        with suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with http.post(url, json=body) as answer:
                await answer.read()

    # Staff and other software

    async def _broadcast(self, broadcasts: Broadcasts) -> None:
        """By staff whose own connection may be cut: whether theirs was approved they then look up."""
        first = 1 + 1000 * next(self._lists)
        phones = [f"+8491{first + each:06}5" for each in range(600)]
        made: list[str] = []
        with suppress(StorageError):
            await _approved(broadcasts, phones, made)
        for each in made:
            if (found := await self._looked_up(broadcasts, each)) and found.approved_at:
                self.done.broadcasts[each] = phones

    async def _looked_up(self, broadcasts: Broadcasts, broadcast_id: str) -> Broadcast | None:
        while True:
            with suppress(StorageError):
                return await broadcasts.get(broadcast_id)
            await asyncio.sleep(_LOOK)

    async def _by_api(self, http: aiohttp.ClientSession) -> None:
        """The same call with the same Idempotency-Key until it is answered with 202."""
        key = f"api-{len(self.done.api)}"
        phone = f"+8497{len(self.done.api):06}5"
        url = f"http://127.0.0.1:{self._house.slots[-1].port}/api/v1/notifications"
        values = {"code": f"H32.17-200101-{len(self.done.api):04}", "agency": "UBND xã Mẫu", "place": "quầy số 2"}
        body = {"situation": "result", "to": {"kind": "phone", "phone": phone, "values": values}}
        headers = {"Authorization": f"Bearer {self._api_key}", "Idempotency-Key": key}
        while True:
            try:
                async with http.post(url, json=body, headers=headers) as answer:
                    if answer.status == 202:
                        break
                    if answer.status not in (409, 500, 503):
                        raise AssertionError(f"the API answered {answer.status}: {await answer.text()}")
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            await asyncio.sleep(0.1)
        self.done.api[key] = phone


async def _approved(broadcasts: Broadcasts, phones: Sequence[str], made: list[str]) -> None:
    """`made` gets the id as soon as there is one."""
    people = [Recipient(number=row, phone=phone, values={"ten": f"Bà {row}"}) for row, phone in enumerate(phones, 2)]
    draft = await _surely(broadcasts.begin(title="Nghỉ lễ", agency="H32.15", by="lan"))
    made.append(draft.id)
    await _surely(broadcasts.change(draft.id, revision=draft.revision, by="lan", wording=WORDING))
    await _surely(broadcasts.take_list(draft.id, people, name="ds.csv", digest=draft.id, by="lan"))
    await _surely(broadcasts.draw_up(draft.id, by="lan"))
    await _surely(broadcasts.test(draft.id, to="0988000015", by="lan"))
    submitted = await _surely(broadcasts.submit(draft.id, by="lan"))
    if submitted.state is not BroadcastState.APPROVED:
        await _surely(broadcasts.approve(draft.id, by="hoa"))


async def _surely(answer: Coroutine[Any, Any, Any]) -> Broadcast:
    found = await answer
    assert isinstance(found, Broadcast), found
    return found
