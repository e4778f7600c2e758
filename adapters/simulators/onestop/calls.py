"""How one event is told to who listens: in the national session, or by our own `/dossiers`. One try at a time."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from adapters.simulators.onestop.agencies import PROVINCE
from adapters.simulators.onestop.province import Record
from adapters.simulators.onestop.shapes import Json, national, progress, whole
from adapters.simulators.onestop.stages import ENDS

_FINE = frozenset({"0", "00"})
_LATER = frozenset({401, 408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    taken: bool
    again: bool = False
    """Worth another try, as it is."""
    status: int = 0
    """HTTP; 0: no answer."""
    body: str = field(default="", repr=False)
    after: float = 0.0
    """Seconds to wait first, where the answer says so."""


class Caller(Protocol):
    async def push(self, record: Record) -> Answer:
        """Never raises for what a listener may answer or leave unanswered."""
        ...


class Post:
    """A POST of JSON, and what its answer means for a next try."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url.rstrip("/")

    async def __call__(self, path: str, body: Json, headers: Mapping[str, str]) -> Answer:
        try:
            async with self._http.post(self._url + path, json=body, headers=headers) as response:
                text = (await response.read()).decode(errors="replace")
                again = response.status in _LATER or response.status >= 500
                after = response.headers.get("Retry-After", "")
                return Answer(
                    taken=response.status < 300,
                    again=again,
                    status=response.status,
                    body=text,
                    after=float(after) if after.isdecimal() else 0.0,
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Answer(taken=False, again=True, body=type(error).__name__)


class OwnCaller:
    """`POST /dossiers` with X-Api-Key: one record, with the way it has gone."""

    def __init__(self, post: Post, key: str) -> None:
        self._post, self._headers = post, {"X-Api-Key": key}

    async def push(self, record: Record) -> Answer:
        return await self._post("/dossiers", whole(record), self._headers)


class NationalCaller:
    """A session at /auth, then DongBoHoSoMC and, once that is taken, CapNhatTienDoHoSoMC at /integration."""

    def __init__(self, post: Post, username: str, password: str, *, look_up: bool) -> None:
        self._post, self._look_up = post, look_up
        self._account: Json = {"username": username, "password": password}
        self._session = ""
        self._logging_in = asyncio.Lock()
        self._sent: set[str] = set()
        """Codes of open dossiers that the other side has."""

    async def push(self, record: Record) -> Answer:
        answer = await self._sync(record)
        # A session that has ended looks like any other refusal: once more, in a fresh one.
        return answer if answer.taken or answer.again else await self._sync(record)

    async def _sync(self, record: Record) -> Answer:
        session, refused = await self._log_in()
        if refused:
            return refused
        known = record.code in self._sent
        if self._look_up:
            found = await self._call(session, {"service": "TraCuuHoSo", "mahoso": record.code})
            if found.again:
                return found
            known = found.taken and bool(_object(found.body).get("data"))
        envelope: Json = {"service": "DongBoHoSoMC", "isUpdating": str(known), "data": [national(record)]}
        answer = await self._call(session, envelope)
        if not answer.taken:
            return answer
        # What has ended is hardly ever told again, and remembering it all would take ever more room.
        (self._sent.discard if record.status in ENDS else self._sent.add)(record.code)
        return await self._call(session, {"service": "CapNhatTienDoHoSoMC", "data": [progress(record)]})

    async def _log_in(self) -> tuple[str, Answer | None]:
        """The session; or the answer that gave none."""
        async with self._logging_in:
            if not self._session:
                answer = await self._post("/auth", self._account, {"dstcode": PROVINCE})
                session = _object(answer.body).get("session")
                if not answer.taken or not isinstance(session, str) or not session:
                    return "", Answer(taken=False, again=True, status=answer.status, body=answer.body, after=1.0)
                self._session = session
            return self._session, None

    async def _call(self, session: str, envelope: Json) -> Answer:
        body = {"session": session, "madonvi": PROVINCE, **envelope}
        answer = await self._post("/integration", body, {"dstcode": PROVINCE})
        fine = answer.taken and str(_object(answer.body).get("error_code")) in _FINE
        if fine:
            return answer
        if self._session == session:
            self._session = ""
        return Answer(taken=False, again=answer.again, status=answer.status, body=answer.body, after=answer.after)


def _object(text: str) -> Json:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
