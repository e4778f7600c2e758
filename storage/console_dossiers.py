"""Dossiers as staff search for them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from bot.model.clock import to_millis
from bot.model.dossier import Status
from bot.model.name import given_name
from bot.ports.console import DossierLine, DossierPlace, DossierWish, Page
from storage.console_walks import STEPS, Among, Sought, among, seek, strand, strands
from storage.edge import clean, key_set, moment, to_json
from storage.statements import Row, Statements

_HIGHEST = "\U0010ffff"
"""Above all letters, on both engines."""
_FIRST = DossierPlace(2**62, _HIGHEST, _HIGHEST)


class DossierSearch:
    """Every list begins with what came in last."""

    _sql: Statements

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def agencies(self) -> list[tuple[str, str]]:
        return [(row["agency"], row["agency_name"]) for row in await self._sql.rows("console_agencies")]

    async def procedures(self, *, limit: int) -> list[tuple[str, str]]:
        rows = await self._sql.rows("console_procedures", most=limit)
        return [(row["procedure"], row["procedure_name"]) for row in rows]

    async def dossiers(
        self, wish: DossierWish, agencies: Collection[str], *, now: datetime, before: DossierPlace | None, limit: int
    ) -> Page[DossierLine, DossierPlace]:
        known = [agency for agency, _ in await self.agencies()]
        whose = among(known, agencies, wish.agency)
        if whose.is_nobody:
            return Page([], None)
        sought = await self._sought(wish, whose, known, to_millis(now), before or _FIRST, limit)
        hits = [DossierPlace(*seen.place) for seen in sought.hits[:limit]]
        return Page(await self._lines(hits), *_rest(hits, sought, limit))

    async def _sought(
        self, wish: DossierWish, whose: Among, known: list[str], now: int, before: DossierPlace, limit: int
    ) -> Sought:
        values: dict[str, Any] = {
            "everywhere": int(whose.is_everywhere),
            "agencies": key_set(whose.agencies),
            "procedure": wish.procedure,
            "status": -1 if wish.status is None else int(wish.status),
            "name": _pattern(wish.name),
            **before._asdict(),
        }
        name, more = _way(wish, whose, now)
        values |= {"most": limit + 1, **more}
        is_plain = not (wish.procedure or wish.status is not None or wish.name)
        if name != "seek_agencies":
            is_plain = is_plain and whose.is_everywhere
            walk = partial(self._walk, name, values)
            return await seek(walk, scans=[limit + 1] if is_plain else STEPS, limit=limit)
        of = known if whose.is_everywhere else whose.agencies
        walk = partial(self._walk_many, name, values | {"agencies": key_set(of)})
        far = [max(step // max(len(of), 1), 2 * limit) for step in STEPS]
        return await seek(walk, scans=[limit + 1] if is_plain else far, limit=limit)

    async def _walk(self, name: str, values: dict[str, Any], scan: int) -> Any:
        return await strand(self._sql, name, columns=3, values=values | {"scan": scan})

    async def _walk_many(self, name: str, values: dict[str, Any], scan: int) -> Any:
        return await strands(self._sql, name, columns=3, values=values | {"scan": scan})

    async def _lines(self, places: Sequence[DossierPlace]) -> list[DossierLine]:
        """In this order."""
        keys = {str(number): {"code": place.code, "source": place.source} for number, place in enumerate(places)}
        rows = await self._sql.rows("seek_lines", keys=to_json(keys)) if keys else []
        found = {(row["code"], row["source"]): _line_of(row) for row in rows}
        return [found[place.code, place.source] for place in places if (place.code, place.source) in found]

    async def unnamed(self, *, limit: int) -> list[tuple[str, str, str]]:
        rows = await self._sql.rows("unnamed", most=limit)
        return [(row["code"], row["source"], row["applicant"]) for row in rows]

    async def name(self, named: Sequence[tuple[str, str, str, str]]) -> None:
        # Compared here: a name that is sealed says nothing to a statement.
        wanted = {str(number): {"code": code, "source": source} for number, (code, source, *_) in enumerate(named)}
        rows = await self._sql.rows("unnamed_among", dossiers=to_json(wanted)) if wanted else []
        still = {(row["code"], row["source"], clean(row["applicant"])) for row in rows}
        await self._sql.change_many(
            "name_dossier",
            [
                {"code": code, "source": source, "name_words": words, "given": given_name(words)}
                for code, source, applicant, words in sorted(named)
                if (code, source, clean(applicant)) in still
            ],
        )


def _way(wish: DossierWish, whose: Among, now: int) -> tuple[str, dict[str, Any]]:
    """The narrowest index: its query, and what that asks for beside the rest."""
    if wish.phone:
        return "seek_phone", {"phone": wish.phone}
    if wish.code:
        return "seek_code", {"first": wish.code, "last": wish.code + _HIGHEST}
    if wish.name:
        return "seek_given", {"given": given_name(wish.name)}
    if wish.is_late:
        return "seek_late", {"now": now}
    if not whose.are_few and wish.procedure:
        return "seek_procedure", {}
    if not whose.are_few and wish.status is not None:
        return "seek_status", {}
    return "seek_agencies", {}


def _pattern(name: str) -> str:
    """For LIKE: the words in their order, with anything between them, each but the last perhaps only begun."""
    words = name.split()
    return f"%{''.join(f' {word}%' for word in words[:-1])} {words[-1]}" if words else ""


def _rest(hits: Sequence[DossierPlace], sought: Sought, limit: int) -> tuple[DossierPlace | None, bool]:
    """Where the next page begins, and whether this one ends because we stopped looking."""
    if len(sought.hits) > limit:
        return hits[-1], False
    if sought.reach is None:
        return None, False
    return DossierPlace(*sought.reach), True


def _line_of(row: Row) -> DossierLine:
    return DossierLine(
        code=row["code"],
        source=row["source"],
        status=Status(row["status"]),
        status_text=row["status_text"],
        agency=row["agency"],
        agency_name=row["agency_name"],
        procedure_name=row["procedure_name"],
        applicant=row["applicant"],
        phone=row["phone"],
        received_at=moment(row["received_at"]),
        due_at=moment(row["due_at"]),
        finished_at=moment(row["finished_at"]),
    )
