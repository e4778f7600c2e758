"""The citizens of the demo: they ask by SMS, on the web page and on Telegram, and time the answers."""

import asyncio
import itertools
import re
import time
from collections import defaultdict
from collections.abc import Awaitable
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

import aiohttp

from bot.model.code import read_codes

ANSWER_WITHIN = 10.0
"""Seconds after which a citizen gives up."""

SHORT_CODE = "8041"


@dataclass(slots=True)
class Times:
    """How long answers took, in milliseconds, and how many never came."""

    answered: list[float] = field(default_factory=list)
    unanswered: int = 0

    def report(self) -> dict[str, Any]:
        cuts = quantiles(self.answered, n=100, method="inclusive") if len(self.answered) > 1 else self.answered * 99
        return {
            "answered": len(self.answered),
            "unanswered": self.unanswered,
            "p50_ms": round(cuts[49], 1) if cuts else None,
            "p95_ms": round(cuts[94], 1) if cuts else None,
        }


@dataclass(frozen=True, slots=True)
class Places:
    """Where the citizens' devices are."""

    smsc: str
    telegram: str
    web: str


class Citizens:
    """Asks again and again about dossiers that were told by SMS: from that number, elsewhere with its last digits."""

    def __init__(self, places: Places, http: aiohttp.ClientSession) -> None:
        self._places = places
        self._http = http
        self._chats = itertools.count(1001)
        self.times: defaultdict[str, Times] = defaultdict(Times)

    async def ask_for_ever(self, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            if known := await self._told_by_sms():
                number, code = known
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._timed("sms", self._by_sms(number, code)))
                    tasks.create_task(self._timed("telegram", self._by_telegram(number, code)))
                    tasks.create_task(self._timed("webchat", self._by_web(number, code)))

    async def _timed(self, channel: str, ask: Awaitable[bool]) -> None:
        start = time.perf_counter()
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                answered = await ask
        except (TimeoutError, aiohttp.ClientError):
            answered = False
        if answered:
            self.times[channel].answered.append((time.perf_counter() - start) * 1000)
        else:
            self.times[channel].unanswered += 1

    async def _told_by_sms(self) -> tuple[str, str] | None:
        """A number that got a message, and the code that the message names."""
        try:
            numbers = await self._get(f"{self._places.smsc}/numbers?limit=20")
            for entry in numbers:
                number = entry["number"] if isinstance(entry, dict) else entry
                if re.search(r"000\d$", number):
                    continue
                messages = await self._messages(number, after=0, wait=0)
                for message in reversed(messages):
                    if codes := read_codes(message["text"]):
                        return number, codes[0].code
        except (aiohttp.ClientError, TimeoutError):
            return None
        return None

    async def _by_sms(self, number: str, code: str) -> bool:
        before = await self._messages(number, after=0, wait=0)
        last = max((message["seq"] for message in before), default=0)
        async with self._http.post(
            f"{self._places.smsc}/mo", json={"from": number, "to": SHORT_CODE, "text": f"HS {code}"}
        ) as response:
            response.raise_for_status()
        while True:
            for message in await self._messages(number, after=last, wait=ANSWER_WITHIN):
                last = max(last, message["seq"])
                if code in message["text"] and "lieu luc" in message["text"]:
                    return True

    async def _messages(self, number: str, *, after: int, wait: float) -> list[dict[str, Any]]:
        query = {"number": number, "after": str(after), "wait": str(wait)}
        found: list[dict[str, Any]] = await self._get(f"{self._places.smsc}/messages", query)
        return found

    async def _by_telegram(self, number: str, code: str) -> bool:
        chat = next(self._chats)
        async with self._http.post(
            f"{self._places.telegram}/_control/users/{chat}/say",
            json={"text": f"{code} {number[-4:]}", "name": "Công dân"},
        ) as response:
            response.raise_for_status()
        query = {"after": "0", "wait": str(ANSWER_WITHIN)}
        answers = await self._get(f"{self._places.telegram}/_control/chats/{chat}/messages", query)
        return any(code in answer["text"] for answer in answers)

    async def _by_web(self, number: str, code: str) -> bool:
        """A visitor without JavaScript: fills the form and reads the page that comes back."""
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as browser:
            async with browser.get(f"{self._places.web}/") as page:
                fields = _fields_of(await page.text())
            async with browser.post(
                f"{self._places.web}/tra-cuu", data=fields | {"text": f"{code} {number[-4:]}"}
            ) as page:
                answer = await page.text()
        return code in answer and "Số liệu lúc" in answer

    async def _get(self, url: str, query: dict[str, str] | None = None) -> Any:
        async with self._http.get(url, params=query) as response:
            response.raise_for_status()
            return await response.json()


def _fields_of(page: str) -> dict[str, str]:
    """The hidden fields of the first form."""
    form = page.split("<form", 1)[-1].split("</form>", 1)[0]
    hidden = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", form)
    named = [(re.search(r'name="([^"]*)"', each), re.search(r'value="([^"]*)"', each)) for each in hidden]
    return {name[1]: value[1] for name, value in named if name and value}
