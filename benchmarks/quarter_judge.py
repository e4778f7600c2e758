"""What a replayed quarter came to, and what does not hold of it."""

from collections import Counter
from datetime import date
from typing import Any

from benchmarks.quarter_stage import AFTER, Delays, Stage
from bot.lateness import Punctuality
from bot.ledger import balance


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
