"""Citizens who write to the bot, in chats and by SMS, and what they read."""

from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from bot.config import ConversationSettings, LinkSettings
from bot.conversation import Conversation, Manner
from bot.mirror import Mirror
from bot.model.dossier import Dossier
from bot.model.ids import NewId
from bot.model.message import DeliveryState, Heard, InboundMessage, OutboxItem, Situation
from bot.model.person import Address, Binding, Proof
from bot.ports import Settlement, Storage
from tests.support.making import OWNER_PHONE, START, Time, batch, message, numbered_ids, planner

MAI = Address("sms", OWNER_PHONE)
ZALO = Address("zalo", "5551")
TELEGRAM = Address("telegram", "1001")
WEB = Address("webchat", "3f" * 16)

MANNER = Manner(
    example="H56.14-240823-0001",
    plain={"sms": True},
    buttons={"zalo": True, "telegram": True},
    sms=lambda agency, phone: ("", "sms"),
    conversation=ConversationSettings(hotline="1900 1234", official=("Zalo: Một cửa Khánh Hòa", "SMS: MOTCUA-KH")),
    links=LinkSettings(sms="8041"),
)


@dataclass
class Citizens:
    """The bot, and everybody who writes to it."""

    storage: Storage
    manner: Manner = MANNER
    time: Time = field(default_factory=Time)
    new_id: NewId = field(default_factory=numbered_ids)
    numbers: Any = field(default_factory=lambda: count(1))

    def manners(self, **changes: Any) -> None:
        self.manner = replace(self.manner, **changes)

    async def write(self, text: str, sender: Address = MAI, kind: Heard = Heard.TEXT, **more: Any) -> list[OutboxItem]:
        """What `sender` is answered, in order."""
        number = str(next(self.numbers))
        heard = InboundMessage(
            channel=sender.scheme, message_id=number, sender=sender, text=text, at=self.time(), kind=kind, **more
        )
        await Conversation(self.storage, self.manner, clock=self.time, new_id=self.new_id).handle([heard])
        origin = f"inbound:{sender.scheme}:{number}"
        outcomes = await self.storage.read(lambda tx: tx.conversations.outcomes())
        assert not [each for each in outcomes if each[1] == "failed"]
        return await self.storage.read(lambda tx: tx.outbox.of_origins([origin]))

    async def read(self, text: str, sender: Address = MAI, kind: Heard = Heard.TEXT, **more: Any) -> str:
        """The answer, where one comes; all of it on one line."""
        return "\n".join(item.text for item in await self.write(text, sender, kind, **more))

    async def bind(self, chat: Address, phone: str = OWNER_PHONE) -> None:
        now = self.time()
        binding = Binding(chat, phone, Proof.CODE, now, now, chat.scheme)
        await self.storage.write(lambda tx: tx.people.bind(binding))

    async def receive(self, *dossiers: Dossier) -> None:
        """The one-stop software has these dossiers."""
        await Mirror("office", self.storage, planner(self.new_id), self.time).apply(batch(*dossiers))

    async def told(self, dossier: Dossier, address: Address = MAI) -> None:
        """A message about the dossier went to this address."""
        item = message(
            id=self.new_id(), address=address, channel=address.scheme, source=dossier.source, code=dossier.code,
            situation=Situation.PROGRESS, created_at=self.time(), next_at=self.time(),
        )  # fmt: skip
        await self.storage.write(lambda tx: tx.outbox.enqueue([item]))
        await self.deliver(item.channel)

    async def deliver(self, channel: str) -> list[OutboxItem]:
        """Everything that waits there reaches its citizens."""
        now = self.time()
        claimed = await self.storage.write(
            lambda tx: tx.outbox.claim(channel, owner="test", now=now, lease_until=now, limit=100)
        )
        settled = [
            Settlement(item_id=each.item.id, owner="test", state=DeliveryState.DELIVERED, at=now) for each in claimed
        ]
        await self.storage.write(lambda tx: tx.outbox.settle(settled))
        return [each.item for each in claimed]

    async def unwanted(self, address: Address) -> str:
        """Why nothing is sent to this address; empty where it is not on the list."""
        listed = await self.storage.read(lambda tx: tx.do_not_send.listed(limit=100))
        return next((each.reason for each in listed if each.address == address), "")


__all__ = ["MAI", "MANNER", "START", "TELEGRAM", "WEB", "ZALO", "Citizens"]
