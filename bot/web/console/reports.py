"""Báo cáo: the figures of a month, quarter or year, the paragraph for the report, and lists of what ran late."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.calendars import Calendars
from bot.model.clock import VIETNAM
from bot.model.errors import ConfigError
from bot.model.report import Counts, Span, day_of
from bot.model.staff import Right
from bot.model.summary import Report, name_of, quarter_of, span_named
from bot.ports.reports import LateDossier, LatePlace, StaleDossier
from bot.report_paragraph import paragraph
from bot.report_plan import reports_for
from bot.report_sheets import AGENCY_HEADER, agency_rows, late_row, sheets_of
from bot.reports import Reports
from bot.spreadsheet import write_csv, write_xlsx
from bot.texts import Catalogue
from bot.web.console.charts import Bar, bars
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.visit import RefusedError, Visit, missing

_PAGE = 50
_SHOWN = 10
"""Agencies or procedures on the page, those with the most dossiers; the file has all."""
_FOLDED = 300
"""Agencies in the table that is folded away."""
_IN_A_FILE = 20_000
"""Late dossiers."""
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_STATES = ("delivered", "accepted", "failed", "waiting")
_WAITING = frozenset({"queued", "sending", "held"})


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/bao-cao", show, Right.SEE),
        Route("GET", "/bao-cao/tai", download, Right.SEE),
        Route("GET", "/bao-cao/tre-han", late, Right.SEE),
        Route("GET", "/bao-cao/qua-han", overdue, Right.SEE),
        Route("GET", "/bao-cao/cham-cap-nhat", stale, Right.SEE),
    ]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which days and agencies a page is about."""

    span: Span
    agency: str
    """Empty: everything that she may see."""
    agencies: tuple[str, ...]
    """For the stores; none: all."""

    @property
    def address(self) -> str:
        """The query of its address."""
        chosen = f"ky={name_of(self.span)}"
        return f"{chosen}&co-quan={self.agency}" if self.agency else chosen


async def show(visit: Visit) -> web.Response:
    asked = _asked(visit)
    report = await reports_of(visit).of(asked.span, asked.agencies)
    names, _ = await visit.storage.read(lambda tx: tx.reports.names())
    words = visit.words["reports"]
    return visit.page(
        "reports.html",
        asked=asked,
        report=report,
        paragraph=paragraph(report, _subject(asked, names)),
        spans=_choices(visit, asked.span),
        agencies=_agencies(visit, names),
        shown=_SHOWN,
        most=_FOLDED,
        biggest=sorted(report.by_agency, key=lambda line: (-line.counts.received, line.code))[:_SHOWN],
        punctual_chart=_punctual_chart(report, words),
        message_chart=_message_chart(report, words),
        by_channel=_by_channel(report),
        kinds=report.kinds.most_common(),
    )


async def download(visit: Visit) -> web.Response:
    """The whole report: XLSX with a sheet a table, or the table of agencies as CSV."""
    asked, now = _asked(visit), visit.console.clock()
    report = await reports_of(visit).of(asked.span, asked.agencies)
    names, _ = await visit.storage.read(lambda tx: tx.reports.names())
    name = f"bao-cao-{name_of(asked.span).replace('..', '-den-')}"
    if visit.asked("dang") == "csv":
        content = _written(lambda target: write_csv(target, AGENCY_HEADER, agency_rows(report.by_agency)))
        kind, name = "text/csv", f"{name}.csv"
    else:
        listed = await visit.storage.read(
            lambda tx: tx.reports.late(asked.agencies, asked.span.since, asked.span.until, after=None, limit=_IN_A_FILE)
        )
        calendars = visit.app.calendars
        rows = [late_row(each, working_days_late(each, calendars, now)) for each in listed]
        sheets = sheets_of(report, rows, paragraph(report, _subject(asked, names)))
        content = _written(lambda target: write_xlsx(target, sheets))
        kind, name = _XLSX, f"{name}.xlsx"
    await visit.looked("report.downloaded", name_of(asked.span), agency=asked.agency)
    return visit.download(content, name=name, media_type=kind)


