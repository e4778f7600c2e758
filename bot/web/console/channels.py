"""Channels and routes: how each fares in a sentence, what waits, what it costs; paused and let go on with a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot import standing
from bot.auditing import if_done
from bot.model.errors import MotcuaError
from bot.model.staff import Right
from bot.ports import Account, AccountState, Minute, Move, Pause, Transaction
from bot.purse import Balance
from bot.standing import GatewayStanding, Standings
from bot.web.console.channel_words import move_words, state_words
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.spans import span
from bot.web.console.spark import MINUTES, Spark, spark_of
from bot.web.console.visit import Visit, missing

_MOVES = 30
_LONGEST_REASON = 300
_SOON = timedelta(days=14)
"""Before its end, a consent is warned of."""


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/kenh", listed, Right.SEE),
        Route("GET", "/kenh/moi", piece, Right.SEE),
        Route("GET", "/kenh/{name}", page, Right.SEE),
        Route("POST", "/kenh/{name}/tam-dung", pause, Right.ADMINISTER),
        Route("POST", "/kenh/{name}/chay-lai", resume, Right.ADMINISTER),
        Route("POST", "/kenh/{name}/hoi", ask, Right.ADMINISTER),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A channel as the pages show it."""

    gateway: GatewayStanding
    sentence: str
    kind: str
    """good | warn | wrong | calm, beside the sentence."""
    spark: Spark
    waits: str
    """`12 tin, cũ nhất chờ 3 phút`; empty: nothing."""

    @property
    def senders(self) -> str:
        """What each process that sends may use."""
        return " + ".join(f"{each:g}" for each in self.gateway.senders)


@dataclass(frozen=True, slots=True)
class Budget:
    """What an agency may spend."""

    balance: Balance
    left: int | None
    held: int


async def listed(visit: Visit) -> web.Response:
    """Every channel and route, budgets, and what moved of late."""
    found, lines, oldest = await _lines(visit)
    moves = await visit.storage.read(lambda tx: tx.routing.moves(limit=_MOVES))
    return visit.page(
        "channels.html", lines=lines, routes=found.routes, oldest=oldest, moves=_moves(visit, moves),
        budgets=await _budgets(visit), **_rights(visit),
    )  # fmt: skip


async def piece(visit: Visit) -> web.Response:
    """The channels' table alone, fresh."""
    _, lines, _ = await _lines(visit)
    return visit.piece("channels_now.html", lines=lines)


async def page(visit: Visit) -> web.Response:
    """One channel or route."""
    return await _shown(visit)


async def pause(visit: Visit) -> web.Response:
    """Stops it; what waits stays where it is. Without a reason nothing is stopped."""
    name, reason = _named(visit), visit.said("reason", most=_LONGEST_REASON)
    if not reason:
        return await _shown(visit, error=visit.words["channels"]["reason_empty"])
    order = Pause(name, visit.console.clock(), visit.me.login, reason)
    storage = visit.audited(if_done(visit.entry("channel.paused", name, after={"reason": reason})))
    done = await standing.pause(visit.app.plan, storage, order)
    word = "paused_now" if done else "paused_already"
    return await visit.redirect(f"/kenh/{name}", visit.words["channels"][word].format(name=name))


async def resume(visit: Visit) -> web.Response:
    """Lets it work again."""
    name, reason = _named(visit), visit.said("reason", most=_LONGEST_REASON)
    storage = visit.audited(if_done(visit.entry("channel.resumed", name, after={"reason": reason} if reason else {})))
    done = await standing.resume(
        visit.app.plan, storage, name, at=visit.console.clock(), by=visit.me.login, reason=reason
    )
    word = "resumed_now" if done else "resumed_already"
    return await visit.redirect(f"/kenh/{name}", visit.words["channels"][word].format(name=name))


