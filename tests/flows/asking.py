"""Who asks about dossiers, a dossier with secrets, and what stands on the buttons of an answer."""

from itertools import count
from typing import Any

from bot.mirror import Mirror
from bot.model.dossier import Dossier, Status
from bot.model.person import Address, Binding, Proof
from tests.support.chats import Chats
from tests.support.making import OWNER_PHONE, dossier, planner

OWNER = Address("sms", OWNER_PHONE)
STRANGER = Address("sms", "+84987654321")
CHAT = Address("telegram", "1001")
OTHER = Address("telegram", "2002")
WEB = Address("webchat", "3f" * 16)


def secret(number: int = 1, **changes: Any) -> Dossier:
    """A dossier with everything that not everybody may see."""
    return dossier(
        number,
        status=Status.SUPPLEMENT,
        supplement="Giấy chứng sinh",
        reason="Bản nộp bị mờ",
        place="Quầy 3",
        lookup_code="AB12",
        id_tail="0123",
        **changes,
    )


def mirror_of(chats: Chats) -> Mirror:
    """With ids of its own for what it pushes."""
    numbers = count(1)
    return Mirror("office", chats.storage, planner(lambda: f"P{next(numbers):025}"), chats.time)


async def bound(chats: Chats, address: Address = CHAT) -> None:
    now = chats.time()
    binding = Binding(address, OWNER_PHONE, Proof.CONTACT, now, now, address.scheme)
    await chats.storage.write(lambda tx: tx.people.bind(binding))


async def options(chats: Chats, sender: Address, text: str, **event: Any) -> list[tuple[str, str]]:
    """The last reply's buttons: what stands on them, and what they say."""
    items = await chats.items(sender, text, **event)
    return [(each.label, each.says) for each in items[-1].options]
