"""Pure: which route speaks for an agency, in which queue its messages wait, and which gateways may take them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.config import nearest
from bot.gateway_settings import RouteSettings, Way
from bot.model.carrier import CARRIERS, hinted
from bot.model.errors import ConfigError

T = TypeVar("T")

DEFAULT = "default"
"""The route of every agency that has none of its own."""

_BY_CARRIER = "@"
"""Between a route's name and a carrier in the name of a queue."""


@dataclass(frozen=True, slots=True)
class Route:
    """Who is shown as the sender, and by which gateways it leaves."""

    name: str
    ways: Mapping[str, Way]
    sender: str = ""
    by_carrier: bool = False
    """Some gateway is for certain carriers only."""

    def queue(self, carrier: str) -> str:
        """Where a message for a number of this carrier waits; an unknown carrier is the empty word."""
        return f"{self.name}{_BY_CARRIER}{carrier}" if self.by_carrier and carrier else self.name

    def owns(self, queue: str) -> bool:
        return route_of_queue(queue) == self.name

    def ways_for(self, carrier: str) -> dict[str, Way]:
        """The gateways that carry numbers of this carrier. Where none does, all of them do: a message that goes the
        dearer way is better than one that does not go."""
        fitting = {name: way for name, way in self.ways.items() if not way.carriers or carrier in way.carriers}
        return fitting or dict(self.ways)


class Routes:
    """All routes of a configuration. Without any, `plain` is the queue of everything: a channel's own."""

    def __init__(
        self, settings: Mapping[str, RouteSettings], *, sms: Sequence[str], others: Sequence[str] = ()
    ) -> None:
        """`sms` are the names of the channels that reach phones, in order. Raises `ConfigError` for a route that
        leads nowhere, two that claim one agency, and routes without a default."""
        _check(settings, sms, others)
        self._routes = {name: _route(name, each) for name, each in settings.items()}
        self._by_agency = {agency: self._routes[name] for name, each in settings.items() for agency in each.agencies}
        self.plain = sms[0] if sms else "sms"

    @property
    def by_carrier(self) -> bool:
        """Some route needs to know the citizen's carrier."""
        return any(route.by_carrier for route in self._routes.values())

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes.values())

    def of(self, agency: str) -> Route | None:
        """The route of an agency: its own, that of the nearest one above it, else the default; None: no routes."""
        if not self._routes:
            return None
        return nearest_above(agency, self._by_agency) or self._routes[DEFAULT]

    def place(self, agency: str, phone: str, carrier: str = "") -> tuple[str, str]:
        """(route, queue) of a message for a number; both from the carrier's prefix where the carrier is not known."""
        route = self.of(agency)
        return (route.name, route.queue(carrier or hinted(phone))) if route else ("", self.plain)

    def queues(self) -> dict[str, dict[str, Way]]:
        """The gateways of each queue."""
        return {
            route.queue(carrier): route.ways_for(carrier)
            for route in self
            for carrier in ("", *(CARRIERS if route.by_carrier else ()))
        }

    def heir(self, queue: str) -> str:
        """The queue for what waits in one that is no longer: its route's, else the default route's."""
        route = self._routes.get(route_of_queue(queue)) or self._routes.get(DEFAULT)
        return route.queue("") if route else self.plain

    def sender(self, route: str, gateway: str) -> str:
        """The brandname with which a route speaks at a gateway; empty: the gateway's own."""
        known = self._routes.get(route)
        if known is None:
            return ""
        way = known.ways.get(gateway)
        return (way.sender if way else "") or known.sender


def route_of_queue(queue: str) -> str:
    """The route's name in that of a queue."""
    return queue.partition(_BY_CARRIER)[0]


def nearest_above(agency: str, known: Mapping[str, T]) -> T | None:
    """What is known of an agency, or of the nearest one above it: `H32.10.02` → `H32.10` → `H32`."""
    while agency:
        if agency in known:
            return known[agency]
        agency = agency.rpartition(".")[0]
    return None


def _route(name: str, settings: RouteSettings) -> Route:
    return Route(name, settings.gateways, settings.sender, any(way.carriers for way in settings.gateways.values()))


def _check(settings: Mapping[str, RouteSettings], sms: Sequence[str], others: Sequence[str]) -> None:
    if settings and DEFAULT not in settings:
        raise ConfigError(f"[routes] cần có [routes.{DEFAULT}] / [routes.{DEFAULT}] is missing")
    owners: dict[str, str] = {}
    for name, route in settings.items():
        where = f"[routes.{name}]"
        if name in sms or name in others:
            raise ConfigError(f"{where} trùng tên với một kênh / a channel has the same name")
        if _BY_CARRIER in name:
            raise ConfigError(f'{where} tên không được có "{_BY_CARRIER}" / a name has no "{_BY_CARRIER}"')
        if name == DEFAULT and route.agencies:
            raise ConfigError(f"{where} agencies: tuyến mặc định là của mọi cơ quan / the default is for all agencies")
        for gateway in route.gateways:
            if gateway not in sms:
                raise ConfigError(
                    f"{where} gateways.{gateway}: không có kênh SMS này / there is no such SMS channel"
                    f"{nearest(gateway, sms)}"
                )
        for agency in route.agencies:
            if agency in owners:
                raise ConfigError(f"{where} agencies: {agency} đã thuộc / already belongs to [routes.{owners[agency]}]")
            owners[agency] = name
