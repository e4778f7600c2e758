"""How often somebody may call: token buckets in memory, in a table that cannot grow without end."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.model.clock import Clock
from bot.web.context import WebContext
from bot.web.errors import RefusedError
from bot.web.prefix import PREFIX

_MOST = 20_000
"""Buckets in a table; the one used longest ago makes room."""

_IPV6_HOUSEHOLD = 64
"""Bits of an IPv6 address that name one household; the rest it chooses freely."""


CALLS = 10
"""Calls of one network to the pages for citizens, for each message that it may write: a page is several."""
WIDE = 100
"""The same to the console, whose pages keep themselves fresh, and to files that a browser keeps."""
_IS_WIDE = (f"{PREFIX}/", "/static/")
_PACED_ELSEWHERE = ("/webhooks/", "/onestop/", "/api/", "/healthz", "/readyz", "/metrics")
"""Providers, one-stop software and other software are counted by who they are; whoever watches over us always gets an
answer."""


@dataclass(frozen=True, slots=True)
class Allowance:
    burst: int
    """Messages that may come at once."""
    every: float
    """Seconds until one more is allowed."""

    @classmethod
    def per_minute(cls, messages: int) -> Self:
        """So many a minute, half of them at once."""
        return cls(burst=max(1, messages // 2), every=60 / messages)


class Buckets:
    """One token bucket a key."""

    def __init__(self, clock: Clock, allowance: Allowance, *, most: int = _MOST) -> None:
        self._clock = clock
        self._allowance = allowance
        self._most = most
        self._levels: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._levels)

    def take(self, key: str) -> float:
        """Takes a token. Answers 0, or the seconds until there is one."""
        now, burst, every = self._clock(), self._allowance.burst, self._allowance.every
        level, since = self._levels.pop(key, (float(burst), now))
        level = min(burst, level + max(0.0, (now - since).total_seconds()) / every)
        wait = 0.0 if level >= 1 else (1 - level) * every
        self._levels[key] = (level if wait else level - 1, now)
        if len(self._levels) > self._most:
            self._levels.popitem(last=False)
        return wait


def network_of(request: web.BaseRequest, trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """The network from which a request comes: the address itself, of IPv6 a household's prefix."""
    here = address_of(request, trusted)
    if ":" not in here:
        return here
    return str(IPv6Network((here, _IPV6_HOUSEHOLD), strict=False))


def address_of(request: web.BaseRequest, trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """Where a request comes from, as far as our own proxies can vouch for it; empty where nobody can tell."""
    hops = [*request.headers.get("X-Forwarded-For", "").split(","), request.remote or ""]
    here = ""
    for hop in reversed(hops):
        try:
            address = ip_address(hop.strip())
        except ValueError:
            break
        here = str(address).partition("%")[0]
        if not any(address in network for network in trusted):
            break
    return here


def paced(context: WebContext) -> Middleware:
    """A middleware: what can be asked for without a name or a key has its pace by network, whatever it is."""
    pages = Buckets(context.clock, Allowance.per_minute(CALLS * context.network_per_minute))
    wide = Buckets(context.clock, Allowance.per_minute(WIDE * context.network_per_minute))

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(_PACED_ELSEWHERE):
            buckets = wide if request.path.startswith(_IS_WIDE) else pages
            if wait := buckets.take(network_of(request, context.settings.trusted_proxies)):
                raise RefusedError(429, "too_many", wait=wait)
        return await handler(request)

    return middleware
