"""The SMS centre keeps its receipts back for 72 hours, on a clock that the drill moves; then they all come at once.

Meanwhile the service looks after its messages as it does in three days: sweeps, takes the next way where the first
was not confirmed, counts its reports. Some messages were never answered, some have two parts, some fail in the end.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot.app import open_app, read_plan
from bot.config import Config
from bot.fallback_watch import FallbackWatch
from bot.guess_watch import GuessWatch
from bot.model.clock import month_of, utc_now
from bot.model.ids import id_maker
from bot.model.message import Alternative, DeliveryState, OutboxItem, Receipt
from bot.model.person import Address
from bot.ports import Transaction
from bot.report_plan import report_watch_for
from bot.service import App
from bot.sure_of_time import SureOfTime
from tests.adapters.sms_smpp.support import Centre, centre
from tests.chaos.figures import Report, journal, judged, kept
from tests.support.making import Time, message

WAIT = timedelta(hours=72)
_STEP = timedelta(hours=2)
_SOON = 20.0
_ARRIVES, _FAILS = "0105", "0002"
_LONG = "Ho so H56.14-240823-0001 da co ket qua, xin den nhan tai Bo phan Mot cua. " * 3
_OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN)

Sorts = Mapping[str, Sequence[OutboxItem]]


async def run(place: Path, *, each: int = 10) -> Report:
    """`each`: messages of every sort. `place` is an empty folder."""
    os.environ["MOTCUA_CHAOS_PASSWORD"] = "x"
    clock = Time(utc_now().replace(microsecond=0))
    sorts = _sorts(clock, each)
    everything = [item for sort in sorts.values() for item in sort]
    logs = [place / "first.jsonl", place / "second.jsonl"]
    async with centre(logs[0]) as first, centre(logs[1]) as second:
        plan = read_plan(Config.model_validate(_configuration(place, first, second)))
        async with open_app(plan, clock=clock, migrate=True) as app, _running(app):
            await first.post("fault", {"kind": "held-receipt"})
            await _sent(app, first, sorts)
            await _three_days(app, clock, everything)
            before, late_since = await _told(app, clock), clock()
            await first.http.delete(f"http://127.0.0.1:{first.settings.control_port}/fault")
            await _until(app, everything, lambda now: all(item.state not in _OPEN for item in now.values()))
            now = await kept(app.storage, [item.id for item in everything])
            return await judged(
                "receipts 72 h late", app.storage, everything, await journal(*logs),
                sorts={name: _counted(now, sort) for name, sort in sorts.items()},
                settled_late=sum(item.settled_at == late_since for item in now.values()),
                reported=(before, await _told(app, clock)),
                strangers=await _strangers(app, clock),
            )  # fmt: skip


def _configuration(place: Path, first: Centre, second: Centre) -> dict[str, Any]:
    smpp = {
        "kind": "sms_smpp", "host": "127.0.0.1", "system_id": "late", "password": "env:MOTCUA_CHAOS_PASSWORD",
        "source_addr": "8041", "reference_tlv": 0x1501, "response_timeout": 0.3, "reconnect_min": 0.05,
    }  # fmt: skip
    never = {"begin": "00:00", "end": "00:00"}
    return {
        "storage": {"url": f"sqlite:{place / 'motcua.db'}"},
        "web": {"enabled": False},
        "reports": {"enabled": False},
        "quiet": {"personal": never, "bulk": never},
        "outbox": {"poll": 0.05, "sweep": 0.05},
        "reach": {"ways": {"sms": {"success": "delivered", "minutes": 60, "urgent_minutes": 60}}},
        "channels": {"first": {"port": first.port, **smpp}, "second": {"port": second.port, **smpp}},
    }


def _sorts(clock: Time, each: int) -> Sorts:
    """What is planned, by what is to come of it."""
    new_id, numbers = id_maker(clock), iter(range(10_000))

    def some(
        ending: str, *, text: str = "Ho so da co ket qua.", parts: int = 1, is_twofold: bool = False
    ) -> OutboxItem:
        address = Address("sms", f"+8491{next(numbers):03}{ending}")
        others = (Alternative("second", Address("sms", "+84912340105"), "Ho so da co ket qua."),) if is_twofold else ()
        return message(
            id=new_id(), channel="first", address=address, text=text, parts=parts, alternatives=others,
            created_at=clock(), next_at=clock(), expires_at=clock() + timedelta(days=1),
        )  # fmt: skip

    return {
        # More at once would shut the channel: then one is tried every quarter of a minute, as it should be.
        "never answered": [some(_ARRIVES) for _ in range(min(each, 10))],
        "arrives": [some(_ARRIVES) for _ in range(each)],
        "in parts": [some(_ARRIVES, text=_LONG, parts=2) for _ in range(each)],
        "fails": [some(_FAILS) for _ in range(each)],
        "next way taken": [some(_ARRIVES, is_twofold=True) for _ in range(each)],
        "next way taken, first fails": [some(_FAILS, is_twofold=True) for _ in range(each)],
    }


async def _sent(app: App, first: Centre, sorts: Sorts) -> None:
    """All of them leave us; to the first sort the centre does not answer, though it takes them."""
    silent = sorts["never answered"]
    await first.post("fault", {"kind": "silence", "times": len(silent)})
    await _planned(app, silent)
    await _until(app, silent, lambda now: all(item.state is DeliveryState.UNCERTAIN for item in now.values()))
    rest = [item for name, sort in sorts.items() if name != "never answered" for item in sort]
    await _planned(app, rest)
    await _until(app, rest, lambda now: all(item.state is DeliveryState.ACCEPTED for item in now.values()))


async def _planned(app: App, items: Sequence[OutboxItem]) -> None:
    await app.storage.write(lambda tx: tx.outbox.enqueue(items))


async def _three_days(app: App, clock: Time, items: Sequence[OutboxItem]) -> None:
    """Hour by hour; what takes its second way is let arrive there."""
    twofold = [item for item in items if item.alternatives]
    until = clock() + WAIT
    while clock() < until:
        clock.now += _STEP
        await FallbackWatch(app.storage, clock=clock).look()
        await app.storage.write(partial(_swept, clock=clock))
        await _report(app)
        await _until(app, twofold, lambda now: all(item.state is DeliveryState.DELIVERED for item in now.values()))


async def _report(app: App) -> None:
    watch = report_watch_for(app.plan, app.storage, clock=app.clock)
    while await watch.look():
        pass


async def _swept(tx: Transaction, *, clock: Time) -> None:
    await tx.outbox.lapse(now=clock(), requeue=())
    await tx.outbox.expire(now=clock())


async def _told(app: App, clock: Time) -> dict[str, int]:
    """What the month's report says of the messages, by state, once the watch has looked again."""
    clock.now += timedelta(hours=8)
    await _report(app)
    months = sorted({month_of(clock()), month_of(clock() - WAIT - timedelta(days=1))})
    sums = await app.storage.read(lambda tx: tx.reports.messages(months, ()))
    told: Counter[str] = Counter()
    for (_, key), summed in sums.items():
        told[str(key.state)] += summed.messages
    return dict(told)


