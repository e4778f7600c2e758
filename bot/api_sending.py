"""Flow of the API: what other software asks us to tell → messages in the outbox, in one transaction with its answer."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from bot.api_templates import Templates
from bot.api_to_phone import NOBODY, ToPhones, originated, ways_of, withheld
from bot.api_wishes import (
    TELLABLE,
    ByTemplate,
    Refused,
    ToDossier,
    ToPhone,
    Wish,
    as_trial,
    change_of,
    fault,
)
from bot.enqueueing import enqueue_news
from bot.model.api import ApiKey, ApiMessage, KeyKind, Remembered
from bot.model.audit import Entry
from bot.model.clock import Clock
from bot.model.message import DeliveryState, OutboxItem
from bot.model.person import Address
from bot.ports import Storage, Transaction
from bot.quiet import QuietHours
from bot.reaching import Reach, Told
from bot.texts import Library

_TOLD_AFTER = timedelta(days=3)
"""How long after its last moment a message's receipt is waited for."""

CLOSED = Refused("unauthorized")
"""The key was open when the request came in, and no longer is."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What was planned, and until when quiet hours hold it, by the message's id."""

    items: Sequence[OutboxItem]
    quiet: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Token:
    """An Idempotency-Key and the request that came with it."""

    word: str
    body: bytes = field(repr=False)

    def digest(self, key: ApiKey) -> str:
        """Keyed, so that it betrays no phone to whoever tries numbers."""
        return hmac.digest(key.digest.encode(), self.body, sha256).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSending:
    """Plans what keys ask for."""

    storage: Storage
    reach: Reach
    library: Library
    templates: Templates
    quiet: QuietHours
    clock: Clock
    phones: ToPhones = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "phones", ToPhones(self.reach, self.library, self.templates))

    async def send(
        self, key: ApiKey, asked: Wish | ByTemplate, token: Token | None, answer: Callable[[Sent], str]
    ) -> Sent | Refused | Remembered:
        """Durable when it returns: messages, answer and record together. The same token again is answered from memory;
        two at once are one. `unauthorized` where the key is no longer open."""

        async def work(tx: Transaction) -> Sent | Refused | Remembered:
            now, known = self.clock(), await tx.api.key(key.id)
            if known is None or not known.is_open(now):
                return CLOSED
            if token and (kept := await tx.api.remember(key.id, token.word, token.digest(key), at=now)):
                return kept
            planned = await self._planned(tx, known, asked, now)
            if isinstance(planned, Refused):
                if token:
                    await tx.api.forget(key.id, token.word)
                return planned
            wish, items = planned
            sent = self.sent(items, now)
            await tx.api.note(self.noted(key, wish, items))
            if token:
                await tx.api.answered(key.id, token.word, status=202, answer=answer(sent))
            await tx.audit.add([entry_of(key, wish, items, now)])
            return sent

        return await self.storage.write(work)

    async def _planned(
        self, tx: Transaction, key: ApiKey, asked: Wish | ByTemplate, now: datetime
    ) -> tuple[Wish, list[OutboxItem]] | Refused:
        wish = self.wish_of(key, asked)
        if isinstance(wish, Refused):
            return wish
        items = await self._plan(tx, key, wish, now)
        return items if isinstance(items, Refused) else (wish, items)

    async def _plan(self, tx: Transaction, key: ApiKey, wish: Wish, now: datetime) -> list[OutboxItem] | Refused:
        if isinstance(wish.to, ToDossier):
            items = await self._to_dossier(tx, key, wish, wish.to, now)
        else:
            items = await self._to_phone(tx, key, wish, wish.to, now)
        if isinstance(items, Refused):
            return items
        if key.is_trial:
            items = [as_trial(items[0], now)]
        if key.kind is KeyKind.TEAM:
            items = await self._for_guests(tx, key, items)
            if isinstance(items, Refused):
                return items
        items = [originated(key, each, items[0].id) for each in items]
        if items[0].code:
            await enqueue_news(tx, items, self.reach.planner, at=now)
        else:
            await self.enqueue(tx, items)
        return items

    async def enqueue(self, tx: Transaction, items: Sequence[OutboxItem]) -> None:
        planner = self.reach.planner
        if planner.routes and planner.routes.by_carrier:
            carriers = await tx.routing.carriers({item.address.key for item in items if item.address.scheme == "sms"})
            items = planner.by_carrier(items, carriers)
        await tx.outbox.enqueue(items)

    def wish_of(self, key: ApiKey, asked: Wish | ByTemplate) -> Wish | Refused:
        return self.templates.wish_of(key, asked) if isinstance(asked, ByTemplate) else asked

    def sent(self, items: Sequence[OutboxItem], now: datetime) -> Sent:
        held = {each.id: self.quiet.verdict(each, now).until for each in items}
        return Sent(items, {item: until for item, until in held.items() if until})

    def noted(self, key: ApiKey, wish: Wish, items: Sequence[OutboxItem]) -> list[ApiMessage]:
        return [
            ApiMessage(
                item_id=each.id,
                key_id=key.id,
                agency=key.agency,
                is_trial=key.is_trial,
                reference=wish.reference,
                told_until=each.expires_at + _TOLD_AFTER if key.callback_url else None,
            )
            for each in items
        ]

    # About a dossier

    async def _to_dossier(
        self, tx: Transaction, key: ApiKey, wish: Wish, to: ToDossier, now: datetime
    ) -> list[OutboxItem] | Refused:
        situation = wish.situation
        found = [each for each in await tx.dossiers.find(to.code) if key.covers(each.agency)]
        found = [each for each in found if to.source in ("", each.source)]
        if not found:
            return fault("no_dossier", "/to/code")
        if len(found) > 1:
            return fault("two_sources", "/to/source")
        dossier, planner = found[0], self.reach.planner
        if not planner.situations.is_on(situation, dossier.agency):
            return fault("switched_off", wish.pointer)
        if wish.template and not self.templates.is_in_force(wish, dossier.agency):
            return fault("template_elsewhere", "/template")
        if dossier.status not in TELLABLE[situation]:
            return fault("untrue", wish.pointer, status=dossier.status.name.lower())
        change = change_of(dossier, now)
        item = planner.plan_as(situation, change, None, dossier, now=now)
        if item.state is DeliveryState.SUPPRESSED:
            return fault("unsendable", "/to/code", reason=item.reason)
        if key.is_trial:
            return [item]
        told = Told(item, [change], None, dossier)
        audience = await tx.follows.audience(*self.reach.asks([told]))
        items = self.reach.spread([told], audience, now=now)
        return [replace(each, dedupe_key=f"api|{item.id}|{each.address.key}") for each in items]

    # To a phone

    async def _to_phone(
        self, tx: Transaction, key: ApiKey, wish: Wish, to: ToPhone, now: datetime
    ) -> list[OutboxItem] | Refused:
        drafted = self.phones.drafted(key, wish, to)
        if isinstance(drafted, Refused):
            return drafted
        audience = NOBODY if key.is_trial else await tx.follows.audience({drafted.phone}, set())
        item = self.phones.planned(drafted, audience, now)
        if isinstance(item, Refused):
            return item
        return [withheld(item, await tx.api.unwanted(ways_of(item, drafted.phone)), now)]

    # Of the three kinds of keys

    async def _for_guests(
        self, tx: Transaction, key: ApiKey, items: Sequence[OutboxItem]
    ) -> list[OutboxItem] | Refused:
        """As they are, if every one of them is on the key's list; ways that are not fall away."""
        allowed = {Address.of(each) for each in key.guests}
        phones = {each.value for each in allowed if each.scheme == "sms"}
        audience = await tx.follows.audience(phones, set())
        allowed |= {Address("zalophone", each) for each in phones}
        allowed |= {bound.address for each in phones for bound in audience.bindings.get(each, ())}
        if any(each.address not in allowed for each in items):
            return Refused("not_a_guest")
        return [
            replace(each, alternatives=tuple(way for way in each.alternatives if way.address in allowed))
            for each in items
        ]


def entry_of(key: ApiKey, wish: Wish, items: Sequence[OutboxItem], now: datetime) -> Entry:
    """For the record."""
    about = wish.to.code if isinstance(wish.to, ToDossier) else items[0].id
    told = {"situation": str(wish.situation), "messages": len(items), "first": items[0].id, "kind": str(key.kind)}
    told |= {"template": wish.template} if wish.template else {}
    return Entry(at=now, by=key.by, way="api", what="notification.sent", subject=about, agency=key.agency, after=told)
