"""The page of the day: what has to be done, how the service stands, and why what failed has failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.alarms import titled
from bot.lookup import STALE_AFTER
from bot.model.staff import Right
from bot.ports import Failure, SourceState, Transaction
from bot.sentences import dialects_of, explained
from bot.web.console import today_lists
from bot.web.console.apology_views import Said, limit_of
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.today_reading import FIRST, MOST, Fared, Horizons, Standing, Waiting, fared, standing, waiting
from bot.web.console.visit import Visit

_MINUTE = timedelta(minutes=1)


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/", page, Right.SEE),
        Route("GET", "/hom-nay/tinh-hinh", live, Right.SEE),
        *today_lists.routes(console),
    ]


async def page(visit: Visit) -> web.StreamResponse:
    horizons = Horizons.of(visit)

    async def read(tx: Transaction) -> tuple[Waiting, Standing, Fared]:
        return (
            await waiting(tx, visit, horizons),
            await standing(tx, visit, horizons.now),
            await fared(tx, visit, horizons.now),
        )

    found, stands, fate = await visit.storage.read(read)
    return visit.page(
        "today.html",
        now=horizons.now,
        waiting=found,
        most=MOST,
        draft_limit=limit_of(visit, found.draft) if found.draft else None,
        fate=fate,
        reasons=_reasons(visit, fate),
        **_state(visit, stands, horizons.now),
    )


async def live(visit: Visit) -> web.StreamResponse:
    """How the service stands, for the script that keeps it fresh."""
    now = visit.console.clock()
    stands = await visit.storage.read(lambda tx: standing(tx, visit, now))
    return visit.piece("today-state.html", **_state(visit, stands, now))


def _state(visit: Visit, stands: Standing, now: datetime) -> dict[str, Any]:
    is_english = visit.language == "en"
    return {
        "stands": stands,
        "is_everywhere": visit.scope().is_everywhere,
        "sources": [_freshness(visit, name, stands, now) for name in _names(visit, stands)],
        "alarms": [
            (titled(each.name, visit.language), each.detail_en if is_english else each.detail, each.since)
            for each in stands.alarms
        ],
        "objective": visit.config.watch,
    }


def _names(visit: Visit, stands: Standing) -> list[str]:
    return list(dict.fromkeys([*visit.app.rules, *stands.sources]))


@dataclass(frozen=True, slots=True)
class Freshness:
    """A source in a sentence."""

    name: str
    said: Said
    braked: bool


def _freshness(visit: Visit, name: str, stands: Standing, now: datetime) -> Freshness:
    state, failure = stands.sources.get(name), stands.failures.get(name)
    return Freshness(name, _sentence(visit, name, state, failure, now), bool(state and state.braked_at))


def _sentence(visit: Visit, name: str, state: SourceState | None, failure: Failure | None, now: datetime) -> Said:
    w = visit.words["today"]
    fresh_at = (state.fresh_at or state.synced_at) if state else None
    if fresh_at is None:
        return Said(w["never_read"], "wrong" if failure else "warn")
    age = max(now - fresh_at, timedelta())
    rules = visit.app.rules.get(name)
    limit = timedelta(seconds=rules.stale_after) if rules else STALE_AFTER
    if age > limit:
        return Said(w["is_stale"].format(age=span_words(visit, age)), "wrong")
    if failure:
        return Said(w["is_failing"].format(age=span_words(visit, age), times=failure.times), "warn")
    return Said(w["is_fresh"].format(age=span_words(visit, age)), "good")


def span_words(visit: Visit, span: timedelta) -> str:
    """`3 giờ 5 phút`: the two largest units."""
    w, minutes = visit.words["today"], span // _MINUTE
    units = ((minutes // 1_440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute"))
    told = [f"{number} {w[unit if number == 1 else f'{unit}s']}" for number, unit in units if number][:2]
    return " ".join(told) or str(w["under_a_minute"])


def _reasons(visit: Visit, fate: Fared) -> list[tuple[str, str, int]]:
    """(state, sentence, messages): reasons that are told by one sentence are counted together."""
    counted: dict[tuple[str, str], int] = {}
    dialects = dialects_of(visit.app.plan)
    for each in fate.reasons:
        key = (each.state.value, explained(each.reason, visit.language, dialects.get(each.channel, "")))
        counted[key] = counted.get(key, 0) + each.messages
    found = sorted(((state, why, number) for (state, why), number in counted.items()), key=lambda line: -line[2])
    return found[:FIRST]
