"""What a configuration asks for, with every adapter's settings checked; and what the flows are told of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.api_templates import Templates
from bot.calendars import Calendars
from bot.config import Config
from bot.contacts import Contacts, contacts_of
from bot.conversation import Manner
from bot.model.ids import NewId
from bot.model.person import Address
from bot.planning import Planner, Route
from bot.ports import Channel
from bot.public_status import Ways
from bot.reaching import Chats, Reach
from bot.routing import Routes
from bot.settings import Settings, SmsSettings, SourceSettings
from bot.situations import Situations
from bot.texts import Library


@dataclass(frozen=True, slots=True)
class Configured:
    """An adapter as the configuration asks for it: checked, not yet open."""

    name: str
    kind: str
    settings: Settings
    scheme: str = ""
    """For a channel: which addresses it reaches."""
    buttons: bool = False
    """For a channel: options are buttons there."""
    shown: str = ""
    """For a channel: its name to citizens, where messages to it go another way when its provider cannot be reached."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The configuration with every adapter's own settings checked."""

    config: Config
    channels: Sequence[Configured]
    sources: Sequence[Configured]


def routes_of(plan: Plan) -> Routes:
    """Raises `ConfigError` for a route that leads nowhere."""
    sms = [each.name for each in plan.channels if each.scheme == "sms"]
    others = [each.name for each in plan.channels if each.name not in sms]
    return Routes(plan.config.routes, sms=sms, others=others)


def sms_rules(plan: Plan) -> dict[str, SmsSettings]:
    """The settings of the channels that carry SMS, by name."""
    return {each.name: each.settings for each in plan.channels if isinstance(each.settings, SmsSettings)}


def templates_for(plan: Plan, library: Library) -> Templates:
    """Which registered template is of which situation."""
    found = {each.name: getattr(each.settings, "templates", {}) for each in plan.channels}
    configured = {
        name: {situation: each.id for situation, each in templates.items() if each.id}
        for name, templates in found.items()
    }
    return Templates(library, configured)


def chats_of(plan: Plan) -> Chats:
    """The channels beside SMS."""
    schemes = {each.name: each.scheme for each in plan.channels}
    zalo = next((each for each in plan.channels if each.kind == "zalo"), None)
    return Chats(
        schemes={name: scheme for name, scheme in schemes.items() if scheme != "sms"},
        buttons=frozenset(each.name for each in plan.channels if each.buttons),
        by_phone=zalo.name if zalo else "",
        templated=frozenset(getattr(zalo.settings, "templates", ())) if zalo else frozenset(),
    )


def public_ways(plan: Plan) -> Ways:
    """The channels of which everybody may know how they fare."""
    return Ways(
        schemes={each.name: each.scheme for each in plan.channels},
        diverting=frozenset(each.name for each in plan.channels if each.shown),
        diverted_after=timedelta(minutes=plan.config.reach.blocked_minutes),
    )


def carries(plan: Plan, address: Address, channel: str) -> bool:
    """Whether something would bring an answer to this address, which wrote by this channel."""
    schemes = {each.name: each.scheme for each in plan.channels}
    return address.scheme in schemes.values() and (address.scheme == "sms" or channel in schemes)


def sms_place(plan: Plan, planner: Planner) -> Callable[[str, str], tuple[str, str]] | None:
    """(agency, phone) → (route, queue) of a message by SMS; None where no channel reaches phones."""
    if not any(each.scheme == "sms" for each in plan.channels):
        return None
    return lambda agency, phone: planner.place(agency, Address("sms", phone))


def contacts_for(plan: Plan, planner: Planner) -> Contacts:
    """The staff, and the channels that reach them; of several of one kind the first."""
    channels: dict[str, str] = {}
    for each in plan.channels:
        channels.setdefault(each.scheme, each.name)
    return contacts_of(plan.config.contacts, channels, planner.new_id, sms_place(plan, planner), planner.library)


def reach_for(plan: Plan, planner: Planner) -> Reach:
    """By which ways people are told."""
    return Reach(planner, chats_of(plan), plan.config.reach, plan.config.survey)


def manner_for(
    plan: Plan, channels: Sequence[Channel], planner: Planner, *, is_tightened: Callable[[], bool]
) -> Manner:
    """How the bot speaks on each channel."""
    config = plan.config
    rules = {each.name: rules_of(each) for each in plan.sources}
    return Manner(
        example=config.texts.example,
        hours=config.texts.hours,
        office=config.web.office,
        plain={each.name: each.limits.plain for each in channels},
        buttons={each.name: each.limits.buttons for each in channels},
        shares_phone={each.name: each.limits.shares_phone for each in channels},
        stale_after={name: timedelta(seconds=each.stale_after) for name, each in rules.items()},
        sms=sms_place(plan, planner),
        lookup=config.lookup,
        conversation=config.conversation,
        survey=config.survey,
        links=config.links,
        calendars=Calendars(config.calendar),
        is_tightened=is_tightened,
    )


def planner_for(plan: Plan, new_id: NewId, library: Library | None = None) -> Planner:
    """What is pushed goes by SMS: by the agency's route; without routes by the first channel that reaches phones.
    Without a `library` in the words that are shipped."""
    routes, texts = routes_of(plan), plan.config.texts
    route = Route(routes.plain, "sms", plain=True)
    accented = frozenset(texts.accented_sms)
    return Planner(
        route,
        library or Library(),
        new_id,
        texts.hours,
        routes=routes,
        accented=accented,
        sensitive=frozenset(texts.sensitive),
        surveys=plan.config.survey.enabled,
        situations=Situations(plan.config.situations),
        language=texts.language,
    )


def rules_of(configured: Configured) -> SourceSettings:
    """What the mirror must know of this source."""
    if not isinstance(configured.settings, SourceSettings):
        raise TypeError(f"the settings of {configured.kind} are not those of a source")
    return configured.settings
