"""Public holidays of Vietnam by year: as the law names them, and as they were announced."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import MINYEAR, date
from functools import lru_cache

from holidays import country_holidays


@dataclass(frozen=True, slots=True)
class Holidays:
    """Days of one year with their names in Vietnamese, in order."""

    days_off: Mapping[date, str] = field(default_factory=dict)
    """Holidays, the days that make up for those on a weekend, and working days that were moved elsewhere."""
    make_up_days: Mapping[date, str] = field(default_factory=dict)
    """Weekend days that are worked for a day off elsewhere."""


KNOWN: Mapping[int, Holidays] = {
    # 12729/VPCP-KGVX of 25/12/2025: off from 1 to 4 January, Saturday the 10th is worked for Friday the 2nd.
    2026: Holidays(
        {date(2026, 1, 2): "Ngày nghỉ (thay cho ngày 10/01/2026)"},
        {date(2026, 1, 10): "Làm bù cho ngày 02/01/2026"},
    ),
}
"""By year: what was announced and the `holidays` library does not have."""

ANNOUNCED = frozenset(range(2018, 2027))
"""Years of which the days off, as announced for officials, were compared with `holidays_of`. In other years Tết, the
day beside 2/9 and moved days are estimates: they are decided for each year (BLLĐ 2019 Đ112(3))."""

_NAMES = {"29 Tết": "Nghỉ Tết Nguyên Đán"}
"""Where the library's name is wrong: the day before the eve is the 28th of the lunar month in some years."""


@lru_cache(maxsize=256)
def holidays_of(year: int) -> Holidays:
    """Where nothing is announced: as the law has it, and as it was mostly done."""
    # A day of one year may be worked for one of the other.
    library = country_holidays("VN", years=range(max(year - 1, MINYEAR), year + 2), language="vi", expand=False)
    named = {day: _NAMES.get(name, name) for day, name in library.items()}
    moved = {day: _moved(day, named) for day in library.weekend_workdays}
    known = KNOWN.get(year, Holidays())
    return Holidays(_of_year(year, named, known.days_off), _of_year(year, moved, known.make_up_days))


def _of_year(year: int, found: Mapping[date, str], known: Mapping[date, str]) -> dict[date, str]:
    return dict(sorted({day: name for day, name in {**found, **known}.items() if day.year == year}.items()))


def _moved(make_up_day: date, days_off: Mapping[date, str]) -> str:
    """Its name, after the day off that names it."""
    for day, name in days_off.items():
        if make_up_day.strftime("%d/%m/%Y") in name:
            return f"Làm bù cho ngày {day:%d/%m/%Y}"
    return "Làm bù"
