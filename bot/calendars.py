"""The calendar of each agency, out of what the configuration says of it and of those above it."""

from dataclasses import replace
from datetime import date

from bot.deadline_settings import CalendarSettings, OfficeSettings
from bot.model.calendar import Calendar
from bot.model.holidays_vn import ANNOUNCED
from bot.routing import nearest_above

_DECEMBER = 12


class Calendars:
    """Agencies of which nothing is said of their own share one calendar, whose years are counted once."""

    def __init__(self, settings: CalendarSettings | None = None) -> None:
        """Without settings every office works the usual hours."""
        settings = settings or CalendarSettings()
        self._common = Calendar(
            hours=settings.hours,
            saturday=settings.saturday,
            cut_off=settings.cut_off,
            days_off=frozenset(settings.days_off),
            make_up_days=frozenset(settings.working_days),
        )
        self._own: dict[str, Calendar] = {}
        # A unit comes after those above it, whose codes are shorter.
        for agency in sorted(settings.agencies, key=len):
            self._own[agency] = _adapted(self.of(agency), settings.agencies[agency])

    @property
    def all(self) -> list[Calendar]:
        """Every calendar that the configuration describes; the one without an agency first."""
        return [self._common, *self._own.values()]

    def of(self, agency: str) -> Calendar:
        """By the agency's code; the nearest unit above it that the configuration names counts."""
        if not self._own:
            return self._common
        return nearest_above(agency, self._own) or self._common


def _adapted(above: Calendar, own: OfficeSettings) -> Calendar:
    """What an agency says goes before what the unit above it says, of hours and of each single day."""
    days_off, make_up_days = frozenset(own.days_off), frozenset(own.working_days)
    return replace(
        above,
        hours=above.hours if own.hours is None else own.hours,
        saturday=above.saturday if own.saturday is None else own.saturday,
        cut_off=above.cut_off if own.cut_off is None else own.cut_off,
        days_off=above.days_off | days_off,
        make_up_days=(above.make_up_days - days_off) | make_up_days,
    )


def unannounced_years(settings: CalendarSettings, first: int, last: int) -> list[int]:
    """Those of these years of which neither we nor the configuration know what was announced."""
    known = ANNOUNCED | set(settings.checked_years)
    return [year for year in range(first, last + 1) if year not in known]


def years_to_check(settings: CalendarSettings, today: date) -> list[int]:
    """What an operator has to look up now: this year, and from 1 December on the next one."""
    return unannounced_years(settings, today.year, today.year + (today.month == _DECEMBER))
