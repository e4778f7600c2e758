"""What a day of the reports is counted from, and how its figures are kept: with the sums of its month, at once."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any

from bot.model.clock import EPOCH, from_millis, to_millis
from bot.model.ids import first_id_at
from bot.model.report import (
    COUNTED,
    KEPT,
    NOTHING,
    Counts,
    DayFigures,
    DossierKey,
    LateEnd,
    MessageKey,
    MessageSum,
    Standing,
    start_of,
    summed,
)
from bot.ports.reports import Day, DossierDay, OpenDossiers, Told
from storage.edge import key_set, moment
from storage.statements import Row, Statements

_ALL = "*"
"""In place of an agency or a procedure: the sum over all of them."""

_UNDATED, _EARLY, _ON_TIME, _LATE, _WAITED = range(5)
_VERDICTS = {_UNDATED: "undated", _EARLY: "early", _ON_TIME: "on_time", _LATE: "late"}
_PIECES = ("reports_supplements", "reports_apologised", "reports_surveyed")


class ReportDays:
    """The part of `bot.ports.ReportStore` that counts and keeps."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def dossier_day(self, since: datetime, until: datetime, *, subtracting: Collection[str]) -> DossierDay:
        span = {"since": to_millis(since), "until": to_millis(until)}
        received = await self._sql.rows("reports_received", **span)
        ended = await self._sql.rows("reports_ended", subtracting=key_set(subtracting), **span)
        pieces: list[tuple[DossierKey, Counts]] = [
            (
                (row["agency"], row["procedure"]),
                Counts(received=row["received"], counter=row["counter"], online=row["online"], post=row["post"]),
            )
            for row in received
        ]
        pieces += [
            ((row["agency"], row["procedure"]), Counts(**{_VERDICTS[row["verdict"]]: 1}))
            for row in ended
            if row["verdict"] != _WAITED
        ]
        for name in _PIECES:
            rows = await self._sql.rows(name, **span)
            pieces += [((row["agency"], row["procedure"]), Counts(**dict(named(row, 2, name)))) for row in rows]
        return DossierDay(
            counts=_joined(pieces),
            agencies=_latest(received, ended, "agency"),
            procedures=_latest(received, ended, "procedure"),
            late=[_late_end(row) for row in ended if row["verdict"] == _LATE],
            waited=[(row["code"], row["source"]) for row in ended if row["verdict"] == _WAITED],
        )

    async def message_day(self, since: datetime, until: datetime) -> dict[MessageKey, MessageSum]:
        rows = await self._sql.rows("reports_messages_day", first=first_id_at(since), last=first_id_at(until))
        return {_message_key(row): MessageSum(row["messages"], row["parts"], row["cost"]) for row in rows}

    async def heard_day(self, since: datetime, until: datetime) -> dict[tuple[str, str], int]:
        rows = await self._sql.rows("reports_heard_day", since=to_millis(since), until=to_millis(until))
        return {(row["channel"], row["outcome"]): row["messages"] for row in rows}

    async def feedback_day(self, since: datetime, until: datetime) -> list[Told]:
        rows = await self._sql.rows("reports_feedback", since=to_millis(since), until=to_millis(until))
        return [Told(row["agency"], from_millis(row["at"]), moment(row["answered_at"])) for row in rows]

    async def touched(self, since: datetime, until: datetime) -> set[date]:
        rows = await self._sql.rows("reports_touched", since=to_millis(since), until=to_millis(until))
        return {_day(row["day"]) for row in rows}

    async def first_day(self) -> date | None:
        first = await self._sql.value("reports_first_day")
        return None if first is None else _day((first + 25_200_000) // 86_400_000)

    async def days(self, first: date, last: date) -> dict[date, Day]:
        rows = await self._sql.rows("reports_days", first=first.isoformat(), last=last.isoformat())
        found = [
            Day(date.fromisoformat(row["day"]), moment(row["computed_at"]), moment(row["wanted_at"])) for row in rows
        ]
        return {each.day: each for each in found}

    async def want(self, days: Collection[date], *, at: datetime) -> None:
        if days:
            # What was counted of days whose messages are gone (bot.keeping) cannot be counted again.
            trimmed = moment(await self._sql.value("reports_trimmed"))
            kept = [day for day in days if trimmed is None or start_of(day) >= trimmed]
            await self._sql.change("reports_want", days=key_set(day.isoformat() for day in kept), at=to_millis(at))

    async def put(self, day: date, figures: DayFigures, *, at: datetime) -> int:
        await self._sql.change("reports_computed", day=day.isoformat(), at=to_millis(at))
        await self._put_names("agency", figures.agencies)
        await self._put_names("procedure", figures.procedures)
        return (
            await self._put_dossiers(day.isoformat(), figures)
            + await self._put_messages(day.isoformat(), figures)
            + await self._put_heard(day.isoformat(), figures)
            + await self._put_late(day, figures.late)
        )

    async def _put_names(self, kind: str, names: Any) -> None:
        rows = [{"kind": kind, "code": code, "name": name} for code, name in sorted(names.items()) if name]
        await self._sql.change_many("reports_name", rows)

    async def _put_dossiers(self, period: str, figures: DayFigures) -> int:
        """What differs from what is kept is added to the day and to its month alike, and to their sums."""
        kept, found = await self._kept_dossiers(period), _coded(figures.dossiers)
        more: dict[DossierKey, Counts] = {}
        for key in kept.keys() | found.keys():
            if (added := found.get(key, NOTHING).minus(kept.get(key, NOTHING))) != NOTHING:
                more[key] = added
        sums = _joined(
            [(key, each) for (agency, procedure), each in more.items() for key in ((agency, _ALL), (_ALL, procedure))]
        )
        rows = [
            {"agency": agency, "procedure": procedure, **{name: getattr(each, name) for name in KEPT}}
            for (agency, procedure), each in sorted([*more.items(), *sums.items()], key=itemgetter(0))
        ]
        await self._add("reports_dossiers_add", period, rows)
        return len(more)

    async def _put_messages(self, period: str, figures: DayFigures) -> int:
        kept, none = await self._kept_messages(period), MessageSum(0, 0, 0)
        more: dict[MessageKey, MessageSum] = {}
        sums: dict[MessageKey, MessageSum] = {}
        for key in kept.keys() | figures.messages.keys():
            added = _plus(figures.messages.get(key, none), kept.get(key, none), -1)
            if any(added):
                more[key] = added
                whole = key._replace(agency=_ALL)
                sums[whole] = _plus(sums.get(whole, none), added)
        rows = [{**key._asdict(), **each._asdict()} for key, each in sorted([*more.items(), *sums.items()])]
        await self._add("reports_messages_add", period, rows)
        return len(more)

    async def _put_heard(self, period: str, figures: DayFigures) -> int:
        kept = await self._kept_heard(period)
        rows = [
            {"channel": key[0], "outcome": key[1], "messages": more}
            for key in sorted(kept.keys() | figures.heard.keys())
            if (more := figures.heard.get(key, 0) - kept.get(key, 0))
        ]
        return await self._add("reports_heard_add", period, rows)

    async def _add(self, query: str, period: str, rows: Sequence[dict[str, Any]]) -> int:
        for each in (period, period[:7]):
            await self._sql.change_many(query, [{"period": each, **row} for row in rows])
        return len(rows)

    async def _put_late(self, day: date, late: Sequence[LateEnd]) -> int:
        kept, wanted = await self._kept_late(day), set(late)
        keys = {(each.code, each.source) for each in wanted}
        gone = [
            {"code": each.code, "source": each.source}
            for each in sorted(kept - wanted)
            if (each.code, each.source) not in keys
        ]
        fresh = [
            {**each._asdict(), "due_at": to_millis(each.due_at), "ended_at": to_millis(each.ended_at)}
            for each in sorted(wanted - kept)
        ]
        await self._sql.change_many("reports_late_drop", gone)
        await self._sql.change_many("reports_late_put", fresh)
        return len(gone) + len(fresh)

    async def kept(self, day: date) -> DayFigures:
        period = day.isoformat()
        return DayFigures(
            dossiers={key: each for key, each in (await self._kept_dossiers(period)).items() if each != NOTHING},
            messages={key: each for key, each in (await self._kept_messages(period)).items() if each.messages},
            heard={key: each for key, each in (await self._kept_heard(period)).items() if each},
            late=sorted(await self._kept_late(day)),
        )

    async def _kept_dossiers(self, period: str) -> dict[DossierKey, Counts]:
        rows = await self._sql.rows("reports_dossiers_of", period=period)
        return {(row["agency"], row["procedure"]): Counts(**dict(named(row, 2, ""))) for row in rows}

    async def _kept_messages(self, period: str) -> dict[MessageKey, MessageSum]:
        rows = await self._sql.rows("reports_messages_of", period=period)
        return {_message_key(row): MessageSum(row["messages"], row["parts"], row["cost"]) for row in rows}

    async def _kept_heard(self, period: str) -> dict[tuple[str, str], int]:
        rows = await self._sql.rows("reports_heard_of", period=period)
        return {(row["channel"], row["outcome"]): row["messages"] for row in rows}

    async def _kept_late(self, day: date) -> set[LateEnd]:
        span = {"since": to_millis(start_of(day)), "until": to_millis(start_of(day + timedelta(days=1)))}
        return {_late_end(row) for row in await self._sql.rows("reports_late_of", **span)}

    async def seen(self) -> datetime | None:
        return moment(await self._sql.value("reports_seen"))

    async def note_seen(self, at: datetime) -> None:
        await self._sql.change("reports_note_seen", name="changes", at=to_millis(at))

    async def standing_at(self) -> datetime | None:
        return moment(await self._sql.value("reports_standing_at"))

    async def standing_now(self, *, now: datetime, stale_before: datetime) -> OpenDossiers:
        overdue = await self._sql.rows("reports_overdue_now", now=to_millis(now))
        standing = await self._sql.rows("reports_standing_now", stale_before=to_millis(stale_before))
        return (
            {(_day(row["day"]), row["agency"], row["procedure"]): row["dossiers"] for row in overdue},
            [standing_of(row) for row in standing],
        )

    async def put_standing(self, found: OpenDossiers, *, at: datetime) -> None:
        overdue, standing = found
        await self._sql.change("reports_note_seen", name="standing", at=to_millis(at))
        await self._sql.change("reports_overdue_clear")
        rows = [
            {"day": day.isoformat(), "agency": agency, "procedure": procedure, "dossiers": dossiers}
            for (day, agency, procedure), dossiers in overdue.items()
        ]
        await self._sql.change_many("reports_overdue_add", rows)
        await self._sql.change("reports_standing_clear")
        counted = [
            {"agency": each.agency, "in_work": each.in_work, "waiting": each.waiting, "stale": each.stale}
            for each in standing
        ]
        await self._sql.change_many("reports_standing_add", counted)


def named(row: Row, keys: int, query: str) -> Iterator[tuple[str, int]]:
    """The counts of a row, behind its keys."""
    names = _COLUMNS.get(query, KEPT)
    return zip(names, list(row)[keys:], strict=True)


_COLUMNS = {
    "reports_supplements": ("supplements", "supplements_again"),
    "reports_apologised": tuple(name for name in COUNTED if name.startswith("apologies")),
    "reports_surveyed": ("asked", "very_satisfied", "satisfied", "not_satisfied"),
}


def _joined(pieces: Sequence[tuple[DossierKey, Counts]]) -> dict[DossierKey, Counts]:
    by_key: dict[DossierKey, list[Counts]] = {}
    for key, counts in pieces:
        by_key.setdefault(key, []).append(counts)
    return {key: summed(counts) for key, counts in by_key.items()}


def _message_key(row: Row) -> MessageKey:
    return MessageKey(row["agency"], row["scheme"], row["channel"], row["situation"], row["state"])


def _late_end(row: Row) -> LateEnd:
    return LateEnd(
        row["code"], row["source"], row["agency"], row["procedure"], from_millis(row["due_at"]),
        from_millis(row["ended_at"]),
    )  # fmt: skip


def _day(number: int) -> date:
    return EPOCH.date() + timedelta(days=number)


def standing_of(row: Row) -> Standing:
    return Standing(row["agency"], row["in_work"], row["waiting"], row["stale"])


def _coded(counts: Mapping[DossierKey, Counts]) -> dict[DossierKey, Counts]:
    """No code of a source may look like the sum over all."""
    if not any(_ALL in key for key in counts):
        return dict(counts)
    return _joined([((a.replace(_ALL, ""), p.replace(_ALL, "")), each) for (a, p), each in counts.items()])


def _plus(one: MessageSum, other: MessageSum, sign: int = 1) -> MessageSum:
    return MessageSum(*(a + sign * b for a, b in zip(one, other, strict=True)))


def _latest(received: Sequence[Row], ended: Sequence[Row], what: str) -> dict[str, str]:
    return {row[what]: row[f"{what}_name"] for rows in (ended, received) for row in rows if row[f"{what}_name"]}
