"""Feedback to the office (NĐ 20/2008/NĐ-CP), what it does not cover, and messages of swindlers who pretend to be us."""

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.conversation.concerned import Matter, matter_of, only_asks
from bot.conversation.intents import Intent
from bot.conversation.turn import Dialogue, Feature, Turn
from bot.model.clock import VIETNAM
from bot.model.person import Consent, Purpose
from bot.model.phone import parse_phone
from bot.model.service import Feedback, FeedbackKind
from bot.model.sms import unaccented

_CONSENT = "feedback/1"
"""The wording of `reply.feedback_show`."""

_SHORTEST_TEXT = 10
"""Characters; less tells nobody anything."""
_LONGEST_TEXT = 4_000
_SHORTEST_HOME = 5
_LONGEST_LINE = 120
"""Characters of a name or an address."""

_POLITE = frozenset({"da", "vang", "da vang", "thua", "da thua"})

Slots = Mapping[str, str]


async def _feedback(turn: Turn, intent: Intent) -> None:
    matter = await matter_of(turn, intent)
    slots = {"code": matter.code, "agency": matter.agency, "agency_name": matter.agency_name}
    text = _words_of(intent)
    _ask_next(turn, slots | ({"text": text} if len(text) >= _SHORTEST_TEXT else {}))


def _words_of(intent: Intent) -> str:
    """What was written beside the keyword. With a code in it the whole text, since a sentence may need its code."""
    text = intent.text if intent.codes and intent.rest.strip() else intent.rest
    return text.strip()[:_LONGEST_TEXT]


def _ask_next(turn: Turn, slots: Slots) -> None:
    """Asks for what the decree requires and nobody has said yet; at the end whether all of it may go."""
    for name in ("text", "name", "home"):
        if name not in slots:
            turn.say(f"feedback_{name}", code=slots["code"])
            turn.expect(f"feedback.{name}", **slots)
            return
    phone = slots.get("phone") or turn.asker.phone
    if not phone:
        turn.say("feedback_phone")
        turn.expect("feedback.phone", **slots)
        return
    _show(turn, {**slots, "phone": phone})


def _show(turn: Turn, slots: Slots) -> None:
    options = [turn.option("send_it", "đúng"), turn.option("keep_back", "không phải")]
    turn.say(
        "feedback_show",
        options,
        text=slots["text"],
        sender=slots["name"],
        home=slots["home"],
        phone=_as_dialled(slots["phone"]),
        **_recipient(slots),
    )
    turn.expect("feedback.agree", **slots)


def _recipient(slots: Slots) -> dict[str, str]:
    return {"agency": slots["agency_name"], "unit": "" if slots["agency_name"] else slots["agency"]}


def _as_dialled(phone: str) -> str:
    return f"0{phone.removeprefix('+84')}" if phone.startswith("+84") else phone


# The questions


async def _take_text(turn: Turn, intent: Intent, slots: Slots) -> bool:
    if only_asks(intent):
        return False
    text = (_words_of(intent) if intent.name == "feedback" else intent.text.strip())[:_LONGEST_TEXT]
    _ask_next(turn, {**slots, "text": text} if len(text) >= _SHORTEST_TEXT else slots)
    return True


def _begins_anew(intent: Intent) -> bool:
    """`PA …` instead of a name is other feedback."""
    return intent.name == "feedback" or only_asks(intent)


async def _take_name(turn: Turn, intent: Intent, slots: Slots) -> bool:
    """`Nguyễn Văn An, thôn 3, xã Hải Hà` answers the next question as well."""
    if _begins_anew(intent):
        return False
    name, home = _parted(intent.text)
    learnt = dict(slots)
    if sum(char.isalpha() for char in name) > 1 and len(name) <= _LONGEST_LINE:
        learnt["name"] = name
        if _is_home(home):
            learnt["home"] = home
    _ask_next(turn, learnt)
    return True


async def _take_home(turn: Turn, intent: Intent, slots: Slots) -> bool:
    if _begins_anew(intent):
        return False
    home = " ".join(intent.text.split())
    _ask_next(turn, {**slots, "home": home} if _is_home(home) else slots)
    return True


