"""The calendar of each agency, out of what the configuration says of it and of those above it."""

from bot.deadline_settings import CalendarSettings
from bot.model.calendar import Calendar
from bot.routing import nearest_above


class Calendars:
    """`of(agency)` is cheap after the first time."""

    def __init__(self, settings: CalendarSettings) -> None:
        self._settings = settings
        self._known: dict[str, Calendar] = {}

    @property
    def all(self) -> list[Calendar]:
        """Every calendar that the configuration describes; the one without an agency first."""
        return [self.of(""), *(self.of(agency) for agency in self._settings.agencies)]

    def of(self, agency: str) -> Calendar:
        """By the agency's code; the nearest unit above it that the configuration names counts."""
        calendar = self._known.get(agency)
        if calendar is None:
            calendar = self._known[agency] = self._made(agency)
        return calendar

    def _made(self, agency: str) -> Calendar:
        common = self._settings
        own = nearest_above(agency, common.agencies)
        if own is None:
            return Calendar(
                hours=common.hours,
                saturday=common.saturday,
                cut_off=common.cut_off,
                days_off=frozenset(common.days_off),
                make_up_days=frozenset(common.working_days),
            )
        return Calendar(
            hours=common.hours if own.hours is None else own.hours,
            saturday=common.saturday if own.saturday is None else own.saturday,
            cut_off=common.cut_off if own.cut_off is None else own.cut_off,
            days_off=frozenset((*common.days_off, *own.days_off)),
            make_up_days=frozenset((*common.working_days, *own.working_days)),
        )
