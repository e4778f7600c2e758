"""A conversation with a database under it, and citizens who write to it from any channel."""

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bot.conversation import Conversation, Manner
from bot.model.dossier import Dossier
from bot.model.message import DeliveryState, Heard, InboundMessage, OutboxItem, Situation
from bot.model.person import Address, Binding, Follow
from bot.ports import Mirrored, SourceState, Storage
from tests.support.making import START, Time, numbered_ids


@dataclass
class Chats:
    """Everybody who talks with the bot."""

    storage: Storage
    time: Time = field(default_factory=Time)

    def __post_init__(self) -> None:
        self._new_id = numbered_ids()
        self._numbers = count(1)
        self.behave()

    def behave(self, **manner: Any) -> None:
        """From now on the bot has this manner."""
        usual: dict[str, Any] = {
            "example": "H56.14-240823-0001",
            "plain": {"sms": True},
            "buttons": {"telegram": True},
            "shares_phone": {"telegram": True},
            "sms": lambda agency, phone: ("", "sms"),
        }
        self.conversation = Conversation(self.storage, Manner(**(usual | manner)), clock=self.time, new_id=self._new_id)

    async def mirror(self, *dossiers: Dossier) -> None:
        """The office has these dossiers."""
        state = SourceState(None, START, START, fresh_at=START)
        await self.storage.write(lambda tx: tx.dossiers.save([Mirrored.of(each, 1) for each in dossiers], at=START))
        await self.storage.write(lambda tx: tx.sources.save("office", state))

    async def items(self, sender: Address, text: str = "", *, network: str = "", **event: Any) -> list[OutboxItem]:
        """All that is planned because of one message, replies and others."""
        number = str(next(self._numbers))
        message = InboundMessage(
            channel=sender.scheme,
            message_id=number,
            sender=sender,
            text=text,
            at=self.time(),
            network=network,
            **event,
        )
        await self.conversation.handle([message])
        return await self.storage.read(lambda tx: tx.outbox.of_origins([f"inbound:{sender.scheme}:{number}"]))

    async def says(self, sender: Address, text: str, **more: Any) -> str:
        """What is answered to it, in that chat."""
        items = await self.items(sender, text, **more)
        return "\n".join(item.text for item in items if item.address == sender and item.situation is Situation.REPLY)

    async def does(self, sender: Address, what: Heard, **more: Any) -> str:
        return await self.says(sender, more.pop("text", ""), kind=what, **more)

    async def sms_to(self, phone: str) -> list[OutboxItem]:
        """What waits to be sent to this phone on our own account, oldest first."""
        address = Address("sms", phone)
        listed = await self.storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=1000))
        return [item for item in listed if item.address == address and item.situation is not Situation.REPLY]

    async def binding(self, address: Address) -> Binding | None:
        return await self.storage.read(lambda tx: tx.people.binding(address))

    async def follows(self, address: Address) -> list[Follow]:
        return await self.storage.read(lambda tx: tx.follows.of(address))


def digits_in(text: str) -> str:
    """The one-time code in a text."""
    found = re.findall(r"(?<!\d)\d{6}(?!\d)", text)
    assert len(found) == 1, text
    return str(found[0])