async def _strangers(app: App, clock: Time) -> tuple[int, int, int]:
    """Receipts that belong to nobody: kept at once, kept a week later, kept when a month has passed."""
    ours = [
        Receipt(channel="first", reference=f"stranger-{n}", state=DeliveryState.DELIVERED, at=clock()) for n in range(5)
    ]
    await app.deliver(ours)
    # Its clock goes as time does: the service's own would call these days a jump, and forget nothing.
    sure = SureOfTime(app.storage, clock=clock, monotonic=lambda: clock().timestamp())
    settings = app.plan.config
    tidying = GuessWatch(app.storage, settings.lookup, settings.conversation, clock=clock, sure=sure)
    found = []
    for days in (0, 7, 30):
        clock.now += timedelta(days=days)
        await tidying.tidy()
        found.append(await app.storage.read(lambda tx: tx.outbox.parked()))
    return found[0], found[1], found[2]


def _counted(now: Mapping[str, OutboxItem], sort: Sequence[OutboxItem]) -> dict[str, int]:
    return dict(Counter(f"{now[item.id].state} by {now[item.id].gateway}" for item in sort))


async def _until(
    app: App, items: Collection[OutboxItem], true: Callable[[Mapping[str, OutboxItem]], bool]
) -> Mapping[str, OutboxItem]:
    now: Mapping[str, OutboxItem] = {}
    try:
        async with asyncio.timeout(_SOON):
            while not true(now := await kept(app.storage, [item.id for item in items])):
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"it never came so far: {Counter(item.state.value for item in now.values())}") from None
    return now


@asynccontextmanager
async def _running(app: App) -> AsyncIterator[None]:
    working = asyncio.create_task(app.run())
    try:
        yield
    finally:
        app.stop()
        await working
