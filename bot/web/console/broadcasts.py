"""Broadcasts: the list of them, a new one, and the page of one, whatever it waits for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.model.broadcast import AUTHORS, LONGEST_TITLE, OVER, Broadcast, BroadcastState, Progress
from bot.model.message import DeliveryState
from bot.model.staff import Right
from bot.web.console.broadcast_desk import ROOT, acting, address, meant, mistakes, steps_of
from bot.web.console.broadcast_said import for_whom, hours_said, kind_of
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.visit import RefusedError, Visit

PAGE = 25

_ON_ITS_WAY = frozenset({BroadcastState.RUNNING, BroadcastState.PAUSED, BroadcastState.TRIED})
_FAILED_MUCH = 0.3
"""Share of failures at which the page warns."""
_ENOUGH = 10
"""Messages with an end below which a share says nothing."""


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", ROOT, listed, Right.SEE),
        Route("GET", f"{ROOT}/moi", new, Right.WORK),
        Route("POST", f"{ROOT}/moi", begin, Right.WORK),
        Route("GET", f"{ROOT}/{{id}}", one, Right.SEE),
        Route("GET", f"{ROOT}/{{id}}/tien-do", fresh, Right.SEE),
    ]


async def listed(visit: Visit) -> web.Response:
    """Newest first."""
    found = await visit.app.broadcasts.listed(visit.scope().asked, before=visit.asked("truoc"), limit=PAGE + 1)
    shown = found[:PAGE]
    older = f"?truoc={shown[-1].id}" if len(found) > PAGE else ""
    return visit.page(
        "broadcasts.html",
        broadcasts=[(each, kind_of(each)) for each in shown],
        older=older,
        may_work=visit.me.may(Right.WORK),
        is_first=not visit.asked("truoc"),
    )


async def new(visit: Visit) -> web.Response:
    return await _asking(visit, title="", agency="", errors=[])


async def begin(visit: Visit) -> web.Response:
    """A draft with a title; everything else is asked page by page."""
    title, agency = visit.said("title"), visit.said("agency", most=60)
    if not title or len(title) > LONGEST_TITLE:
        word = "no_title" if not title else "long_title"
        return await _asking(visit, title=title, agency=agency, errors=[("title", visit.words["broadcasts"][word])])
    visit.require(Right.WORK, agency)
    broadcast = await acting(visit, "made").begin(title=title, agency=agency, by=visit.me.login)
    return await visit.redirect(address(broadcast, "nguoi-nhan"))


async def _asking(visit: Visit, *, title: str, agency: str, errors: list[tuple[str, str]]) -> web.Response:
    return visit.page(
        "broadcasts_name.html", status=400 if errors else 200, broadcast=None, title=title, agency=agency,
        agencies=await agencies_of(visit), errors=errors,
    )  # fmt: skip


async def agencies_of(visit: Visit) -> list[tuple[str, str]]:
    """Code and name of those for which she works; whoever works for all may broadcast in the province's name."""
    scope = visit.scope(Right.WORK)
    known = await visit.storage.read(lambda tx: tx.console.agencies())
    named = {code: name for code, name in known if scope.covers(code)}
    own = {each: named.get(each, each) for each in scope.agencies if each}
    choices = [(code, f"{name} ({code})" if name else code) for code, name in sorted({**named, **own}.items())]
    return [("", visit.words["broadcasts"]["province"]), *choices] if scope.is_everywhere else choices


async def one(visit: Visit) -> web.Response:
    """A draft shows its steps, one that waits everything to be known for a yes, one that runs how far it has come."""
    broadcast = await meant(visit)
    if broadcast.state is BroadcastState.DRAFT:
        return await _draft(visit, broadcast)
    if broadcast.state is BroadcastState.SUBMITTED:
        return await _waiting(visit, broadcast)
    return await _job(visit, broadcast)


async def _draft(visit: Visit, broadcast: Broadcast) -> web.Response:
    steps = steps_of(visit, broadcast)
    return visit.page(
        "broadcasts_draft.html",
        broadcast=broadcast,
        steps=steps,
        is_ready=all(step.is_done for step in steps),
        mistakes=mistakes(visit, broadcast) if broadcast.wording.chat else [],
        needs_approval=will_need_approval(visit, broadcast),
        hours=hours_said(visit, broadcast),
        for_whom=for_whom(visit, broadcast),
        left=await visit.app.broadcasts.budget_left(broadcast.agency),
        may_work=visit.me.may(Right.WORK, broadcast.agency),
    )


def will_need_approval(visit: Visit, broadcast: Broadcast) -> bool:
    """By the present count."""
    rules, count = visit.app.broadcasts.settings, broadcast.count
    people, cost = (count.people, count.cost) if count else (0, 0)
    return people > rules.approve_people or cost > rules.approve_cost


