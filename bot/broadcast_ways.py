"""Pure: one recipient of a broadcast → the message to her by her best way, or why she is left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.broadcast_texts import Words
from bot.model.broadcast import Broadcast, Lateness, LeftOut, Recipient, dedupe_key
from bot.model.carrier import hinted
from bot.model.dossier import Dossier
from bot.model.erasure import NOBODY, Erasures, digest_of
from bot.model.message import Alternative, Lane, OutboxItem, Situation
from bot.model.person import Address, Preference
from bot.model.phone import parse_phone
from bot.planning import lifetime_of
from bot.ports import Audience
from bot.purse import price_of
from bot.reaching import Reach
from bot.routing import Routes
from bot.settings import SmsSettings
from bot.texts import MissingValueError

_FREE = timedelta(hours=48)
"""For so long after a user's last word Zalo takes no money for a text."""
_ELSEWHERE = ("webchat",)
"""At a page that is not open nobody sees it: the last of the ways."""


@dataclass(frozen=True, slots=True)
class People:
    """What is known at this moment of the recipients of one page."""

    audience: Audience
    unwanted: frozenset[str] = frozenset()
    """Addresses on the do-not-send list, by key."""
    erasures: Erasures = NOBODY
    carriers: Mapping[str, str] = field(default_factory=dict)
    """By address key, as providers have named them."""
    dossiers: Mapping[tuple[str, str], Dossier] = field(default_factory=dict)
    """By (source, code)."""
    meant: frozenset[tuple[str, str]] | None = None
    """The dossiers that the audience still means; None: nobody asked."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What a message will cost, as far as can be known beforehand; of several gateways the dearest."""

    routes: Routes
    gateways: Mapping[str, SmsSettings]
    zalo_late: int = 0
    """Đồng for a text to a Zalo chat that has been silent for two days."""
    zalo_phone: int = 0
    """Đồng for a registered template to a number."""

    def of(self, way: Alternative, agency: str, heard_at: datetime | None, *, carrier: str, now: datetime) -> int:
        """Đồng."""
        match way.address.scheme:
            case "sms":
                return way.parts * self._part(agency, carrier or hinted(way.address.value))
            case "zalophone":
                return self.zalo_phone
            case "zalo":
                return self.zalo_late if heard_at is None or now - heard_at >= _FREE else 0
            case _:
                return 0

    def _part(self, agency: str, carrier: str) -> int:
        route = self.routes.of(agency)
        names = route.ways_for(carrier) if route else (self.routes.plain,)
        rules = [self.gateways[name] for name in names if name in self.gateways]
        return max((price_of(each.prices, carrier) or 0 for each in rules), default=0)


