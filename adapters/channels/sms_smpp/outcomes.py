"""What a command_status means for a message: one table, which the configuration may extend."""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from adapters.channels.sms_smpp.settings import StatusRule
from adapters.channels.sms_smpp.spec import status_name
from bot.model.errors import ConfigError
from bot.model.message import Accepted, ChannelDown, Outcome, Rejected, Retry


class Verdict(Enum):
    """The classes of refusal."""

    THROTTLED = "throttled"
    """Too fast for them: later and slower."""
    RETRY = "retry"
    """Their trouble of the moment."""
    REJECTED = "rejected"
    """This text or number."""
    BLOCKED = "blocked"
    """The citizen, or a do-not-send list, shut the door."""
    DUPLICATE = "duplicate"
    """They have this very message already: it counts as taken."""
    DOWN = "down"
    """Our account or our settings: every message would meet the same."""


class Ruling(NamedTuple):
    """A verdict, and for `RETRY` and `THROTTLED` the seconds to wait where the table says so."""

    verdict: Verdict
    after: float | None = None


_T, _R, _X, _D = Verdict.THROTTLED, Verdict.RETRY, Verdict.REJECTED, Verdict.DOWN

VERDICTS: dict[int, Verdict] = {
    0x01: _X, 0x02: _X, 0x03: _D, 0x04: _D, 0x05: _D, 0x06: _D, 0x07: _D, 0x08: _R,
    0x0A: _D, 0x0B: _X, 0x0C: _X, 0x0D: _D, 0x0E: _D, 0x0F: _D, 0x11: _X, 0x13: _X,
    0x14: _T, 0x15: _D, 0x33: _X, 0x34: _X, 0x40: _X, 0x42: _X, 0x43: _X, 0x44: _X,
    0x45: _R, 0x48: _D, 0x49: _D, 0x50: _D, 0x51: _D, 0x53: _D, 0x54: _X, 0x55: _X,
    0x58: _T, 0x61: _X, 0x62: _X, 0x63: _X, 0x64: _R, 0x65: _X, 0x66: _X, 0x67: _X,
    0xC0: _D, 0xC1: _D, 0xC2: _D, 0xC3: _D, 0xC4: _D, 0xFE: _X, 0xFF: _R,
}  # fmt: skip
"""By the specification's section 5.1.3. `DOWN` holds what every message of this account would meet: binding,
sender name, types of number, flags and optional parameters come from the settings, not from the message.
0x45 and 0xFF name no cause and nothing was sent, so they may be tried again."""

UNKNOWN = Ruling(Verdict.REJECTED)
"""Vendors' own statuses (0x400-0x4FF) and reserved ones: the SMSC read the message and refused it for a reason we
cannot know. The same octets again would most likely be refused again, and accounts are closed for that; a
rejection shows at once and lets the next channel of the citizen have its turn."""


class Rulings:
    """The table with the configured statuses on top: a status by itself goes before a range, a narrow range before a
    wide one. Raises `ConfigError` for a key that is no number and no range."""

    def __init__(self, extra: Mapping[str, str | StatusRule]) -> None:
        configured = [(_statuses(key), _ruling(rule)) for key, rule in extra.items()]
        self._configured = sorted(configured, key=lambda each: len(each[0]))

    def of(self, status: int) -> Ruling:
        for statuses, ruling in self._configured:
            if status in statuses:
                return ruling
        return Ruling(VERDICTS[status]) if status in VERDICTS else UNKNOWN


def _statuses(key: str) -> range:
    first, _, last = key.partition("-")
    try:
        statuses = range(int(first, 0), int(last or first, 0) + 1)
    except ValueError:
        statuses = range(0)
    if not statuses:
        raise ConfigError(
            f'statuses: "{key}" không phải mã hay dải mã / is neither a command status such as "0x0450" '
            'nor a range such as "0x0400-0x04FF"'
        )
    return statuses


def _ruling(rule: str | StatusRule) -> Ruling:
    return Ruling(Verdict(rule)) if isinstance(rule, str) else Ruling(Verdict(rule.do), rule.after)


def refusal(status: int, ruling: Ruling, *, after: float) -> Outcome:
    """The outcome of a submit that was refused as a whole; `after` is the pace's own patience, in seconds."""
    reason = status_name(status)
    match ruling.verdict:
        case Verdict.THROTTLED:
            return Retry(reason, max(after, ruling.after or 0.0), counts=False)
        case Verdict.RETRY:
            return Retry(reason, ruling.after)
        case Verdict.REJECTED:
            return Rejected(reason)
        case Verdict.BLOCKED:
            return Rejected(reason, blocked=True)
        case Verdict.DUPLICATE:
            return Accepted(reason=reason)
        case Verdict.DOWN:
            return ChannelDown(reason)