async def ask(visit: Visit) -> web.Response:
    """Asks the provider how the account stands."""
    name = _named(visit)
    account = _account(visit, name)
    if account is None:
        raise missing()
    await visit.looked("channel.asked", name)
    try:
        state = await account.asked()
    except MotcuaError as error:
        state = AccountState(trouble=str(error))
    return await _shown(visit, state=state, asked_at=visit.console.clock())


async def _shown(visit: Visit, *, error: str = "", **more: Any) -> web.Response:
    name = visit.part("name")
    found, lines, oldest = await _lines(visit)
    line = next((each for each in lines if each.gateway.name == name), None)
    route = next((each for each in found.routes if each.route.name == name), None)
    if line is None and route is None:
        raise missing()
    account = _account(visit, name)
    if account and "state" not in more:
        more["state"] = await account.kept()
    moves = await visit.storage.read(lambda tx: tx.routing.moves(limit=_MOVES, name=name))
    values: dict[str, Any] = {"state": None, "asked_at": None, **more}
    ends = values["state"].consent_ends_at if values["state"] else None
    return visit.page(
        "channel.html", status=422 if error else 200, name=name, line=line, route=route, oldest=oldest, error=error,
        pause=(line.gateway.pause if line else None) or (route.pause if route else None), moves=_moves(visit, moves),
        ends_soon=bool(ends and ends - visit.console.clock() < _SOON), **_rights(visit), **values,
    )  # fmt: skip


async def _lines(visit: Visit) -> tuple[Standings, list[Line], dict[str, str]]:
    """All channels as they stand; and, for every queue, how long its oldest message has waited, in words."""
    now, words = visit.console.clock(), visit.words
    found = await standing.standings(visit.app.plan, visit.storage, now=now)
    minutes, oldest = await visit.storage.read(lambda tx: _now(tx, now))
    ages = {queue: span(words, now - since) for queue, since in oldest.items()}
    lines = [_line(words, each, [m for m in minutes if m.gateway == each.name], ages, now) for each in found.gateways]
    return found, lines, ages


async def _now(tx: Transaction, now: datetime) -> tuple[list[Minute], dict[str, datetime]]:
    oldest: dict[str, datetime] = {}
    for each in await tx.watch.unsent(now=now):
        oldest[each.channel] = min(each.since, oldest.get(each.channel, each.since))
    return await tx.routing.minutes(since=now - timedelta(minutes=MINUTES)), oldest


def _line(
    words: Mapping[str, Any],
    gateway: GatewayStanding,
    minutes: Sequence[Minute],
    ages: Mapping[str, str],
    now: datetime,
) -> Line:
    spark = spark_of(minutes, now=now)
    sentence, kind = state_words(words["channels"], gateway, taken=spark.taken)
    return Line(gateway=gateway, sentence=sentence, kind=kind, spark=spark, waits=ages.get(gateway.name, ""))


async def _budgets(visit: Visit) -> list[Budget]:
    """Of the agencies that she covers."""
    scope = visit.scope()
    found = await standing.money(visit.app.plan, visit.storage, now=visit.console.clock())
    return [
        Budget(each, None if each.limit is None else each.limit - each.spent.cost, found.held.get(each.payer, 0))
        for each in found.balances
        if scope.covers(each.payer)
    ]


def _moves(visit: Visit, moves: Sequence[Move]) -> list[tuple[Move, str]]:
    return [(each, move_words(visit.words["channels"], each)) for each in moves]


def _rights(visit: Visit) -> dict[str, bool]:
    return {"may_order": visit.me.may(Right.ADMINISTER, "")}


def _named(visit: Visit) -> str:
    """Of a channel or route that is configured, for who administers the whole province."""
    visit.require(Right.ADMINISTER, "")
    name, plan = visit.part("name"), visit.app.plan
    if name not in plan.config.routes and name not in {each.name for each in plan.channels}:
        raise missing()
    return name


def _account(visit: Visit, name: str) -> Account | None:
    """For who covers the whole province."""
    if not visit.me.may(Right.SEE, ""):
        return None
    return next((each.account for each in visit.app.channels if each.name == name), None)
