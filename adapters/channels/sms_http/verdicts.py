"""What an answer means for the message: HTTP's own words first, then the provider's, then what nobody understands."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from adapters.channels.sms_http.provider import Reading, Verdict
from adapters.http import Answer
from bot.model.errors import ConfigError
from bot.model.message import Accepted, ChannelDown, Outcome, Rejected, Retry, Uncertain

_LONGEST_CODE = 80
_PERSONAL = re.compile(r"\+?[0-9][0-9 .\-]{6,}[0-9]")
"""What could be a phone number or an id card in the words of a provider."""

_BETWEEN = (502, 504)
"""A proxy in between lost the answer; behind it the message may have been taken."""
_NOBODY_HOME = (401, 403, 404, 405, 407, 410, 451, 511)
"""Said in nobody's format: a block page, a wrong path, a proxy that wants a login. Nothing was done."""


def outcome_of(reading: Reading) -> Outcome:
    """The outcome for each class of answers."""
    code = presentable(reading.code) or reading.verdict.value
    match reading.verdict:
        case Verdict.ACCEPTED:
            return Accepted(reading.references, reading.carrier)
        case Verdict.DUPLICATE:
            return Accepted(reading.references, reading.carrier, f"{code}: taken before")
        case Verdict.CONFIG | Verdict.BALANCE | Verdict.TOKEN:
            return ChannelDown(code)
        case Verdict.PERMANENT:
            return Rejected(code)
        case Verdict.TEMPLATE:
            return Rejected(f"template: {code}")
        case Verdict.BLOCKED:
            return Rejected(code, blocked=True)
        case Verdict.THROTTLED:
            return Retry(code, reading.after, counts=False)
        case Verdict.TEMPORARY:
            return Retry(code, reading.after)
        case Verdict.UNKNOWN:
            return Uncertain(code, reading.references)
        case _:
            assert_never(reading.verdict)


def reading_of_http(answer: Answer, now: datetime) -> Reading | None:
    """What HTTP says before the provider's own words count; None where they do."""
    status, after = answer.status, answer.retry_after(now)
    if status in _BETWEEN:
        return Reading(Verdict.UNKNOWN, f"HTTP {status}")
    if 300 <= status < 400:
        return Reading(Verdict.CONFIG, f"HTTP {status}: they have moved, set url")
    if status == 407:
        return Reading(Verdict.CONFIG, "HTTP 407: the proxy wants a login")
    if status in (429, 503) and after is not None:
        return Reading(Verdict.THROTTLED, f"HTTP {status}", after=after)
    return None


def explained(reading: Reading, answer: Answer, statuses: Mapping[str, Verdict]) -> Reading:
    """`reading` with what the configuration says of its code; and, where its words are not understood, with what its
    status alone tells."""
    if known := statuses.get(reading.code.partition(" ")[0]):
        return replace(reading, verdict=known)
    if reading.verdict is not Verdict.UNKNOWN:
        return reading
    if answer.status == 429:
        return Reading(Verdict.THROTTLED, "HTTP 429")
    if answer.status in _NOBODY_HOME:
        return Reading(Verdict.CONFIG, f"HTTP {answer.status} from somebody who is not the provider")
    return replace(reading, code=reading.code or f"HTTP {answer.status} that is not understood")


def statuses_of(words: Mapping[str, str]) -> dict[str, Verdict]:
    """The configured meanings. Raises `ConfigError` for a word that is none."""
    known = {verdict.value: verdict for verdict in Verdict}
    for code, word in words.items():
        if word not in known:
            raise ConfigError(f'statuses: không hiểu "{word}" của mã "{code}" / is none of: {", ".join(sorted(known))}')
    return {code: known[word] for code, word in words.items()}


def presentable(code: str) -> str:
    """A provider's code fit for logs: one line, short, and nothing that could be somebody's number."""
    return _PERSONAL.sub("•••", " ".join(code.split()))[:_LONGEST_CODE]
