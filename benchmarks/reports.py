"""What reports cost: `python -m benchmarks.reports [MILLIONS] [sqlite|postgresql://…]`, 1.0 by default.

A province with so many million dossiers and five times as many messages over two and a half years is written straight
into the tables. Then a quarter's figures are counted anew while messages are planned, claimed and settled beside it:
the seconds that takes, and the p95 of a sending round with and without it. Then the report page's reading (a quarter,
a year, one commune, the lists) is timed. Prints one JSON object.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.simulators.onestop.agencies import AGENCIES
from bot.calendars import Calendars
from bot.collector import calm
from bot.model.ids import first_id_at, id_maker
from bot.model.message import DeliveryState, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.model.report import Span
from bot.ports import Settlement, Storage
from bot.report_counting import Counting
from bot.report_settings import ReportSettings
from bot.report_watch import ReportWatch
from bot.reports import Reports
from storage import open_storage

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
QUARTER = Span.of_quarter(2026, 3)
_SINCE = datetime(2024, 5, 1, tzinfo=UTC)
_DAY = 86_400_000

_NUMBERS = """
WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {last})
"""
_DOSSIERS = """
INSERT INTO dossiers (
    code, source, status, status_text, agency, agency_name, procedure, procedure_name, applicant, phone, received_at,
    appointment_at, finished_at, supplement, reason, place, steps, waits, updated_at, sequence, progressed_at, due_at,
    fingerprint, last_number, first_seen_at, saved_at, terms
)
SELECT
    agency || '-' || CAST(n AS TEXT), 'office', CASE WHEN at + 4 * {day} > {now} THEN 4 ELSE 10 END, '', agency,
    'UBND ' || agency, '1.' || CAST(1000 + n % 300 AS TEXT), 'Thủ tục ' || CAST(n % 300 AS TEXT), 'Nguyễn Thị Mai',
    '+8491' || CAST(1000000 + n % 900000 AS TEXT), at, at + 5 * {day},
    CASE WHEN at + 4 * {day} > {now} THEN NULL ELSE at + (CASE WHEN n % 300 = 0 THEN 7 ELSE 3 END) * {day} END,
    '', '', '', '', '', at, NULL, at + 3 * {day}, at + 5 * {day}, 'f', 1, at, at,
    CASE WHEN n % 5 = 0 THEN '["online",null,null,null,null,null,null]' ELSE '' END
FROM (
    SELECT numbers.n, a.agency, {since} + numbers.n * {step} AS at
    FROM numbers JOIN bench_agencies AS a ON a.number = numbers.n % {agencies}
) AS made
"""
_MESSAGES = """
INSERT INTO outbox (
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at, next_at,
    expires_at, state, attempts, reason, sent_at, settled_at, agency, gateway, cost
)
SELECT
    {hex}, 'k' || CAST(n AS TEXT), 'change:office:' || CAST(n / 5 AS TEXT), 'sms',
    'sms:+8491' || CAST(1000000 + n % 900000 AS TEXT), 1,
    CASE n % 4 WHEN 0 THEN 'received' WHEN 1 THEN 'progress' WHEN 2 THEN 'result' ELSE 'supplement' END, 'Ho so',
    'office', '', 1, at, at, at, CASE WHEN n % 30 = 0 THEN 'failed' ELSE 'delivered' END, 1, '', at, at, agency,
    'sms', 300
