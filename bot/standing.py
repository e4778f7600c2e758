"""How routes, gateways and budgets stand, as far as the database knows: what the commands and pages show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.config import nearest
from bot.gateway_watch import ERROR_SPAN, SLOW_FROM, judge
from bot.gateways import FULL
from bot.model.clock import month_of
from bot.model.errors import ConfigError
from bot.plan import Configured, Plan, routes_of
from bot.ports import Minute, Pause, Share, Spent, Storage, Transaction
from bot.purse import Balance, Budgets
from bot.routing import Route
from bot.settings import SmsSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayStanding:
    """A channel that can be paused, and what it did of late."""

    name: str
    kind: str
    share: int
    """Percent of its configured weights."""
    pause: Pause | None
    complaint: str
    """What speaks against it now; empty where it is well or little used."""
    accepted: int
    errors: int
    """Errors and uncertain sends; both of the last five minutes."""
    waiting: int
    """In its own queue: replies, and what only it may send."""
    prices: Mapping[str, int]
    is_sandbox: bool
    """Nothing leaves the house by it."""
    senders: Sequence[float] = ()
    """Parts a second of each living process that sends by it, 1 where one of them sends everything; empty: nobody is
    limited, or nothing runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStanding:
    route: Route
    agencies: Sequence[str]
    pause: Pause | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Standings:
    routes: Sequence[RouteStanding]
    gateways: Sequence[GatewayStanding]


async def standings(plan: Plan, storage: Storage, *, now: datetime) -> Standings:
    """Of every route and channel that is configured, without opening any."""

    async def read(
        tx: Transaction,
    ) -> tuple[dict[str, int], dict[str, Pause], list[Minute], dict[str, int], list[Share]]:
        routing = tx.routing
        minutes = await routing.minutes(since=now - SLOW_FROM)
        waiting = await tx.outbox.waiting()
        return await routing.shares(), await routing.pauses(), minutes, waiting, await tx.shares.all()

    shares, pauses, minutes, waiting, senders = await storage.read(read)
    routes = routes_of(plan)
    queues = routes.queues()
    return Standings(
        [
            RouteStanding(
                route=route,
                agencies=plan.config.routes[route.name].agencies,
                pause=pauses.get(route.name),
                waiting=sum(waiting.get(queue, 0) for queue in queues if route.owns(queue)),
            )
            for route in routes
        ],
        [
            replace(
                _gateway(each, plan, [m for m in minutes if m.gateway == each.name], shares, pauses, waiting, now),
                senders=[one.granted for one in senders if one.account == each.name and one.until > now],
            )
            for each in plan.channels
        ],
    )


def _gateway(
    each: Configured,
    plan: Plan,
    minutes: Sequence[Minute],
    shares: Mapping[str, int],
    pauses: Mapping[str, Pause],
    waiting: Mapping[str, int],
    now: datetime,
) -> GatewayStanding:
    recent = [minute for minute in minutes if minute.minute >= now - ERROR_SPAN]
    rules = each.settings if isinstance(each.settings, SmsSettings) else None
    return GatewayStanding(
        name=each.name,
        kind=" ".join((each.kind, getattr(each.settings, "provider", ""))).rstrip(),
        share=shares.get(each.name, FULL),
        pause=pauses.get(each.name),
        complaint=judge(minutes, plan.config.gateways, now=now, has_receipts=any(m.in_time for m in minutes)),
        accepted=sum(minute.accepted for minute in recent),
        errors=sum(minute.errors + minute.uncertain for minute in recent),
        waiting=waiting.get(each.name, 0),
        prices=rules.prices if rules else {},
        is_sandbox=rules is not None and rules.sandbox,
    )


async def pause(plan: Plan, storage: Storage, order: Pause) -> bool:
    """Stops a route or channel. False where it was stopped already; raises `ConfigError` for a name that is neither."""
    _known(plan, order.name)
    return await storage.write(lambda tx: tx.routing.pause(order))


async def resume(plan: Plan, storage: Storage, name: str, *, at: datetime, by: str, reason: str) -> bool:
    """Lets it work again. False where it was not stopped."""
    _known(plan, name)
    return await storage.write(lambda tx: tx.routing.resume(name, at=at, by=by, reason=reason))


def _known(plan: Plan, name: str) -> None:
    names = [*plan.config.routes, *(each.name for each in plan.channels)]
    if name not in names:
        raise ConfigError(
            f"{name}: không có tuyến hay kênh này / there is no such route or channel{nearest(name, names)}"
        )


@dataclass(frozen=True, slots=True)
class Money:
    """A month's budgets and what waits for them."""

    month: str
    balances: Sequence[Balance]
    held: Mapping[str, int]
    """Messages that wait for money, by the payer."""


async def money(plan: Plan, storage: Storage, *, now: datetime, month: str | None = None) -> Money:
    """Of the present month, or of one that is named `2026-11`; then the forecast is what was spent."""
    budgets = Budgets(plan.config.budget)
    shown = month or month_of(now)
    spent, held = await storage.read(lambda tx: _spent(tx, shown))
    by_payer: dict[str, int] = {}
    for agency, number in held.items():
        payer = budgets.payer(agency)
        by_payer[payer] = by_payer.get(payer, 0) + number
    at = now if shown == month_of(now) else _end_of(shown)
    return Money(shown, budgets.balances(spent, now=at), by_payer)


async def _spent(tx: Transaction, month: str) -> tuple[dict[str, Spent], dict[str, int]]:
    return await tx.spending.of_month(month), await tx.outbox.held_for_budget()


def _end_of(month: str) -> datetime:
    try:
        first = datetime.fromisoformat(f"{month}-01T00:00:00+07:00")
    except ValueError:
        raise ConfigError(f"{month}: xin viết tháng như 2026-11 / write a month as 2026-11") from None
    return (first + timedelta(days=31)).replace(day=1) - timedelta(minutes=1)