async def late(visit: Visit) -> web.Response:
    """What ended late in the span."""
    asked = _asked(visit)
    after = _place(visit)
    found = await visit.storage.read(
        lambda tx: tx.reports.late(asked.agencies, asked.span.since, asked.span.until, after=after, limit=_PAGE + 1)
    )
    return _late_page(visit, asked, found, "late", lambda each: each.ended_at or each.due_at)


async def overdue(visit: Visit) -> web.Response:
    """What is in work and over its deadline, which lay in the span: those that the page counts."""
    asked, after, now = _asked(visit), _place(visit), visit.console.clock()
    found = await visit.storage.read(
        lambda tx: tx.reports.overdue_dossiers(
            asked.agencies, asked.span.since, asked.span.until, now=now, after=after, limit=_PAGE + 1
        )
    )
    return _late_page(visit, asked, found, "overdue", lambda each: each.due_at)


async def stale(visit: Visit) -> web.Response:
    """What nobody has brought up to date for long."""
    asked, after = _asked(visit), _place(visit)
    days, now = visit.config.reports.stale_days, visit.console.clock()
    before = now - timedelta(days=days)
    found = await visit.storage.read(
        lambda tx: tx.reports.stale(asked.agencies, before=before, after=after, limit=_PAGE + 1)
    )
    page = found[:_PAGE]
    more = _after(page[-1], page[-1].progressed_at) if len(found) > _PAGE else ""
    return visit.page(
        "reports_stale.html", asked=asked, dossiers=page, days=days, now=now, older=more, catalogue=_catalogue(visit)
    )


def reports_of(visit: Visit) -> Reports:
    return reports_for(visit.app.plan, visit.storage, visit.console.clock)


def working_days_late(each: LateDossier, calendars: Calendars, now: datetime) -> int:
    """Working days from the deadline to the end of the work, or until today."""
    calendar, end = calendars.of(each.agency), each.ended_at or now
    return calendar.working_days(each.due_at.astimezone(VIETNAM).date(), end.astimezone(VIETNAM).date())


def _asked(visit: Visit) -> Asked:
    """Of another's agency she learns nothing; a span that cannot be read is refused."""
    agency, scope = visit.asked("co-quan"), visit.scope()
    if agency:
        visit.require(Right.SEE, agency)
    text = visit.asked("ky")
    if visit.asked("tu") and visit.asked("den"):
        text = f"{visit.asked('tu')}..{visit.asked('den')}"
    try:
        span = span_named(text) if text else quarter_of(day_of(visit.console.clock()))
    except ConfigError:
        raise RefusedError(400, "unreadable") from None
    return Asked(span, agency, (agency,) if agency else scope.asked)


def _place(visit: Visit) -> LatePlace | None:
    """Where the page before ended, as `_after` wrote it."""
    text = visit.asked("sau")
    if not text:
        return None
    moment, _, rest = text.partition("~")
    code, _, source = rest.partition("~")
    try:
        return LatePlace(datetime.fromisoformat(moment), code, source)
    except ValueError:
        raise missing() from None


def _after(each: LateDossier | StaleDossier, moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}Z~{each.code}~{each.source}"


def _late_page(
    visit: Visit, asked: Asked, found: Sequence[LateDossier], which: str, key: Callable[[LateDossier], datetime]
) -> web.Response:
    page, now = list(found[:_PAGE]), visit.console.clock()
    more = _after(page[-1], key(page[-1])) if len(found) > _PAGE else ""
    calendars = visit.app.calendars
    rows = [(each, working_days_late(each, calendars, now)) for each in page]
    return visit.page("reports_late.html", asked=asked, rows=rows, which=which, older=more)


def _catalogue(visit: Visit) -> Any:
    return Catalogue.load(visit.language)


