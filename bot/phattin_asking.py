"""One order of one of the staff, by chat: who gave it, what it says, and how what it does is recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.auditing import Audited
from bot.broadcasts import Broadcasts
from bot.contacts import Contact
from bot.model.audit import Entry
from bot.model.broadcast import Broadcast
from bot.model.message import InboundMessage
from bot.model.sms import nfc, unaccented
from bot.model.staff import Member
from bot.ports import ConversationState

_WORD = "/phattin"


@dataclass(frozen=True, slots=True)
class Asking:
    """One order of one of the staff."""

    message: InboundMessage
    member: Member
    contact: Contact
    state: ConversationState

    @property
    def words(self) -> list[str]:
        """Of the order, without accents, after `/phattin`."""
        plain = unaccented(nfc(self.message.text)).lower().split()
        return plain[1:] if plain and plain[0] == _WORD else plain

    @property
    def is_order(self) -> bool:
        return is_order(self.message.text)

    @property
    def language(self) -> str:
        return self.contact.language


@dataclass(frozen=True, slots=True)
class Told:
    """What is answered, and what the next message is an answer to."""

    text: str
    slots: Mapping[str, str] | None = None
    """None: nothing is asked."""


def audited(broadcasts: Broadcasts, asking: Asking, what: str, about: Broadcast) -> Broadcasts:
    """The broadcasts as this one orders them: with the same record as at the console."""
    at, by = broadcasts.clock(), asking.member.login

    def told(result: object) -> Entry | None:
        """Under the number that it got by this very act, if it had none."""
        if not isinstance(result, Broadcast):
            return None
        return Entry(at=at, by=by, way="chat", what=what, subject=result.id, agency=about.agency)

    return replace(broadcasts, storage=Audited(broadcasts.storage, told))


def is_order(text: str) -> bool:
    first, *_ = [*text.split(maxsplit=1), ""]
    return unaccented(nfc(first)).lower() == _WORD
