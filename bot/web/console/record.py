"""The record: who did what and who looked at what, as sentences; whether the chain is whole; the record as a file."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.auditing import verify
from bot.model.audit import Entry, written
from bot.model.clock import VIETNAM, from_millis
from bot.model.staff import Right
from bot.spreadsheet import csv_bytes, xlsx_bytes
from bot.texts import show_moment
from bot.web.console.console import Console
from bot.web.console.entry_words import sentence_of, things_of
from bot.web.console.route import Route
from bot.web.console.visit import Visit, missing

_PAGE = 50
_IN_A_FILE = 100_000
"""What a spreadsheet still opens with ease."""
_AT_ONCE = 2_000
_MILLIS = range(10**12, 10**13)
"""A whole number as large as this is a moment of this century, in milliseconds."""
_SUBJECT = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9._:@/-]{1,80}|[0-9]{1,8}")
"""Codes, numbers of ours, logins. A phone or a name is none, and must not come into an address."""

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/nhat-ky", listed, Right.AUDIT),
        Route("POST", "/nhat-ky", filtered, Right.AUDIT),
        Route("POST", "/nhat-ky/kiem-chung", verified, Right.AUDIT),
        Route("GET", "/nhat-ky/tep/{kind}", download, Right.AUDIT),
    ]


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked of the record, as it stands in the address."""

    nguoi: str = ""
    viec: str = ""
    ve: str = ""
    tu: str = ""
    den: str = ""

    @property
    def query(self) -> str:
        return urlencode({name: value for name, value in asdict(self).items() if value})

    @property
    def asked(self) -> dict[str, Any]:
        """For the store."""
        until = _day(self.den)
        return {
            "by": self.nguoi,
            "what": self.viec,
            "subject": self.ve,
            "since": _day(self.tu),
            "until": until + timedelta(days=1) if until else None,
        }


async def listed(visit: Visit) -> web.Response:
    """The newest entries, or those below a number."""
    return await _page(visit, _filters(visit.asked))


async def filtered(visit: Visit) -> web.Response:
    """What was typed, made an address of: what is no code of ours is refused, and goes nowhere."""
    filters = _filters(visit.said)
    words = visit.words["record"]
    errors = []
    if filters.ve and not _SUBJECT.fullmatch(filters.ve):
        errors.append(("ve", words["bad_subject"]))
    errors += [
        (name, words["bad_day"])
        for name in ("tu", "den")
        if getattr(filters, name) and not _day(getattr(filters, name))
    ]
    if errors:
        kept = {**asdict(filters), **{name: "" for name, _ in errors}}
        return await _page(visit, Filters(**kept), errors=errors, typed=filters)
    return await visit.redirect(f"/nhat-ky?{filters.query}" if filters.query else "/nhat-ky")


async def verified(visit: Visit) -> web.Response:
    """Walks along the whole chain, and says what was found."""
    found = await verify(visit.storage)
    await visit.looked("record.verified", checked=found.checked, whole=found.broken is None)
    return await _page(visit, Filters(), found=found)


async def download(visit: Visit) -> web.Response:
    """What the filters leave, newest first, as a file."""
    kind = visit.part("kind").removeprefix("nhat-ky.")
    if kind not in TYPES:
        raise missing()
    filters, names = _filters(visit.asked), visit.names
    words = visit.words["record"]
    rows: list[tuple[object, ...]] = []
    before = 0
    while len(rows) < _IN_A_FILE:
        entries = await _entries(visit, filters, before=before, limit=_AT_ONCE)
        rows += [_row(words, each, names) for each in entries]
        if len(entries) < _AT_ONCE:
            break
        before = entries[-1].number
    await visit.looked(
        "record.exported", entries=len(rows), **{name: value for name, value in asdict(filters).items() if value}
    )
    header = words["columns"]
    made = (csv_bytes, header, rows) if kind == "csv" else (xlsx_bytes, [(words["sheet"], header, rows)])
    content = await asyncio.to_thread(*made)
    return visit.download(content, name=f"nhat-ky.{kind}", media_type=TYPES[kind].partition(";")[0])


async def _page(visit: Visit, filters: Filters, **more: Any) -> web.Response:
    before = int(text) if (text := visit.asked("truoc", most=18)).isascii() and text.isdigit() else 0
    entries = await _entries(visit, filters, before=before, limit=_PAGE + 1)
    names = visit.names
    words = visit.words["record"]
    shown = [(each, sentence_of(words, each, names), differences(words, each)) for each in entries[:_PAGE]]
    older = f"{filters.query}&truoc={entries[_PAGE - 1].number}".lstrip("&") if len(entries) > _PAGE else ""
    values: dict[str, Any] = {"errors": [], "typed": filters, "found": None, **more}
    return visit.page(
        "record.html", status=422 if values["errors"] else 200, shown=shown, filters=filters, older=older,
        before=before, people=sorted(names.items(), key=lambda pair: pair[1]), things=things_of(words),
        head=await visit.storage.read(lambda tx: tx.audit.head()), **values,
    )  # fmt: skip


async def _entries(visit: Visit, filters: Filters, *, before: int, limit: int) -> list[Entry]:
    scope = visit.scope(Right.AUDIT).asked
    return await visit.storage.read(lambda tx: tx.audit.listed(scope, before=before, limit=limit, **filters.asked))


def differences(words: Mapping[str, Any], entry: Entry) -> list[tuple[str, str, str]]:
    """(what, before, after) of every value that the act changed, or told."""
    names = list(dict.fromkeys([*entry.before, *entry.after]))
    pairs = [(name, entry.before.get(name), entry.after.get(name)) for name in names]
    labels: Mapping[str, str] = words["field"]
    return [
        (labels.get(name, name), _shown(words, was) if entry.before else "", _shown(words, now))
        for name, was, now in pairs
        if was != now or not entry.before
    ]


def _shown(words: Mapping[str, Any], value: Any) -> str:
    match value:
        case None | "" | [] | {}:
            return "–"
        case bool():
            return str(words["yes"] if value else words["no"])
        case int() if value in _MILLIS:
            return show_moment(from_millis(value))
        case list():
            return ", ".join(_shown(words, each) for each in value)
        case dict():
            return "; ".join(f"{name}: {_shown(words, each)}" for name, each in value.items())
        case _:
            return str(words["state"].get(value, value))


def _row(words: Mapping[str, Any], each: Entry, names: Mapping[str, str]) -> tuple[object, ...]:
    return (
        each.number, show_moment(each.at), each.by, names.get(each.by, ""), sentence_of(words, each, names), each.what,
        each.subject, each.agency, written(each.before), written(each.after), each.digest,
    )  # fmt: skip


def _filters(given: Any) -> Filters:
    return Filters(*(given(name, most=200) for name in ("nguoi", "viec", "ve", "tu", "den")))


def _day(text: str) -> datetime | None:
    """`2026-11-22` as the beginning of that day in Vietnam; None for anything else."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=VIETNAM)
    except ValueError:
        return None
