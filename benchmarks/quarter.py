"""Khánh Hoà's first quarter of 2018 once more, on a fast clock: `python -m benchmarks.quarter [SHARE] [saving]`, 1.0 by
default. With `saving` what asks nothing of the citizen and is not the result goes by chats alone, as docs/tin-bao.md
shows; here, where nobody has a chat, it costs nothing.

The province is the one-stop simulator with the figures of the report 45/BC-UBND of 14 March 2018: 93,281 dossiers at
163 agencies, 88.25 % of the results early, 11.42 % on time, 0.32 % late. Of the late ones its software says nothing:
every apology is ours. Office hour by office hour the simulator works, the mirror reads it over HTTP, deadlines are
watched, a head approves the drafts of those that will be late, and everything leaves by SMPP for the SMS-centre
simulator. All data is durable (SQLite, fsync at each commit). The clock jumps from hour to hour; nothing else does.

It ends some weeks into April, when what was received in the quarter has ended. Then the books are proved: every change
has its fate, every planned message is in one state, and whoever was late had an apology before the limit. Exits with 1
where that does not hold. Prints one JSON object.

What is assumed and not in the report: 300 đồng a part of an SMS; the head knows when a draft appears who will be late.
"""

import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from adapters.simulators.onestop import Province
from adapters.simulators.onestop import Settings as OfficeSettings
from bot import app
from bot.apologies import ApologyDesk
from bot.apology_documents import documents_for
from bot.collector import calm
from bot.config import Config
from bot.deadlines import DeadlineWatch
from bot.demo.processes import free_ports, simulator
from bot.drafting import Answer, Drafting, Wishes
from bot.lateness import Punctuality
from bot.ledger import balance
from bot.mirror import Mirror
from bot.model.apology import Apology, ApologyState
from bot.model.calendar import Calendar
from bot.model.clock import VIETNAM
from bot.plan import contacts_for
from bot.service import App

DOSSIERS = 93_281
FIRST, LAST = date(2018, 1, 1), date(2018, 3, 31)
AFTER = 25
"""Working days in April until the longest procedures have ended."""
PRICE = 300
"""Đồng a part of an SMS."""
LATE = 267 / 83_300

_PHONES = {"0002": 0.004, "0003": 0.002, "0005": 0.002, "0006": 0.002, "0009": 0.002}
"""Share of citizens by the last digits of their number, each a misfortune of the SMS-centre simulator."""
_SAVED = ("registered", "progress", "paid", "resumed", "returned", "appointment", "supplement_received")
_CHATS = ("zalo", "zalobot", "telegram", "webchat")
_HOURS = (8, 9, 10, 11, 14, 15, 16, 17)
_HEAD, _CENTRE = "head", "sms"


class SteppedClock:
    """Stands still until it is told."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@dataclass(slots=True)
class Delays:
    """Who will be late, as the simulator's own twin knows beforehand."""

    codes: dict[str, datetime]
    """Code → its first appointment."""
    received: Counter[str] = field(default_factory=Counter)
    told: set[str] = field(default_factory=set)
    """Whose apology is approved."""


@dataclass(slots=True)
class Stage:
    """The service, open, and the provider's sides beside it."""

    running: App
    clock: SteppedClock
    http: aiohttp.ClientSession
    office: str
    """Address of the one-stop simulator's control port."""
    watch: DeadlineWatch
    desk: ApologyDesk
    mirror: Mirror
    books: sqlite3.Connection
    """Reads beside the service."""
    spent: Counter[str] = field(default_factory=Counter)
    """Wall seconds by what was done."""


def working_days(share: float) -> list[date]:
    """Of the quarter, and those after it."""
    calendar, day = Calendar(), FIRST
    days = []
    while day <= LAST:
        days += [day] if calendar.is_working_day(day) else []
        day += timedelta(days=1)
    days = days[: max(3, round(len(days) * share))]
    for _ in range(AFTER):
        days.append(calendar.add_days(days[-1], 1))
    return days


