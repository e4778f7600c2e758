"""The apology desk: what waits for approval and what was decided, many approved together, the month by agency."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from bot.drafting import Refused
from bot.model.apology import Apology, ApologyState
from bot.model.clock import from_millis, to_millis
from bot.model.message import OutboxItem
from bot.model.staff import Right, Scope
from bot.ports import Transaction
from bot.web.console import apology_page
from bot.web.console.apology_acts import desk_at, scope_within
from bot.web.console.apology_views import Line, line_of, refusal
from bot.web.console.console import Console
from bot.web.console.month import MonthlyFigures
from bot.web.console.route import Route
from bot.web.console.visit import RefusedError, Visit, missing

PAGE = 25
"""Apologies of one page, and so of one batch: each is a document and a transaction of its own."""

_Authors = Mapping[str, Collection[str]]
"""By the apology's id."""


def routes(console: Console) -> Sequence[Route]:
    months = MonthlyFigures(console)
    return [
        Route("GET", "/xin-loi", listed, Right.SEE),
        Route("GET", "/xin-loi/thang", months.page, Right.SEE),
        Route("POST", "/xin-loi/duyet", approve_many, Right.APPROVE),
        *apology_page.routes(console),
    ]


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the desk is shown."""

    state: ApologyState
    agency: str
    scope: Scope
    """The agencies within which it is looked for."""
    beyond: tuple[datetime, str] | None

    @classmethod
    def of(cls, visit: Visit) -> "Filters":
        word, agency = visit.asked("trang-thai") or ApologyState.DRAFT.value, visit.asked("co-quan")
        if word not in set(ApologyState):
            raise missing()
        return cls(ApologyState(word), agency, scope_within(visit, agency), _place(visit.asked("sau")))


async def listed(visit: Visit) -> web.StreamResponse:
    filters = Filters.of(visit)

    async def read(tx: Transaction) -> tuple[list[Apology], dict[str, list[OutboxItem]], _Authors, int]:
        found = await tx.today.apologies(filters.state, filters.scope.asked, beyond=filters.beyond, limit=PAGE + 1)
        items = await tx.outbox.of_origins([each.origin for each in found]) if _is_told(filters.state) else []
        by_origin = defaultdict[str, list[OutboxItem]](list)
        for item in items:
            by_origin[item.origin].append(item)
        authors = await tx.apologies.authors([each.id for each in found])
        return found, by_origin, authors, await tx.apologies.waiting(filters.scope.asked)

    found, items, authors, waiting = await visit.storage.read(read)
    lines = [line_of(visit, each, items.get(each.origin, ()), authors[each.id]) for each in found[:PAGE]]
    return visit.page(
        "apologies.html",
        filters=filters,
        lines=lines,
        waiting=waiting,
        states=list(ApologyState),
        older=_older(filters, found),
        may_approve=visit.me.may(Right.APPROVE),
        may_draft=visit.me.may(Right.WORK),
        citation=visit.config.apologies.citation,
    )


def _is_told(state: ApologyState) -> bool:
    return state is ApologyState.APPROVED


def _place(written: str) -> tuple[datetime, str] | None:
    """Where a page ended: `1764000000000.XL-261122-0001`."""
    at, _, apology_id = written.partition(".")
    return (from_millis(int(at)), apology_id) if at.isdigit() and len(at) < 15 else None


def _older(filters: Filters, found: Sequence[Apology]) -> str:
    """The address of the next page below the console; empty where this was the last."""
    if len(found) <= PAGE:
        return ""
    last = found[PAGE - 1]
    place = f"{to_millis(last.old_at)}.{last.id}"
    agency = f"&co-quan={filters.agency}" if filters.agency else ""
    return f"/xin-loi?trang-thai={filters.state}{agency}&sau={place}"


# Many together


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one of a batch."""

    apology: Apology
    refused: str = ""


async def approve_many(visit: Visit) -> web.StreamResponse:
    """First shows what would be approved; with `sure` does it, each in a transaction of its own."""
    chosen = await _chosen(visit)
    if not chosen:
        return await visit.redirect("/xin-loi", visit.words["apologies"]["none_chosen"])
    if not visit.said("sure"):
        ids = [each.id for each in chosen]
        authors = await visit.storage.read(lambda tx: tx.apologies.authors(ids))
        lines = [line_of(visit, each, (), authors[each.id]) for each in chosen]
        return visit.page("apologies-sure.html", lines=_approvable(lines), left_out=_left_out(lines))
    done = [await _approve(visit, each) for each in chosen]
    return visit.page("apologies-done.html", done=done, number=sum(not each.refused for each in done))


async def _chosen(visit: Visit) -> list[Apology]:
    """The ticked ones, each as she saw it; nobody else's."""
    written = [str(each) for each in visit.form.getall("so", [])][:PAGE]
    ids = list(dict.fromkeys(each.partition("|")[0] for each in written))

    async def read(tx: Transaction) -> list[Apology]:
        found = [await tx.apologies.get(each) for each in ids]
        return [each for each in found if each is not None]

    found = await visit.storage.read(read)
    for each in found:
        visit.require(Right.APPROVE, each.agency)
    return found


def _approvable(lines: Sequence[Line]) -> list[Line]:
    return [each for each in lines if each.apology.state is ApologyState.DRAFT and not each.is_mine]


def _left_out(lines: Sequence[Line]) -> list[Line]:
    return [each for each in lines if each.apology.state is not ApologyState.DRAFT or each.is_mine]


async def _approve(visit: Visit, apology: Apology) -> Done:
    seen = _seen(visit, apology.id)
    desk = desk_at(visit, "apology.approved", apology)
    answer = await desk.approve(apology.id, by=visit.me.login, seen=seen)
    return Done(apology, refusal(visit, answer)) if isinstance(answer, Refused) else Done(answer)


def _seen(visit: Visit, apology_id: str) -> datetime:
    for written in visit.form.getall("so", []):
        name, _, at = str(written).partition("|")
        if name == apology_id and at.isdigit() and len(at) < 15:
            return from_millis(int(at))
    raise RefusedError(400, "unreadable")
