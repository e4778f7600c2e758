"""What the bot says of itself: help, languages, and what to do with words that fit nothing."""

import re

from bot.conversation.intents import Intent
from bot.conversation.showing import can_bind
from bot.conversation.surveys import rate_open
from bot.conversation.turn import Turn
from bot.model.message import Option

_LIKE_A_CODE = re.compile(r"(?<![^\W_])[A-Za-z][0-9]{2}(?:[ .][0-9]{1,3})*[ ./_-]{1,3}[0-9]{3,8}")
"""The beginning of a dossier's code."""
_LOOKED_AT = 200


def say_help(turn: Turn) -> None:
    """How to ask, with what is asked for most often one tap away."""
    turn.say("help", _common(turn))


async def help_(turn: Turn, _: Intent) -> None:
    say_help(turn)


async def language(turn: Turn, intent: Intent) -> None:
    """Without a language: the other one."""
    turn.speak(intent.rest or ("vi" if turn.catalogue.language == "en" else "en"))
    turn.say("language", _common(turn))


def say_broken_code(turn: Turn, intent: Intent) -> bool:
    """False where the text has nothing that begins like a code."""
    if not _LIKE_A_CODE.search(intent.text[:_LOOKED_AT]):
        return False
    turn.outcome = "broken_code"
    turn.say("broken_code")
    return True


async def unknown(turn: Turn, intent: Intent) -> None:
    """A code that cannot be read, or words: says what can be asked."""
    if not say_broken_code(turn, intent):
        turn.say("unknown", _common(turn))


async def number(turn: Turn, intent: Intent) -> None:
    """Nobody asked for a number just now; a survey may have, days ago."""
    if not await rate_open(turn, intent):
        say_help(turn)


async def phone(turn: Turn, _: Intent) -> None:
    """A phone number alone: most want to see what belongs to it."""
    if turn.message.sender.scheme != "sms" and can_bind(turn):
        turn.say("phone_alone", [turn.option("bind", "liên kết")])
    else:
        say_help(turn)


async def thanks(turn: Turn, _: Intent) -> None:
    """A kind word costs nothing in a chat; by SMS it would cost a message that nobody waits for."""
    turn.outcome = "thanks"
    if not turn.is_plain:
        turn.say("welcome_back")


async def cancel(turn: Turn, _: Intent) -> None:
    turn.say("cancelled")


def _common(turn: Turn) -> list[Option]:
    """In SMS the text has no room to name them."""
    if turn.is_plain:
        return []
    options = [turn.option("mine", "hồ sơ của tôi")]
    if can_bind(turn):
        options.append(turn.option("bind", "liên kết"))
    if turn.manner.conversation.clerks:
        options.append(turn.option("clerk", "gặp cán bộ"))
    other = "tiếng việt" if turn.catalogue.language == "en" else "english"
    options.append(turn.option("other_language", other))
    return options
