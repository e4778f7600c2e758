"""Pure: which of the staff is told of something, and by which way."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.deadline_settings import ContactSettings, Role
from bot.model.ids import NewId
from bot.model.message import Alternative, DeliveryState, File, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.texts import Library, MissingValueError

LIFETIME = timedelta(days=1)
"""How long it is worth telling staff."""

Place = Callable[[str, str], tuple[str, str]]
"""(agency, phone) → (route, queue) of a message by SMS."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody of the staff, or the post office."""

    name: str
    """As in the configuration."""
    roles: frozenset[Role]
    agencies: tuple[str, ...]
    """With all below them; empty: all."""
    ways: tuple[Address, ...] = field(repr=False)
    digest: bool = False
    language: str = "vi"
    login: str = ""
    """At the console; empty: orders nothing by chat."""

    def answers_for(self, agency: str) -> bool:
        """Whether this one is concerned with what an agency does."""
        return not self.agencies or any(agency == each or agency.startswith(f"{each}.") for each in self.agencies)


@dataclass(frozen=True, slots=True)
class Contacts:
    """The staff of the configuration."""

    known: Sequence[Contact]
    channels: Mapping[str, str]
    """Scheme of addresses → the channel that reaches it."""
    new_id: NewId
    place: Place | None = None
    """None where no channel carries SMS."""
    library: Library = field(default_factory=Library)

    def of(self, roles: Collection[Role], agency: str = "") -> list[Contact]:
        """Those with one of the roles who answer for the agency."""
        return [each for each in self.known if each.roles & set(roles) and each.answers_for(agency)]

    def notice(
        self,
        contact: Contact,
        situation: Situation,
        values: Mapping[str, str],
        *,
        key: str,
        now: datetime,
        agency: str = "",
        files: Sequence[File] = (),
    ) -> OutboxItem:
        """The message to one contact by the first way that is configured, the others at hand.

        `key` names the event: the same key never reaches the same contact twice. `values` are those of the template
        `push.<situation>`. Without any way, or without a value that its text needs, it is `suppressed`, and so is
        counted: what goes to staff must never stop what goes to citizens.
        """
        obstacle = "no way leads there"
        try:
            ways = [way for each in contact.ways if (way := self._way(contact, each, situation, values, agency))]
        except MissingValueError as missing:
            ways, obstacle = [], f"there is no value for {missing.name}"
        first = ways[0] if ways else Alternative("", contact.ways[0], "")
        return OutboxItem(
            id=self.new_id(),
            dedupe_key=f"{key}|{contact.name}",
            origin=key,
            channel=first.channel,
            route=first.route,
            agency=agency,
            address=first.address,
            lane=Lane.PUSH,
            situation=situation,
            text=first.text,
            parts=first.parts,
            created_at=now,
            next_at=now,
            expires_at=now + LIFETIME,
            state=DeliveryState.QUEUED if ways else DeliveryState.SUPPRESSED,
            reason="" if ways else obstacle,
            settled_at=None if ways else now,
            alternatives=tuple(ways[1:]),
            files=tuple(files),
        )

    def _way(
        self, contact: Contact, address: Address, situation: Situation, values: Mapping[str, str], agency: str
    ) -> Alternative | None:
        is_sms = address.scheme == "sms"
        if (self.place is None) if is_sms else (address.scheme not in self.channels):
            return None
        rendered = self.library.catalogue(contact.language, agency).render(f"push.{situation}", values, plain=is_sms)
        route, queue = self.place(agency, address.value) if is_sms and self.place else ("", "")
        queue = queue or self.channels.get(address.scheme, "")
        return Alternative(queue, address, rendered.text, rendered.parts, route)


def contacts_of(
    settings: Mapping[str, ContactSettings],
    channels: Mapping[str, str],
    new_id: NewId,
    place: Place | None,
    library: Library | None = None,
) -> Contacts:
    """The staff as `[contacts]` names them."""
    known = [
        Contact(
            name,
            frozenset(each.roles),
            each.agencies,
            tuple(Address.of(way) for way in each.ways),
            digest=each.digest,
            language=each.language,
            login=each.login,
        )
        for name, each in settings.items()
    ]
    return Contacts(known, channels, new_id, place, library or Library())