async def _take_phone(turn: Turn, intent: Intent, slots: Slots) -> bool:
    if _begins_anew(intent):
        return False
    phone = parse_phone(intent.text)
    _ask_next(turn, {**slots, "phone": phone.e164} if phone else slots)
    return True


def _parted(text: str) -> tuple[str, str]:
    """Name and address, parted by the first comma, semicolon or line; `Dạ, …` is no name."""
    parts = [" ".join(part.split()) for part in re.split(r"[,;\n]", text)]
    name, *home = [part for part in parts if part and unaccented(part).lower() not in _POLITE] or [""]
    return name, ", ".join(home)


def _is_home(home: str) -> bool:
    return _SHORTEST_HOME <= len(home) <= _LONGEST_LINE


async def _agreed(turn: Turn, intent: Intent, slots: Slots) -> bool:
    if intent.name == "yes":
        receipt = await _keep_feedback(turn, slots)
        turn.say("feedback_taken", (), receipt=receipt, **_recipient(slots))
    elif intent.name in ("no", "cancel"):
        turn.say("feedback_kept_back")
    else:
        _show(turn, slots)
    return True


async def _keep_feedback(turn: Turn, slots: Slots) -> str:
    await turn.tx.people.agree([Consent(turn.asker.address, Purpose.FEEDBACK, _CONSENT, turn.now)])
    about = Matter(slots["code"], slots["agency"])
    made = _made(turn, FeedbackKind.PROPOSAL, slots["text"], about)
    return await _keep(turn, replace(made, name=slots["name"], home=slots["home"], phone=slots["phone"]))


def _made(turn: Turn, kind: FeedbackKind, text: str, about: Matter) -> Feedback:
    return Feedback(
        kind=kind,
        address=turn.asker.address,
        channel=turn.message.channel,
        agency=about.agency,
        code=about.code,
        text=text,
        language=turn.catalogue.language,
        at=turn.now,
    )


async def _keep(turn: Turn, feedback: Feedback) -> str:
    """The receipt number."""
    day = turn.now.astimezone(VIETNAM).strftime("%y%m%d")
    return await turn.tx.service.add_feedback(feedback, day=day, prefix=turn.manner.conversation.feedback_prefix)


# What is no feedback


async def _complaint(turn: Turn, _: Intent) -> None:
    """Khiếu nại and tố cáo have laws of their own; NĐ 20/2008 leaves them out."""
    turn.say("complaint")


async def _scam(turn: Turn, intent: Intent) -> None:
    text = _words_of(intent)
    if len(text) < _SHORTEST_TEXT:
        turn.say("scam_text")
        turn.expect("feedback.scam")
        return
    await _keep_scam(turn, text)


async def _take_scam(turn: Turn, intent: Intent, _: Slots) -> bool:
    if only_asks(intent):
        return False
    await _keep_scam(turn, intent.text.strip()[:_LONGEST_TEXT])
    return True


async def _keep_scam(turn: Turn, text: str) -> None:
    """Needs no name: who warns others must not be asked for papers first."""
    receipt = await _keep(turn, _made(turn, FeedbackKind.SCAM, text, Matter()))
    turn.say("scam_taken", receipt=receipt)


async def _genuine(turn: Turn, _: Intent) -> None:
    turn.say("genuine", official="; ".join(turn.manner.conversation.official))


FEATURE = Feature(
    intents={"feedback": _feedback, "complaint": _complaint, "scam": _scam, "genuine": _genuine},
    dialogues={
        "feedback.text": Dialogue(_take_text, is_free=True),
        "feedback.name": Dialogue(_take_name, is_free=True),
        "feedback.home": Dialogue(_take_home, is_free=True),
        "feedback.phone": Dialogue(_take_phone, is_free=True),
        "feedback.agree": Dialogue(_agreed),
        "feedback.scam": Dialogue(_take_scam, is_free=True),
    },
)
