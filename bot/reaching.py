"""Pure: one message planned for the phone on a dossier → the messages to all who are told, each by its best way.

What is told to the owner is one message, however many ways lead to her: it leaves by the first that is open, and by
the next one where that does not succeed (`OutboxItem.alternatives`). Chats that cost nothing (`ReachSettings.beside`)
get a copy of their own. Everybody who follows the dossier beside her gets one of their own, which says less.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from bot.config import SurveySettings
from bot.model.dossier import Change, Dossier
from bot.model.message import Alternative, DeliveryState, Lane, Option, OutboxItem, Situation, family_of
from bot.model.person import Address, Binding, Follow, Preference
from bot.model.service import Survey
from bot.planning import Planner, told_to_follower
from bot.ports import Audience
from bot.situation_settings import ReachSettings
from bot.texts import MissingValueError

_SCORES = (1, 2, 3)
_LATER_TO_ASK = {"sms": 1, "zalophone": 1, "webchat": 2}
"""A chat is free and has buttons for the answer; at a page that is not open nobody sees the question."""


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
            items += self._to_owner(each, audience, now)
            own = {binding.address for binding in audience.bindings.get(each.item.address.value, ())}
            if shown := told_to_follower(each.item.situation):
                follows = audience.follows.get((each.after.source, each.after.code), ())
                items += [
                    self._to_follower(each, follow, shown, now) for follow in follows if follow.address not in own
                ]
        return items

    # The owner of the phone

    def _to_owner(self, told: Told, audience: Audience, now: datetime) -> list[OutboxItem]:
        item, phone = told.item, told.item.address.value
        if item.state is DeliveryState.SUPPRESSED:
            return [item]
        disowned = audience.disowned.get(phone)
        if disowned and (told.after.received_at is None or told.after.received_at <= disowned):
            return [_suppressed(item, "the number belongs to somebody else", now)]
        preference = audience.preferences.get(phone, Preference(phone))
        main, beside = self._ways(told, audience.bindings.get(phone, ()), preference.scheme)
        if item.situation is Situation.SURVEY and not main:
            instead = self.planner.without_survey(item, told.before, told.after, now=now)
            return self._to_owner(told._replace(item=instead), audience, now)
        if not main:
            return [_suppressed(item, "no way leads there", now)]
        if preference.important_only and not is_important(item.situation):
            return [_suppressed(item, "asked for important news only", now)]
        return [self._by(told, main), *(self._copy(told, way) for way in beside)]

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
            values=self._values(told) if needs_values else item.values,
        )

    def _copy(self, told: Told, way: Alternative) -> OutboxItem:
        """The same to a chat that costs nothing, whatever becomes of the owner's message."""
        return replace(
            told.item,
            id=self.planner.new_id(),
            dedupe_key=_key(told.item, way.address),
            channel=way.channel,
            address=way.address,
            text=way.text,
            parts=way.parts,
            route=way.route,
            options=self._options(told, way),
            values={},
            forms=(),
        )

    def _ways(
        self, told: Told, bindings: Sequence[Binding], preferred: str
    ) -> tuple[Sequence[Alternative], Sequence[Alternative]]:
        """Those of the owner's message, best first, and those that get a copy."""
        main = self._open(told, bindings, self.settings.order)
        beside = self._open(told, bindings, self.settings.beside)
        if told.item.situation is Situation.SURVEY:
            # Who is asked twice answers twice.
            main, beside = sorted([*main, *beside], key=lambda way: _LATER_TO_ASK.get(way.address.scheme, 0)), []
        main.sort(key=lambda way: way.address.scheme != preferred)
        chosen = next((way for way in beside if way.address.scheme == preferred), None)
        if chosen is None and not main and beside:
            chosen = beside[0]
        if chosen:
            main, beside = [chosen, *main], [way for way in beside if way is not chosen]
        return main, beside

    def _open(self, told: Told, bindings: Sequence[Binding], schemes: Sequence[str]) -> list[Alternative]:
        """The ways to the owner by these schemes, in their order; among chats of one the one heard last goes first."""
        item, phone = told.item, told.item.address.value
        allowed = self._allowed(item)
        ways: list[Alternative | None] = []
        for scheme in schemes:
            if allowed is not None and scheme not in allowed:
                continue
            if scheme == "sms":
                ways.append(Alternative(item.channel, item.address, item.text, item.parts, item.route))
            elif scheme == "zalophone" and self._has_template(item):
                ways.append(self._way(told, self.chats.by_phone, Address("zalophone", phone), self.planner.language))
            else:
                bound = [each for each in bindings if self._leads(each, scheme)]
                ways += [self._way(told, each.channel, each.address, each.language) for each in bound]
        return [way for way in ways if way]

    def _allowed(self, item: OutboxItem) -> Collection[str] | None:
        """Schemes by which it may be told; None: all."""
        if item.situation is Situation.SURVEY:
            return self.survey.schemes
        return self.planner.situations.schemes(item.situation, item.agency) or None

    def _has_template(self, item: OutboxItem) -> bool:
        """One came with the text, or stands in the settings for the situation or its family."""
        came = any(not form.pattern and form.channel in ("", self.chats.by_phone) for form in item.forms)
        is_there = bool({item.situation, family_of(item.situation)} & self.chats.templated)
        return bool(self.chats.by_phone) and (came or is_there)

    def _leads(self, binding: Binding, scheme: str) -> bool:
        return binding.address.scheme == scheme and self.chats.schemes.get(binding.channel) == scheme

    def _way(self, told: Told, channel: str, address: Address, language: str) -> Alternative | None:
        """By a chat, which has room and accents; None where its text lacks a value."""
        planner = replace(self.planner, language=language)
        try:
            text = planner.render(told.item.situation, told.before, told.after, plain=False).text
        except MissingValueError:
            return None
        return Alternative(channel, address, text)

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

    def _to_follower(self, told: Told, follow: Follow, shown: Situation, now: datetime) -> OutboxItem:
        """Status and dates, and nothing of what is asked for or why."""
        item, is_sms, is_zalo = told.item, follow.address.scheme == "sms", follow.address.scheme == "zalo"
        planner = replace(self.planner, language=follow.language)
        rendered = planner.render_for_follower(item.situation, told.before, told.after, plain=is_sms)
        route, queue = planner.place(told.after.agency, follow.address) if is_sms else ("", follow.channel)
        is_configured = is_sms or self.chats.schemes.get(follow.channel) == follow.address.scheme
        made = replace(
            item,
            id=planner.new_id(),
            dedupe_key=_key(item, follow.address),
            channel=queue,
            route=route,
            address=follow.address,
            text=rendered.text,
            parts=rendered.parts,
            values=planner.values_for_follower(item.situation, told.before, told.after) if is_zalo else {},
            forms=planner.library.forms(shown, follow.language, told.after.agency) if is_sms or is_zalo else (),
            files=(),
            lane=Lane.PUSH,
            situation=shown,
            state=DeliveryState.HELD if item.state is DeliveryState.HELD else DeliveryState.QUEUED,
            reason="",
            settled_at=None,
        )
        if is_configured:
            return made
        return _suppressed(made, "its channel is no longer there", now)


def _key(item: OutboxItem, address: Address) -> str:
    """The planned message's key, for another reader."""
    return item.dedupe_key.removesuffix(item.address.key) + address.key


_NEVER_IMPORTANT = frozenset({Situation.SURVEY, Situation.CONGRATULATION, Situation.CONDOLENCE, Situation.BROADCAST})


def is_important(situation: Situation) -> bool:
    """Nobody can ask us to keep silent about what she must do, what went wrong, or the end."""
    if family_of(situation) is Situation.PROGRESS:
        return situation is Situation.PAYMENT
    return situation not in _NEVER_IMPORTANT


def _suppressed(item: OutboxItem, reason: str, now: datetime) -> OutboxItem:
    return replace(item, state=DeliveryState.SUPPRESSED, reason=reason, settled_at=now)


def survey_of(item: OutboxItem, now: datetime) -> Survey:
    """What is kept of a question that is asked, so that its answer is understood."""
    return Survey(source=item.source, code=item.code, address=item.address, agency=item.agency, asked_at=now)