@dataclass(frozen=True, slots=True)
class Spreading:
    """Finds everybody's way, and words what she is told there."""

    reach: Reach
    has_sms: bool
    """Some channel reaches phones."""
    _orders: dict[tuple[str, str, str], list[str]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """`_schemes` by agency, the channel asked for and the one wished for."""

    def told(
        self, broadcast: Broadcast, words: Words, recipient: Recipient, people: People, *, now: datetime
    ) -> OutboxItem | LeftOut:
        """Her one message, with the ways that are left if the first fails."""
        if reason := left_out(broadcast, recipient, people):
            return reason
        values = self.values(broadcast, recipient, people)
        try:
            ways = self.ways(broadcast, words, recipient, values, people)
        except MissingValueError:
            return LeftOut.NO_VALUE
        if isinstance(ways, LeftOut):
            return ways
        first, *rest = ways
        by_zalo = any(way.address.scheme in ("zalo", "zalophone") for way in ways)
        dossier = people.dossiers.get((recipient.source, recipient.code))
        return OutboxItem(
            id=self.reach.planner.new_id(),
            dedupe_key=dedupe_key(broadcast.id, recipient.phone),
            origin=broadcast.origin,
            channel=first.channel,
            route=first.route,
            agency=broadcast.agency,
            address=first.address,
            lane=Lane.BULK,
            situation=Situation.BROADCAST,
            text=first.text,
            parts=first.parts,
            source=recipient.source,
            code=recipient.code,
            created_at=now,
            next_at=now,
            expires_at=now + lifetime_of(Situation.BROADCAST),
            status=dossier.status if dossier and _says_status(broadcast, words) else None,
            appointment_at=dossier.appointment if dossier and _says_date(broadcast, words) else None,
            alternatives=tuple(rest),
            values=values if by_zalo else {},
            forms=broadcast.wording.forms,
        )

    def values(self, broadcast: Broadcast, recipient: Recipient, people: People) -> Mapping[str, str]:
        """What the text may show of her: the row of the file, or her dossier as it is now."""
        if broadcast.audience is None:
            return {"code": recipient.code, **recipient.values} if recipient.code else recipient.values
        dossier = people.dossiers.get((recipient.source, recipient.code))
        if dossier is None:
            return {}
        return replace(self.reach.planner, language=broadcast.language).values(Situation.BROADCAST, None, dossier)

    def ways(
        self, broadcast: Broadcast, words: Words, recipient: Recipient, values: Mapping[str, str], people: People
    ) -> list[Alternative] | LeftOut:
        """All that lead to her, best first. Raises `MissingValueError`."""
        found: list[Alternative] = []
        is_cut = False
        for channel, address in self._open(broadcast, recipient.phone, people):
            if address.scheme != "sms":
                found.append(Alternative(channel, address, words.chat(values).text))
                continue
            rendered = words.sms(values)
            is_cut = is_cut or rendered.is_cut
            if not rendered.is_cut:
                carrier = people.carriers.get(address.key, "")
                route, queue = self.reach.planner.place(broadcast.agency, address, carrier)
                found.append(Alternative(queue, address, rendered.text, rendered.parts, route))
        return found or (LeftOut.TOO_LONG if is_cut else LeftOut.NO_CHANNEL)

    def _open(self, broadcast: Broadcast, phone: str, people: People) -> Iterator[tuple[str, Address]]:
        bindings, chats = people.audience.bindings.get(phone, ()), self.reach.chats
        for scheme in self._schemes(broadcast, people.audience.preferences.get(phone)):
            if scheme == "sms":
                if self.has_sms:
                    yield "", Address("sms", phone)
            elif scheme == "zalophone":
                if self._has_template(broadcast):
                    yield chats.by_phone, Address("zalophone", phone)
            else:
                for each in bindings:
                    if each.address.scheme == scheme and chats.schemes.get(each.channel) == scheme:
                        yield each.channel, each.address

    def _schemes(self, broadcast: Broadcast, preference: Preference | None) -> list[str]:
        """Her own wish first, then chats that cost nothing, then the office's order."""
        wanted = broadcast.audience.reachable_by if broadcast.audience else ""
        asked = (broadcast.agency, wanted, preference.scheme if preference else "")
        if asked not in self._orders:
            self._orders[asked] = self._ordered(*asked)
        return self._orders[asked]

    def _ordered(self, agency: str, wanted: str, wished: str) -> list[str]:
        settings = self.reach.settings
        free = [each for each in settings.beside if each not in _ELSEWHERE]
        order = list(dict.fromkeys([*free, *settings.order, *settings.beside]))
        if wished:
            order.sort(key=lambda scheme: scheme != wished)
        allowed = self.reach.planner.situations.schemes(Situation.BROADCAST, agency)
        return [each for each in order if (not allowed or each in allowed) and (not wanted or each == wanted)]

    def _has_template(self, broadcast: Broadcast) -> bool:
        chats = self.reach.chats
        came = any(not form.pattern and form.channel in ("", chats.by_phone) for form in broadcast.wording.forms)
        return bool(chats.by_phone) and (came or Situation.BROADCAST in chats.templated)


def left_out(broadcast: Broadcast, recipient: Recipient, people: People) -> LeftOut | None:
    """Why she is not written to at all, whatever the text and the ways; None: she is."""
    phone = parse_phone(recipient.phone)
    if phone is None or phone.kind != "mobile":
        return LeftOut.NO_PHONE
    if Address("sms", recipient.phone).key in people.unwanted:
        return LeftOut.DO_NOT_SEND
    if (
        broadcast.audience is None
        and people.erasures
        and digest_of(recipient.phone, people.erasures.salt) in people.erasures.at
    ):
        return LeftOut.ERASED
    dossier = people.dossiers.get((recipient.source, recipient.code))
    if broadcast.audience and dossier is None:
        return LeftOut.UNTRUE
    disowned = people.audience.disowned.get(recipient.phone)
    if disowned and (dossier is None or dossier.received_at is None or dossier.received_at <= disowned):
        return LeftOut.DISOWNED
    preference = people.audience.preferences.get(recipient.phone)
    if preference and preference.important_only:
        return LeftOut.IMPORTANT_ONLY
    if people.meant is not None and (recipient.source, recipient.code) not in people.meant:
        return LeftOut.UNTRUE
    if broadcast.audience and dossier and parse_phone(dossier.phone) != phone:
        # The dossier has got another phone since the list was drawn up.
        return LeftOut.UNTRUE
    return None


def _says_status(broadcast: Broadcast, words: Words) -> bool:
    """By its words, or because only some are asked for: then it is false once the dossier has moved on."""
    asked = broadcast.audience
    return words.states_status or bool(asked and (asked.statuses or asked.lateness is not Lateness.ANY))


def _says_date(broadcast: Broadcast, words: Words) -> bool:
    asked = broadcast.audience
    return words.states_appointment or bool(asked and asked.lateness is not Lateness.ANY)
