"""No regular expression that meets outside words takes more than its share of time for what is made to trouble it."""

import re
import time

import pytest

from tests.fuzz.regexes import Use, pumps, uses

_LENGTH = 2_500
_MOST = 0.006
"""Seconds of the process's time. A single pass takes 50 µs; one that begins again at each sign takes 10 ms or more."""

INSIDE = {
    "storage.": "SQL of ours, and rows of ours",
    "bot.web.console.channel_words.": "complaints of our own watch, which it words itself",
    "bot.audit_commands": "what an operator types",
    "bot.calendar_commands": "what an operator types",
}
"""Expressions that are shown nothing from outside, by the beginning of their place, and what they are shown."""

BOUNDED = {
    "bot.model.code": (200, "_LONGEST_FIELD, in `canonical`"),
    "bot.model.phone._PIECE": (500, "_LONGEST_TEXT, in `parse_phone`"),
    "adapters.records.dates._CLOCK_FIRST": (64, "_LONGEST, in `moments`"),
    "adapters.records.terms._UNIT": (64, "_LONGEST, in `dong_in`"),
}
"""Expressions that begin again at each sign and are only shown short texts: so many characters, bounded there."""

_OUTSIDE = {
    f"{use.place} {use.method} {use.pattern.pattern!r:.60}": use
    for use in uses()
    if not use.place.startswith(tuple(INSIDE))
}


def slowest(use: Use, length: int) -> tuple[float, str]:
    """What the worst string of this length takes, at best of three, and that string's ends."""
    worst, text = 0.0, ""
    for pumped in sorted(pumps(use.pattern, length)):
        took = _time_of(use, pumped)
        if took > _MOST:
            took = min(took, *(_time_of(use, pumped) for _ in range(2)))
        if took > worst:
            worst, text = took, f"{pumped[:24]!r} … {pumped[-12:]!r}"
    return worst, text


def _time_of(use: Use, text: str) -> float:
    began = time.process_time()
    use.run(text)
    return time.process_time() - began


def test_enough_of_them_are_found() -> None:
    assert len(_OUTSIDE) > 120
    assert any(place.startswith("bot.web.console.entry._BELOW fullmatch") for place in _OUTSIDE)
    assert all(any(place.startswith(each) for place in _OUTSIDE) for each in BOUNDED), "a name in the table has gone"


def test_none_troubles_itself() -> None:
    found = {}
    for place, use in _OUTSIDE.items():
        length = next((most for name, (most, _) in BOUNDED.items() if use.place == name), _LENGTH)
        took, text = slowest(use, length)
        if took > _MOST:
            found[place] = f"{took * 1000:.0f} ms for {length} signs such as {text}"

    assert found == {}


@pytest.mark.parametrize(
    ("pattern", "length"), [(r"(a+)+$", 18), (r"\s+$", _LENGTH), (r"(\w+\.)+com", 1_500), (r"^(a|aa)+$", 26)]
)
def test_the_strings_would_show_one_that_does(pattern: str, length: int) -> None:
    use = Use("here", re.compile(pattern), "search")

    took, _ = slowest(use, length)

    assert took > _MOST