def province(share: float, days: list[date]) -> dict[str, Any]:
    """The simulator's settings."""
    open_days = len(days) - AFTER
    return {
        "start": datetime.combine(days[0], datetime.min.time(), VIETNAM).replace(hour=7).isoformat(),
        "days": open_days,
        "dossiers_per_day": round(DOSSIERS * share) / open_days,
        "late": LATE,
        "untold": 1.0,
        "keep": DOSSIERS * 2,
        "special_phones": json.dumps(_PHONES),
    }


def delays_of(settings: dict[str, Any], until: datetime) -> Delays:
    """Runs a twin of the province to its end."""
    made = OfficeSettings.model_validate(settings | {"special_phones": _PHONES})
    assert made.start is not None
    promised: dict[str, datetime] = {}
    late: dict[str, datetime] = {}
    received: Counter[str] = Counter()
    for record in Province(made, made.start).states(until):
        if record.code not in received:
            received[record.code] += 1
        if record.appointment_at is None:
            continue
        promised[record.code] = record.appointment_at
        if record.finished_at and record.finished_at > promised[record.code]:
            late.setdefault(record.code, promised[record.code])
    return Delays(late, received)


@asynccontextmanager
async def staged(place: Path, settings: dict[str, Any], start: datetime, *, saving: bool) -> AsyncIterator[Stage]:
    """Everything open, the database new."""
    smpp, smpp_control, api, control = free_ports(4)
    os.environ["MOTCUA_QUARTER_PASSWORD"] = "quarter"  # noqa: S105 opens nothing
    clock = SteppedClock(start)
    async with AsyncExitStack() as stack:
        centre: dict[str, object] = {"port": smpp, "control_port": smpp_control, "delay": 0.05}
        await stack.enter_async_context(simulator("smsc", centre, place / "smsc.log"))
        office = settings | {"stepped": "true", "rest_port": api, "control_port": control}
        await stack.enter_async_context(simulator("onestop", office, place / "onestop.log"))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        plan = app.read_plan(_config(place, smpp, api, saving=saving))
        running = await stack.enter_async_context(app.open_app(plan, clock=clock, migrate=True))
        books = sqlite3.connect(f"file:{place / 'motcua.db'}?mode=ro", uri=True)
        stack.callback(books.close)
        yield Stage(
            running=running,
            clock=clock,
            http=http,
            office=f"http://127.0.0.1:{control}",
            watch=_watch(running),
            desk=_desk(running),
            mirror=running.mirror_of("office"),
            books=books,
        )


def _config(place: Path, smpp: int, api: int, *, saving: bool) -> Config:
    return Config.model_validate(
        {
            "storage": {"url": f"sqlite:{place / 'motcua.db'}"},
            "web": {"enabled": False},
            "apologies": {"pdf": False},
            "situations": {"channels": dict.fromkeys(_SAVED, _CHATS)} if saving else {},
            "channels": {
                _CENTRE: {
                    "kind": "sms_smpp",
                    "port": smpp,
                    "host": "127.0.0.1",
                    "system_id": "motcua",
                    "source_addr": "KHANHHOA",
                    "password": "env:MOTCUA_QUARTER_PASSWORD",
                    "reference_tlv": 0x1501,
                    "prices": {"default": PRICE},
                }
            },
            "contacts": {
                _HEAD: {"roles": ["head", "officer"], "ways": ["sms:+84961234567"], "digest": True},
                "province": {"roles": ["supervisor"], "ways": ["sms:+84961234568"], "digest": True},
            },
            "sources": {
                "office": {
                    "kind": "rest",
                    "base_url": f"http://127.0.0.1:{api}",
                    "records": "HoSo",
                    "go_live": "2018-01-01T00:00:00+07:00",
                    "login": {
                        "kind": "token",
                        "url": "/getToken",
                        "body": {"username": "{username}", "password": "{password}"},
                        "username": "motcua",
                        "password": "env:MOTCUA_QUARTER_PASSWORD",
                    },
                    "listing": {"url": "/ho-so", "query": {"page": "{page}", "size": "{size}", "since": "{since}"}},
                    "paging": {"by": "page", "size": 500, "total": "TongSo"},
                    "changes": {"mode": "since", "overlap": 1.0, "format": "%Y-%m-%dT%H:%M:%S%z"},
                    # Hours pass in seconds: what no office would say in an hour is said here.
                    "brake_messages": 0,
                    "brake_percent": 0,
                }
            },
        }
    )


