"""The shape of the tables about gateways, routes and money."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from bot.model.carrier import CARRIERS
from bot.model.message import Situation
from bot.settings import Settings


class Way(Settings):
    """A gateway of a route."""

    weight: int = Field(100, ge=0, le=1000, description="its share of the route; 0: only while no other one works")
    sender: str = Field("", max_length=20, description="brandname at this gateway; empty: the route's")
    carriers: tuple[str, ...] = Field((), description="only for numbers of these carriers; empty: for all")

    @field_validator("carriers")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(value) - set(CARRIERS):
            raise ValueError(f"no such carrier: {', '.join(sorted(unknown))} (there are {', '.join(CARRIERS)})")
        return value


def _way(value: Any) -> Any:
    return {"weight": value} if isinstance(value, int) else value


class RouteSettings(Settings):
    """[routes.NAME]"""

    agencies: tuple[str, ...] = Field((), description='agencies by code, with all below them: ["H32.10"]')
    sender: str = Field("", max_length=20, description="brandname that citizens see; empty: the gateway's own")
    gateways: dict[str, Annotated[Way, BeforeValidator(_way)]] = Field(
        min_length=1, description="channels by name, with their weights: { viettel = 70, esms = 30 }"
    )


class GatewaySettings(Settings):
    """[gateways] When a gateway loses weight, and how it comes back."""

    error_percent: float = Field(10.0, gt=0, le=100, description="errors of the last 5 minutes that cost it weight")
    slow_percent: float = Field(
        15.0, gt=0, le=100, description="receipts that took longer than 5 minutes, or never came, that cost it weight"
    )
    step: int = Field(10, ge=1, le=100, description="percent of its weight that it loses or regains at once")
    every: float = Field(60.0, gt=0, description="seconds between two steps")
    failures: int = Field(8, ge=2, description="errors in a row, with no good answer between, that are an outage")


class BudgetSettings(Settings):
    """[budget] In đồng a calendar month."""

    monthly: int | None = Field(None, ge=0, description="of every agency without one of its own; missing: no limit")
    agencies: dict[str, int] = Field(
        default_factory=dict, description="budget by agency's code, with all agencies below it"
    )
    warn_percent: float = Field(80.0, gt=0, le=100, description="spent share at which a warning is given")
    urgent: tuple[Situation, ...] = Field(
        (
            Situation.APOLOGY,
            Situation.SUPPLEMENT,
            Situation.RESULT,
            Situation.REFUSED,
            Situation.STOPPED,
            Situation.REPLY,
            Situation.TEST,
            Situation.CODE,
            Situation.ANSWER,
        ),
        description="kinds of message that are sent all the same when the budget is used up",
    )
