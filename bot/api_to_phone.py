"""Pure: what software asks us to tell the owner of a phone → the message, with her ways, and whether it may leave."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.api_templates import Templates
from bot.api_wishes import Bodies, Refused, ToPhone, Wish, fault, rendered
from bot.model.api import ApiKey
from bot.model.message import Alternative, DeliveryState, Lane, OutboxItem
from bot.model.person import Address, Preference
from bot.model.phone import parse_phone
from bot.planning import lifetime_of
from bot.ports import Audience
from bot.reaching import Reach, is_important
from bot.texts import Library

_BY_VALUES = frozenset({"zalo", "zalophone"})
"""Ways by which the provider makes the text, of the values."""

NOBODY = Audience(bindings={}, follows={}, disowned={}, preferences={})
"""Nothing is known of the phone."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """All that can be said without knowing the citizen."""

    key: ApiKey
    wish: Wish
    to: ToPhone = field(repr=False)
    phone: str = field(repr=False)
    """E.164."""
    agency: str
    bodies: Bodies = field(repr=False)


@dataclass(frozen=True, slots=True)
class ToPhones:
    """Plans single messages to phones."""

    reach: Reach
    library: Library
    templates: Templates

    def drafted(self, key: ApiKey, wish: Wish, to: ToPhone) -> Drafted | Refused:
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
        return bodies if isinstance(bodies, Refused) else Drafted(key, wish, to, phone.e164, agency, bodies)

    def planned(self, drafted: Drafted, audience: Audience, now: datetime) -> OutboxItem | Refused:
        """By the citizen's best way, with the others at hand; its request is named after it."""
        situation, to, planner = drafted.wish.situation, drafted.to, self.reach.planner
        ways = self._ways(drafted, audience)
        if isinstance(ways, str):
            return fault(ways, "/to/phone")
        first, *rest = ways
        item_id = planner.new_id()
        forms = self.library.forms(situation, to.language, drafted.agency)
        return OutboxItem(
            id=item_id,
            dedupe_key=f"api|{item_id}|{first.address.key}",
            origin=_origin(drafted.key, item_id),
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
            agency=drafted.agency,
            alternatives=tuple(rest),
            forms=forms,
            values=dict(to.values) if forms or any(way.address.scheme in _BY_VALUES for way in ways) else {},
        )

    def _ways(self, drafted: Drafted, audience: Audience) -> list[Alternative] | str:
        """Best first: the citizen's own choice, then the office's order. Else the word of what stands in the way."""
        planner, reach, phone, bodies = self.reach.planner, self.reach, drafted.phone, drafted.bodies
        situation, agency, address = drafted.wish.situation, drafted.agency, Address("sms", phone)
        route, queue = planner.place(agency, address)
        by_sms = Alternative(queue, address, bodies.sms.text, bodies.sms.parts, route)
        if drafted.key.is_trial:
            return [by_sms]
        preference = audience.preferences.get(phone) or Preference(phone)
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


def ways_of(item: OutboxItem, phone: str) -> set[Address]:
    """Every address by which the message might reach her, and the phone."""
    return {item.address, *(way.address for way in item.alternatives), Address("sms", phone)}


def withheld(item: OutboxItem, unwanted: Collection[Address], now: datetime) -> OutboxItem:
    """Who is on the do-not-send list gets nothing: planned, counted, and suppressed at once. `unwanted`: which of the
    message's ways are."""
    if not unwanted:
        return item
    reason = "on the do-not-send list"
    return replace(item, alternatives=(), state=DeliveryState.SUPPRESSED, reason=reason, settled_at=now)


def originated(key: ApiKey, item: OutboxItem, first: str) -> OutboxItem:
    """The same, counted under its request, whose first message's id names it."""
    return replace(item, origin=_origin(key, first))


def _origin(key: ApiKey, first: str) -> str:
    return f"api:{key.id}:{first}"
