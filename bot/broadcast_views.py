"""What there is to see of broadcasts: the list, a recipient's message beforehand, how far it has come, what became of
everybody."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from bot.broadcast_drafts import Drafts
from bot.broadcast_pages import known_of
from bot.broadcast_texts import Words
from bot.model.broadcast import Act, Broadcast, BroadcastState, Preview, Progress, Recipient, Result, Shown
from bot.model.message import Alternative
from bot.model.person import Address
from bot.ports import Transaction
from bot.texts import MissingValueError


@dataclass(frozen=True, slots=True)
class Views(Drafts):
    """Reads alone."""

    async def listed(
        self,
        agencies: Collection[str],
        *,
        before: str = "",
        limit: int,
        states: Collection[BroadcastState] = (),
    ) -> list[Broadcast]:
        """Newest first, of these agencies and all below (none: of all)."""
        return await self.storage.read(
            lambda tx: tx.broadcasts.listed(agencies, before=before, limit=limit, states=states)
        )

    async def acts(self, broadcast_id: str) -> list[Act]:
        return await self.storage.read(lambda tx: tx.broadcasts.acts(broadcast_id))

    async def rows(self, broadcast_id: str, *, after: int = 0, limit: int) -> list[Recipient]:
        """By number; of an audience with the values of their dossiers as they are now."""

        async def read(tx: Transaction) -> list[Recipient]:
            broadcast = await tx.broadcasts.get(broadcast_id)
            found = await tx.broadcasts.rows(broadcast_id, after=after, limit=limit)
            if broadcast is None or broadcast.audience is None:
                return found
            people = await known_of(tx, broadcast, found, now=self.clock(), looks_again=False)
            return [replace(each, values=self.spreading.values(broadcast, each, people)) for each in found]

        return await self.storage.read(read)

    async def preview(self, broadcast_id: str, number: int) -> Preview | None:
        """What this recipient would read; None where there is none. Raises `TextRefused`."""
        broadcast = await self.get(broadcast_id)
        found = await self.rows(broadcast_id, after=number - 1, limit=1)
        if broadcast is None or not found or found[0].number != number:
            return None
        values = {"code": found[0].code, **found[0].values}
        words = Words.of(broadcast, self.spreading.reach.planner.accented)
        try:
            chat, sms = words.chat(values), words.sms(values)
        except MissingValueError as missing:
            return Preview(number, missing=missing.name)
        way = Alternative("", Address("sms", found[0].phone), sms.text, sms.parts)
        cost = self.prices.of(way, broadcast.agency, None, carrier="", now=self.clock())
        return Preview(number, chat=chat.text, sms=Shown("sms", sms.text, sms.parts, cost, sms.is_cut))

    async def progress(self, broadcast_id: str) -> Progress:
        async def read(tx: Transaction) -> Progress:
            broadcast = await tx.broadcasts.get(broadcast_id)
            if broadcast is None:
                return Progress(0, 0)
            tallies = [
                each._replace(channel=self._scheme(each.channel)) for each in await tx.broadcasts.tallies(broadcast_id)
            ]
            left_out = await tx.broadcasts.left_out(broadcast_id, late=True)
            return Progress(broadcast.people, broadcast.handed_out, tuple(tallies), left_out)

        return await self.storage.read(read)

    def _scheme(self, queue: str) -> str:
        """What is no chat is a route or a gateway of SMS."""
        return self.spreading.reach.chats.schemes.get(queue, "sms")

    async def results(self, broadcast_id: str, *, after: int = 0, limit: int) -> list[Result]:
        return await self.storage.read(lambda tx: tx.broadcasts.results(broadcast_id, after=after, limit=limit))
