"""The commands `motcua calendar …`: the working days of a year, and when a term ends."""

import re
from datetime import datetime
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bot import show, show_calendar
from bot.calendars import Calendars, unannounced_years
from bot.command_line import HERE, AsJson, ConfigPath
from bot.config import load_config
from bot.model.calendar import LONGEST, Calendar
from bot.model.clock import VIETNAM, utc_now
from bot.model.errors import ConfigError
from bot.model.holidays_vn import ANNOUNCED

_FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%d/%m/%Y %H:%M", "%H:%M %d/%m/%Y", "%Y-%m-%d", "%d/%m/%Y")
_TERM = re.compile(r"(\d+(?:[.,]\d+)?)\s*(h|giờ|gio|ngày|ngay|d)?", re.IGNORECASE)
_FIRST, _LAST = 1995, 2100
"""Years of which the holidays are known at all."""


class _YearFirst(TyperGroup):
    """`motcua calendar 2027` is `motcua calendar year 2027`."""

    # Any, because the class of the context belongs to the parser that typer keeps to itself.
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["year", *args]
        return super().parse_args(ctx, args)


calendar = typer.Typer(
    name="calendar",
    cls=_YearFirst,
    help="Lịch làm việc: `motcua calendar 2027` kể ngày nghỉ và ngày làm bù của năm. / Working days of a year.",
)

Agency = Annotated[str, typer.Option("--agency", help="Mã cơ quan, nếu có giờ riêng / an agency's code")]


@calendar.command("year")
def year_command(
    year: Annotated[int | None, typer.Argument(help="Năm; bỏ trống: năm nay / year; else this one")] = None,
    agency: Agency = "",
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Kể ngày nghỉ và ngày làm bù của một năm. / List the days off and make-up days of a year."""
    settings = load_config(config).calendar
    chosen = utc_now().astimezone(VIETNAM).year if year is None else year
    if not _FIRST <= chosen <= _LAST:
        raise ConfigError(f"năm {chosen}: chỉ biết từ {_FIRST} đến {_LAST} / only {_FIRST} to {_LAST} are known")
    announced = chosen in ANNOUNCED or chosen in settings.checked_years
    found = _calendar_of(Calendars(settings), agency, is_told=not json)
    if json:
        show.as_json(show_calendar.year_json(found, chosen, agency=agency, announced=announced))
    else:
        show_calendar.a_year(found, chosen, agency=agency, announced=announced)


@calendar.command()
def due(
    received: Annotated[str, typer.Argument(help="Nhận lúc nào, như 2026-11-20 15:30 / when it was received")],
    term: Annotated[str, typer.Argument(help="5: ngày làm việc / working days; 40h: giờ làm việc / working hours")],
    agency: Agency = "",
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Tính hạn trả kết quả từng bước. / Count a term step by step."""
    received_at, (days, hours) = _moment(received), _term(term)
    settings = load_config(config).calendar
    found = _calendar_of(Calendars(settings), agency, is_told=not json)
    if json:
        show.as_json(show_calendar.term_json(found, received_at, days=days, hours=hours))
        return
    if hours is not None:
        show_calendar.a_term_of_hours(found, received_at, hours)
    else:
        show_calendar.a_term(found, received_at, days or 0)
    last = found.due(received_at, days or 0).year if hours is None else found.due_after_hours(received_at, hours).year
    for unknown in unannounced_years(settings, received_at.year, last):
        show.console.print(show_calendar.unannounced_line(unknown), soft_wrap=True)


def _calendar_of(calendars: Calendars, agency: str, *, is_told: bool) -> Calendar:
    found = calendars.of(agency)
    if agency and is_told and found is calendars.of(""):
        show.console.print(f"{agency}: không có lịch riêng, theo lịch chung. / No calendar of its own: the common one.")
    return found


def _moment(text: str) -> datetime:
    for form in _FORMS:
        try:
            found = datetime.strptime(text.strip(), form).replace(tzinfo=VIETNAM)
        except ValueError:
            continue
        if _FIRST <= found.year <= _LAST:
            return found
    raise ConfigError(
        f"“{text}” không phải ngày giờ, ghi như / is no time, write it as: 2026-11-20 15:30, 20/11/2026 15:30"
    )


def _term(text: str) -> tuple[int | None, float | None]:
    """Days, or hours."""
    found = _TERM.fullmatch(text.strip())
    if found:
        number, unit = float(found[1].replace(",", ".")), (found[2] or "d").lower()
        if unit in ("h", "giờ", "gio") and number <= 8 * LONGEST:
            return None, number
        if unit not in ("h", "giờ", "gio") and number.is_integer() and number <= LONGEST:
            return int(number), None
    raise ConfigError(
        f"“{text}” không phải thời hạn: 5 là 5 ngày làm việc, 40h là 40 giờ làm việc / "
        f"is no term: 5 is five working days, 40h forty working hours"
    )