def _watch(running: App) -> DeadlineWatch:
    config = running.plan.config
    return DeadlineWatch(
        running.storage,
        contacts_for(running.plan, running.planner),
        running.calendars,
        config.deadlines,
        config.apologies,
        clock=running.clock,
        new_id=running.new_id,
        clocks={name: rules.supplement_clock for name, rules in running.rules.items()},
    )


def _desk(running: App) -> ApologyDesk:
    drafting = Drafting(running.plan.config.apologies, running.calendars)
    return ApologyDesk(
        running.storage,
        running.planner,
        running.reach,
        drafting,
        clock=running.clock,
        documents=documents_for(drafting),
    )


async def replay(stage: Stage, days: list[date], delays: Delays) -> None:
    """Hour by hour."""
    for moment in _hours(days):
        stage.clock.now = moment
        await _timed(stage, "one-stop simulator", _advance(stage, moment))
        await _timed(stage, "mirror", _read(stage))
        await _timed(stage, "deadline watch", stage.watch.look())
        await _timed(stage, "approvals", _approve(stage, delays))
        await _timed(stage, "sending", _drain(stage))
        if moment.hour == _HOURS[-1] and moment.date() in days[::10]:
            print(f"{moment:%d/%m/%Y}", dict(stage.spent), file=sys.stderr)


def _hours(days: list[date]) -> Iterator[datetime]:
    return (datetime(day.year, day.month, day.day, hour, tzinfo=VIETNAM) for day in days for hour in _HOURS)


async def _timed(stage: Stage, what: str, work: Any) -> None:
    start = time.perf_counter()
    await work
    stage.spent[what] += time.perf_counter() - start  # type: ignore[assignment]


async def _advance(stage: Stage, moment: datetime) -> None:
    async with stage.http.post(f"{stage.office}/advance", json={"until": moment.isoformat()}) as answer:
        answer.raise_for_status()


async def _read(stage: Stage) -> None:
    (source,) = stage.running.sources
    assert source.source is not None
    async for batch in source.source.batches(await stage.mirror.cursor()):
        await stage.mirror.apply(batch)


async def _approve(stage: Stage, delays: Delays) -> None:
    """A head approves what is needed, and leaves the rest to become needless by itself. Of short terms, for which no
    draft appears, an officer drafts it first."""
    now, storage = stage.clock(), stage.running.storage
    horizon = stage.running.calendars.of("").add_days(now.date(), 2)
    near = [
        code
        for code, due_at in delays.codes.items()
        if code not in delays.told and due_at.astimezone(VIETNAM).date() <= horizon
    ]
    for code in near:
        known = await storage.read(lambda tx, c=code: tx.apologies.of_dossier("office", c))  # type: ignore[misc]
        drafts: Sequence[Answer] = [each for each in known if each.state is ApologyState.DRAFT]
        if not drafts:
            drafts = [await stage.desk.draft("office", code, Wishes(), by="can-bo")]
        for draft in drafts:
            if isinstance(draft, Apology):
                (answer,) = await stage.desk.approve_all([draft.id], by="truong-phong", override="")
                delays.told |= {code} if isinstance(answer, Apology) else set()


