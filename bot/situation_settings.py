"""The shape of the tables about what is said, when, and by which ways."""

from datetime import time
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from bot.model.message import FOR_STAFF, Situation
from bot.settings import Settings

_LAW = (Situation.APOLOGY,)
_IMPORTANT = (
    Situation.APOLOGY,
    Situation.SUPPLEMENT,
    Situation.PAYMENT,
    Situation.RESULT,
    Situation.RESULT_POST,
    Situation.RESULT_ONLINE,
    Situation.RESULT_EARLY,
    Situation.REFUSED,
    Situation.STOPPED,
)


class SituationRules(Settings):
    """[situations.agencies."H32.10"] What is said of an agency holds for all below it."""

    on: tuple[Situation, ...] = Field((), description="situations that are told here, though not elsewhere")
    off: tuple[Situation, ...] = Field((), description="situations that are not told here")
    channels: dict[Situation, tuple[str, ...]] = Field(
        default_factory=dict, description="only by these here; missing: as elsewhere"
    )

    @model_validator(mode="after")
    def _no_contradiction(self) -> Self:
        if both := sorted({*self.on} & {*self.off}):
            raise ValueError(f"both on and off: {', '.join(both)}")
        return self


class SituationSettings(Settings):
    """[situations] What citizens are told of."""

    off: tuple[Situation, ...] = Field(
        (Situation.STEP, Situation.CONGRATULATION, Situation.CONDOLENCE), description="situations that are not told"
    )
    channels: dict[Situation, tuple[str, ...]] = Field(
        default_factory=dict,
        description='only by these: { step = ["zalo", "telegram", "webchat"] }; missing: by every way',
    )
    births: tuple[str, ...] = Field(
        (), description="procedures by code (birth, marriage) after which `congratulation` is sent"
    )
    deaths: tuple[str, ...] = Field((), description="procedures by code after which `condolence` is sent")
    agencies: dict[str, SituationRules] = Field(default_factory=dict, description="what is otherwise at an agency")

    @model_validator(mode="after")
    def _no_staff_situation(self) -> Self:
        own = (each for rules in self.agencies.values() for each in (*rules.on, *rules.off, *rules.channels))
        named = {*self.off, *self.channels, *own}
        if staff := sorted(named & FOR_STAFF):
            raise ValueError(f"these are for staff, see [contacts]: {', '.join(staff)}")
        return self


class Hours(Settings):
    """A stretch of every day; one that begins later than it ends goes past midnight, one that ends where it begins is
    empty."""

    begin: time
    end: time

    def holds(self, at: time) -> bool:
        """Whether a time of day lies in it: from `begin` on, before `end`."""
        if self.begin <= self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


class QuietSettings(Settings):
    """[quiet] When nobody's phone should ring. A courtesy, not a rule of NĐ 91/2020, which is about advertising."""

    bulk: Hours = Field(Hours(begin=time(21, 0), end=time(7, 0)), description="broadcasts are held; equal times: never")
    personal: Hours = Field(
        Hours(begin=time(22, 0), end=time(6, 0)), description="notices about a dossier are held; equal times: never"
    )
    urgent: tuple[Situation, ...] = Field(_LAW, description="notices that leave all the same: urgent by law")
    silent: tuple[str, ...] = Field(("webchat", "email"), description="ways that ring nowhere, and so are never held")
    digest: int = Field(
        2, ge=2, description="held messages to one person, when the hours end, from which on they become one"
    )


class Success(StrEnum):
    """What counts as having reached somebody."""

    ACCEPTED = "accepted"
    """The provider took it."""
    DELIVERED = "delivered"
    """It is on the phone."""
    SEEN = "seen"
    """It was opened."""


class WaySettings(Settings):
    """[reach.ways.SCHEME] When a message by this way goes on to the next one."""

    success: Success = Field(Success.ACCEPTED, description="accepted | delivered | seen")
    urgent_minutes: float = Field(10.0, gt=0, description="minutes without success, for what is urgent")
    minutes: float = Field(60.0, gt=0, description="the same for the rest")


class ReachSettings(Settings):
    """[reach] By which way somebody is told who can be reached by several."""

    order: tuple[str, ...] = Field(
        ("zalo", "zalobot", "zalophone", "sms"),
        description="best first; chats only where they were bound, zalophone: a Zalo template message to the number",
    )
    beside: tuple[str, ...] = Field(
        ("telegram", "webchat"),
        description="bound chats that get their own copy, at no cost, whatever the other ways do",
    )
    blocked_minutes: float = Field(
        10.0, gt=0, description="minutes without a connection after which a chat's messages go the next way"
    )
    ways: dict[str, WaySettings] = Field(
        default_factory=lambda: {
            "zalo": WaySettings(success=Success.DELIVERED),
            "zalophone": WaySettings(success=Success.DELIVERED),
        },
        description="when a message goes on; a way that is not named has succeeded when it is accepted",
    )
    urgent: tuple[Situation, ...] = Field(_IMPORTANT, description="kinds of message with the shorter patience")
    dossier_cap: int | None = Field(
        None,
        ge=0,
        description="đồng that one dossier's messages may cost; beyond it only free ways are used; none: no cap",
    )
