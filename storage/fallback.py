"""Messages that have not succeeded in time on their way, and take the next one."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from bot.model.clock import to_millis
from bot.model.dossier import Status
from bot.model.message import Situation
from bot.ports import Overdue, Standing
from storage.edge import key_set, moment, to_json
from storage.message_rows import Waiting, addresses_of, item_of, way_taken
from storage.outbox_chapter import OutboxChapter
from storage.statements import Row


class Fallback(OutboxChapter):
    """The part of `bot.ports.OutboxStore` that moves accepted messages on."""

    async def overdue(self, *, now: datetime, limit: int) -> list[Overdue]:
        rows = await self._sql.rows("overdue", now=to_millis(now), most=limit)
        newer = await self._newer(rows)
        return [Overdue(item_of(row), _standing(row), tuple(newer.get(row["id"], ()))) for row in rows]

    async def fall_back(self, items: Collection[str], *, reason: str, at: datetime) -> int:
        rows = await self._sql.rows("accepted_with_ways", ids=key_set(items)) if items else []
        turns = [way_taken(Waiting(*row), reason, to_millis(at), keeps_sent_at=True) for row in rows]
        await self._sql.change_many("take_way", turns)
        await self._others.wake({str(turn["channel"]) for turn in turns})
        return len(turns)

    async def stay(self, reasons: Mapping[str, str], *, at: datetime) -> int:
        items = {key: {"why": why} for key, why in reasons.items()}
        return await self._sql.change("stay", items=to_json(items)) if items else 0

    async def _newer(self, rows: Sequence[Row]) -> dict[str, list[Situation]]:
        """By item, what was planned after it for the same person: some address is on the ways of both."""
        addresses = {row["id"]: addresses_of(row) for row in rows}
        asked = {
            row["id"]: {
                "source": row["source"],
                "code": row["code"],
                "addresses": dict.fromkeys(sorted(addresses[row["id"]]), 0),
            }
            for row in rows
            if row["code"]
        }
        found: dict[str, list[Situation]] = {}
        for row in sorted(await self._sql.rows("newer", items=to_json(asked)), key=_age) if asked else []:
            if addresses[row["item_id"]] & addresses_of(row):
                found.setdefault(row["item_id"], []).append(Situation(row["situation"]))
        return found


def _age(row: Row) -> str:
    return str(row["id"])


def _standing(row: Row) -> Standing | None:
    status = row["standing_status"]
    return None if status is None else Standing(Status(status), moment(row["standing_appointment_at"]))
