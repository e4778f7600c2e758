"""The books read for a proof: what was planned and what is there, window by window or page by page."""

from collections.abc import Sequence
from datetime import datetime

from bot.model.clock import EPOCH, from_millis, to_millis
from bot.model.message import DeliveryState
from bot.ports.watching import Askew, Proof, Totals
from storage.edge import millis, moment
from storage.statements import Row, Statements

_LEDGER = "ledger"
_LAST = "\U0010ffff"
"""Sorts behind every origin."""
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_DIGITS = 16


class Proving:
    """The part of `bot.ports.WatchStore` that proves the ledger."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def totals(self) -> Totals:
        states: dict[tuple[str, DeliveryState], int] = {}
        suppressed: dict[str, int] = {}
        for row in await self._sql.rows("messages_counted"):
            key = (row["channel"], DeliveryState(row["state"]))
            states[key] = states.get(key, 0) + row["items"]
            if key[1] is DeliveryState.SUPPRESSED:
                suppressed[row["why"]] = suppressed.get(row["why"], 0) + row["items"]
        return Totals(
            planned=int(await self._sql.value("planned")),
            states=states,
            suppressed=dict(sorted(suppressed.items(), key=lambda each: -each[1])),
            changes={row["fate"]: row["changes"] for row in await self._sql.rows("changes_counted")},
            inbound={(row["channel"], row["outcome"]): row["messages"] for row in await self._sql.rows("outcomes")},
            parked=int(await self._sql.value("parked")),
        )

    async def fateless(self) -> int:
        return int(await self._sql.value("count_fateless"))

    async def unanswered(self, *, before: datetime) -> int:
        return int(await self._sql.value("count_unanswered", before=to_millis(before)))

    async def proof(self) -> Proof | None:
        row = await self._sql.row("proof", name=_LEDGER)
        if row is None:
            return None
        return Proof(from_millis(row["proven_until"]), from_millis(row["proven_at"]), moment(row["whole_at"]))

    async def askew_since(self, since: datetime, *, limit: int) -> list[Askew]:
        rows = await self._sql.rows("askew_since", since=to_millis(since), first=first_id(since), most=limit)
        return [_askew_of(row) for row in rows]

    async def askew_page(self, after: str, *, plans: int, limit: int) -> tuple[list[Askew], str]:
        end = await self._sql.value("plans_end", after=after, most=plans - 1)
        rows = await self._sql.rows("askew_between", after=after, until=end or _LAST, most=limit)
        return [Askew(row["origin"], row["planned"], row["found"]) for row in rows], end or ""

    async def unplanned_page(self, after: datetime, *, changes: int, limit: int) -> tuple[list[Askew], datetime | None]:
        end = await self._sql.value("changes_end", after=to_millis(after), most=changes - 1)
        until = to_millis(datetime.max.replace(tzinfo=EPOCH.tzinfo)) if end is None else end
        rows = await self._sql.rows("unplanned_between", after=to_millis(after), until=until, most=limit)
        return [Askew(row["origin"], 0, 0, must=True) for row in rows], moment(end)

    async def proven(self, askew: Sequence[Askew], *, until: datetime, at: datetime, is_whole: bool) -> None:
        await self._sql.change("forget_imbalances")
        await self._sql.change_many("note_imbalance", [_askew_row(each, at) for each in askew])
        await self._sql.change(
            "prove",
            name=_LEDGER,
            proven_until=to_millis(until),
            proven_at=to_millis(at),
            whole_at=millis(at if is_whole else None),
        )

    async def askew(self) -> list[Askew]:
        return [_askew_of(row) for row in await self._sql.rows("imbalances_known")]


def first_id(moment: datetime) -> str:
    """No id made from then on sorts before it (`bot.model.ids`)."""
    time = max(0, to_millis(moment))
    # The time has 48 bits, the digits 50: its first digit says no more than three of them.
    return "".join(_DIGITS[time >> shift & 31] for shift in range(45, -1, -5)) + "0" * _RANDOM_DIGITS


def _askew_of(row: Row) -> Askew:
    return Askew(row["origin"], row["planned"], row["found"], must=bool(row["must"]))


def _askew_row(each: Askew, at: datetime) -> dict[str, str | int]:
    return {
        "origin": each.origin,
        "must": int(each.must),
        "planned": each.planned,
        "found": each.found,
        "seen_at": to_millis(at),
    }
