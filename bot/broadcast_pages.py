"""Recipients page by page: what is known of them, what they will cost, and their messages. Memory stays that of a page.

What is worked out for a page gives way to others every few milliseconds: replies do not wait for a broadcast.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from bot.broadcast_texts import Words
from bot.broadcast_ways import People, Prices, Spreading
from bot.comparing import erasures_in
from bot.model.broadcast import Audience, Broadcast, Count, LeftOut, Recipient, Share
from bot.model.dossier import Dossier
from bot.model.message import Alternative, OutboxItem
from bot.model.person import Address
from bot.ports import Storage, Transaction

PAGE = 1_000
"""Recipients that are read or kept by one statement."""
_AT_A_STRETCH = 8
"""Recipients that are worded before others get their turn."""


def asked_for(broadcast: Broadcast) -> Audience | None:
    """Its audience, within its own agency."""
    audience = broadcast.audience
    if audience is None or audience.agencies or not broadcast.agency:
        return audience
    return replace(audience, agencies=(broadcast.agency,))


async def known_of(
    tx: Transaction, broadcast: Broadcast, recipients: Sequence[Recipient], *, now: datetime, looks_again: bool
) -> People:
    """`looks_again`: whether the audience still means their dossiers."""
    phones = {each.phone for each in recipients if each.phone}
    keys = {Address("sms", phone).key for phone in phones}
    audience = asked_for(broadcast)
    dossiers = await _dossiers(tx, recipients)
    meant = (
        frozenset(await tx.broadcasts.still_meant(audience, dossiers, now=now)) if audience and looks_again else None
    )
    return People(
        audience=await tx.follows.audience(phones, ()),
        unwanted=frozenset(await tx.broadcasts.unwanted(keys)),
        erasures=await erasures_in(tx),
        carriers=await tx.routing.carriers(keys),
        dossiers=dossiers,
        meant=meant,
    )


async def _dossiers(tx: Transaction, recipients: Sequence[Recipient]) -> dict[tuple[str, str], Dossier]:
    named = sorted({(each.source, each.code) for each in recipients if each.source and each.code})
    found: dict[tuple[str, str], Dossier] = {}
    for source, group in groupby(named, key=lambda each: each[0]):
        many = await tx.dossiers.get_many(source, [code for _, code in group])
        found |= {(source, code): dossier for code, dossier in many.items()}
    return found


@dataclass(slots=True)
class Sum:
    """People, parts and đồng of a channel, as they add up."""

    people: int = 0
    parts: int = 0
    cost: int = 0


@dataclass(slots=True)
class Counting:
    """Adds up who would be told by which way."""

    prices: Prices
    shares: dict[str, Sum] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, broadcast: Broadcast, item: OutboxItem, people: People, *, now: datetime) -> None:
        address = item.address
        way = Alternative(item.channel, address, item.text, item.parts, item.route)
        phone = item.dedupe_key.rpartition(":")[2]
        heard_at = next(
            (each.heard_at for each in people.audience.bindings.get(phone, ()) if each.address == address), None
        )
        carrier = people.carriers.get(address.key, "")
        share = self.shares.setdefault(address.scheme, Sum())
        share.people += 1
        share.parts += item.parts
        share.cost += self.prices.of(way, broadcast.agency, heard_at, carrier=carrier, now=now)

    @property
    def count(self) -> Count:
        shares = tuple(
            Share(channel, each.people, each.parts, each.cost) for channel, each in sorted(self.shares.items())
        )
        return Count(sum(each.people for each in shares), shares, dict(sorted(self.left_out.items())))


@dataclass(frozen=True, slots=True)
class Pages:
    """Reads the recipients of one broadcast."""

    storage: Storage
    spreading: Spreading

    async def told(
        self, broadcast: Broadcast, words: Words, recipients: Sequence[Recipient], people: People, *, now: datetime
    ) -> list[tuple[Recipient, OutboxItem | LeftOut]]:
        """Each with her message, or why she gets none."""
        told: list[tuple[Recipient, OutboxItem | LeftOut]] = []
        for place, each in enumerate(recipients):
            told.append((each, self.spreading.told(broadcast, words, each, people, now=now)))
            if place % _AT_A_STRETCH == 0:
                await asyncio.sleep(0)
        return told

    async def all_of(self, broadcast: Broadcast, *, now: datetime) -> AsyncIterator[tuple[Sequence[Recipient], People]]:
        """All its recipients, as they were kept, with what is known of them."""
        after = 0
        while True:

            async def read(tx: Transaction, after: int = after) -> tuple[list[Recipient], People]:
                rows = await tx.broadcasts.rows(broadcast.id, after=after, limit=PAGE)
                return rows, await known_of(tx, broadcast, rows, now=now, looks_again=False)

            rows, people = await self.storage.read(read)
            if not rows:
                return
            yield rows, people
            after = rows[-1].number
