"""What an answer of the Bot Platform means for the message that was being sent."""

import re
from typing import assert_never

from adapters.channels.zalobot.client import Answered, Reached, Refused
from adapters.http import DoorClosed, NotSent, Unanswered
from bot.model.message import Accepted, ChannelDown, Outcome, Rejected, Retry, Uncertain

_PAUSE = 5.0
"""Seconds to wait after "too fast" where Zalo does not say how long."""
_LONGEST_PAUSE = 3_600.0
_OUR_KEY = (401, 402, 404)
"""A token that is not taken (404: no bot of that name), or a plan that has run out."""
_NOBODY_KNOWS = (408, 502, 504)
_PERSONAL = re.compile(r"[0-9A-Fa-f]{8,}")
_LONGEST_WORDS = 120


def outcome_of(reached: Reached) -> Outcome:
    """The platform documents no list of its codes: those of HTTP are taken at their word, any other refused request
    was not done and may be tried again."""
    match reached:
        case Answered(result):
            return _accepted(result)
        case Refused():
            return _of_refusal(reached)
        case DoorClosed(reason):
            return ChannelDown(reason)
        case NotSent(reason):
            return Retry(reason)
        case Unanswered(reason):
            return Uncertain(reason)
        case _:
            assert_never(reached)


def explained(refused: Refused) -> str:
    """Code and words, fit for logs: one line, short, and nothing that could be somebody's id or number."""
    words = _PERSONAL.sub("•••", " ".join(refused.words.split()))[:_LONGEST_WORDS]
    return f"{refused.code} {words}".rstrip()


def _accepted(result: object) -> Outcome:
    number = result.get("message_id") if isinstance(result, dict) else None
    if isinstance(number, str | int) and number != "":
        return Accepted((str(number),))
    return Uncertain("the answer names no message")


def _of_refusal(refused: Refused) -> Outcome:
    words = explained(refused)
    match refused.code:
        case 429:
            return Retry(words, min(refused.after or _PAUSE, _LONGEST_PAUSE), counts=False)
        case code if code in _OUR_KEY:
            return ChannelDown(words)
        case 403:
            return Rejected(words, blocked=True)
        case code if 400 <= code < 500 and code not in _NOBODY_KNOWS:
            return Rejected(words)
        case code if code in _NOBODY_KNOWS:
            return Uncertain(words)
        case _:
            return Retry(words, refused.after)