async def _waiting(visit: Visit, broadcast: Broadcast) -> web.Response:
    """Everything that somebody must know who says yes, on one page."""
    may_see_people = visit.me.may(Right.WORK, broadcast.agency)
    rows = await visit.app.broadcasts.rows(broadcast.id, limit=1)
    preview = await visit.app.broadcasts.preview(broadcast.id, rows[0].number) if rows and may_see_people else None
    if preview:
        await visit.looked("broadcast.previewed", broadcast.id, agency=broadcast.agency)
    acts = await visit.app.broadcasts.acts(broadcast.id)
    authors = broadcast.authors | {each.by.casefold() for each in acts if each.what in AUTHORS}
    is_author = visit.me.login.casefold() in authors
    return visit.page(
        "broadcasts_waiting.html",
        broadcast=broadcast,
        preview=preview,
        hours=hours_said(visit, broadcast),
        for_whom=for_whom(visit, broadcast),
        left=await visit.app.broadcasts.budget_left(broadcast.agency),
        acts=acts,
        is_author=is_author,
        may_approve=visit.me.may(Right.APPROVE, broadcast.agency) and not is_author,
        has_right=visit.me.may(Right.APPROVE, broadcast.agency),
        may_work=visit.me.may(Right.WORK, broadcast.agency),
        canary=visit.app.broadcasts.settings.canary,
    )


async def _job(visit: Visit, broadcast: Broadcast) -> web.Response:
    return visit.page(
        "broadcasts_job.html",
        acts=await visit.app.broadcasts.acts(broadcast.id),
        for_whom=for_whom(visit, broadcast),
        **await _progress(visit, broadcast),
    )


async def fresh(visit: Visit) -> web.Response:
    """The live part of a job's page."""
    if "X-Live" not in visit.request.headers:
        raise RefusedError(404, "missing")
    broadcast = await meant(visit)
    return visit.piece("broadcasts_progress.html", **await _progress(visit, broadcast))


async def _progress(visit: Visit, broadcast: Broadcast) -> dict[str, Any]:
    progress = await visit.app.broadcasts.progress(broadcast.id)
    return {
        "broadcast": broadcast,
        "hours": hours_said(visit, broadcast),
        "figures": Figures.of(broadcast, progress),
        "is_moving": broadcast.state not in OVER or bool(progress.waiting),
        "on_its_way": broadcast.state in _ON_ITS_WAY,
        "may_work": visit.me.may(Right.WORK, broadcast.agency),
        "canary": visit.app.broadcasts.settings.canary,
    }


@dataclass(frozen=True, slots=True)
class Figures:
    """What the tiles say."""

    people: int
    """Who are to be told."""
    waiting: int
    """Not planned yet, or planned and still here."""
    planned: int
    """Of those who wait, whose message is made."""
    held: int
    accepted: int
    delivered: int
    failed: int
    unsent: int
    """Cancelled, or not sent on purpose."""
    never: int
    """Whose turn had not come when it was cancelled."""
    left_out: int
    cost: int
    by_channel: dict[str, int]

    @classmethod
    def of(cls, broadcast: Broadcast, progress: Progress) -> "Figures":
        states = progress.by_state
        counts = {name: sum(states.get(each, 0) for each in group) for name, group in GROUPS.items()}
        left_out = sum(progress.left_out.values())
        unplanned = max(0, progress.people - progress.handed_out)
        waiting, never = (0, unplanned) if broadcast.state in OVER else (unplanned, 0)
        return cls(
            people=progress.people, waiting=counts["cho"] + waiting, planned=counts["cho"], held=counts["giu"],
            accepted=counts["gui"], delivered=counts["toi"], failed=counts["hong"], unsent=counts["huy"],
            never=never, left_out=left_out, cost=progress.cost, by_channel=progress.by_channel,
        )  # fmt: skip

    @property
    def not_sent(self) -> int:
        """What the tile and the list behind it have: those for whom nothing leaves any more, planned or not."""
        return self.unsent + self.never

    @property
    def ended(self) -> int:
        return self.accepted + self.delivered + self.failed

    @property
    def sent(self) -> int:
        """Those for whom nothing more is to be done here."""
        return self.ended + self.unsent

    @property
    def whole(self) -> int:
        return self.sent + self.waiting + self.held

    @property
    def fails_much(self) -> bool:
        return self.ended >= _ENOUGH and self.failed > _FAILED_MUCH * self.ended


_S = DeliveryState
GROUPS: dict[str, frozenset[DeliveryState]] = {
    "cho": frozenset({_S.QUEUED, _S.SENDING}),
    "giu": frozenset({_S.HELD}),
    "gui": frozenset({_S.ACCEPTED}),
    "toi": frozenset({_S.DELIVERED}),
    "hong": frozenset({_S.FAILED, _S.EXPIRED, _S.UNCERTAIN}),
    "huy": frozenset({_S.CANCELLED, _S.SUPPRESSED, _S.SUPERSEDED}),
}
"""The tiles, by what their filter is called in the address."""
