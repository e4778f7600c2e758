"""Flow: a person who asks for it is forgotten, in every table and by what the sources tell afterwards."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.answer_deadlines import ERASURE
from bot.auditing import Audited
from bot.beats import Beat
from bot.model.audit import Entry
from bot.model.clock import VIETNAM, Clock
from bot.model.erasure import digest_of
from bot.model.errors import trail
from bot.model.person import Address, Binding, Consent
from bot.model.service import Feedback, FeedbackKind
from bot.ports import Storage, Transaction
from bot.ports.people import Looked

log = logging.getLogger(__name__)

COUNTER = "counter"
"""The channel of a request that was made at the counter, by telephone or in writing."""
EVERY = 60.0
"""Seconds between two looks for requests that the service carries out by itself."""
LOOKED_AT = 2_000
"""Messages that are looked through in one transaction, where that has to be done."""
MOST = 1_000
"""Open requests that are read at once."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of somebody's consents, by her phone."""

    consents: Sequence[Consent]
    """Of every address, each address's oldest first."""
    bindings: Sequence[Binding]


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody waits to be erased."""

    feedback: Feedback
    due_at: datetime
    """72 hours after it came: Luật 91/2025/QH15."""

    @property
    def phone(self) -> str:
        """E.164."""
        return self.feedback.phone


async def erase(storage: Storage, phone: str, clock: Clock, *, by: str = "") -> dict[str, int]:
    """Takes the owner of `phone` (E.164) out of the database; rows by table, empty where nothing was found.

    Dossiers received until now come into the mirror without her from then on. Her requests are answered by it. `by` is
    for the log, which does not hear the number.
    """

    # Before anybody else has to wait for us.
    addresses, looked = await storage.read(lambda tx: tx.privacy.addresses_of(phone)), Looked()
    while not looked.is_done:
        looked = await storage.read(
            lambda tx, before=looked: tx.privacy.look(phone, addresses, before, limit=LOOKED_AT)  # type: ignore[misc]
        )

    async def work(tx: Transaction) -> dict[str, int]:
        digest, now = digest_of(phone, await tx.privacy.salt()), clock()
        hers = await tx.privacy.addresses_of(phone)
        taken = await tx.privacy.erase(phone, hers, digest=digest, at=now, looked=looked)
        await tx.retention.scrub()
        return taken

    taken = await storage.write(work)
    tables = ", ".join(f"{table} {number}" for table, number in taken.items())
    log.info("a person was erased on request%s: %s", f" by {by}" if by else "", tables or "nothing was found")
    return taken


async def kept_of(storage: Storage, phone: str) -> Kept:
    """Consents of the phone and of the chats bound to it, and what binds them."""

    async def read(tx: Transaction) -> Kept:
        addresses: list[Address] = await tx.privacy.addresses_of(phone)
        consents = [consent for address in addresses for consent in await tx.people.consents(address)]
        bindings = [binding for address in addresses if (binding := await tx.people.binding(address))]
        return Kept(consents, bindings)

    return await storage.read(read)


# Requests


async def requests(tx: Transaction) -> list[Request]:
    """Those that wait, oldest first. An answer alone ends none: she may have been told that it will be done."""
    found = await tx.retention.requests(limit=MOST)
    return [Request(each, each.at + ERASURE) for each in found]


async def request(storage: Storage, phone: str, clock: Clock, *, prefix: str, text: str) -> str:
    """Notes what somebody asked for at the counter; the receipt number. Asked twice, it is one request."""
    now = clock()

    async def work(tx: Transaction) -> str:
        waiting = [each.feedback.number for each in await requests(tx) if each.phone == phone]
        if waiting:
            return waiting[0]
        wish = Feedback(
            kind=FeedbackKind.ERASURE,
            address=Address("sms", phone),
            channel=COUNTER,
            text=text,
            phone=phone,
            at=now,
        )
        return await tx.service.add_feedback(wish, day=now.astimezone(VIETNAM).strftime("%y%m%d"), prefix=prefix)

    return await storage.write(work)


async def refuse(storage: Storage, number: str, clock: Clock) -> bool:
    """The law forbids it, and she was told so. False where nobody has told her, or nothing waits."""
    return await storage.write(lambda tx: tx.retention.refuse(number, at=clock()))


async def carry_out(storage: Storage, clock: Clock) -> int:
    """Erases those who asked for it from their own phone, or from a chat that is bound to it. Returns how many. One
    that fails keeps none of the others waiting; then raises the last failure."""
    own, failure = await storage.read(_of_their_own), None

    for each in own:

        def told(taken: Mapping[str, int], each: Request = each) -> Entry:
            return Entry(
                at=clock(), by="", way="chat", what="person.erased", subject=each.feedback.number,
                after={"rows": dict(taken)},
            )  # fmt: skip

        try:
            await erase(Audited(storage, told), each.phone, clock, by="her own word")
        except Exception as error:
            log.error("the request %s for erasure could not be carried out: %s", each.feedback.number, trail(error))
            failure = error
    if failure:
        raise failure
    return len(own)


async def _of_their_own(tx: Transaction) -> list[Request]:
    return [each for each in await requests(tx) if await _is_own(tx, each.feedback)]


async def _is_own(tx: Transaction, feedback: Feedback) -> bool:
    if feedback.channel == COUNTER or not feedback.phone:
        return False
    if feedback.address.scheme == "sms":
        return feedback.address.value == feedback.phone
    binding = await tx.people.binding(feedback.address)
    return binding is not None and binding.phone == feedback.phone


async def watch_requests(storage: Storage, clock: Clock, beat: Beat) -> None:
    """Until cancelled."""
    while True:
        try:
            await carry_out(storage, clock)
            beat()
        except Exception as error:
            log.error("requests for erasure could not be carried out: %s", trail(error))
        await asyncio.sleep(EVERY)
