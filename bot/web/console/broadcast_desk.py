"""What the pages of a broadcast share: which one is meant, acts that are recorded, the steps of a draft, refusals."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from bot.broadcasts import Broadcasts
from bot.model.broadcast import Broadcast, BroadcastState, Refusal
from bot.model.staff import Right
from bot.recipients import wanted_by
from bot.texts.findings import Severity
from bot.web.console.visit import Visit, missing

ROOT = "/phat-tin"


async def meant(visit: Visit, right: Right = Right.SEE) -> Broadcast:
    """The broadcast of the address, where she has this right for it."""
    broadcast = await visit.app.broadcasts.get(visit.part("id"))
    if broadcast is None:
        raise missing()
    visit.require(right, broadcast.agency)
    return broadcast


async def draft(visit: Visit) -> Broadcast | web.Response:
    """The same, to be worked on; one that is no draft any more shows itself."""
    broadcast = await meant(visit, Right.WORK)
    return broadcast if broadcast.state is BroadcastState.DRAFT else await visit.redirect(address(broadcast))


def address(broadcast: Broadcast, step: str = "") -> str:
    """Below `/can-bo`."""
    return f"{ROOT}/{broadcast.id}" + (f"/{step}" if step else "")


def acting(visit: Visit, what: str, before: Broadcast | None = None, **after: Any) -> Broadcasts:
    """The flow, whose next act is recorded unless it is refused."""

    def told(result: object) -> Any:
        if not isinstance(result, Broadcast):
            return None
        return visit.entry(
            f"broadcast.{what}",
            result.id,
            agency=result.agency,
            before={"state": before.state.value, "agency": before.agency} if before else None,
            after={"state": result.state.value, "agency": result.agency, "people": result.people, **after},
        )

    return replace(visit.app.broadcasts, storage=visit.audited(told))


@dataclass(frozen=True, slots=True)
class Step:
    """One question of a draft."""

    path: str
    """Below the broadcast; its name in the words, too."""
    is_done: bool
    is_open: bool = True
    """What it builds on is done."""


def steps_of(visit: Visit, broadcast: Broadcast) -> list[Step]:
    """In the order in which they are asked. A list needs the names of the text, so the text comes first."""
    is_list = broadcast.audience is None
    has_text = bool(broadcast.wording.chat.strip())
    is_written = has_text and not mistakes(visit, broadcast)
    has_people = bool(broadcast.people)
    has_list = has_people and set(wanted_by(broadcast.wording).names) <= set(broadcast.columns)
    is_drawn = broadcast.is_drawn_up and has_people
    is_tested = broadcast.tested_revision == broadcast.revision
    chosen = not is_list or bool(broadcast.list_name) or has_text
    steps = [Step("ten", bool(broadcast.title)), Step("nguoi-nhan", chosen), Step("noi-dung", is_written)]
    if is_list:
        steps.append(Step("danh-sach", has_list, is_written))
    return [
        *steps,
        Step("gio", True),
        Step("kiem-tra", is_drawn, is_written and (has_list or not is_list)),
        Step("gui-thu", is_tested, is_drawn),
    ]


def next_of(visit: Visit, broadcast: Broadcast, after: str) -> str:
    """The step that follows; the overview after the last one."""
    paths = [step.path for step in steps_of(visit, broadcast)]
    place = paths.index(after) + 1
    return address(broadcast, paths[place] if place < len(paths) else "")


def mistakes(visit: Visit, broadcast: Broadcast) -> list[str]:
    """What keeps its text from being sent, in sentences."""
    return sentences(visit, broadcast, Severity.ERROR)


def sentences(visit: Visit, broadcast: Broadcast, severity: Severity) -> list[str]:
    """What the linter says of its text, a sentence each, with the part of the text that it is about."""
    places = visit.words["broadcasts"]["place"]
    if broadcast.audience is None:
        # Which columns the list must have follows from the text, so a name in the text is no mistake of the text.
        broadcast = replace(broadcast, columns=wanted_by(broadcast.wording).names)
    found = [each for each in visit.app.broadcasts.findings(broadcast) if each.severity is severity]
    return [f"{places.get(each.place, each.place)}: {getattr(each, visit.language)}" for each in found]


async def answered(visit: Visit, result: Broadcast | Refusal, path: str, note: str = "") -> web.Response:
    """On to the next page, or why it was not done."""
    if isinstance(result, Refusal):
        return await refused(visit, result)
    return await visit.redirect(path, note)


async def refused(visit: Visit, refusal: Refusal) -> web.Response:
    """A page that says why, and where to go on."""
    if refusal.word == "missing":
        raise missing()
    values: Mapping[str, Any] = refusal.values
    words = visit.words["broadcasts"]
    other = await _other(visit, str(values.get("of", "")))
    return visit.page(
        "broadcasts_refused.html",
        status=409,
        sentence=words["refused"].get(refusal.word, words["refused"]["state"]),
        values={"of": "", "state": "", "left": 0, "cost": 0, "name": "", **values},
        other=other,
        broadcast_id=visit.request.match_info.get("id", ""),
        word=refusal.word,
    )


async def _other(visit: Visit, broadcast_id: str) -> Broadcast | None:
    """The earlier broadcast with the same list, if she may see it."""
    other = await visit.app.broadcasts.get(broadcast_id) if broadcast_id else None
    return other if other and visit.me.may(Right.SEE, other.agency) else None
