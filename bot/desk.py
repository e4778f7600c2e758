"""Flow: what clerks write → messages to the citizens who asked, in conversations and in answer to feedback."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import blake2b

from bot.config import ConversationSettings
from bot.model.clock import Clock, to_millis
from bot.model.ids import NewId
from bot.model.message import Alternative, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.model.service import Feedback, FeedbackKind, Said, Talk
from bot.model.sms import nfc, segment, unaccented
from bot.planning import LIFETIME, LONG_LIFETIME
from bot.ports import Storage, Transaction
from bot.texts import Catalogue

MOST_CHARACTERS = 1_900
"""Of a clerk's text in a chat: with our opening words it is one message everywhere, on Zalo's bots too (2,000)."""
MOST_PARTS = 4
"""Of an answer by SMS."""
MOST_TALKS = 1_000
"""Open conversations among which a handle is looked for."""

_DIGITS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Nothing that is mistaken for something else when it is read aloud."""
_HANDLE = 5

Place = Callable[[str, str], tuple[str, str]]
"""(agency, phone) → (route, queue) of a message by SMS."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A clerk's words as they would leave, with our opening before them."""

    text: str = field(repr=False)
    parts: tuple[str, ...] = field(repr=False)
    """As an SMS goes over the air; one in a chat."""
    is_too_long: bool
    """It would not be sent."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A clerk's side of what citizens ask."""

    storage: Storage
    rules: ConversationSettings
    clock: Clock
    new_id: NewId
    place: Place | None = None
    """Where messages to phones wait; None where no channel reaches phones."""
    is_accented: bool = False
    """Answers by SMS keep their accents."""

    # Conversations

    async def talks(self) -> list[Talk]:
        """Those that wait for a clerk first."""
        return await self.storage.read(lambda tx: tx.service.talks(limit=MOST_TALKS))

    async def find(self, handle: str) -> list[Talk]:
        """The conversations that a clerk may mean by this handle, or by its beginning."""
        typed = handle.strip().lower()
        return [talk for talk in await self.talks() if typed and handle_of(talk).startswith(typed)]

    async def thread(self, talk: Talk, *, limit: int = 50) -> list[Said]:
        """What both sides said last, oldest first."""
        return await self.storage.read(lambda tx: tx.conversations.thread(talk.address, limit=limit))

    async def draft(self, talk: Talk, words: str) -> Draft:
        """What the citizen would read."""
        language = await self.storage.read(lambda tx: _language(tx, talk.address))
        return self._written(language, "clerk_says", talk.address, words)

    async def reply(self, talk: Talk, words: str, *, by: str) -> bool:
        """Sends it; False where the conversation has ended meanwhile."""
        now = self.clock()

        async def work(tx: Transaction) -> bool:
            language = await _language(tx, talk.address)
            if not await _stands(tx, talk):
                return False
            await tx.service.touch_talk(talk.address, at=now, clerk=by)
            draft = self._written(language, "clerk_says", talk.address, words)
            key = f"talk:{self.new_id()}"
            await tx.outbox.enqueue([self._item(draft, talk.address, talk.channel, talk.agency, key=key)])
            return True

        return await self.storage.write(work)

    async def close(self, talk: Talk) -> bool:
        """The bot answers again, and says so; False where the conversation has ended meanwhile."""

        async def work(tx: Transaction) -> bool:
            language = await _language(tx, talk.address)
            if not await _stands(tx, talk):
                return False
            return await self._end(tx, talk, self._written(language, "clerk_closed", talk.address))

        return await self.storage.write(work)

    async def close_idle(self) -> int:
        """Ends conversations in which nobody has written for long, and tells the citizens. Returns how many."""
        before = self.clock() - timedelta(hours=self.rules.clerk_idle_hours)
        idle = await self.storage.read(lambda tx: tx.service.idle_talks(before=before))
        ended = [await self._end_if_idle(talk) for talk in idle]
        return sum(ended)

    async def _end_if_idle(self, talk: Talk) -> bool:
        async def work(tx: Transaction) -> bool:
            language = await _language(tx, talk.address)
            # Somebody may have written since we looked.
            if await tx.service.talk(talk.address) != talk:
                return False
            return await self._end(tx, talk, self._written(language, "clerk_idle", talk.address))

        return await self.storage.write(work)

    async def _end(self, tx: Transaction, talk: Talk, farewell: Draft) -> bool:
        if not await tx.service.end_talk(talk.address):
            return False
        key = f"talk:{handle_of(talk)}:{to_millis(talk.begun_at)}:end"
        await tx.outbox.enqueue([self._item(farewell, talk.address, talk.channel, talk.agency, key=key)])
        return True

    # Feedback

    def draft_answer(self, feedback: Feedback, words: str) -> Draft:
        """What the sender would read."""
        return self._written(
            feedback.language, "feedback_answered", feedback.address, words, {"receipt": feedback.number}
        )

    async def answer(self, feedback: Feedback, words: str, *, by: str) -> bool:
        """Keeps the answer and tells the sender; False where it was answered meanwhile.

        Who said that a number is not hers is not written to again about it: there the answer is a note.
        """
        now = self.clock()

        async def work(tx: Transaction) -> bool:
            if await tx.service.answer_feedback(feedback.number, words, by=by, at=now) is None:
                return False
            if is_told(feedback):
                await tx.outbox.enqueue([self._answer_item(feedback, words)])
            return True

        return await self.storage.write(work)

    def _answer_item(self, feedback: Feedback, words: str) -> OutboxItem:
        """To where it was asked; an answer may take longer than a chat stays open to us, then by SMS to the phone that
        was given for it."""
        draft, key = self.draft_answer(feedback, words), f"feedback:{feedback.number}"
        item = self._item(draft, feedback.address, feedback.channel, feedback.agency, key=key)
        phone = parse_phone(feedback.phone)
        if feedback.address.scheme == "sms" or not self.place or not phone or phone.kind != "mobile":
            return item
        by_sms = Address("sms", phone.e164)
        route, queue = self.place(feedback.agency, by_sms.value)
        short = self.draft_answer(replace(feedback, address=by_sms), words)
        way = Alternative(queue, by_sms, short.text, len(short.parts), route)
        return item if short.is_too_long else replace(item, alternatives=(way,))

    # Writing

    def _written(
        self, language: str, name: str, address: Address, words: str = "", values: dict[str, str] | None = None
    ) -> Draft:
        given = {"hotline": self.rules.hotline, **(values or {})}
        catalogue = Catalogue.load(language)
        if address.scheme != "sms":
            opening = catalogue.render(f"reply.{name}", given, plain=False).text
            text = nfc(f"{opening}\n{words}".strip())
            return Draft(text, (text,), is_too_long=len(words) > MOST_CHARACTERS)
        opening = catalogue.render(f"reply.{name}", given, plain=True, accented=self.is_accented).text
        segmented = segment((nfc if self.is_accented else unaccented)(f"{opening} {words}".strip()))
        return Draft(segmented.text, segmented.parts, is_too_long=len(segmented.parts) > MOST_PARTS)

    def _item(self, draft: Draft, address: Address, channel: str, agency: str, *, key: str) -> OutboxItem:
        now = self.clock()
        route, queue = "", channel
        if address.scheme == "sms" and self.place:
            route, queue = self.place(agency, address.value)
        return OutboxItem(
            id=self.new_id(),
            dedupe_key=key,
            origin=key,
            channel=queue,
            route=route,
            agency=agency,
            address=address,
            lane=Lane.REPLY,
            situation=Situation.ANSWER,
            text=draft.text,
            parts=len(draft.parts),
            created_at=now,
            next_at=now,
            expires_at=now + LIFETIME.get(Situation.ANSWER, LONG_LIFETIME),
        )


async def close_idle(desk: Desk) -> int:
    """See `Desk.close_idle`."""
    return await desk.close_idle()


def handle_of(talk: Talk) -> str:
    """Five letters and digits by which a clerk names a conversation. They say nothing about its address."""
    digest = blake2b(f"{talk.address.key}|{to_millis(talk.begun_at)}".encode(), digest_size=8).digest()
    number = int.from_bytes(digest)
    return "".join(_DIGITS[number // len(_DIGITS) ** place % len(_DIGITS)] for place in range(_HANDLE))


def is_told(feedback: Feedback) -> bool:
    """Whether the sender gets the answer."""
    return feedback.kind is not FeedbackKind.WRONG_NUMBER


async def _stands(tx: Transaction, talk: Talk) -> bool:
    """It is still the same conversation, not a later one at the same address."""
    now = await tx.service.talk(talk.address)
    return now is not None and now.begun_at == talk.begun_at


async def _language(tx: Transaction, address: Address) -> str:
    """Locks the conversation, as the bot does before anything else when the citizen writes."""
    return (await tx.conversations.load(address)).language or "vi"
