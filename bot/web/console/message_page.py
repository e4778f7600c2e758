"""A message's page: what its reader read, what became of it and why, where it comes from; and sending it once more."""

from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from bot.model.audit import Entry
from bot.model.message import FINAL, DeliveryState, OutboxItem
from bot.model.staff import Right
from bot.ports import Standing, Transaction
from bot.ports.console import MessageStory, Outcomes, outcome_of
from bot.resending import Obstacle, Resending, Resent, next_number, obstacle_of, original_of, standing_of
from bot.sentences import dialects_of, sentence_of
from bot.web.console.private import address_shown
from bot.web.console.show import fill
from bot.web.console.visit import Visit, missing

_FAILED = (Outcomes.FAILED, Outcomes.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Origin:
    """What planned a message."""

    words: str
    href: str = ""
    """Below `/can-bo`; empty for none."""


async def show(visit: Visit) -> web.Response:
    """The whole page; that she read it is recorded."""
    story, standing = await _see(visit, Right.SEE)
    item = story.item
    await visit.looked("message.looked", item.id, agency=item.agency)
    return _page(visit, story, standing)


async def state(visit: Visit) -> web.Response:
    """How it stands, for the script that keeps the page fresh."""
    story, _ = await _see(visit, Right.SEE)
    return visit.piece("message-state.html", **_state(visit, story.item))


async def resend(visit: Visit) -> web.Response:
    """Sends it once more, where that is allowed; recorded with what is sent."""
    story, standing = await _see(visit, Right.WORK)
    item, words = story.item, visit.words["messages"]
    number = visit.said("lan", most=4)
    confirmed = visit.said("hai-lan") == "co"

    def told(answer: Any) -> Entry | None:
        if not isinstance(answer, Resent) or not answer.is_new:
            return None
        after = {"again": answer.item.id, "state": str(item.state), "may_come_twice": confirmed}
        return visit.entry("message.resent", item.id, agency=item.agency, after=after)

    flow = Resending(visit.storage, visit.app.planner, visit.console.clock)
    answer = await replace(flow, storage=visit.audited(told)).resend(
        item.id, number=int(number) if number.isdecimal() else 0, may_come_twice=confirmed
    )
    if isinstance(answer, Resent):
        note = words["resent"] if answer.is_new else words["resent_before"]
        return await visit.redirect(f"/tin-nhan/{answer.item.id}", note)
    error = words["must_confirm"] if answer is Obstacle.UNSURE else words["obstacle"][answer]
    return _page(visit, story, standing, error=error, status=422)


async def _see(visit: Visit, right: Right) -> tuple[MessageStory, Standing | None]:
    """Raises `RefusedError` where there is none, or not for her."""
    item_id = visit.part("id")

    async def read(tx: Transaction) -> tuple[MessageStory, Standing | None]:
        story = await tx.console.message(item_id)
        if story is None:
            raise missing()
        visit.require(right, story.item.agency)
        return story, await standing_of(tx, story.item)

    return await visit.storage.read(read)


def _page(
    visit: Visit, story: MessageStory, standing: Standing | None, *, error: str = "", status: int = 200
) -> web.Response:
    item, words = story.item, visit.words["messages"]
    is_whole = visit.me.may(Right.WORK, item.agency)
    obstacle = obstacle_of(story, standing)
    return visit.page(
        "message.html",
        status=status,
        story=story,
        what=words["situation"][item.situation],
        way=_scheme(visit, item.address.scheme),
        to=address_shown(item.address, is_whole=is_whole),
        origin=_origin(visit, item),
        left=[
            fill(words["way_left"], channel=way.channel or "–", to=address_shown(way.address, is_whole=is_whole))
            for way in story.left
        ],
        to_come=", ".join(_scheme(visit, way.address.scheme) for way in item.alternatives),
        may_resend=is_whole and (obstacle is None or obstacle is Obstacle.UNSURE),
        is_unsure=obstacle is Obstacle.UNSURE,
        obstacle=words["obstacle"][obstacle] if obstacle and is_whole and outcome_of(item.state) in _FAILED else "",
        original=original_of(item),
        number=next_number(story),
        error=error,
        **_state(visit, item),
    )


def _state(visit: Visit, item: OutboxItem) -> dict[str, Any]:
    """What `message-state.html` needs."""
    words, outcome = visit.words["messages"], outcome_of(item.state)
    dialect = dialects_of(visit.app.plan).get(item.gateway or item.channel, "")
    return {
        "item": item,
        "sentence": sentence_of(item, visit.language, dialect),
        "tag": words["outcome"][outcome],
        "mood": {Outcomes.FAILED: "wrong", Outcomes.UNCERTAIN: "warn", Outcomes.ARRIVED: "good"}.get(outcome, "calm"),
        "is_pending": item.state not in FINAL and item.state is not DeliveryState.UNCERTAIN,
    }


def _scheme(visit: Visit, scheme: str) -> str:
    return str(visit.words["messages"]["scheme"].get(scheme, scheme))


def _origin(visit: Visit, item: OutboxItem) -> Origin:
    """Origins are names of ours: `change:<source>:<code>:<number>`, `apology:<id>` …"""
    words = visit.words["messages"]["from"]
    kind, _, rest = item.origin.partition(":")
    match kind:
        case "change":
            return Origin(words["change"].format(number=rest.rpartition(":")[2]))
        case "apology":
            return Origin(words["apology"].format(id=rest), f"/xin-loi/{rest}")
        case "broadcast":
            number = rest.partition(":")[0]
            return Origin(words["broadcast"].format(id=number), f"/phat-tin/{number}")
        case "resend":
            return Origin(words["resend"], f"/tin-nhan/{original_of(item)}")
        case "inbound" | "api" | "test":
            return Origin(words[kind])
        case _:
            return Origin(words["other"])