def _subject(asked: Asked, names: Any) -> str:
    """Whose report it is, in the paragraph."""
    if asked.agency:
        return str(names.get(asked.agency) or asked.agency)
    return "các cơ quan, đơn vị trong phạm vi báo cáo" if asked.agencies else "các cơ quan, đơn vị trong tỉnh"


def _choices(visit: Visit, chosen: Span) -> list[tuple[str, str]]:
    """Spans to choose from: this and the last quarters, months and years; and the one that is shown."""
    words, today = visit.words["reports"], day_of(visit.console.clock())
    spans, quarter, month = [], quarter_of(today), Span.of_month(today.year, today.month)
    for _ in range(5):
        spans.append(quarter)
        quarter = quarter.before
    for _ in range(7):
        spans.append(month)
        month = month.before
    spans += [span_named(str(today.year)), span_named(str(today.year - 1))]
    if chosen not in spans:
        spans.insert(0, chosen)
    return [(name_of(span), span_words(span, words)) for span in spans]


def span_words(span: Span, words: Any) -> str:
    """`Quý IV năm 2026`."""
    first, months = span.first, len(span.months)
    if span.is_whole_months and months == 1:
        return str(words["month"]).format(month=first.month, year=first.year)
    if span.is_whole_months and months == 3 and first.month % 3 == 1:
        quarter = first.month // 3
        return str(words["quarter"]).format(quarter=("I", "II", "III", "IV")[quarter], year=first.year, n=quarter + 1)
    if span.is_whole_months and months == 12 and first.month == 1:
        return str(words["year"]).format(year=first.year)
    last = span.last
    return f"{first.day}/{first.month}/{first.year} – {last.day}/{last.month}/{last.year}"


def _agencies(visit: Visit, names: Any) -> list[tuple[str, str]]:
    scope = visit.scope()
    return [(code, f"{name} ({code})") for code, name in sorted(names.items()) if code and scope.covers(code)]


def _punctual_chart(report: Report, words: Any) -> Any:
    lines = [Bar(_short(span, words), _punctual(counts)) for span, counts in report.months]
    return bars(words["punctual_title"], [words["early"], words["on_time"], words["late"]], lines, name="punctual")


def _punctual(counts: Counts) -> tuple[int, int, int]:
    return (counts.early, counts.on_time, counts.late)


def _short(span: Span, words: Any) -> str:
    return str(words["short_month"]).format(month=span.first.month, year=span.first.year)


def _by_channel(report: Report) -> list[tuple[str, str, list[int], int]]:
    """(way, channel, messages by `_STATES` and the rest, đồng)."""
    found: dict[tuple[str, str], list[int]] = {}
    for (_, key), each in report.messages.items():
        sums = found.setdefault((key.scheme, key.channel), [0] * (len(_STATES) + 2))
        sums[_column(key.state)] += each.messages
        sums[-1] += each.cost
    return [(scheme, channel, sums[:-1], sums[-1]) for (scheme, channel), sums in sorted(found.items())]


def _column(state: str) -> int:
    if state in _WAITING:
        return _STATES.index("waiting")
    if state == "uncertain":
        return _STATES.index("accepted")
    if state == "expired":
        return _STATES.index("failed")
    return _STATES.index(state) if state in _STATES else len(_STATES)


def _message_chart(report: Report, words: Any) -> Any:
    """Delivered first, then what was taken, then what failed, as in the other chart the hatched is the bad one."""
    by_way: dict[str, list[int]] = {}
    for scheme, _, sums, _ in _by_channel(report):
        known = by_way.setdefault(scheme, [0] * len(sums))
        by_way[scheme] = [a + b for a, b in zip(known, sums, strict=True)]
    lines = [Bar(words["ways"].get(scheme, scheme), sums[:4]) for scheme, sums in sorted(by_way.items())]
    return bars(words["message_title"], [words["states"][state] for state in _STATES], lines, name="messages")


def _written(write: Callable[[Path], None]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "report"
        write(target)
        return target.read_bytes()
