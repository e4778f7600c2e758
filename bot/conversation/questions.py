"""What happens next, who holds it, how long it takes, what to bring, how it went: answers about one dossier."""

from collections.abc import Mapping

from bot.conversation import guidance
from bot.conversation.histories import say_course
from bot.conversation.intents import Intent
from bot.conversation.listing import Listed, own_dossiers, say_list
from bot.conversation.showing import (
    Answer,
    ask_back,
    codes_of,
    say_procedure,
    show,
    show_day,
    tell,
    values_of,
    words_with_code,
)
from bot.conversation.turn import Feature, Handler, Turn
from bot.lookup import Found
from bot.model.dossier import FINISHED, Dossier, Status, Step
from bot.model.person import Right

_SAYS = {
    "next": "tiếp theo",
    "who": "ai đang giữ",
    "days": "còn bao lâu",
    "bring": "mang gì",
    "history": "lịch sử",
}
"""Intent → words that say it."""


def says(name: str, code: str) -> str:
    """What an option says that asks this of a dossier."""
    return words_with_code(_SAYS[name], code)


async def _next(turn: Turn, found: Found) -> None:
    if dossier := _fresh(turn, found):
        turn.say(f"next_{dossier.status:d}", (), **_values(turn, found, dossier))


async def _days(turn: Turn, found: Found) -> None:
    if dossier := _fresh(turn, found):
        over = "1" if dossier.status in FINISHED else ""
        turn.say("days", (), over=over, **_values(turn, found, dossier))


async def _bring(turn: Turn, found: Found) -> None:
    if dossier := _owned(turn, found):
        turn.say(f"bring_{_BRING[dossier.status]}", (), **_values(turn, found, dossier))


_BRING: Mapping[Status, str] = {
    Status.UNKNOWN: "later",
    Status.REGISTERED: "later",
    Status.RECEIVED: "later",
    Status.PROCESSING: "later",
    Status.SUPPLEMENT: "supplement",
    Status.PAYMENT: "payment",
    Status.REFUSED: "back",
    Status.WITHDRAWN: "back",
    Status.STOPPED: "back",
    Status.DONE: "result",
    Status.RETURNED: "nothing",
}


async def _who(turn: Turn, found: Found) -> None:
    """The agency and what it does there (NĐ 224/2026/NĐ-CP Đ15); officers' names are for staff."""
    if dossier := _owned(turn, found):
        step = _present_step(dossier)
        turn.say(
            "who",
            (),
            **_values(turn, found, dossier),
            holder=_holder(dossier, step),
            task=step.task if step else "",
            since=show_day(step.started_at) if step else "",
            due=show_day(step.due_at) if step else "",
        )


def _present_step(dossier: Dossier) -> Step | None:
    """The one that runs; nobody holds a dossier that was handed over."""
    if dossier.status in FINISHED - {Status.DONE}:
        return None
    return next((step for step in reversed(dossier.steps) if step.ended_at is None), None)


def _holder(dossier: Dossier, step: Step | None) -> str:
    """Empty where the source writes an identifier that tells citizens nothing."""
    if step is None or step.agency in ("", dossier.agency):
        return dossier.agency_name
    return step.agency if " " in step.agency else ""


async def _history(turn: Turn, found: Found) -> None:
    if found.right is not Right.FULL or found.dossier is None:
        turn.say("owner_only", code=found.code)
        return
    await say_course(turn, found, found.dossier)


def _owned(turn: Turn, found: Found) -> Dossier | None:
    """The dossier where its owner asks and it is as fresh as what is to be said; else says what can be said."""
    if found.right is not Right.FULL:
        turn.say("owner_only", code=found.code)
        return None
    return _fresh(turn, found)


def _fresh(turn: Turn, found: Found) -> Dossier | None:
    """What is too old is shown as that, and nothing is concluded from it."""
    if found.stale:
        show(turn, found)
        return None
    return found.dossier


def _values(turn: Turn, found: Found, dossier: Dossier) -> dict[str, str]:
    return values_of(turn, found, dossier) | {"hours": turn.manner.hours}


ANSWERS: Mapping[str, Answer] = {
    "next": _next,
    "who": _who,
    "days": _days,
    "bring": _bring,
    "history": _history,
}
"""Intent → what answers it to somebody who may know."""


def _asked(name: str) -> Handler:
    async def handle(turn: Turn, intent: Intent) -> None:
        sure, mended = codes_of(intent)
        if not sure and mended:
            ask_back(turn, mended[0], name, factor=intent.rest)
        elif not sure and intent.codes:
            say_procedure(turn, intent)
        elif code := next(iter(sure), "") or turn.state.about:
            await tell(turn, code, name, ANSWERS[name], factor=intent.rest)
        else:
            await _ask_which(turn, name)

    return handle


async def _ask_which(turn: Turn, name: str) -> None:
    """None was named or spoken of: the only one that is open, the only one at all, or the asker chooses."""
    own = await own_dossiers(turn)
    is_open = [each for each in own if each.status not in FINISHED or each.status is Status.DONE]
    for dossiers in (is_open, own):
        if len(dossiers) == 1:
            await tell(turn, dossiers[0].code, name, ANSWERS[name])
            return
    if own:
        say_list(turn, "which", [Listed(each, is_own=True) for each in own], words=_SAYS[name])
    else:
        turn.say("which_code")


FEATURE = Feature(
    intents={
        **{name: _asked(name) for name in ANSWERS},
        "help": guidance.help_,
        "language": guidance.language,
        "unknown": guidance.unknown,
        "thanks": guidance.thanks,
        "yes": guidance.help_,
        "no": guidance.help_,
        "number": guidance.number,
        "phone": guidance.phone,
        "cancel": guidance.cancel,
    }
)
