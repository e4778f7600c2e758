"""Messages as staff search for them."""

from collections import Counter
from collections.abc import Collection
from functools import partial
from typing import Any

from bot.model.ids import first_id_at
from bot.model.message import DeliveryState, OutboxItem
from bot.ports.console import OUTCOMES, Counted, MessageWish, Outcomes, Page, outcome_of
from storage.console_walks import STEPS, Among, Sought, among, seek, strand, strands
from storage.edge import key_set
from storage.message_rows import item_of
from storage.statements import Statements

_LAST = "~"
"""Above every id."""

_RARE = {
    Outcomes.FAILED: "seek_failed",
    Outcomes.UNSENT: "seek_unsent",
    Outcomes.UNCERTAIN: "seek_uncertain",
}
"""Outcomes that have an index of their own."""


class MessageSearch:
    """Newest first: an id begins with its time."""

    _sql: Statements

    async def messages(
        self, wish: MessageWish, agencies: Collection[str], *, before: str, limit: int
    ) -> Page[OutboxItem, str]:
        whose = await self._whose(wish, agencies)
        if whose.is_nobody:
            return Page([], None)
        sought = await self._seek(wish, whose, before or _LAST, limit=limit)
        ids = [seen.place[0] for seen in sought.hits[:limit]]
        found = await self._items(ids)
        if len(sought.hits) > limit:
            return Page(found, ids[-1])
        if sought.reach is None:
            return Page(found, None)
        return Page(found, sought.reach[0], is_cut=True)

    async def counted(self, wish: MessageWish, agencies: Collection[str], *, most: int) -> Counted:
        whose = await self._whose(wish, agencies)
        if whose.is_nobody:
            return Counted({}, is_whole=True)
        sought = await self._seek(wish, whose, _LAST, limit=most)
        newest = sought.hits[:most]
        is_whole = sought.reach is None and len(sought.hits) <= most
        return Counted(Counter(outcome_of(DeliveryState(seen.rest[0])) for seen in newest), is_whole)

    async def _whose(self, wish: MessageWish, agencies: Collection[str]) -> Among:
        if not agencies and not wish.agency:
            return Among(is_everywhere=True)
        known = [row["agency"] for row in await self._sql.rows("console_senders")]
        return among(known, agencies, wish.agency)

    async def _seek(self, wish: MessageWish, whose: Among, before: str, *, limit: int) -> Sought:
        values: dict[str, Any] = {
            "everywhere": int(whose.is_everywhere),
            "agencies": key_set(whose.agencies),
            "outcome": str(wish.outcome or ""),
            "states": key_set(OUTCOMES[wish.outcome] if wish.outcome else ()),
            "channel": wish.channel,
            "situation": wish.situation,
            "code": wish.code,
            "since": first_id_at(wish.since) if wish.since else "",
            "most": limit + 1,
            "before": min(before, first_id_at(wish.until)) if wish.until else before,
        }
        name, are_many = _way(wish, whose)
        if name == "seek_recipients":
            values["addresses"] = key_set(address.key for address in wish.addresses)
        walk = partial(self._walk_messages, name, values, are_many)
        return await seek(walk, scans=[step for step in STEPS if step > limit], limit=limit)

    async def _walk_messages(self, name: str, values: dict[str, Any], are_many: bool, scan: int) -> Any:
        walked = strands if are_many else strand
        return await walked(self._sql, name, columns=1, values=values | {"scan": scan})

    async def _items(self, ids: list[str]) -> list[OutboxItem]:
        """In this order."""
        rows = await self._sql.rows("seek_items", ids=key_set(ids)) if ids else []
        found = {row["id"]: item_of(row) for row in rows}
        return [found[each] for each in ids if each in found]


def _way(wish: MessageWish, whose: Among) -> tuple[str, bool]:
    """The narrowest index: its query, and whether that is many walks at once."""
    if wish.addresses:
        return "seek_recipients", True
    if wish.code:
        return "seek_about", False
    if whose.are_few:
        return "seek_senders", True
    return _RARE.get(wish.outcome or Outcomes.WAITING, "seek_newest"), False
