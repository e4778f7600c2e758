"""Pure: what has changed in a dossier and who is concerned → the messages to send.

All ways of data that tell citizens something meet here, so the rules of what is said stand in one place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.model.dossier import FINISHED, Change, Dossier
from bot.model.ids import NewId
from bot.model.message import DeliveryState, Lane, OutboxItem, Situation, family_of
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.ports import Standing
from bot.routing import Routes
from bot.situations import PLAINER, Silent, Situations, is_listed, situation_of
from bot.telling import FOR_OWNERS, PERSONAL, TELLING, dossier_values, push_values, told_to_follower
from bot.texts import Catalogue, Library, MissingValueError, Rendered

__all__ = [
    "LIFETIME",
    "LONG_LIFETIME",
    "STANDS_BESIDE_NEWS",
    "STANDS_BESIDE_PROGRESS",
    "Planner",
    "Route",
    "Silent",
    "dossier_values",
    "lifetime_of",
    "origin_of",
    "recipient_of",
    "supersedes_apology",
    "told_to_follower",
    "untruth_of",
]

LIFETIME: Mapping[Situation, timedelta] = {
    Situation.PROGRESS: timedelta(days=3),
    Situation.REPLY: timedelta(hours=1),
    Situation.TEST: timedelta(minutes=10),
    Situation.CODE: timedelta(minutes=10),
    Situation.SURVEY: timedelta(days=3),
    Situation.CONGRATULATION: timedelta(days=3),
    Situation.CONDOLENCE: timedelta(days=3),
    Situation.NOTICE: timedelta(days=1),
    Situation.BROADCAST: timedelta(days=3),
}
"""How long a message is worth sending, by situation or family; `LONG_LIFETIME` for the rest."""

LONG_LIFETIME = timedelta(days=7)

_WITHOUT_DATE = frozenset({Situation.REGISTERED, Situation.RETURNED})
"""Of the family of progress, what states no appointment."""

_LASTING = frozenset({Situation.PAYMENT, Situation.APPOINTMENT})
"""Of the family of progress, what is worth as long as a result."""

STANDS_BESIDE_NEWS = (Situation.BROADCAST,)
"""It says something else than the news; where it has become untrue, that is seen when it is to leave."""

STANDS_BESIDE_PROGRESS = (Situation.APOLOGY, *STANDS_BESIDE_NEWS)
"""A waiting apology is owed by law (NĐ 61/2018 Đ19(9)): mere progress does not take its place."""


@dataclass(frozen=True, slots=True)
class Route:
    """The channel that reaches a scheme of addresses, as far as planning must know it."""

    channel: str
    scheme: str
    plain: bool
    """Texts without accents, within SMS parts."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Makes messages out of changes."""

    route: Route
    """Where everything goes that `routes` does not send elsewhere."""
    library: Library
    new_id: NewId
    hours: str
    """When results can be collected, in words: "giờ hành chính"."""
    routes: Routes | None = None
    accented: frozenset[Situation] = frozenset()
    """What is written with its accents also by SMS."""
    sensitive: frozenset[str] = frozenset()
    """Procedures by code that messages do not name, nor what is asked for."""
    surveys: bool = False
    """Whether citizens are asked, after the result, how satisfied they are."""
    situations: Situations = field(default_factory=Situations)
    """What is told, and by which ways."""
    language: str = "vi"
    """In which the words are."""
    form: str = ""
    """Of an apology that has a document: the name of that form."""

    @property
    def catalogue(self) -> Catalogue:
        """The words of no agency in particular."""
        return self.library.catalogue(self.language)

    def plan(
        self, changes: Sequence[Change], before: Dossier | None, after: Dossier, *, now: datetime
    ) -> OutboxItem | Silent:
        """The one message that these changes of one dossier call for, or why there is none.

        A message that cannot be sent is planned all the same, `suppressed` with its reason, and so is counted.
        """
        situation = self._situation(changes, before, after)
        if isinstance(situation, Silent):
            return situation
        return self.plan_as(situation, changes[0], before, after, now=now)

    def plan_as(
        self, situation: Situation, change: Change, before: Dossier | None, after: Dossier, *, now: datetime
    ) -> OutboxItem:
        """The same about a situation that somebody names."""
        address, obstacle = recipient_of(after, self.route.scheme)
        item = self._draft(change, situation, after, address, now)
        if obstacle:
            return replace(item, state=DeliveryState.SUPPRESSED, reason=obstacle, settled_at=now)
        return self._worded(item, before, after, now)

    def without_survey(
        self, survey: OutboxItem, before: Dossier | None, after: Dossier, *, now: datetime
    ) -> OutboxItem:
        """What somebody is told instead who cannot be asked: that the result was handed over."""
        item = replace(survey, situation=Situation.RETURNED, expires_at=now + lifetime_of(Situation.RETURNED))
        if self.situations.is_on(Situation.RETURNED, after.agency):
            return self._worded(item, before, after, now)
        reason = f"switched off: {Situation.RETURNED}"
        return replace(item, text="", state=DeliveryState.SUPPRESSED, reason=reason, settled_at=now)

    def _situation(self, changes: Sequence[Change], before: Dossier | None, after: Dossier) -> Situation | Silent:
        """What is told here, of what the changes mean."""
        found = situation_of(changes, before, after)
        if isinstance(found, Silent):
            return found
        event = self.situations.life_event(after)
        if found is Situation.RETURNED:
            found = self._at_hand_over(event, after)
        elif found in PLAINER and (event is Situation.CONDOLENCE or not self.situations.is_on(found, after.agency)):
            # Nobody is glad that the certificate of a death is early.
            found = PLAINER[found]
        return found if self.situations.is_on(found, after.agency) else Silent(f"switched off: {found}")

    def _at_hand_over(self, event: Situation | None, after: Dossier) -> Situation:
        """One message and not two: a word to the family, else the question how it was, else that it is done."""
        if event and self.situations.is_on(event, after.agency):
            return event
        is_asked = self.surveys and event is not Situation.CONDOLENCE
        is_asked = is_asked and self.situations.is_on(Situation.SURVEY, after.agency)
        return Situation.SURVEY if is_asked else Situation.RETURNED

    def _worded(self, item: OutboxItem, before: Dossier | None, after: Dossier, now: datetime) -> OutboxItem:
        """`item` with its text; suppressed where the text lacks a value."""
        try:
            rendered = self.render(item.situation, before, after, plain=self.route.plain)
        except MissingValueError as missing:
            reason = f"the dossier has no value for {missing.name}"
            return replace(item, text="", state=DeliveryState.SUPPRESSED, reason=reason, settled_at=now)
        forms = self.library.forms(item.situation, self.language, after.agency)
        values = self.values(item.situation, before, after) if forms else {}
        return replace(item, text=rendered.text, parts=rendered.parts, forms=forms, values=values)

    def render(self, situation: Situation, before: Dossier | None, after: Dossier, *, plain: bool) -> Rendered:
        """The words for the owner of the dossier. Raises `MissingValueError`."""
        return self._catalogue(after).render(
            f"push.{situation}",
            self.values(situation, before, after),
            plain=plain,
            accented=situation in self.accented,
        )

    def render_for_follower(
        self, situation: Situation, before: Dossier | None, after: Dossier, *, plain: bool
    ) -> Rendered:
        """The words for somebody who may know status and dates. Raises `MissingValueError`."""
        told = told_to_follower(situation) or Situation.PROGRESS
        values = self.values_for_follower(situation, before, after)
        return self._catalogue(after).render(f"push.{told}", values, plain=plain)

    def values_for_follower(self, situation: Situation, before: Dossier | None, after: Dossier) -> dict[str, str]:
        """`values` without what only the owner may know: what it is about, what is asked for, why, and where."""
        return self.values(situation, before, after) | dict.fromkeys(FOR_OWNERS, "")

    def _draft(
        self, change: Change, situation: Situation, after: Dossier, address: Address, now: datetime
    ) -> OutboxItem:
        """The message without its text."""
        route, queue = self.place(after.agency, address)
        return OutboxItem(
            id=self.new_id(),
            dedupe_key=f"{after.source}|{after.code}|{change.number}|{address.key}",
            origin=origin_of(change),
            channel=queue,
            route=route,
            agency=after.agency,
            address=address,
            lane=Lane.PUSH,
            situation=situation,
            text="",
            source=after.source,
            code=after.code,
            created_at=now,
            next_at=now,
            expires_at=now + lifetime_of(situation),
            status=after.status,
            appointment_at=after.appointment if _states_appointment(situation) else None,
        )

    def by_carrier(self, items: Sequence[OutboxItem], carriers: Mapping[str, str]) -> list[OutboxItem]:
        """`items` in the queues of the carriers that providers have named; `carriers` is by address key."""
        return [
            replace(item, channel=self.place(item.agency, item.address, carriers[item.address.key])[1])
            if item.address.key in carriers
            else item
            for item in items
        ]

    def place(self, agency: str, address: Address, carrier: str = "") -> tuple[str, str]:
        """(route, queue) of a message by SMS."""
        return self.routes.place(agency, address.value, carrier) if self.routes else ("", self.route.channel)

    def values(self, situation: Situation, before: Dossier | None, after: Dossier) -> dict[str, str]:
        """What templates may say; what is not known is empty. Phones lie about: of a sensitive procedure neither name
        nor what is asked for, nor who works on it."""
        values = push_values(situation, before, after, self._catalogue(after)) | {
            "hours": self.hours,
            "form": self.form,
        }
        return values | dict.fromkeys(TELLING, "") if self.is_sensitive(after) else values

    def is_sensitive(self, dossier: Dossier) -> bool:
        """Whether messages must not show what it is about."""
        return is_listed(dossier.procedure, self.sensitive)

    def _catalogue(self, dossier: Dossier) -> Catalogue:
        return self.library.catalogue(self.language, dossier.agency)


