"""Pure: what has changed in a dossier and who is concerned → the messages to send.

All ways of data that tell citizens something meet here, so the rules of what is said stand in one place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.model.dossier import FINISHED, Change, ChangeKind, Dossier, Status
from bot.model.ids import NewId
from bot.model.message import DeliveryState, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.ports import Standing
from bot.routing import Routes
from bot.texts import Catalogue, MissingValueError, Rendered, show_moment

_OF_STATUS: Mapping[Status, Situation] = {
    Status.REGISTERED: Situation.PROGRESS,
    Status.RECEIVED: Situation.PROGRESS,
    Status.PROCESSING: Situation.PROGRESS,
    Status.PAYMENT: Situation.PROGRESS,
    Status.SUPPLEMENT: Situation.SUPPLEMENT,
    Status.REFUSED: Situation.REFUSED,
    Status.WITHDRAWN: Situation.WITHDRAWN,
    Status.STOPPED: Situation.STOPPED,
    Status.DONE: Situation.RESULT,
}
"""What a new status is told as. An unknown word and "handed over" are not pushed: the first could be wrong,
the second is in the citizen's hand."""

LIFETIME: Mapping[Situation, timedelta] = {
    Situation.PROGRESS: timedelta(days=3),
    Situation.REPLY: timedelta(hours=1),
    Situation.TEST: timedelta(minutes=10),
    Situation.CODE: timedelta(minutes=10),
    Situation.SURVEY: timedelta(days=3),
    Situation.NOTICE: timedelta(days=1),
}
"""How long a message is worth sending; `LONG_LIFETIME` for the rest."""

LONG_LIFETIME = timedelta(days=7)

STANDS_BESIDE_PROGRESS = (Situation.APOLOGY,)
"""A waiting apology is owed by law (NĐ 61/2018 Đ19(9)): mere progress does not take its place."""


@dataclass(frozen=True, slots=True)
class Silent:
    """Nobody is told of a change, and why: in words for the record, never personal."""

    reason: str


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
    catalogue: Catalogue
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

    def plan(
        self, changes: Sequence[Change], before: Dossier | None, after: Dossier, *, now: datetime
    ) -> OutboxItem | Silent:
        """The one message that these changes of one dossier call for, or why there is none.

        A message that cannot be sent is planned all the same, `suppressed` with its reason, and so is counted.
        """
        situation = situation_of(changes, before, after)
        if situation is None and self.surveys and _is_handed_over(changes, before, after):
            situation = Situation.SURVEY
        if situation is None:
            return Silent("nothing that citizens are told of")
        address, obstacle = recipient_of(after, self.route.scheme)
        item = self._draft(changes[0], situation, after, address, now)
        if obstacle:
            return replace(item, state=DeliveryState.SUPPRESSED, reason=obstacle, settled_at=now)
        try:
            rendered = self.render(situation, before, after, plain=self.route.plain)
        except MissingValueError as missing:
            reason = f"the dossier has no value for {missing.name}"
            return replace(item, state=DeliveryState.SUPPRESSED, reason=reason, settled_at=now)
        return replace(item, text=rendered.text, parts=rendered.parts)

    def render(self, situation: Situation, before: Dossier | None, after: Dossier, *, plain: bool) -> Rendered:
        """The words for the owner of the dossier. Raises `MissingValueError`."""
        return self.catalogue.render(
            f"push.{situation}",
            self.values(situation, before, after),
            plain=plain,
            accented=situation in self.accented,
        )

    def render_for_follower(
        self, situation: Situation, before: Dossier | None, after: Dossier, *, plain: bool
    ) -> Rendered:
        """The words for somebody who may know status and dates. Raises `MissingValueError`."""
        told = Situation.APOLOGY if situation is Situation.APOLOGY else Situation.PROGRESS
        values = self.values_for_follower(situation, before, after)
        return self.catalogue.render(f"push.{told}", values, plain=plain)

    def values_for_follower(self, situation: Situation, before: Dossier | None, after: Dossier) -> dict[str, str]:
        """`values` without what only the owner may know: what it is about, what is asked for, why, and where."""
        return self.values(situation, before, after) | dict.fromkeys(_FOR_OWNERS, "")

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
            expires_at=now + LIFETIME.get(situation, LONG_LIFETIME),
            status=after.status,
            appointment_at=after.appointment if situation in _STATES_APPOINTMENT else None,
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
        """What templates may say. Phones lie about: of a sensitive procedure neither name nor what is asked for."""
        values = dossier_values(after, self.catalogue) | {
            "old_appointment": show_moment(before.appointment if before else None),
            "hours": self.hours,
        }
        if situation is Situation.APOLOGY and before and not _is_left_from_supplement(before, after):
            values["reason"] = after.reason
        if self._is_sensitive(after):
            values |= {"procedure": "", "supplement": "", "reason": ""}
        return values

    def _is_sensitive(self, dossier: Dossier) -> bool:
        """Procedure codes may be followed by the unit's: `1.001776.000.00.00.H56`."""
        return bool(self.sensitive) and (
            dossier.procedure in self.sensitive or ".".join(dossier.procedure.split(".")[:2]) in self.sensitive
        )


