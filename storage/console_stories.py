"""Everything that is kept of one dossier, or of one message."""

from collections.abc import Iterable, Sequence
from typing import Any

from bot.model.clock import from_millis
from bot.model.message import DeliveryState, OutboxItem
from bot.model.person import Address, Binding
from bot.ports import Unwanted
from bot.ports.console import Asked, DossierStory, LeftWay, MessageStory, Part
from storage.apologies import Apologies
from storage.audit import Audit
from storage.dossiers import Dossiers
from storage.edge import key_set
from storage.follows import Follows
from storage.message_rows import item_of, left_ways
from storage.people import binding_of
from storage.service import feedback_of, survey_of
from storage.statements import Row, Statements

MOST = 300
"""Of each kind, the newest: far more than one dossier has, unless somebody plays with it."""


class Stories:
    """One thing with all that belongs to it."""

    _sql: Statements

    async def story(self, source: str, code: str, *, phone: str) -> DossierStory:
        sql, dossiers, apologies = self._sql, Dossiers(self._sql), Apologies(self._sql)
        messages = await sql.rows("story_messages", source=source, code=code, most=MOST)
        items = [item_of(row) for row in reversed(messages)]
        drafted = await apologies.of_dossier(source, code)
        attempts = await sql.rows("story_attempts", code=code, most=MOST)
        return DossierStory(
            changes=await dossiers.changes_of(source, code),
            late=await dossiers.late_of(source, code),
            messages=items,
            parts=await self._parts([item.id for item in items]),
            apologies=drafted,
            acts={each.id: await apologies.acts(each.id) for each in drafted},
            feedback=[feedback_of(row) for row in await sql.rows("story_feedback", code=code, most=MOST)],
            surveys=[survey_of(row) for row in await sql.rows("story_surveys", source=source, code=code)],
            asked=[
                Asked(Address.of(row["address"]), from_millis(row["heard_at"]))
                for row in await sql.rows("story_asked", code=code, most=MOST)
            ],
            failed_at=[from_millis(row["at"]) for row in attempts],
            looks=await Audit(sql).listed((), subject=code, limit=MOST),
            bindings=await self._bindings(phone),
            follows=await Follows(sql).followers(source, code),
            cost=await sql.value("story_cost", source=source, code=code) or 0,
        )

    async def message(self, item_id: str) -> MessageStory | None:
        found = await self._sql.rows("seek_items", ids=key_set([item_id]))
        if not found:
            return None
        item = item_of(found[0])
        row = await self._sql.row("story_message", id=item_id)
        if row is None:
            return None
        return MessageStory(
            item=item,
            parts=(await self._parts([item_id])).get(item_id, ()),
            left=[LeftWay(way.gateway, Address.of(way.address)) for way in left_ways(row["attached"])],
            resends=await self._resends(item_id),
            bypass=row["ordered_by"] or row["rule"] or "",
            is_unwanted=row["unwanted_since"] is not None,
            newer=await self._newer(item) if item.code else (),
        )

    async def unwanted(self, address: Address) -> Unwanted | None:
        row = await self._sql.row("story_unwanted", address=address.key)
        return Unwanted(address, from_millis(row["since"]), row["ordered_by"], row["reason"]) if row else None

    async def _newer(self, item: OutboxItem) -> list[OutboxItem]:
        addresses = {item.address.key, *(way.address.key for way in item.alternatives)}
        rows = await self._sql.rows(
            "story_newer",
            id=item.id,
            source=item.source,
            code=item.code,
            addresses=key_set(addresses),
            own=f"resend:{item.id}:",
            most=MOST,
        )
        return [item_of(row) for row in rows]

    async def _resends(self, item_id: str) -> list[OutboxItem]:
        # In the order of bytes `;` follows `:`.
        rows = await self._sql.rows("story_resends", first=f"resend:{item_id}:", last=f"resend:{item_id};")
        return [item_of(row) for row in rows]

    async def _parts(self, ids: Sequence[str]) -> dict[str, list[Part]]:
        found: dict[str, list[Part]] = {}
        for row in await self._sql.rows("story_parts", ids=key_set(ids)) if ids else ():
            found.setdefault(row["item_id"], []).append(_part_of(row))
        return found

    async def _bindings(self, phone: str) -> list[Binding]:
        rows: Iterable[Any] = await self._sql.rows("bindings_of", phones=key_set([phone])) if phone else ()
        return sorted(map(binding_of, rows), key=lambda each: each.since)


def _part_of(row: Row) -> Part:
    return Part(
        number=row["number"],
        reference=row["reference"],
        state=DeliveryState(row["state"]),
        at=from_millis(row["at"]),
        channel=row["channel"],
        way=row["way"],
    )