def lifetime_of(situation: Situation) -> timedelta:
    """How long a message of this situation is worth sending."""
    if situation in _LASTING:
        return LONG_LIFETIME
    return LIFETIME.get(situation) or LIFETIME.get(family_of(situation), LONG_LIFETIME)


def _states_appointment(situation: Situation) -> bool:
    return situation is Situation.APOLOGY or (
        family_of(situation) is Situation.PROGRESS and situation not in _WITHOUT_DATE
    )


def origin_of(change: Change) -> str:
    """The name of a change as the event that planned a message."""
    return f"change:{change.source}:{change.code}:{change.number}"


def recipient_of(dossier: Dossier, scheme: str) -> tuple[Address, str]:
    """Whom to tell about a dossier, and what stands in the way (empty: nothing)."""
    phone = parse_phone(dossier.phone)
    if phone is None:
        return Address(scheme, ""), "no phone number" if not dossier.phone else "the phone number is not valid"
    if phone.kind != "mobile":
        return Address(scheme, phone.e164), f"a {phone.kind} number cannot receive our SMS"
    return Address(scheme, phone.e164), ""


def untruth_of(item: OutboxItem, standing: Standing | None) -> str:
    """Why this message is no longer true, seen from the dossier as it is now; empty while it is true."""
    if standing is None or item.status is None or item.situation in PERSONAL:
        return ""
    if item.situation is Situation.APOLOGY:
        if standing.status in FINISHED:
            return f"the dossier is now {standing.status.name.lower()}"
    elif standing.status is not item.status:
        return f"the dossier is now {standing.status.name.lower()}"
    if item.appointment_at is not None and standing.appointment_at != item.appointment_at:
        return "the appointment has moved since"
    return ""


def supersedes_apology(item: OutboxItem) -> bool:
    """Whether a waiting apology about the same dossier gives way to this message."""
    return family_of(item.situation) is not Situation.PROGRESS or item.situation is Situation.RETURNED
