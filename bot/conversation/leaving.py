"""Who wants no more messages and who wants them again: STOP and START, wrong numbers, chats left behind or moved."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.conversation.concerned import told_about
from bot.conversation.intents import Intent
from bot.conversation.turn import Dialogue, Feature, Turn
from bot.model.clock import VIETNAM
from bot.model.message import Heard
from bot.model.person import Address, Consent, Purpose
from bot.model.service import Feedback, FeedbackKind
from bot.ports import ConversationState, Unwanted

_CITIZEN = "citizen"
_NOT_THEIRS = "the number belongs to somebody else"
_GONE = "left"
"""Takes the place of the dialogue in a chat whose citizen has left it, for as long as nobody writes there."""

_CONSENT = "start/1"
"""The wording of `reply.started`."""


async def come_back(turn: Turn) -> None:
    """Before anything is answered: whoever writes has opened the chat again that was blocked or left.

    A chat on the do-not-send list for another reason stays there.
    """
    if turn.state.dialogue == _GONE:
        await turn.tx.do_not_send.remove([turn.asker.address])
        turn.state = ConversationState(language=turn.state.language)


async def _stop(turn: Turn, _: Intent) -> None:
    unwanted = [Unwanted(address, turn.now, _CITIZEN, "STOP") for address in _ways(turn)]
    await turn.tx.do_not_send.add(unwanted)
    await turn.tx.people.withdraw(turn.asker.address, {Purpose.UPDATES}, at=turn.now)
    await turn.tx.service.end_talk(turn.asker.address)
    goes_on = "sms" if turn.manner.sms else ""
    turn.say("stopped", goes_on=goes_on, sms_number=turn.manner.links.sms)


async def _start(turn: Turn, _: Intent) -> None:
    await turn.tx.do_not_send.remove(_ways(turn))
    await turn.tx.people.agree([Consent(turn.asker.address, Purpose.UPDATES, _CONSENT, turn.now)])
    turn.say("started", [turn.option("mine", "hồ sơ của tôi"), turn.option("help", "hướng dẫn")])


def _ways(turn: Turn) -> list[Address]:
    """The address itself, and Zalo messages to the phone: they reach the same person in the same place."""
    address, phone = turn.asker.address, turn.asker.phone
    is_same_place = address.scheme in ("sms", "zalo") and phone.startswith("+")
    return [address, Address("zalophone", phone)] if is_same_place else [address]


# Wrong numbers


@dataclass(frozen=True, slots=True)
class _Told:
    """Where messages about somebody else's dossiers arrive."""

    phone: str
    is_chat: bool


async def _told_to(turn: Turn) -> _Told | None:
    """None in a chat to which no phone belongs: nothing comes there because of a number."""
    address = turn.asker.address
    if address.scheme == "sms":
        return _Told(address.value, is_chat=False)
    binding = await turn.tx.people.binding(address)
    return _Told(binding.phone, is_chat=True) if binding else None


async def _wrong_number(turn: Turn, _: Intent) -> None:
    if await _told_to(turn) is None:
        turn.say("wrong_number_nothing", sms_number=turn.manner.links.sms)
        return
    turn.say("wrong_number", [turn.option("yes", "đúng"), turn.option("no", "không phải")])
    turn.expect("wrong_number")


async def _confirmed(turn: Turn, intent: Intent, _: Mapping[str, str]) -> bool:
    if intent.name not in ("yes", "no", "cancel"):
        return False
    told = await _told_to(turn)
    if intent.name != "yes" or told is None:
        turn.say("wrong_number_kept")
        return True
    unbound: list[Address] = []
    if told.is_chat:
        await turn.tx.people.unbind(turn.asker.address)
    else:
        unbound = await turn.tx.people.unbind_phone(told.phone)
        await turn.tx.people.disown(told.phone, at=turn.now)
    # What waits in a chat could still come to the phone as its next way.
    for address in (turn.asker.address, *unbound):
        await turn.tx.outbox.call_off(address, reason=_NOT_THEIRS, at=turn.now)
    turn.say("wrong_number_done", receipt=await _report(turn), sms_number=turn.manner.links.sms)
    return True


async def _report(turn: Turn) -> str:
    """Tells staff, so that the record is put right; the receipt number."""
    code = next(reversed(await told_about(turn.tx, turn.asker.address)), "")
    dossiers = await turn.tx.dossiers.find(code) if code else []
    feedback = Feedback(
        kind=FeedbackKind.WRONG_NUMBER,
        address=turn.asker.address,
        channel=turn.message.channel,
        agency=dossiers[0].agency if dossiers else "",
        code=code,
        text="",
        language=turn.catalogue.language,
        at=turn.now,
    )
    day = turn.now.astimezone(VIETNAM).strftime("%y%m%d")
    return await turn.tx.service.add_feedback(feedback, day=day, prefix=turn.manner.conversation.feedback_prefix)


# What happens to a chat itself


async def _left(turn: Turn, _: Intent) -> None:
    """Nothing can be sent there. That is no word about consent, which stands for when the chat is opened again."""
    turn.outcome = "left"
    entry = Unwanted(turn.asker.address, turn.now, _CITIZEN, "LEFT")
    is_new = await turn.tx.do_not_send.add([entry]) > 0
    await turn.tx.service.end_talk(turn.asker.address)
    turn.state = ConversationState(language=turn.state.language, dialogue=_GONE if is_new else "")


async def _moved(turn: Turn, intent: Intent) -> None:
    turn.outcome = "moved"
    old = turn.asker.address
    new = Address(old.scheme, intent.text.strip().removeprefix(f"{old.scheme}:"))
    if new.value:
        await turn.tx.people.move(old, new)


FEATURE = Feature(
    intents={"stop": _stop, "start": _start, "wrong_number": _wrong_number},
    dialogues={"wrong_number": Dialogue(_confirmed)},
    events={Heard.LEFT: _left, Heard.MOVED: _moved},
)
