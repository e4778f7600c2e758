"""What the service knows of its own health."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.model.clock import from_millis, to_millis
from bot.model.message import DeliveryState, Lane
from bot.model.person import Address
from bot.ports.watching import BOUNDS, Alarm, Failed, Heartbeat, Holding, Speed, Unreached, Waiting
from storage.edge import millis, moment
from storage.measuring import SLOT
from storage.proving import Proving, first_id
from storage.statements import Row

NEWEST = "~"
"""Sorts behind every id."""


class Watching(Proving):
    """`bot.ports.WatchStore` in SQL."""

    async def unsent(self, *, now: datetime) -> list[Waiting]:
        rows = await self._sql.rows("oldest_unsent", now=to_millis(now))
        return [Waiting(row["queue"], Lane(row["lane"]), from_millis(row["due_at"]), row["items"]) for row in rows]

    async def held(self) -> list[Holding]:
        rows = await self._sql.rows("oldest_held")
        return [Holding(row["held_for"], from_millis(row["since"]), row["items"]) for row in rows]

    async def unsent_at_a_glance(self, *, now: datetime, most: int) -> list[Waiting]:
        rows = await self._sql.rows("unsent_at_a_glance", now=to_millis(now), most=most)
        return [Waiting(row["queue"], Lane(row["lane"]), from_millis(row["due_at"]), row["items"]) for row in rows]

    async def held_at_a_glance(self, *, most: int) -> list[Holding]:
        rows = await self._sql.rows("held_at_a_glance", most=most)
        return [Holding(row["held_for"], from_millis(row["since"]), row["items"]) for row in rows]

    async def speed(self, *, since: datetime) -> list[Speed]:
        rows = await self._sql.rows("speed_since", since=to_millis(since))
        return [
            Speed(Lane(row["lane"]), row["messages"], {bound: row[f"within_{bound}"] for bound in BOUNDS})
            for row in rows
        ]

    async def failures(self, *, since: datetime) -> list[Failed]:
        rows = await self._sql.rows("failures_since", since=to_millis(since) // SLOT * SLOT)
        return [Failed(row["kind"], row["name"], row["tried"], row["failed"]) for row in rows]

    async def usual_receipts(self, *, since: datetime, until: datetime) -> dict[str, tuple[int, int]]:
        rows = await self._sql.rows("receipts_usual", since=to_millis(since), until=to_millis(until))
        return {row["gateway"]: (row["accepted"], row["in_time"]) for row in rows}

    async def newest(self) -> datetime | None:
        return moment(await self._sql.value("newest_stored"))

    async def clock(self) -> datetime:
        found = datetime.fromisoformat(await self._sql.value("database_clock"))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)

    async def sizes(self) -> dict[str, int]:
        row = await self._sql.row("database_size")
        if row is None:
            return {}
        beside = Path(f"{row['file']}-wal") if row["file"] else None
        waits = {"wal": beside.stat().st_size} if beside and beside.exists() else {}
        return {"main": int(row["main"]), **waits}

    async def beat(self, beats: Sequence[Heartbeat]) -> None:
        rows = [
            {
                "owner": each.owner,
                "name": each.name,
                "at": to_millis(each.at),
                "every": int(each.every * 1000),
                "trouble": each.trouble,
                "trouble_en": each.trouble_en,
            }
            for each in sorted(beats, key=lambda each: (each.owner, each.name))
        ]
        await self._sql.change_many("note_beats", rows)

    async def beats(self) -> list[Heartbeat]:
        return [
            Heartbeat(
                row["owner"],
                row["name"],
                from_millis(row["at"]),
                row["every"] / 1000,
                row["trouble"],
                row["trouble_en"],
            )
            for row in await self._sql.rows("beats")
        ]

    async def rest(self, owner: str) -> None:
        await self._sql.change("forget_beats", owner=owner)

    async def alarms(self) -> list[Alarm]:
        return [_alarm_of(row) for row in await self._sql.rows("alarms_open")]

    async def past_alarms(self, *, limit: int) -> list[Alarm]:
        return [_alarm_of(row) for row in await self._sql.rows("alarms_newest", most=limit)]

    async def lately_told(self, *, since: datetime) -> dict[tuple[str, str], datetime]:
        rows = await self._sql.rows("alarms_told", since=to_millis(since))
        return {(row["name"], row["subject"]): from_millis(row["told_at"]) for row in rows}

    async def raise_alarms(self, alarms: Sequence[Alarm]) -> None:
        await self._sql.change_many(
            "raise_alarm", [{**_alarm_row(each), "since": to_millis(each.since)} for each in alarms]
        )

    async def renew_alarms(self, alarms: Sequence[Alarm]) -> None:
        await self._sql.change_many("renew_alarm", [_alarm_row(each) for each in alarms])

    async def clear_alarms(self, keys: Collection[tuple[str, str]], *, at: datetime) -> None:
        rows = [{"name": name, "subject": subject, "at": to_millis(at)} for name, subject in sorted(keys)]
        await self._sql.change_many("clear_alarm", rows)

    async def unreached(self, *, before: str, since: datetime, limit: int) -> list[Unreached]:
        rows = await self._sql.rows("unreached", before=before or NEWEST, since=first_id(since), most=limit)
        return [unreached_of(row) for row in rows]

    async def forget(self, *, counts_before: datetime, alarms_before: datetime) -> None:
        counts = to_millis(counts_before)
        await self._sql.change("forget_speed", before=counts)
        await self._sql.change("forget_failures", before=counts)
        await self._sql.change("forget_alarms", before=to_millis(alarms_before))
        await self._sql.change("forget_old_beats", before=to_millis(counts_before))


def _alarm_of(row: Row) -> Alarm:
    return Alarm(
        row["name"], row["subject"], from_millis(row["since"]), row["detail"], row["detail_en"], moment(row["told_at"]),
        moment(row["cleared_at"]),
    )  # fmt: skip


def _alarm_row(each: Alarm) -> dict[str, str | int | None]:
    return {
        "name": each.name,
        "subject": each.subject,
        "detail": each.detail,
        "detail_en": each.detail_en,
        "told_at": millis(each.told_at),
    }


def unreached_of(row: Row) -> Unreached:
    return Unreached(
        id=row["id"],
        source=row["source"],
        code=row["code"],
        situation=row["situation"],
        channel=row["channel"],
        address=Address.of(row["address"]),
        state=DeliveryState(row["state"]),
        reason=row["reason"],
        at=from_millis(row["created_at"]),
        agency=row["agency"],
        agency_name=row["agency_name"],
        name=row["applicant"],
        phone=row["phone"],
    )
