"""Looking dossiers up, the list of one's own, and following them."""

from collections.abc import Mapping, Sequence

from bot.conversation import guidance, questions
from bot.conversation.factors import factor_in
from bot.conversation.following_up import ask_to_follow, follow, stop_following
from bot.conversation.intents import Intent
from bot.conversation.listing import all_dossiers, say_list
from bot.conversation.showing import CODES_AT_ONCE, Answer, ask_back, can_bind, codes_of, say_procedure, show, tell
from bot.conversation.turn import Dialogue, Feature, Turn
from bot.lookup import Found
from bot.model.code import read_codes
from bot.model.message import Heard, Option
from bot.model.person import Right


async def _look_up(turn: Turn, intent: Intent) -> None:
    sure, mended = codes_of(intent)
    if sure or mended:
        await _tell_all(turn, sure, "lookup", factor=intent.rest)
        if mended:
            ask_back(turn, mended[0], "lookup", factor=intent.rest if not sure else "")
    elif intent.codes:
        say_procedure(turn, intent)
    elif guidance.say_broken_code(turn, intent):
        return
    elif turn.state.about:
        await _tell_all(turn, [turn.state.about], "lookup")
    else:
        guidance.say_help(turn)


async def _tell_all(turn: Turn, codes: Sequence[str], act: str, *, factor: str = "") -> None:
    """A factor is meant for one dossier, and asked for about one."""
    asks = len(codes) == 1
    for code in codes[:CODES_AT_ONCE]:
        if not await tell(turn, code, act, _ANSWERS[act], factor=factor if asks else "", asks=asks):
            return
    if len(codes) > CODES_AT_ONCE:
        turn.say("many", limit=str(CODES_AT_ONCE))


async def _show_with_options(turn: Turn, found: Found) -> None:
    show(turn, found, _options(turn, found))


def _options(turn: Turn, found: Found) -> list[Option]:
    """What is asked next most often. In SMS the reply has no room to name it."""
    dossier = found.dossier
    if dossier is None or turn.is_plain:
        return []
    options = [turn.option("next", questions.says("next", dossier.code))]
    if found.right is Right.FULL:
        options += [turn.option(name, questions.says(name, dossier.code)) for name in ("bring", "history")]
    elif not found.is_followed:
        options.append(ask_to_follow(turn, dossier.code))
    return options


async def _show_after_link(turn: Turn, found: Found) -> None:
    """Somebody opened the bot by the link on a slip: following is one tap away."""
    options = _options(turn, found)
    if found.dossier and not turn.is_plain and not found.is_followed:
        options = list(dict.fromkeys([ask_to_follow(turn, found.dossier.code), *options]))
    show(turn, found, options)


# Following


async def _follow(turn: Turn, intent: Intent) -> None:
    sure, mended = codes_of(intent)
    codes = sure or ([turn.state.about] if turn.state.about and not mended else [])
    if codes:
        await _tell_all(turn, codes, "follow", factor=intent.rest)
    elif mended:
        ask_back(turn, mended[0], "follow", factor=intent.rest)
    elif intent.codes:
        say_procedure(turn, intent)
    else:
        turn.say("follow_how")


async def _mine(turn: Turn, _: Intent) -> None:
    listed = await all_dossiers(turn)
    if listed:
        say_list(turn, "mine", listed, words="hồ sơ")
    elif turn.asker.phone:
        turn.say("mine_none")
    else:
        turn.say("mine_unbound", [turn.option("bind", "liên kết")] if can_bind(turn) else [])


# Questions that wait for their answers


async def _confirm(turn: Turn, intent: Intent, slots: Mapping[str, str]) -> bool:
    if intent.name == "yes":
        turn.outcome = slots["act"]
        await _tell_all(turn, [slots["code"]], slots["act"], factor=slots["factor"])
        return True
    if intent.name in ("no", "cancel"):
        turn.outcome = "denied"
        turn.say("denied")
        return True
    return False


async def _take_factor(turn: Turn, intent: Intent, slots: Mapping[str, str]) -> bool:
    if intent.name in ("no", "cancel"):
        turn.outcome = "denied"
        turn.say("no_factor", [turn.option("bind", "liên kết")] if can_bind(turn) else [])
        return True
    factor = factor_in(intent.text)
    if intent.name == "yes" or not factor:
        return False
    await _tell_all(turn, [slots["code"]], slots["act"], factor=factor)
    return True


async def _opened(turn: Turn, intent: Intent) -> None:
    """The bot was opened by its Start button, or by a link that carries a code."""
    codes = [each for each in read_codes(intent.text) if each.kind == "dossier"]
    if not codes:
        turn.outcome = "help"
        guidance.say_help(turn)
    elif codes[0].repaired:
        ask_back(turn, codes[0].code, "link")
    else:
        turn.outcome = "lookup"
        await _tell_all(turn, [codes[0].code], "link")


_ANSWERS: Mapping[str, Answer] = {
    "lookup": _show_with_options,
    "link": _show_after_link,
    "follow": follow,
    **questions.ANSWERS,
}

FEATURE = Feature(
    intents={"lookup": _look_up, "mine": _mine, "follow": _follow, "unfollow": stop_following},
    dialogues={"confirm": Dialogue(_confirm), "factor": Dialogue(_take_factor)},
    events={Heard.START: _opened},
)
