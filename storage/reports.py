"""The sums that reports ask for, and the lists of what ran late."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from bot.model.clock import from_millis, to_millis
from bot.model.dossier import Status
from bot.model.report import (
    Counts,
    Heard,
    MessageKey,
    MessageSum,
    Standing,
)
from bot.ports.reports import LateDossier, LatePlace, StaleDossier
from storage.deadlines import among, holder_of
from storage.edge import key_set, moment
from storage.report_days import ReportDays, named, standing_of
from storage.statements import Row


class Reports(ReportDays):
    """`bot.ports.ReportStore` in SQL."""

    async def by_agency(self, periods: Sequence[str], agencies: Collection[str]) -> dict[tuple[str, str], Counts]:
        rows = await self._sums("reports_by_agency", "reports_by_agency_of", periods, agencies)
        return {(row["month"], row["agency"]): Counts(**dict(named(row, 2, ""))) for row in rows}

    async def by_procedure(self, periods: Sequence[str], agencies: Collection[str]) -> dict[str, Counts]:
        rows = await self._sums("reports_by_procedure", "reports_by_procedure_of", periods, agencies)
        return {row["procedure"]: Counts(**dict(named(row, 1, ""))) for row in rows}

    async def _sums(self, whole: str, within: str, periods: Sequence[str], agencies: Collection[str]) -> list[Row]:
        if not agencies:
            return await self._sql.rows(whole, periods=key_set(periods))
        return await self._sql.rows(within, periods=key_set(periods), agencies=key_set(_highest(agencies)))

    async def overdue(self, first: date, last: date, agencies: Collection[str]) -> dict[tuple[date, str, str], int]:
        rows = await self._sql.rows(
            "reports_overdue", first=first.isoformat(), last=last.isoformat(), **among(agencies)
        )
        return {(date.fromisoformat(row["day"]), row["agency"], row["procedure"]): row["dossiers"] for row in rows}

    async def messages(
        self, periods: Sequence[str], agencies: Collection[str]
    ) -> dict[tuple[str, MessageKey], MessageSum]:
        rows = await self._sums("reports_messages", "reports_messages_within", periods, agencies)
        return {
            (row["month"], MessageKey("", row["scheme"], row["channel"], row["situation"], row["state"])): MessageSum(
                row["messages"], row["parts"], row["cost"]
            )
            for row in rows
        }

    async def heard(self, periods: Sequence[str]) -> Heard:
        rows = await self._sql.rows("reports_heard", periods=key_set(periods))
        return {(row["channel"], row["outcome"]): row["messages"] for row in rows}

    async def standing(self, agencies: Collection[str]) -> list[Standing]:
        return [standing_of(row) for row in await self._sql.rows("reports_standing", **among(agencies))]

    async def names(self) -> tuple[dict[str, str], dict[str, str]]:
        names: dict[str, dict[str, str]] = {"agency": {}, "procedure": {}}
        for row in await self._sql.rows("reports_names"):
            names[row["kind"]][row["code"]] = row["name"]
        return names["agency"], names["procedure"]

    async def late(
        self, agencies: Collection[str], since: datetime, until: datetime, *, after: LatePlace | None, limit: int
    ) -> list[LateDossier]:
        values = {**among(agencies), **_behind(after), "since": to_millis(since), "until": to_millis(until)}
        return [_late_dossier(row) for row in await self._sql.rows("reports_late_page", most=limit, **values)]

    async def overdue_dossiers(
        self,
        agencies: Collection[str],
        since: datetime,
        until: datetime,
        *,
        now: datetime,
        after: LatePlace | None,
        limit: int,
    ) -> list[LateDossier]:
        span = {"since": to_millis(since), "until": to_millis(until)}
        values = {**among(agencies), **_behind(after), **span, "now": to_millis(now)}
        return [_late_dossier(row) for row in await self._sql.rows("reports_overdue_page", most=limit, **values)]

    async def stale(
        self, agencies: Collection[str], *, before: datetime, after: LatePlace | None, limit: int
    ) -> list[StaleDossier]:
        found = []
        values = {**among(agencies), **_behind(after), "before": to_millis(before), "most": limit}
        for source in await self._sql.rows("reports_sources"):
            found += [_stale_of(row) for row in await self._sql.rows("reports_stale", source=source["name"], **values)]
        found.sort(key=lambda each: (each.progressed_at, each.code, each.source))
        return found[:limit]


def _highest(agencies: Collection[str]) -> list[str]:
    """Without those that are below another."""
    return [each for each in agencies if not any(each.startswith(f"{other}.") for other in agencies if other != each)]


def _behind(after: LatePlace | None) -> dict[str, Any]:
    return {
        "after_at": to_millis(after.moment) if after else -(10**15),
        "after_code": after.code if after else "",
        "after_source": after.source if after else "",
    }


def _late_dossier(row: Row) -> LateDossier:
    return LateDossier(
        code=row["code"],
        source=row["source"],
        agency=row["agency"],
        agency_name=row["agency_name"],
        procedure=row["procedure"],
        procedure_name=row["procedure_name"],
        status=Status(row["status"]),
        due_at=from_millis(row["due_at"]),
        ended_at=moment(row["ended_at"]),
        holder=holder_of(row["steps"]),
        apology=row["apology"] or "",
        apology_sent_at=moment(row["apology_sent_at"]),
        apology_reached=bool(row["apology_arrived"]),
    )


def _stale_of(row: Row) -> StaleDossier:
    return StaleDossier(
        code=row["code"],
        source=row["source"],
        agency=row["agency"],
        agency_name=row["agency_name"],
        procedure_name=row["procedure_name"],
        status=Status(row["status"]),
        status_text=row["status_text"],
        progressed_at=from_millis(row["progressed_at"]),
        due_at=moment(row["due_at"]),
    )
