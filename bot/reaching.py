"""Pure: one message planned for the phone on a dossier → the messages to all who are told, each by its best way.

What is told to the owner is one message, however many ways lead to her: it leaves by the first that is open
(`OutboxItem.alternatives`). Everybody who follows the dossier beside her gets one of their own, which says less.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from bot.config import SurveySettings
from bot.model.dossier import Change, Dossier, Status
from bot.model.message import Alternative, DeliveryState, Lane, Option, OutboxItem, Situation
from bot.model.person import Address, Binding, Follow, Preference
from bot.model.service import Survey
from bot.planning import Planner
from bot.ports import Audience
from bot.situation_settings import ReachSettings
from bot.texts import Catalogue

_SCORES = (1, 2, 3)


class Told(NamedTuple):
    """A planned message, and what it was planned from."""

    item: OutboxItem
    changes: Sequence[Change]
    before: Dossier | None
    after: Dossier


@dataclass(frozen=True, slots=True)
class Chats:
    """The channels beside SMS, as far as planning must know them."""

    schemes: Mapping[str, str] = field(default_factory=dict)
    """Channel → scheme of its addresses."""
    buttons: frozenset[str] = frozenset()
    """Channels that show options as buttons."""
    by_phone: str = ""
    """The channel that reaches Zalo users by their phone; empty: none."""
    templated: frozenset[Situation] = frozenset()
    """What it has registered templates for."""


@dataclass(frozen=True, slots=True)
class Reach:
    """By which ways somebody is told."""

    planner: Planner
    chats: Chats
    settings: ReachSettings = field(default_factory=ReachSettings)
    survey: SurveySettings = field(default_factory=SurveySettings)

    def asks(self, told: Sequence[Told]) -> tuple[set[str], set[tuple[str, str]]]:
        """The phones and the dossiers whose audience `spread` must know."""
        phones = {each.item.address.value for each in told if each.item.address.value}
        return phones, {(each.after.source, each.after.code) for each in told}

    def spread(self, told: Sequence[Told], audience: Audience, *, now: datetime) -> list[OutboxItem]:
        """All messages, with their ways."""
        items: list[OutboxItem] = []
        for each in told:
            if owners := self._to_owner(each, audience, now):
                items.append(owners)
            own = {binding.address for binding in audience.bindings.get(each.item.address.value, ())}
            if each.item.situation is not Situation.SURVEY:
                follows = audience.follows.get((each.after.source, each.after.code), ())
                items += [self._to_follower(each, follow, now) for follow in follows if follow.address not in own]
        return items

    # The owner of the phone

    def _to_owner(self, told: Told, audience: Audience, now: datetime) -> OutboxItem | None:
        item, phone = told.item, told.item.address.value
        if item.state is DeliveryState.SUPPRESSED:
            return item
        disowned = audience.disowned.get(phone)
        if disowned and (told.after.received_at is None or told.after.received_at <= disowned):
            return _suppressed(item, "the number belongs to somebody else", now)
        preference = audience.preferences.get(phone, Preference(phone))
        ways = self._ways(told, audience.bindings.get(phone, ()))
        if item.situation is Situation.SURVEY:
            ways = [way for way in ways if way.address.scheme in self.survey.schemes]
        if not ways:
            no_way = _suppressed(item, "no way leads there", now)
            return None if item.situation is Situation.SURVEY else no_way
        if preference.important_only and not _is_important(told):
            return _suppressed(item, "asked for important news only", now)
        return self._by(told, sorted(ways, key=lambda way: way.address.scheme != preference.scheme))

    def _by(self, told: Told, ways: Sequence[Alternative]) -> OutboxItem:
        """The owner's message by the first of the ways, with the rest of them at hand."""
        item, (first, *rest) = told.item, ways
        needs_values = any(way.address.scheme in ("zalo", "zalophone") for way in ways)
        return replace(
            item,
            channel=first.channel,
            address=first.address,
            text=first.text,
            parts=first.parts,
            route=first.route,
            alternatives=tuple(rest),
            options=self._options(told, first),
            values=self._values(told) if needs_values else {},
        )

    def _ways(self, told: Told, bindings: Sequence[Binding]) -> list[Alternative]:
        """The ways to the owner in the office's order; among chats of one scheme the one heard last goes first."""
        item, phone = told.item, told.item.address.value
        ways = []
        for scheme in self.settings.order:
            if scheme == "sms":
                ways.append(Alternative(item.channel, item.address, item.text, item.parts, item.route))
            elif scheme == "zalophone" and self.chats.by_phone and item.situation in self.chats.templated:
                text = self._text(told, self.planner.catalogue.language)
                ways.append(Alternative(self.chats.by_phone, Address("zalophone", phone), text))
            else:
                ways += [self._way(told, each) for each in bindings if self._leads(each, scheme)]
        return ways

    def _leads(self, binding: Binding, scheme: str) -> bool:
        return binding.address.scheme == scheme and self.chats.schemes.get(binding.channel) == scheme

    def _way(self, told: Told, binding: Binding) -> Alternative:
        return Alternative(binding.channel, binding.address, self._text(told, binding.language))

    def _text(self, told: Told, language: str) -> str:
        """For a chat, which has room and accents."""
        planner = replace(self.planner, catalogue=Catalogue.load(language))
        return planner.render(told.item.situation, told.before, told.after, plain=False).text

    def _values(self, told: Told) -> dict[str, str]:
        return self.planner.values(told.item.situation, told.before, told.after)

    def _options(self, told: Told, way: Alternative) -> tuple[Option, ...]:
        if way.channel not in self.chats.buttons:
            return ()
        labels, code = self.planner.catalogue.buttons, told.after.code
        if told.item.situation is Situation.SURVEY:
            return tuple(Option(labels[f"rate_{score}"], f"danh gia {score} {code}") for score in _SCORES)
        return (Option(labels["details"], f"hs {code}"),)

    # Those who follow

    def _to_follower(self, told: Told, follow: Follow, now: datetime) -> OutboxItem:
        """Status and dates, and nothing of what is asked for or why."""
        item, is_sms, is_zalo = told.item, follow.address.scheme == "sms", follow.address.scheme == "zalo"
        planner = replace(self.planner, catalogue=Catalogue.load(follow.language))
        rendered = planner.render_for_follower(item.situation, told.before, told.after, plain=is_sms)
        route, queue = planner.place(told.after.agency, follow.address) if is_sms else ("", follow.channel)
        is_configured = is_sms or self.chats.schemes.get(follow.channel) == follow.address.scheme
        change = told.changes[0]
        made = replace(
            item,
            id=planner.new_id(),
            dedupe_key=f"{change.source}|{change.code}|{change.number}|{follow.address.key}",
            channel=queue,
            route=route,
            address=follow.address,
            text=rendered.text,
            parts=rendered.parts,
            values=planner.values_for_follower(item.situation, told.before, told.after) if is_zalo else {},
            lane=Lane.PUSH,
            situation=Situation.APOLOGY if item.situation is Situation.APOLOGY else Situation.PROGRESS,
            state=DeliveryState.HELD if item.state is DeliveryState.HELD else DeliveryState.QUEUED,
            reason="",
            settled_at=None,
        )
        if is_configured:
            return made
        return _suppressed(made, "its channel is no longer there", now)


def _is_important(told: Told) -> bool:
    """Nobody can ask us to keep silent about what she must do, what went wrong, or the end."""
    if told.item.situation is Situation.PROGRESS:
        return told.after.status is Status.PAYMENT
    return told.item.situation is not Situation.SURVEY


def _suppressed(item: OutboxItem, reason: str, now: datetime) -> OutboxItem:
    return replace(item, state=DeliveryState.SUPPRESSED, reason=reason, settled_at=now)


def survey_of(item: OutboxItem, now: datetime) -> Survey:
    """What is kept of a question that is asked, so that its answer is understood."""
    return Survey(source=item.source, code=item.code, address=item.address, agency=item.agency, asked_at=now)
