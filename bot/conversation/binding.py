"""A chat that belongs to a phone: bound by the provider's word or by a one-time code, and unbound."""

from collections.abc import Mapping

from bot.conversation import erasing, one_time_codes
from bot.conversation.intents import Intent
from bot.conversation.one_time_codes import LASTS, minutes_of
from bot.conversation.turn import Dialogue, Feature, Turn
from bot.model.message import Asks, Heard, Option
from bot.model.person import Binding, Consent, Proof, Purpose
from bot.model.phone import Phone, parse_phone
from bot.proving import CODE_DIGITS

WORDING = "bind/1"
"""Of `reply.bind_phone` and `reply.bound`, which say what somebody agrees to who binds a chat."""


async def _bind(turn: Turn, intent: Intent) -> None:
    phone = parse_phone(intent.rest)
    if turn.asker.address.scheme == "sms":
        turn.say("bind_sms")
    elif phone:
        await _send_code(turn, phone)
    elif turn.asker.phone:
        options = [_mine(turn), turn.option("unbind", "huy lien ket")]
        turn.say("bind_already", options, tail=turn.asker.phone[-3:])
    else:
        _ask_for_phone(turn, "bind_phone")


def _ask_for_phone(turn: Turn, words: str) -> None:
    turn.say(words, [turn.option("share_phone", "lien ket", Asks.PHONE)])
    turn.expect("bind.phone")


async def _take_phone(turn: Turn, intent: Intent, _: Mapping[str, str]) -> bool:
    if intent.name == "no":
        turn.say("cancelled")
        return True
    if intent.name not in _TYPED:
        return False
    if phone := parse_phone(intent.text):
        await _send_code(turn, phone)
    else:
        _ask_for_phone(turn, "bind_phone_wrong")
    return True


_TYPED = ("phone", "number", "unknown")
"""What somebody may have typed who was asked for digits."""


async def _send_code(turn: Turn, phone: Phone) -> None:
    if phone.kind != "mobile":
        _ask_for_phone(turn, "bind_phone_wrong")
    elif turn.manner.sms is None:
        turn.say("bind_closed")
    elif wait := await one_time_codes.send(turn, phone.e164):
        turn.say("bind_later", minutes=minutes_of(wait))
    else:
        turn.say("code_sent", minutes=minutes_of(LASTS))
        turn.expect("bind.code")


async def _take_code(turn: Turn, intent: Intent, _: Mapping[str, str]) -> bool:
    if intent.name == "no":
        # "Không nhận được mã": it may still come.
        turn.say("code_awaited", [turn.option("resend", "liên kết")], digits=str(CODE_DIGITS))
        turn.expect("bind.code")
        return True
    if intent.name not in _TYPED:
        return False
    typed = "".join(sign for sign in intent.text if sign in "0123456789")
    if len(typed) == CODE_DIGITS:
        await _check_code(turn, typed)
    elif phone := parse_phone(intent.text):
        await _send_code(turn, phone)
    else:
        turn.say("code_awaited", digits=str(CODE_DIGITS))
        turn.expect("bind.code")
    return True


async def _check_code(turn: Turn, typed: str) -> None:
    checked = await one_time_codes.check(turn, typed)
    if checked.phone:
        await _join(turn, checked.phone, Proof.CODE)
    elif checked.is_expired:
        _ask_for_phone(turn, "code_expired")
    elif checked.tries_left:
        turn.say("code_wrong", left=str(checked.tries_left))
        turn.expect("bind.code")
    else:
        turn.say("code_used_up", [turn.option("bind", "lien ket")])


async def _join(turn: Turn, phone: str, proof: Proof) -> None:
    """Binds the chat, and records that its owner agreed to be told here."""
    address, language = turn.asker.address, turn.catalogue.language
    await turn.tx.people.bind(Binding(address, phone, proof, turn.now, turn.now, turn.message.channel, language))
    await turn.tx.people.agree([Consent(address, Purpose.UPDATES, WORDING, turn.now)])
    turn.outcome = "bound"
    turn.say("bound", [_mine(turn)], tail=phone[-3:])


def _mine(turn: Turn) -> Option:
    return turn.option("mine", "ho so cua toi")


async def _shared(turn: Turn, _: Intent) -> None:
    """The provider vouches for the number: nothing more is asked."""
    await turn.tx.people.drop_code(turn.asker.address)
    if phone := parse_phone(turn.message.phone):
        await _join(turn, phone.e164, Proof.CONTACT)
    else:
        _ask_for_phone(turn, "bind_phone_wrong")


async def _claimed(turn: Turn, _: Intent) -> None:
    """Nobody has checked what is typed into the provider's form: it is a number that was typed."""
    turn.outcome = "bind"
    if phone := parse_phone(turn.message.phone):
        await _send_code(turn, phone)
    else:
        _ask_for_phone(turn, "bind_phone_wrong")


async def _welcome(turn: Turn, _: Intent) -> None:
    turn.outcome = "followed"
    turn.say("welcome", [turn.option("bind", "lien ket"), turn.option("help", "huong dan")])


async def _unbind(turn: Turn, _: Intent) -> None:
    address = turn.asker.address
    if address.scheme == "sms":
        turn.say("unbind_sms")
        return
    was_bound = await turn.tx.people.unbind(address)
    await turn.tx.people.withdraw(address, {Purpose.UPDATES}, at=turn.now)
    # A flag for the template, which knows only texts.
    goes_on = "sms" if turn.manner.sms else ""
    turn.say("unbound" if was_bound else "not_bound", [turn.option("bind", "lien ket")], goes_on=goes_on)


FEATURE = Feature(
    intents={"bind": _bind, "unbind": _unbind, "erase": erasing.ask},
    dialogues={
        "bind.phone": Dialogue(_take_phone),
        "bind.code": Dialogue(_take_code),
        "erase.confirm": Dialogue(erasing.confirm),
    },
    events={Heard.CONTACT: _shared, Heard.CLAIMED: _claimed, Heard.FOLLOWED: _welcome},
)
