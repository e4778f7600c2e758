"""One-time codes by SMS: sent only to phones on dossiers, though nobody in the chat can tell; checked, worn out."""

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.conversation.outgoing import sms_item
from bot.conversation.turn import Turn
from bot.guarding import BINDER_DAY, BINDER_HOUR, BINDER_NETWORK, MISS, PHONE_DAY, PHONE_HOUR, guard
from bot.model.message import DeliveryState, OutboxItem, Situation
from bot.model.person import OneTimeCode
from bot.proving import digest_of, new_code, same_digest

LASTS = timedelta(minutes=10)
TRIES = 5

_REQUESTS = (PHONE_HOUR, PHONE_DAY, BINDER_HOUR, BINDER_DAY, BINDER_NETWORK)


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of an answer."""

    phone: str = ""
    """Whose the chat is, E.164; empty where the answer was not right."""
    tries_left: int = 0
    is_expired: bool = False
    """There is no code that waits for an answer: it is too old, worn out, or there was none."""


async def send(turn: Turn, phone: str) -> timedelta:
    """Sends a code to a mobile number if it is on a dossier; what must be waited before asking again, and then nothing
    was sent.

    The answer and all that is written are the same where it is on none: a code that nobody knows, a message that does
    not leave.
    """
    sender, network = turn.asker.address.key, turn.asker.network
    subjects = dict(zip(_REQUESTS, (phone, phone, sender, sender, network), strict=True))
    requests = await guard(turn.tx, sender, subjects, now=turn.now)
    if wait := requests.wait(_REQUESTS):
        return wait
    await requests.note(_REQUESTS)
    is_known = bool(await turn.tx.dossiers.of_phone(phone, limit=1))
    digits, digest = new_code(), ""
    if item := _message(turn, phone, digits):
        turn.others.append(item if is_known else _unsent(item))
        digest = digest_of(digits, sender, phone)
    code = OneTimeCode(turn.asker.address, phone, digest if is_known else "", turn.now, turn.now + LASTS)
    await turn.tx.people.put_code(code)
    return timedelta()


def _message(turn: Turn, phone: str, digits: str) -> OutboxItem | None:
    values = {"office": turn.manner.office, "digits": digits, "minutes": minutes_of(LASTS)}
    rendered = turn.catalogue.render("reply.one_time_code", values, plain=True)
    item = sms_item(turn, phone, Situation.CODE, rendered, key="code")
    return item and replace(item, expires_at=turn.now + LASTS)


def _unsent(item: OutboxItem) -> OutboxItem:
    reason = "the phone is on no dossier"
    return replace(item, text="", state=DeliveryState.SUPPRESSED, reason=reason, settled_at=item.created_at)


async def check(turn: Turn, typed: str) -> Checked:
    """Compares the answer with the chat's code. A wrong one counts towards the alarm about guessing."""
    people, address = turn.tx.people, turn.asker.address
    code = await people.code_of(address)
    if code is None or code.expires_at <= turn.now or code.tries >= TRIES:
        await people.drop_code(address)
        return Checked(is_expired=True)
    if same_digest(code.digest, digest_of(typed, address.key, code.phone)):
        await people.drop_code(address)
        return Checked(code.phone)
    await people.failed_try(address)
    await (await guard(turn.tx, address.key, {}, now=turn.now)).note((), MISS)
    return Checked(tries_left=TRIES - code.tries - 1)


def minutes_of(span: timedelta) -> str:
    """Whole minutes, rounded up."""
    return str(-(-int(span.total_seconds()) // 60))