async def _drain(stage: Stage) -> None:
    """Until nothing that may leave now is left, and nothing is under way."""
    while _is_busy(stage):  # noqa: ASYNC110 it looks from outside, as another process would
        await asyncio.sleep(0.01)


def _is_busy(stage: Stage) -> bool:
    now = round(stage.clock().timestamp() * 1000)
    waiting = (
        "SELECT 1 FROM outbox WHERE state = 'queued' AND channel = ? AND lane IN (0, 1, 2) AND next_at <= ? LIMIT 1"
    )
    under_way = "SELECT 1 FROM outbox WHERE state = 'sending' AND lease_until IS NOT NULL LIMIT 1"
    return bool(stage.books.execute(waiting, (_CENTRE, now)).fetchone() or stage.books.execute(under_way).fetchone())


async def _receipts(stage: Stage) -> None:
    """Until the last receipts have come; some numbers never have one."""
    left, patience = -1, 0
    while patience < 20:
        count = stage.books.execute("SELECT COUNT(*) FROM outbox WHERE state = 'accepted'").fetchone()[0]
        patience = patience + 1 if count == left else 0
        left = count
        await asyncio.sleep(0.1)


async def judged(stage: Stage, delays: Delays, days: list[date], wall: float, share: float) -> dict[str, Any]:
    """The figures, and what does not hold."""
    ledger = await balance(stage.running.storage)
    rows = stage.books.execute
    states = dict(rows("SELECT state, COUNT(*) FROM outbox GROUP BY state").fetchall())
    by_kind = dict(rows("SELECT situation, COUNT(*) FROM outbox GROUP BY situation ORDER BY 2 DESC").fetchall())
    changes, fateless = rows("SELECT COUNT(*), SUM(fate = '') FROM changes").fetchone()
    fates = dict(rows("SELECT fate, COUNT(*) FROM changes GROUP BY fate ORDER BY 2 DESC").fetchall())
    dossiers = rows("SELECT COUNT(*) FROM dossiers").fetchone()[0]
    citizens, parts, cost = rows(
        "SELECT COUNT(*), SUM(parts), SUM(cost) FROM outbox WHERE code <> '' AND sent_at IS NOT NULL"
    ).fetchone()
    silent = rows(
        "SELECT reason, COUNT(*) FROM outbox WHERE state IN ('suppressed', 'superseded')"
        " GROUP BY reason ORDER BY 2 DESC"
    ).fetchall()
    apologies = _apologies(stage, delays)
    broken = [
        name
        for name, holds in {
            "the ledger balances": ledger.balanced,
            "every change has its fate": not fateless,
            "every dossier of the province is mirrored": dossiers == len(delays.received),
            "whoever was late had an apology before the limit": not apologies["without"]
            and not apologies["after limit"],
            "nothing is left under way": not states.get("queued") and not states.get("sending"),
        }.items()
        if not holds
    ]
    return {
        "share of the quarter": share,
        "dossiers": dossiers,
        "agencies": rows("SELECT COUNT(DISTINCT agency) FROM dossiers").fetchone()[0],
        "working days": [len(days) - AFTER, AFTER],
        "results": await _results(stage),
        "reported": {"early": "88.25 %", "on time": "11.42 %", "late": "0.32 %"},
        "changes": changes,
        "fates": fates,
        "planned": ledger.planned,
        "states": states,
        "by situation": by_kind,
        "suppressed or superseded": silent,
        "apologies": apologies,
        "messages to citizens": {
            "sent": citizens,
            "a dossier": round(citizens / dossiers, 2),
            "parts a dossier": round(parts / dossiers, 2),
            "đồng": cost,
            "đồng a dossier": round(cost / dossiers),
            "in 2018": "54,000, or 0.58 a dossier",
        },
        "wall seconds": {"all": round(wall, 1)} | {name: round(each, 1) for name, each in stage.spent.items()},
        "messages/s": round(citizens / wall),
        "changes/s while reading": round(changes / stage.spent["mirror"]),
        "broken": broken,
    }


