"""Pure: when nobody's phone should ring, and what leaves all the same."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model.clock import VIETNAM
from bot.model.message import FOR_STAFF, Lane, OutboxItem, Situation
from bot.situation_settings import Hours, QuietSettings

URGENT = "urgent by law"
"""The rule by which the situations of `[quiet] urgent` leave (NĐ 61/2018/NĐ-CP Đ19(9) for the apology)."""

_NEVER_HELD = FOR_STAFF | {Situation.TEST, Situation.CODE, Situation.ANSWER, Situation.REPLY}
"""Somebody waits for them, or is paid to be woken."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the quiet hours mean for one message at one moment."""

    until: datetime | None = None
    """It is held until then; None: it may leave."""
    bypass: str = ""
    """It leaves although the hours are quiet, by this rule; empty: they are not, or do not concern it."""


_MAY_LEAVE = Verdict()


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The office's quiet hours, in Vietnam's time."""

    settings: QuietSettings

    def verdict(self, item: OutboxItem, now: datetime) -> Verdict:
        """Asked just before sending, so that what waited into the night is held as well."""
        if item.lane is Lane.REPLY or item.situation in _NEVER_HELD or item.address.scheme in self.settings.silent:
            return _MAY_LEAVE
        hours = self.settings.bulk if item.lane is Lane.BULK else self.settings.personal
        if not hours.holds(now.astimezone(VIETNAM).time()):
            return _MAY_LEAVE
        if item.bypass:
            return Verdict(bypass=item.bypass)
        if item.situation in self.settings.urgent and item.lane is not Lane.BULK:
            return Verdict(bypass=URGENT)
        return Verdict(until=end_of(hours, now))


def end_of(hours: Hours, now: datetime) -> datetime:
    """When the stretch that holds `now` is over."""
    local = now.astimezone(VIETNAM)
    end = datetime.combine(local.date(), hours.end, VIETNAM)
    return end if end > local else end + timedelta(days=1)
