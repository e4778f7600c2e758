"""Pure: several messages that waited for one person → one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.model.ids import NewId
from bot.model.message import Alternative, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.model.sms import segment
from bot.ports import Claimed
from bot.texts import Library

MOST_PARTS = 4
"""SMS parts that a digest may take; what would take more stays apart."""

MOST_CHARACTERS = 3_500
"""In a chat: under the longest message that any of them takes in one piece."""

LIFETIME = timedelta(days=3)

_APART = frozenset({Situation.SURVEY, Situation.APOLOGY, Situation.BROADCAST})
_WITHOUT_TEMPLATE = timedelta(days=6)
"""So long after its user's last word a Zalo account may send free text (7 days), with room for a slow clock."""


@dataclass(frozen=True, slots=True)
class Digests:
    """Makes digests."""

    library: Library
    new_id: NewId
    at_least: int
    """Messages from which on they become one."""
    sms: bool = True
    """False where a gateway takes registered texts alone: then SMS are never folded."""
    language: str = "vi"

    def of(self, held: Sequence[Claimed], *, now: datetime) -> tuple[OutboxItem | None, list[OutboxItem]]:
        """The digest of messages to one address, and what it tells; (None, []) where they stay apart.

        Nothing is left out: a digest has the whole text of each, on each way that all of them have. Without room for
        that they leave one by one. Messages with documents or with a question always do,
        and what has been sent by an earlier way.
        """
        items = [each.item for each in held if self._may_be_folded(each, now)]
        if len(items) < self.at_least:
            return None, []
        digest = self._made(items, now)
        return (digest, items) if digest else (None, [])

    def _may_be_folded(self, each: Claimed, now: datetime) -> bool:
        item = each.item
        scheme = item.address.scheme
        if item.way or item.files or item.forms or item.situation in _APART:
            return False
        if scheme == "zalo":
            return item.heard_at is not None and now < item.heard_at + _WITHOUT_TEMPLATE
        return scheme != "zalophone" and (scheme != "sms" or self.sms)

    def _made(self, items: Sequence[OutboxItem], now: datetime) -> OutboxItem | None:
        first = items[0]
        ways = [Alternative(first.channel, first.address, "", 1, first.route), *self._common(items)]
        told = [made for way in ways if (made := self._told(way, items))]
        if not told or told[0].address != first.address:
            return None
        identity = self.new_id()
        return OutboxItem(
            id=identity,
            dedupe_key=f"digest:{identity}",
            origin=f"digest:{identity}",
            channel=told[0].channel,
            route=told[0].route,
            agency=first.agency if all(each.agency == first.agency for each in items) else "",
            address=first.address,
            lane=Lane.PUSH,
            situation=Situation.DIGEST,
            text=told[0].text,
            parts=told[0].parts,
            created_at=now,
            next_at=now,
            expires_at=min(now + LIFETIME, max(each.expires_at for each in items)),
            alternatives=tuple(told[1:]),
        )

    def _common(self, items: Sequence[OutboxItem]) -> list[Alternative]:
        """The ways that are left to every one of them, in the first one's order; of Zalo by phone, which takes
        registered texts alone, none."""
        return [
            way
            for way in items[0].alternatives
            if way.address.scheme != "zalophone" and all(_text_of(each, way.address) is not None for each in items)
        ]

    def _told(self, way: Alternative, items: Sequence[OutboxItem]) -> Alternative | None:
        """All texts by one way; None where there is no room for them."""
        is_sms = way.address.scheme == "sms"
        texts = [_text_of(each, way.address) or "" for each in items]
        opening = (
            self.library.catalogue(self.language).render("push.digest", {"count": str(len(items))}, plain=is_sms).text
        )
        if is_sms:
            segmented = segment("\n".join([opening, *texts]))
            parts = len(segmented.parts)
            return replace(way, text=segmented.text, parts=parts) if parts <= MOST_PARTS and self.sms else None
        text = "\n\n".join([opening, *texts])
        return replace(way, text=text) if len(text) <= MOST_CHARACTERS else None


def _text_of(item: OutboxItem, address: Address) -> str | None:
    """What the message says on its way to this address; None where it does not lead there."""
    if item.address == address:
        return item.text
    return next((way.text for way in item.alternatives if way.address == address), None)
