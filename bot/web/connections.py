"""What a connection may cost before it has asked for anything: how many there are, and how long a head may take.

Without this, whoever opens connections and sends a letter now and then (slowloris) holds the files that the database
and the providers need.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from aiohttp import web

log = logging.getLogger(__name__)

KEPT_ALIVE = 75.0
"""Seconds that a connection may stay between two calls: longer than a proxy keeps it (nginx: 60), so that the proxy
ends it and no call meets a closed door."""
LINGERING = 5.0
"""Seconds for which the rest of a refused body is read and dropped, so that the refusal is seen."""
BUFFER = 64 * 1024
"""Bytes that are read ahead of whoever reads a body."""
_OF_FILES = 0.75
"""Of the files that this process may open; the rest is for the database, the providers and our own files."""
_SAY_EVERY = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one process."""

    connections: int = 8_000
    """Open at once."""
    of_address: int = 1_000
    """Of one address that is neither a proxy of ours nor this machine."""
    head_seconds: float = 20.0
    """Within which the head of a call has come, counted from its first byte, and of the first call from the opening."""
    trusted: Sequence[IPv4Network | IPv6Network] = ()
    """Networks of our own proxies."""


class GuardedServer(web.Server):
    """aiohttp's server with doors that close."""

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        *,
        limits: Callable[[], Limits],
        request_factory: Callable[..., web.BaseRequest],
        **arguments: Any,
    ) -> None:
        super().__init__(handler, request_factory=request_factory)
        self.limits = limits
        self.open: Counter[str] = Counter()
        """Connections by address."""
        self._said_at = -_SAY_EVERY
        self._arguments = {
            "keepalive_timeout": KEPT_ALIVE, "lingering_time": LINGERING, "read_bufsize": BUFFER, **arguments,
        }  # fmt: skip

    def __call__(self) -> web.RequestHandler:
        return Connection(self, loop=asyncio.get_running_loop(), **self._arguments)

    def has_room_for(self, address: str) -> bool:
        """Whether one more may be open; says so in the log, seldom, where not."""
        limits = self.limits()
        most = min(limits.connections, files())
        is_full = self.open.total() >= most
        if not is_full and (self.open[address] < limits.of_address or _is_ours(address, limits.trusted)):
            return True
        now = asyncio.get_running_loop().time()
        if now - self._said_at >= _SAY_EVERY:
            self._said_at = now
            log.warning("%d connections are open: too many %s", self.open.total(), "" if is_full else "of one address")
        return False


class Connection(web.RequestHandler):
    """One connection; a head that does not come ends it, without a word: there is no call to be answered."""

    __slots__ = ("_address", "_doors", "_ends", "is_asking")

    def __init__(self, doors: GuardedServer, **arguments: Any) -> None:
        super().__init__(doors, **arguments)
        self._doors = doors
        self._address: str | None = None
        """None: not counted."""
        self._ends: asyncio.TimerHandle | None = None
        self.is_asking = False
        """A call is under way: what comes in now is its body, or the next one's beginning."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) and peer else ""
        if not self._doors.has_room_for(address):
            assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
            transport.abort()
            return
        self._address = address
        self._doors.open[address] += 1
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        self.head_came()
        address, self._address = self._address, None
        if address is None:
            return
        self._doors.open[address] -= 1
        if not self._doors.open[address]:
            del self._doors.open[address]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._address is None:
            return
        if self._ends is None and not self.is_asking:
            self._expect_head()
        super().data_received(data)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is said to bytes that are no call: neither the bytes again, nor which library could not read them."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        headers = {"Server": "motcua", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
        response = web.Response(status=status, text=f"{status}\n", headers=headers)
        response.force_close()
        return response

    def head_came(self) -> None:
        """The head of a call is whole."""
        if self._ends is not None:
            self._ends.cancel()
            self._ends = None

    def _expect_head(self) -> None:
        loop = asyncio.get_running_loop()
        self._ends = loop.call_later(self._doors.limits().head_seconds, self.force_close)


def files() -> int:
    """Connections for which this process may open files."""
    try:
        import resource  # not on Windows
    except ImportError:
        return 1 << 16
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 16 if soft == resource.RLIM_INFINITY else max(1, int(soft * _OF_FILES))


def _is_ours(text: str, trusted: Sequence[IPv4Network | IPv6Network]) -> bool:
    """A proxy of ours, or one on this machine that nobody has named: what comes through it comes from anywhere."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return True
    return address.is_loopback or any(address in network for network in trusted)
