"""Citizens with a plain phone: SMS through the simulated SMS centre, or through a simulated HTTP gateway."""

from collections.abc import Sequence
from typing import Any

from aiohttp import ClientSession

from bot.model.person import Address
from tests.scripts.people import PATIENCE, Citizen, Person, Seen

SHORT_CODE = "8041"


class Handset(Citizen):
    """A phone at the control API of a simulator."""

    is_sms = True

    def __init__(self, http: ClientSession, person: Person, control: str) -> None:
        super().__init__(http, person)
        self.control = control
        self._seen = 0
        self._said: dict[str, Any] = {}

    @property
    def address(self) -> Address:
        return Address("sms", self.person.phone)

    async def say(self, text: str) -> None:
        self._said = self.written(text)
        await self.post(f"{self.control}/mo", self._said)

    async def again(self) -> None:
        await self.post(f"{self.control}/mo", self._said)

    async def start(self, code: str) -> None:
        """The link of a QR code opens the phone's own writing window with this text."""
        await self.say(f"HS {code}")

    async def fresh(self) -> Sequence[Seen]:
        query = {"number": self.person.phone, "after": str(self._seen), "wait": str(PATIENCE)}
        texts = await self.get(f"{self.control}/messages", **query)
        self._seen = max([self._seen, *(text["seq"] for text in texts)])
        return [Seen(text["text"]) for text in texts if text["from"] != self.person.phone]

    def written(self, text: str) -> dict[str, Any]:
        """With `wait` it returns when the centre was told that we have every part."""
        return {"from": self.person.phone, "to": SHORT_CODE, "text": text, "wait": True}


class GatewayHandset(Handset):
    """Behind eSMS, which gives each message an id."""

    _count = 0

    def written(self, text: str) -> dict[str, Any]:
        GatewayHandset._count += 1
        name = {"provider": "esms", "id": str(7_000_000 + GatewayHandset._count)}
        return {"from": self.person.phone, "to": SHORT_CODE, "text": text, **name}