_FOR_OWNERS = ("procedure", "agency", "supplement", "reason", "place")
_STATES_APPOINTMENT = frozenset({Situation.PROGRESS, Situation.APOLOGY})


def origin_of(change: Change) -> str:
    """The name of a change as the event that planned a message."""
    return f"change:{change.source}:{change.code}:{change.number}"


_WITH_REASON = (Status.SUPPLEMENT, Status.REFUSED, Status.STOPPED, Status.WITHDRAWN)
_WITHOUT_APPOINTMENT = FINISHED - {Status.DONE}


def dossier_values(dossier: Dossier, catalogue: Catalogue) -> dict[str, str]:
    """What templates may say of a dossier. No name and no phone: they are not needed to recognise it.

    One-stop records keep what is over, such as a supplement that was handed in: only what is so now is told.
    """
    status = dossier.status
    return {
        "code": dossier.code,
        "procedure": dossier.procedure_name,
        "status": catalogue.status(status, dossier.status_text),
        "status_label": catalogue.labels[status],
        "agency": dossier.agency_name,
        "appointment": "" if status in _WITHOUT_APPOINTMENT else show_moment(dossier.appointment),
        "supplement": dossier.supplement if status is Status.SUPPLEMENT else "",
        "reason": dossier.reason if status in _WITH_REASON else "",
        "place": dossier.place if status is Status.DONE else "",
    }


def _is_left_from_supplement(before: Dossier, after: Dossier) -> bool:
    """The reason in the record is that of an earlier supplement, not of the delay."""
    return bool(before.supplement) and before.reason == after.reason


def situation_of(changes: Sequence[Change], before: Dossier | None, after: Dossier) -> Situation | None:
    """What these changes mean for the citizen."""
    kinds = {change.kind for change in changes}
    if ChangeKind.APPOINTMENT in kinds and _is_postponed(before, after):
        return Situation.APOLOGY
    if kinds & {ChangeKind.APPEARED, ChangeKind.STATUS}:
        return _OF_STATUS.get(after.status)
    if ChangeKind.SUPPLEMENT in kinds and after.status is Status.SUPPLEMENT:
        return Situation.SUPPLEMENT
    if ChangeKind.APPOINTMENT in kinds and after.appointment_at and _is_in_work(after):
        return _OF_STATUS.get(after.status)
    return None


def _is_handed_over(changes: Sequence[Change], before: Dossier | None, after: Dossier) -> bool:
    moved = any(change.kind is ChangeKind.STATUS for change in changes)
    return moved and before is not None and after.status is Status.RETURNED


def _is_postponed(before: Dossier | None, after: Dossier) -> bool:
    """The office gives itself more time. Time that the citizen's supplement took is no reason to apologise."""
    return (
        before is not None
        and before.appointment_at is not None
        and after.appointment_at is not None
        and after.appointment_at > before.appointment_at
        and show_moment(after.appointment_at) != show_moment(before.appointment_at)
        and before.status is not Status.SUPPLEMENT
        and _is_in_work(after)
    )


def _is_in_work(dossier: Dossier) -> bool:
    return dossier.status not in FINISHED and dossier.status is not Status.SUPPLEMENT


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
    if standing is None or item.status is None or item.situation is Situation.SURVEY:
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
    return item.situation is not Situation.PROGRESS