def _apologies(stage: Stage, delays: Delays) -> dict[str, Any]:
    found = stage.books.execute(
        "SELECT a.code, a.limit_at, o.sent_at, o.state FROM apologies AS a JOIN outbox AS o ON o.id = a.message"
        " WHERE a.state = 'approved'"
    ).fetchall()
    told = {code: (limit_at, sent_at, state) for code, limit_at, sent_at, state in found}
    unreachable = {
        code for code, (_, sent_at, state) in told.items() if sent_at is None and state in ("suppressed", "failed")
    }
    late = set(delays.codes)
    drafts = stage.books.execute("SELECT state, COUNT(*) FROM apologies GROUP BY state").fetchall()
    return {
        "late dossiers": len(late),
        "approved": len(late & told.keys()),
        "without": sorted(late - told.keys())[:10],
        "before the limit": sum(1 for code in late & told.keys() if (told[code][1] or 0) <= told[code][0])
        - len(unreachable & late),
        "after limit": sorted(code for code in late & told.keys() if (told[code][1] or 0) > told[code][0])[:10],
        "no usable number": len(unreachable & late),
        "delivered": sum(1 for code in late & told.keys() if told[code][2] == "delivered"),
        "drafts by state": dict(drafts),
    }


async def _results(stage: Stage) -> dict[str, Any]:
    """By the hour of the appointment that stood in the software, as the report counts: on time is its last hour. And as
    our own figures say, by its day, with the dates that our apologies promised."""
    row = stage.books.execute(
        "SELECT SUM(finished_at <= appointment_at - 3600000), SUM(finished_at > appointment_at), COUNT(*)"
        " FROM dossiers WHERE finished_at IS NOT NULL AND appointment_at IS NOT NULL"
    ).fetchone()
    by_hour = {"early": row[0], "on time": row[2] - row[0] - row[1], "late": row[1]}
    punctuality = Punctuality(stage.running.storage, stage.running.calendars, {})
    total: Counter[str] = Counter()
    for month in ("2018-01", "2018-02", "2018-03", "2018-04", "2018-05"):
        for each in await punctuality.month(month, now=stage.clock()):
            total.update(early=each.ended.early, on_time=each.ended.on_time, late=each.ended.late)
    whole = sum(total.values()) or 1
    return {
        "by the hour": {name: f"{number} ({number / row[2]:.2%})" for name, number in by_hour.items()},
        "by the day, as promised": {name: f"{number} ({number / whole:.2%})" for name, number in total.items()},
    }


async def main(share: float, *, saving: bool) -> int:
    days = working_days(share)
    settings = province(share, days)
    end = list(_hours(days))[-1]
    delays = delays_of(settings, end)
    with tempfile.TemporaryDirectory() as folder:
        start = datetime.fromisoformat(settings["start"])
        async with staged(Path(folder), settings, start, saving=saving) as stage:
            tasks = [
                asyncio.ensure_future(stage.running.dispatch.watch()),
                asyncio.ensure_future(stage.running.dispatch.send()),
                *(
                    asyncio.ensure_future(each.listener.listen(stage.running.deliver))
                    for each in stage.running.channels
                    if each.listener
                ),
            ]
            began = time.perf_counter()
            try:
                await replay(stage, days, delays)
                await _timed(stage, "receipts", _receipts(stage))
                report = await judged(stage, delays, days, time.perf_counter() - began, share)
            finally:
                stage.running.dispatch.stop()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    print(json.dumps(report, ensure_ascii=False, indent=1))
    return 1 if report["broken"] else 0


if __name__ == "__main__":
    calm()
    words = sys.argv[1:]
    shares = [float(word) for word in words if word != "saving"]
    sys.exit(asyncio.run(main(shares[0] if shares else 1.0, saving="saving" in words)))
