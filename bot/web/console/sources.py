"""Sources: since when each is fresh, what could not be read, and the brake: what it holds is sent or discarded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.auditing import Told
from bot.brake import release
from bot.conditions import Condition, conditions
from bot.model.audit import Entry
from bot.model.staff import Right
from bot.ports import Quarantined, Reconciliation, Transaction
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.spans import span
from bot.web.console.visit import Visit, missing

_PAGE = 50
_WORDS = 50
"""Unknown status words that a page shows."""
_WAYS = {"gui": "released", "bo": "discarded"}
"""What can be done with what is held: the word in the form, and in the record."""


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/nguon", listed, Right.SEE),
        Route("GET", "/nguon/moi", piece, Right.SEE),
        Route("GET", "/nguon/{name}", page, Right.SEE),
        Route("GET", "/nguon/{name}/phanh/{way}", ask, Right.ADMINISTER),
        Route("POST", "/nguon/{name}/phanh/{way}", decide, Right.ADMINISTER),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A source as the pages show it."""

    condition: Condition
    sentence: str
    kind: str
    """good | warn | wrong | calm, beside the sentence."""
    failure: str
    reconciled: str
    agrees: bool
    held: int


async def listed(visit: Visit) -> web.Response:
    """Every source."""
    return visit.page("sources.html", lines=await _lines(visit), sees_all=_sees_all(visit))


async def piece(visit: Visit) -> web.Response:
    """The table alone, fresh."""
    return visit.piece("sources_now.html", lines=await _lines(visit), sees_all=_sees_all(visit))


async def page(visit: Visit) -> web.Response:
    """One source, with what of it could not be read."""
    line = await _line_named(visit, Right.SEE)
    name = line.condition.name
    after = (visit.asked("noi", most=500), _whole(visit.asked("dong", most=12)), visit.asked("cot", most=200))
    rows, unknown = await visit.storage.read(lambda tx: _unread(tx, name, after))
    older = _address_of(rows[_PAGE - 1]) if len(rows) > _PAGE else ""
    report = line.condition.reconciliation
    return visit.page(
        "source.html", line=line, rows=rows[:_PAGE], older=older, is_first=after[1] < 0, unknown=unknown[:_WORDS],
        held=_held(visit, line.condition), report=_counts(visit.words["sources"], report) if report else [],
        named=_named(report), may_order=visit.me.may(Right.ADMINISTER, ""),
    )  # fmt: skip


async def ask(visit: Visit) -> web.Response:
    """Says exactly what will happen, before it does."""
    return await _asked(visit)


async def decide(visit: Visit) -> web.Response:
    """Takes the brake off; only while what is held is what she was shown."""
    line, way = await _line_named(visit, Right.ADMINISTER), _way(visit)
    if visit.said("held") != str(line.held):
        return await _asked(visit, changed=True)
    name, by = line.condition.name, visit.me.login
    told = _told(visit.entry(f"source.{_WAYS[way]}", name))
    number = await release(visit.audited(told), name, send=way == "gui", by=by, now=visit.console.clock())
    word = f"{_WAYS[way]}_now"
    return await visit.redirect(
        f"/nguon/{name}", visit.words["sources"][word].format(count=f"{number:,}".replace(",", "."))
    )


async def _asked(visit: Visit, **more: Any) -> web.Response:
    line, way = await _line_named(visit, Right.ADMINISTER), _way(visit)
    if not line.held and not (line.condition.state and line.condition.state.braked_at):
        return await visit.redirect(f"/nguon/{line.condition.name}", visit.words["sources"]["brake_off"])
    values = {"changed": False, **more}
    return visit.page(
        "source_brake.html", status=409 if values["changed"] else 200, line=line, way=way,
        held=_held(visit, line.condition), **values,
    )  # fmt: skip


async def _line_named(visit: Visit, right: Right) -> Line:
    """For who covers the whole province: what a source holds is of every agency."""
    visit.require(right, "")
    name = visit.part("name")
    line = next((each for each in await _lines(visit) if each.condition.name == name), None)
    if line is None:
        raise missing()
    return line


async def _lines(visit: Visit) -> list[Line]:
    now = visit.console.clock()
    found = await conditions(visit.app.plan, visit.storage, now=now)
    return [_line(visit.words, each, now) for each in found]


def _line(words: Mapping[str, Any], each: Condition, now: datetime) -> Line:
    told = words["sources"]
    sentence, kind = _fresh(words, each)
    failure = ""
    if each.failure:
        failure = told["failing"].format(span=span(words, now - each.failure.since), times=each.failure.times)
    report = each.reconciliation
    reconciled = ""
    if report:
        word = "agrees" if report.agrees else "disagrees"
        reconciled = told[word].format(span=span(words, now - report.ended_at))
    return Line(
        condition=each, sentence=sentence, kind=kind, failure=failure, reconciled=reconciled,
        agrees=report is None or report.agrees, held=sum(each.held.values()),
    )  # fmt: skip


def _fresh(words: Mapping[str, Any], each: Condition) -> tuple[str, str]:
    told = words["sources"]
    if each.lag is None:
        return told["never"], "warn"
    word, kind = ("stale", "wrong") if each.stale else ("fresh", "good")
    if not each.kind:
        word, kind = "gone", "calm"
    return told[word].format(span=span(words, each.lag)), kind


async def _unread(
    tx: Transaction, name: str, after: tuple[str, int, str]
) -> tuple[list[Quarantined], list[tuple[str, int]]]:
    rows = await tx.sources.quarantine_page(name, after=after, limit=_PAGE + 1)
    unknown = await tx.sources.unknown_statuses()
    return rows, [(word, times) for source, word, times in unknown if source == name]


def _held(visit: Visit, each: Condition) -> list[tuple[str, int]]:
    """(kind of message in words, how many), the most first."""
    names: Mapping[str, str] = visit.words["messages"]["situation"]
    rows = sorted(each.held.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(names.get(situation, situation), number) for situation, number in rows]


_COUNTS = ("compared", "missing_here", "missing_there", "differing", "unread", "quarantined")


def _counts(words: Mapping[str, Any], report: Reconciliation) -> list[tuple[str, int]]:
    return [(words["count"][name], getattr(report, name)) for name in _COUNTS]


def _named(report: Reconciliation | None) -> list[str]:
    """The first codes on which source and mirror disagree."""
    return sorted({code for codes in report.named.values() for code in codes})[:_PAGE] if report else []


def _told(entry: Entry) -> Told:
    """With how many messages it came to; a try that somebody was faster than is none."""

    def tell(number: Any) -> Entry | None:
        if not isinstance(number, int) or number < 0:
            return None
        return replace(entry, after={"messages": number})

    return tell


def _way(visit: Visit) -> str:
    way = visit.part("way")
    if way not in _WAYS:
        raise missing()
    return way


def _sees_all(visit: Visit) -> bool:
    return visit.me.may(Right.SEE, "")


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1


def _address_of(row: Quarantined) -> str:
    return urlencode({"noi": row.place, "dong": row.row, "cot": row.column})