FROM (
    SELECT numbers.n, a.agency, {since} + numbers.n * {step} AS at
    FROM numbers JOIN bench_agencies AS a ON a.number = numbers.n % {agencies}
) AS made
"""


class Time:
    """Stands still."""

    def __call__(self) -> datetime:
        return NOW


async def fill(storage: Storage, dossiers: int) -> None:
    """Straight into the tables, in pieces."""
    since = int(_SINCE.timestamp() * 1000)
    width = int(NOW.timestamp() * 1000) - since

    async def run(text: str) -> None:
        await storage.write(lambda tx: _raw(tx, text))

    await run("CREATE TABLE bench_agencies (number BIGINT PRIMARY KEY, agency TEXT NOT NULL)")
    values = ", ".join(f"({n}, '{each.id}')" for n, each in enumerate(AGENCIES))
    await run(f"INSERT INTO bench_agencies VALUES {values}")  # noqa: S608 our own values
    for text, rows in ((_DOSSIERS, dossiers), (_MESSAGES, 5 * dossiers)):
        for first in range(0, rows, 100_000):
            last = min(first + 100_000, rows)
            # A ULID's first ten signs are its time: here by pieces of a day, which is what a day's range asks for.
            filled = text.format(
                since=since, step=max(1, width // rows), agencies=len(AGENCIES), day=_DAY,
                now=int(NOW.timestamp() * 1000), hex="(SELECT i.id FROM bench_ids AS i WHERE i.day = at / 86400000)"
                " || substr('0000000' || CAST(n AS TEXT), -8)",
            )  # fmt: skip
            if text is _MESSAGES and first == 0:
                await run("CREATE TABLE bench_ids (day BIGINT PRIMARY KEY, id TEXT NOT NULL)")
                days = [_SINCE + timedelta(days=n) for n in range(width // _DAY + 2)]
                ids = ", ".join(
                    f"({int(d.timestamp()) // 86_400}, '{first_id_at(d + timedelta(hours=12))[:18]}')" for d in days
                )
                await run(f"INSERT INTO bench_ids VALUES {ids}")  # noqa: S608 our own values
            insert, select = filled.split("SELECT", 1)
            await run(f"{insert}{_NUMBERS.format(first=first, last=last)}SELECT{select}")


async def _raw(tx: Any, text: str) -> None:
    connection = tx._sql._connection
    await (connection.execute(text) if hasattr(connection, "fetchrow") else connection.change(text))


async def sending(storage: Storage, rounds: int, stop: asyncio.Event | None = None) -> list[float]:
    """Seconds of a round: ten messages planned, claimed and settled."""
    new_id = id_maker(Time())
    took: list[float] = []
    while len(took) < rounds and not (stop and stop.is_set()):
        begin = time.perf_counter()
        items = [_item(new_id()) for _ in range(10)]
        await storage.write(lambda tx, items=items: tx.outbox.enqueue(items))  # type: ignore[misc]
        until = NOW + timedelta(minutes=1)
        claimed = await storage.write(
            lambda tx, until=until: tx.outbox.claim("bench", owner="b", now=NOW, lease_until=until, limit=10)  # type: ignore[misc]
        )
        settled = [
            Settlement(item_id=each.item.id, owner="b", state=DeliveryState.DELIVERED, at=NOW) for each in claimed
        ]
        await storage.write(lambda tx, settled=settled: tx.outbox.settle(settled))  # type: ignore[misc]
        took.append(time.perf_counter() - begin)
        await asyncio.sleep(0.01)
    return took


def _item(name: str) -> OutboxItem:
    return OutboxItem(
        id=name, dedupe_key=name, origin=f"test:{name}", channel="bench", address=Address("sms", f"+84{name[-9:]}"),
        lane=Lane.PUSH, situation=Situation.TEST, text="x", created_at=NOW, next_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )  # fmt: skip


async def timed(work: Callable[[], Awaitable[object]], times: int = 20) -> float:
    """p95 in milliseconds."""
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        await work()
        took.append(1000 * (time.perf_counter() - begin))
    return round(_p95(took), 1)


def _p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


async def measure(url: str, dossiers: int) -> dict[str, Any]:
    async with open_storage(url) as storage:
        await storage.migrate()
        begin = time.perf_counter()
        await fill(storage, dossiers)
        filled = time.perf_counter() - begin
        settings = ReportSettings()
        tiers = [each.tier for each in settings.tiers]
        watch = ReportWatch(storage, Counting(storage, Calendars(), {}, 5), settings, clock=Time())
        alone = await sending(storage, 300)
        stop = asyncio.Event()
        beside = asyncio.create_task(sending(storage, 100_000, stop))
        days = [QUARTER.first + timedelta(days=n) for n in range(QUARTER.days)]
        begin = time.perf_counter()
        await watch.rebuild(days)
        quarter = time.perf_counter() - begin
        stop.set()
        took = await beside
        begin = time.perf_counter()
        fast = ReportWatch(storage, Counting(storage, Calendars(), {}, 5), ReportSettings(pause=0), clock=Time())
        await fast.rebuild(date(2025, 11, 1) + timedelta(days=n) for n in range(385))
        year = time.perf_counter() - begin
        again = time.perf_counter()
        await fast.rebuild(days)
        again = time.perf_counter() - again
        reports = Reports(storage, tiers, 10.0, Time())
        whole, twelve = QUARTER, Span(date(2026, 1, 1), date(2026, 12, 31))
        found = await reports.of(whole)
        before = NOW - timedelta(days=15)
        read = storage.read
        return {
            "dossiers": dossiers,
            "messages": 5 * dossiers,
            "seconds to fill": round(filled, 1),
            "received in the quarter": found.total.received,
            "sent in the quarter": found.sent,
            "rebuild of the quarter, with its pauses, s": round(quarter, 1),
            "rebuild of the quarter once more, without pauses, s": round(again, 1),
            "385 days, without pauses, s": round(year, 1),
            "sending round p95 alone, ms": round(1000 * _p95(alone), 2),
            "sending round p95 beside the rebuild, ms": round(1000 * _p95(took), 2),
            "ratio": round(_p95(took) / _p95(alone), 2),
            "p95 ms": {
                "quarter, province": await timed(lambda: reports.of(whole)),
                "year, province": await timed(lambda: reports.of(twelve)),
                "quarter, one district": await timed(lambda: reports.of(whole, ("H32.21",))),
                "late": await timed(
                    lambda: read(lambda tx: tx.reports.late((), whole.since, whole.until, after=None, limit=51))
                ),
                "late, one commune": await timed(
                    lambda: read(
                        lambda tx: tx.reports.late(("H32.21.05",), whole.since, whole.until, after=None, limit=51)
                    )
                ),
                "overdue": await timed(
                    lambda: read(
                        lambda tx: tx.reports.overdue_dossiers((), twelve.since, NOW, now=NOW, after=None, limit=51)
                    )
                ),
                "stale": await timed(
                    lambda: read(lambda tx: tx.reports.stale((), before=before, after=None, limit=51))
                ),
            },
        }


async def main(millions: float, url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:{Path(folder) / 'motcua.db'}" if url == "sqlite" else url
        print(json.dumps(await measure(address, int(millions * 1_000_000)), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    calm()
    words = sys.argv[1:]
    asyncio.run(main(float(words[0]) if words else 1.0, words[1] if len(words) > 1 else "sqlite"))
