"""/phattin: staff order broadcasts from a chat of their own, by the same rules and with the same record as elsewhere.

Only chats that the configuration names as a way to a contact with a login. To anybody else the word is unknown.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.broadcast_words import SAID, STATES, line, number, refused
from bot.broadcasts import Broadcasts
from bot.contacts import Contact, Contacts
from bot.model.broadcast import Broadcast, BroadcastState, Refusal
from bot.model.clock import EPOCH
from bot.model.ids import NewId
from bot.model.message import Heard, InboundMessage, Lane, OutboxItem, Situation
from bot.model.sms import nfc
from bot.model.staff import Member, Right
from bot.phattin_asking import Asking, Told, audited, is_order
from bot.phattin_writing import Writing
from bot.planning import LIFETIME
from bot.ports import ConversationState, Transaction

DIALOGUE = "phattin"
_PATIENCE = timedelta(minutes=10)
_SHOWN = 10

_LISTED = (
    BroadcastState.SUBMITTED,
    BroadcastState.APPROVED,
    BroadcastState.RUNNING,
    BroadcastState.TRIED,
    BroadcastState.PAUSED,
)

_VERBS = {"duyet": "approve", "dung": "pause", "tiep": "resume", "huy": "cancel"}
_SURE = frozenset({"approve", "cancel"})
"""Acts that ask for their code to be written again."""
_NOBODY = Member(id="", login="", name="", since=EPOCH)


@dataclass(frozen=True, slots=True)
class Phattin:
    """Takes the orders before the conversation sees them."""

    broadcasts: Broadcasts
    contacts: Contacts
    new_id: NewId

    async def takes(self, message: InboundMessage) -> bool:
        """Whether it was an order, or the answer to a question about one; then it is done and answered. Raises
        `StorageError`."""
        contact = self._contact(message)
        if contact is None:
            return False
        storage, now = self.broadcasts.storage, self.broadcasts.clock()

        async def begin(tx: Transaction) -> Asking | None:
            member = await tx.staff.by_login(contact.login.casefold())
            state = await tx.conversations.load(message.sender)
            is_open = state.dialogue == DIALOGUE and (state.expires_at is None or state.expires_at > now)
            if member is None or member.disabled_at or not (is_open or is_order(message.text)):
                return None
            # Noted before it is done: an order that the provider brings again is not done again.
            is_new = await tx.conversations.first_time(message)
            state = state if is_open else replace(state, dialogue="", slots={})
            return Asking(message, member, contact, state) if is_new else Asking(message, _NOBODY, contact, state)

        asking = await storage.write(begin)
        if asking is None:
            return False
        if asking.member is not _NOBODY:
            await self._answer(asking, await self._told(asking))
        return True

    def _contact(self, message: InboundMessage) -> Contact | None:
        if message.kind is not Heard.TEXT or message.sender.scheme not in self.broadcasts.settings.chat:
            return None
        return next((each for each in self.contacts.known if each.login and message.sender in each.ways), None)

    async def _answer(self, asking: Asking, told: Told) -> None:
        now = self.broadcasts.clock()
        state = replace(
            asking.state,
            dialogue=DIALOGUE if told.slots is not None else "",
            slots=told.slots or {},
            expires_at=now + _PATIENCE if told.slots is not None else asking.state.expires_at,
        )

        async def work(tx: Transaction) -> None:
            await tx.conversations.finish(asking.message, outcome="phattin")
            await tx.conversations.save(asking.message.sender, state, at=now)
            await tx.outbox.enqueue([self._reply(asking.message, told.text)])

        await self.broadcasts.storage.write(work)

    def _reply(self, message: InboundMessage, text: str) -> OutboxItem:
        origin, now = f"inbound:{message.channel}:{message.message_id}", self.broadcasts.clock()
        return OutboxItem(
            id=self.new_id(),
            dedupe_key=f"{origin}|0",
            origin=origin,
            channel=message.channel,
            address=message.sender,
            lane=Lane.REPLY,
            situation=Situation.REPLY,
            text=nfc(text),
            created_at=now,
            next_at=now,
            expires_at=now + LIFETIME[Situation.REPLY],
        )

    # What is ordered

    async def _told(self, asking: Asking) -> Told:
        said = SAID[asking.language]
        if not asking.is_order:
            return await Writing(self.broadcasts, asking).answered()
        match asking.words:
            case []:
                return await self._list(asking)
            case ["moi"]:
                return Writing(self.broadcasts, asking).begun()
            case [verb, number_] if verb in _VERBS:
                return await self._ordered(asking, _VERBS[verb], verb, number_, "")
            case [verb, number_, code] if verb in _VERBS:
                return await self._ordered(asking, _VERBS[verb], verb, number_, code)
            case [number_]:
                return await self._show(asking, number_)
            case _:
                return Told(said["help"])

    async def _list(self, asking: Asking) -> Told:
        said, scope = SAID[asking.language], asking.member.scope(Right.SEE)
        if not scope.agencies:
            return Told(said["no_right"])
        found = await self.broadcasts.listed(scope.asked, limit=_SHOWN, states=_LISTED)
        lines = [said["waiting"], *(line(each, asking.language) for each in found)] if found else [said["none"]]
        return Told("\n".join([*lines, said["help"]]))

    async def _found(self, asking: Asking, number_: str) -> Broadcast | None:
        """What she may not see is as if it were not there."""
        found = await self.broadcasts.get(number_.upper())
        return found if found and asking.member.may(Right.SEE, found.agency) else None

    async def _show(self, asking: Asking, number_: str) -> Told:
        found = await self._found(asking, number_)
        if found is None:
            return Told(refused(Refusal("missing"), asking.language))
        shown = [line(found, asking.language), found.wording.chat]
        if found.began_at:
            progress = await self.broadcasts.progress(found.id)
            states = ", ".join(f"{state}: {number(each)}" for state, each in progress.by_state.items())
            shown.append(f"{number(progress.handed_out)}/{number(progress.people)} · {states}")
        return Told("\n\n".join(shown))

    async def _ordered(self, asking: Asking, act: str, verb: str, number_: str, code: str) -> Told:
        said, language = SAID[asking.language], asking.language
        found = await self._found(asking, number_)
        if found is None:
            return Told(refused(Refusal("missing"), language))
        right = Right.APPROVE if act == "approve" else Right.WORK
        if not asking.member.may(right, found.agency):
            return Told(said["no_right"])
        if act in _SURE and not code:
            return self._asked_again(asking, act, verb, found)
        if act in _SURE and not _is_right(asking.state, f"{act}:{found.id}:{found.revision}", code):
            return Told(said["wrong_code"])
        done = _DONE[act]
        answer = await _ACTS[act](audited(self.broadcasts, asking, f"broadcast.{done}", found))(
            found.id, by=asking.member.login
        )
        if isinstance(answer, Refusal):
            return Told(refused(answer, language))
        return Told(said[done].format(id=answer.id, state=STATES[language][answer.state]))

    def _asked_again(self, asking: Asking, act: str, verb: str, found: Broadcast) -> Told:
        said, code = SAID[asking.language], f"{secrets.randbelow(9000) + 1000}"
        text = said["sure"].format(
            what=said[act],
            id=found.id,
            people=number(found.people),
            cost=number(found.count.cost if found.count else 0),
            verb=verb,
            code=code,
        )
        return Told(text, {"sure": f"{act}:{found.id}:{found.revision}", "code": code})


_Act = Callable[..., Awaitable[Broadcast | Refusal]]
_ACTS: Mapping[str, Callable[[Broadcasts], _Act]] = {
    "approve": lambda broadcasts: broadcasts.approve,
    "pause": lambda broadcasts: broadcasts.pause,
    "resume": lambda broadcasts: broadcasts.resume,
    "cancel": lambda broadcasts: broadcasts.cancel,
}
_DONE = {"approve": "approved", "pause": "paused", "resume": "resumed", "cancel": "cancelled"}


def _is_right(state: ConversationState, about: str, code: str) -> bool:
    is_same = hmac.compare_digest(state.slots.get("code", "").encode(), code.encode())
    return state.slots.get("sure") == about and is_same
