"""What the replay of a quarter runs on: the province's figures, the service, the providers' sides, its own clock."""

import json
import os
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
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
from bot.config import Config
from bot.deadlines import DeadlineWatch
from bot.demo.processes import free_ports, simulator
from bot.drafting import Drafting
from bot.mirror import Mirror
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
HOURS = (8, 9, 10, 11, 14, 15, 16, 17)
HEAD, CENTRE = "head", "sms"


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
                CENTRE: {
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
                HEAD: {"roles": ["head", "officer"], "ways": ["sms:+84961234567"], "digest": True},
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
