"""Flow of the API: what other software asks us to tell → messages in the outbox, in one transaction with its answer."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from bot.api_templates import Templates
from bot.api_wishes import (
    TELLABLE,
    Bodies,
    ByTemplate,
    Refused,
    ToDossier,
    ToPhone,
    Wish,
    as_trial,
    change_of,
    fault,
    rendered,
)
from bot.enqueueing import enqueue_news
from bot.model.api import ApiKey, ApiMessage, KeyKind, Remembered
from bot.model.audit import Entry
from bot.model.clock import Clock
from bot.model.message import Alternative, DeliveryState, Lane, OutboxItem, Situation
from bot.model.person import Address, Preference
from bot.model.phone import parse_phone
from bot.planning import lifetime_of
from bot.ports import Storage, Transaction
from bot.quiet import QuietHours
from bot.reaching import Reach, Told, is_important
from bot.texts import Library

_TOLD_AFTER = timedelta(days=3)
"""How long after its last moment a message's receipt is waited for."""


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

    async def send(
        self, key: ApiKey, asked: Wish | ByTemplate, token: Token | None, answer: Callable[[Sent], str]
    ) -> Sent | Refused | Remembered:
        """Durable when it returns: messages, answer and record together. The same token again is answered from memory;
        two at once are one."""

        async def work(tx: Transaction) -> Sent | Refused | Remembered:
            now = self.clock()
            if token and (kept := await tx.api.remember(key.id, token.word, token.digest(key), at=now)):
                return kept
            planned = await self._planned(tx, key, asked, now)
            if isinstance(planned, Refused):
                if token:
                    await tx.api.forget(key.id, token.word)
                return planned
            wish, items = planned
            sent = Sent(items, self._quiet(items, now))
            await tx.api.note([self._noted(key, each, wish.reference) for each in items])
            if token:
                await tx.api.answered(key.id, token.word, status=202, answer=answer(sent))
            await tx.audit.add([_entry(key, wish, items, now)])
            return sent

        return await self.storage.write(work)

    async def _planned(
        self, tx: Transaction, key: ApiKey, asked: Wish | ByTemplate, now: datetime
    ) -> tuple[Wish, list[OutboxItem]] | Refused:
        wish = self.templates.wish_of(key, asked) if isinstance(asked, ByTemplate) else asked
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
        items = [replace(each, origin=f"api:{key.id}:{items[0].id}") for each in items]
        if items[0].code:
            await enqueue_news(tx, items, self.reach.planner, at=now)
        else:
            await self._enqueue(tx, items)
        return items

    async def _enqueue(self, tx: Transaction, items: Sequence[OutboxItem]) -> None:
        planner = self.reach.planner
        if planner.routes and planner.routes.by_carrier:
            carriers = await tx.routing.carriers({item.address.key for item in items if item.address.scheme == "sms"})
            items = planner.by_carrier(items, carriers)
        await tx.outbox.enqueue(items)

    def _quiet(self, items: Sequence[OutboxItem], now: datetime) -> dict[str, datetime]:
        held = {each.id: self.quiet.verdict(each, now).until for each in items}
        return {item: until for item, until in held.items() if until}

    def _noted(self, key: ApiKey, item: OutboxItem, reference: str) -> ApiMessage:
        until = item.expires_at + _TOLD_AFTER if key.callback_url else None
        return ApiMessage(
            item_id=item.id,
            key_id=key.id,
            agency=key.agency,
            is_trial=key.is_trial,
            reference=reference,
            told_until=until,
        )

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
        situation = wish.situation
        phone, planner = parse_phone(to.phone), self.reach.planner
        agency = to.agency or self.templates.agency_of(wish, key.agency)
        if phone is None or phone.kind != "mobile":
            return fault("no_mobile", "/to/phone")
        if not key.covers(agency):
            return fault("other_agency", "/to/agency")
        if not planner.situations.is_on(situation, agency):
            return fault("switched_off", wish.pointer)
        if wish.template and not self.templates.is_in_force(wish, agency, [to.language]):
            return fault("template_elsewhere", "/template")
        is_accented = situation in planner.accented
        bodies = rendered(wish, to, self.library, agency=agency, hours=planner.hours, is_accented=is_accented)
        if isinstance(bodies, Refused):
            return bodies
        ways = await self._ways(tx, situation, Address("sms", phone.e164), agency, bodies, is_trial=key.is_trial)
        if isinstance(ways, str):
            return fault(ways, "/to/phone")
        first, *rest = ways
        item_id = planner.new_id()
        item = OutboxItem(
            id=item_id,
            dedupe_key=f"api|{item_id}|{first.address.key}",
            origin="",
            channel=first.channel,
            route=first.route,
            address=first.address,
            lane=Lane.PUSH,
            situation=situation,
            text=first.text,
            parts=first.parts,
            created_at=now,
            next_at=now,
            expires_at=now + lifetime_of(situation),
            agency=agency,
            alternatives=tuple(rest),
            forms=self.library.forms(situation, to.language, agency),
            values=dict(to.values),
        )
        return [await self._unless_unwanted(tx, item, phone.e164, now)]

    async def _ways(
        self,
        tx: Transaction,
        situation: Situation,
        address: Address,
        agency: str,
        bodies: Bodies,
        *,
        is_trial: bool,
    ) -> list[Alternative] | str:
        """Best first: the citizen's own choice, then the office's order. Else the word of what stands in the way."""
        planner, reach, phone = self.reach.planner, self.reach, address.value
        route, queue = planner.place(agency, address)
        by_sms = Alternative(queue, address, bodies.sms.text, bodies.sms.parts, route)
        if is_trial:
            return [by_sms]
        audience = await tx.follows.audience({phone}, set())
        preference = audience.preferences.get(phone, Preference(phone))
        if preference.important_only and not is_important(situation):
            return "asked_for_less"
        allowed = planner.situations.schemes(situation, agency) or reach.settings.order
        ways = []
        for scheme in reach.settings.order:
            if scheme == "sms" and scheme in allowed:
                ways.append(by_sms)
            elif scheme in allowed:
                bound = [
                    each
                    for each in audience.bindings.get(phone, ())
                    if each.address.scheme == scheme == reach.chats.schemes.get(each.channel)
                ]
                ways += [Alternative(each.channel, each.address, bodies.chat.text) for each in bound]
        ways.sort(key=lambda way: way.address.scheme != preference.scheme)
        return ways or "no_way"

    async def _unless_unwanted(self, tx: Transaction, item: OutboxItem, phone: str, now: datetime) -> OutboxItem:
        """Who is on the do-not-send list gets nothing: planned, counted, and suppressed at once."""
        ways = {item.address, *(way.address for way in item.alternatives), Address("sms", phone)}
        if ways - await tx.api.unwanted(ways):
            return item
        reason = "on the do-not-send list"
        return replace(item, alternatives=(), state=DeliveryState.SUPPRESSED, reason=reason, settled_at=now)

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


def _entry(key: ApiKey, wish: Wish, items: Sequence[OutboxItem], now: datetime) -> Entry:
    about = wish.to.code if isinstance(wish.to, ToDossier) else items[0].id
    told = {"situation": str(wish.situation), "messages": len(items), "first": items[0].id, "kind": str(key.kind)}
    told |= {"template": wish.template} if wish.template else {}
    return Entry(at=now, by=key.by, way="api", what="notification.sent", subject=about, agency=key.agency, after=told)
