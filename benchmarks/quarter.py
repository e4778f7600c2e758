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
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from benchmarks.quarter_judge import judged
from benchmarks.quarter_stage import CENTRE, HOURS, Delays, Stage, delays_of, province, staged, working_days
from bot.collector import calm
from bot.drafting import Answer, Wishes
from bot.model.apology import Apology, ApologyState
from bot.model.clock import VIETNAM


async def replay(stage: Stage, days: list[date], delays: Delays) -> None:
    """Hour by hour."""
    for moment in _hours(days):
        stage.clock.now = moment
        await _timed(stage, "one-stop simulator", _advance(stage, moment))
        await _timed(stage, "mirror", _read(stage))
        await _timed(stage, "deadline watch", stage.watch.look())
        await _timed(stage, "approvals", _approve(stage, delays))
        await _timed(stage, "sending", _drain(stage))
        if moment.hour == HOURS[-1] and moment.date() in days[::10]:
            print(f"{moment:%d/%m/%Y}", dict(stage.spent), file=sys.stderr)


def _hours(days: list[date]) -> Iterator[datetime]:
    return (datetime(day.year, day.month, day.day, hour, tzinfo=VIETNAM) for day in days for hour in HOURS)


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
    return bool(stage.books.execute(waiting, (CENTRE, now)).fetchone() or stage.books.execute(under_way).fetchone())


async def _receipts(stage: Stage) -> None:
    """Until the last receipts have come; some numbers never have one."""
    left, patience = -1, 0
    while patience < 20:
        count = stage.books.execute("SELECT COUNT(*) FROM outbox WHERE state = 'accepted'").fetchone()[0]
        patience = patience + 1 if count == left else 0
        left = count
        await asyncio.sleep(0.1)


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
