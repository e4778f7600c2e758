"""Citizens on Telegram, on a Zalo official account and on a Zalo bot, played through the simulators' controls."""

import itertools
import time
from collections.abc import Sequence
from typing import Any

from aiohttp import ClientSession

from bot.model.person import Address
from tests.scripts.people import PATIENCE, Citizen, Person, Seen

_ids = itertools.count(1)


class TelegramUser(Citizen):
    has_buttons = True
    shares_phone = True

    def __init__(self, http: ClientSession, person: Person, url: str) -> None:
        super().__init__(http, person)
        self._url = url
        self._id = 5_000_000 + person.number
        self._seen = 0
        self._data: dict[str, str] = {}
        self._last: dict[str, Any] = {}
        self._is_away = False

    @property
    def address(self) -> Address:
        return Address("telegram", str(self._id))

    async def say(self, text: str) -> None:
        answer = await self._do("say", {"text": text})
        self._last = {"update_id": answer["update_id"], "message": self._message(text)}

    async def again(self) -> None:
        await self.post(f"{self._url}/_control/updates", self._last)

    async def press(self, label: str, number: int) -> None:
        if label not in self._data:
            await self.say(label)  # a key in place of the letters sends its label
        else:
            await self._do("press", {"data": self._data[label]})

    async def share(self) -> None:
        await self._do("contact", {"phone": self.person.phone.removeprefix("+")})

    async def start(self, code: str) -> None:
        """`t.me/BOT?start=…`, in the letters that Telegram lets through."""
        await self.say(f"/start {code.replace('.', '_')}".strip())

    async def leave(self) -> None:
        await self._do("block", {})
        self._is_away = True

    async def fresh(self) -> Sequence[Seen]:
        talk = f"{self._url}/_control/chats/{self._id}/talk"
        said = await self.get(talk, after=str(self._seen), wait=str(PATIENCE))
        self._seen = max([self._seen, *(each["message_id"] for each in said)])
        return [self._read(each) for each in said if each["is_bot"]]

    def _read(self, message: dict[str, Any]) -> Seen:
        markup = message.get("reply_markup") or {}
        buttons = [button for row in markup.get("inline_keyboard", ()) for button in row]
        self._data = {button["text"]: button["callback_data"] for button in buttons}
        keys = [key for row in markup.get("keyboard", ()) for key in row]
        labels = [each["text"] for each in (*buttons, *keys) if not each.get("request_contact")]
        return Seen(message["text"], tuple(labels), any(key.get("request_contact") for key in keys))

    async def _do(self, act: str, body: dict[str, Any]) -> Any:
        if self._is_away:
            self._is_away = False
            await self.post(f"{self._url}/_control/users/{self._id}/unblock", {})
        return await self.post(f"{self._url}/_control/users/{self._id}/{act}", body)

    def _message(self, text: str) -> dict[str, Any]:
        who = {"id": self._id, "first_name": "Công dân"}
        return {
            "message_id": 1,
            "from": {**who, "is_bot": False, "language_code": "vi"},
            "chat": {**who, "type": "private"},
            "date": int(time.time()),
            "text": text,
        }


class ZaloUser(Citizen):
    """Somebody who writes to the official account."""

    def __init__(self, http: ClientSession, person: Person, url: str) -> None:
        super().__init__(http, person)
        self._url = url
        self._seen = 0
        self._last: dict[str, Any] = {}

    @property
    def address(self) -> Address:
        return Address("zalo", self._user)

    @property
    def _user(self) -> str:
        return f"8800000{self.person.phone[-9:]}"

    async def say(self, text: str) -> None:
        self._last = {"text": text, "msg_id": f"{next(_ids):020x}"}
        await self.again()

    async def again(self) -> None:
        await self._do("say", self._last)

    async def fill(self) -> None:
        await self._do("submit", {})

    async def follow(self) -> None:
        await self._do("follow", {})

    async def leave(self) -> None:
        await self._do("unfollow", {})

    async def fresh(self) -> Sequence[Seen]:
        messages = f"{self._url}/_control/users/{self._user}/messages"
        shown = await self.get(messages, by="office", after=str(self._seen), wait=str(PATIENCE))
        self._seen = max([self._seen, *(each["seq"] for each in shown)])
        return [Seen(each["text"]) for each in shown]

    async def _do(self, act: str, body: dict[str, Any]) -> None:
        answer = await self.post(f"{self._url}/_control/users/{self._user}/{act}", body)
        assert answer["acknowledged"], "the webhook did not take it"


class ZaloBotUser(ZaloUser):
    """Somebody who writes to a bot of the Bot Platform, which knows no phone numbers."""

    @property
    def address(self) -> Address:
        return Address("zalobot", self._user)

    @property
    def _user(self) -> str:
        return f"{self.person.phone[-9:]:0>16}"

    async def say(self, text: str) -> None:
        self._last = {"text": text, "message_id": f"{next(_ids):020x}"}
        await self.again()
