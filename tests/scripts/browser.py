"""A citizen at the public page, in a browser without JavaScript; what comes later is read from the stream of events."""

import asyncio
import itertools
import json
import re
from collections.abc import Sequence
from html import unescape

from aiohttp import ClientSession, ClientTimeout, CookieJar

from bot.model.person import Address
from tests.scripts.people import Citizen, Person, Seen

_BUBBLE = re.compile(r'<li class="said theirs"\s+data-id="(?P<id>[^"]+)"(?P<rest>.*?)</li>', re.DOTALL)
_TEXT = re.compile(r"<p\b[^>]*>(.*?)</p>", re.DOTALL)
_CHOICE = re.compile(r'<button class="choice" name="text" value="(?P<says>[^"]*)"[^>]*>(?P<label>.*?)</button>')
_ASK = re.compile(r'<form class="ask".*?</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_FIELD = re.compile(r'<input id="field" name="text" type="text" value="([^"]*)"')
_networks = itertools.count(1)


class Visitor(Citizen):
    has_buttons = True

    def __init__(self, http: ClientSession, person: Person, url: str) -> None:
        number = next(_networks)
        network = {"X-Forwarded-For": f"10.{number // 250}.{number % 250}.7"}
        browser = ClientSession(cookie_jar=CookieJar(unsafe=True), headers=network, timeout=ClientTimeout(total=20))
        super().__init__(browser, person)
        self._url = url
        self._page = ""
        self._known: list[str] = []
        self._says: dict[str, str] = {}
        self._waiting: list[Seen] = []
        self._form: dict[str, str] = {}

    @property
    def address(self) -> Address:
        cookie = next(each for each in self.http.cookie_jar if each.key == "motcua")
        return Address("webchat", cookie.value.partition(".")[0])

    async def say(self, text: str) -> None:
        if not self._page:
            await self._open()
        self._form = dict(_HIDDEN.findall(_ASK.findall(self._page)[0])) | {"text": text}
        await self.again()

    async def again(self) -> None:
        """The same form once more, as by going back and forth in the browser."""
        async with self.http.post(f"{self._url}/tra-cuu", data=self._form) as answer:
            self._page = await answer.text()
            assert answer.status == 200, f"{answer.status}: {self._page}"
        for bubble in _BUBBLE.finditer(self._page):
            choices = {unescape(each["label"]): unescape(each["says"]) for each in _CHOICE.finditer(bubble["rest"])}
            self._note(bubble["id"], _plain(_TEXT.findall(bubble["rest"])[0]), choices)

    async def press(self, label: str, number: int) -> None:
        await self.say(self._says[label])

    async def start(self, code: str) -> None:
        """The link of a QR code fills the field, and the visitor sends it."""
        await self._open(f"?ma={code}")
        await self.say(unescape(_FIELD.findall(self._page)[0]))

    async def fresh(self) -> Sequence[Seen]:
        if not self._waiting:
            await self._listen()
        found, self._waiting = self._waiting, []
        return found

    async def close(self) -> None:
        await self.http.close()

    async def _open(self, query: str = "") -> None:
        async with self.http.get(f"{self._url}/{query}") as answer:
            self._page = await answer.text()

    async def _listen(self) -> None:
        """Until the stream tells something that the page has not shown."""
        after = self._known[-1] if self._known else ""
        async with self.http.get(f"{self._url}/chat/events", params={"after": after}) as events:
            async for line in events.content:
                if line.startswith(b"data: "):
                    told = json.loads(line.removeprefix(b"data: "))
                    self._note(told["id"], told["text"], {each["label"]: each["says"] for each in told["options"]})
                if self._waiting:
                    return
        await asyncio.sleep(0)  # the stream was ended: a browser would come back

    def _note(self, item_id: str, text: str, choices: dict[str, str]) -> None:
        if item_id not in self._known:
            self._known.append(item_id)
            self._says = choices
            self._waiting.append(Seen(text, tuple(choices)))


def _plain(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html))
