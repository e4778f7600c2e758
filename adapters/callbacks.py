"""Calls back the software that planned a message, at an address that its people chose: never into our own network.

The address is resolved once, every answer is checked, and the connection goes to what was checked: a name that answers
otherwise a moment later gains nothing (DNS rebinding). No redirect is followed, no proxy of the environment is used.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, cast
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from bot.ports import Called

MOST_READ = 1024
"""Bytes of an answer's body that are let in at most; nothing is made of them."""
_NAT64 = IPv6Network("64:ff9b::/96")
_TLS_PORT, _PORT = 443, 80


class ForbiddenError(OSError):
    """The name leads to a place that callbacks must not go to."""


def is_public(text: str) -> bool:
    """Whether the address is out in the open net, however it is written: no loopback, private, shared, link-local,
    multicast or reserved one, nor an IPv6 address that stands for one of those."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one carries."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


class CheckedResolver(AbstractResolver):
    """Answers nothing but public addresses; one private among them spoils all."""

    def __init__(self, names: AbstractResolver) -> None:
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        if not found or not all(is_public(each["host"]) for each in found):
            raise ForbiddenError("not a public address")
        return found

    async def close(self) -> None:
        await self._names.close()


class Door:
    """`bot.ports.CallbackDoor` over HTTP."""

    def __init__(
        self, session: ClientSession, *, ports: Collection[int], timeout: float, is_open_to_private: bool
    ) -> None:
        self._session = session
        self._ports = ports
        self._timeout = ClientTimeout(total=timeout)
        self._is_open_to_private = is_open_to_private

    async def call(self, url: str, body: bytes, headers: Mapping[str, str]) -> Called:
        if not self._may_go_to(url):
            return Called(trouble="address")
        try:
            async with self._session.post(
                url, data=body, headers=headers, allow_redirects=False, timeout=self._timeout
            ) as answer:
                # What it says beside its status is nothing to us: the connection ends here.
                answer.close()
                return Called(answer.status)
        except Exception as error:
            return Called(trouble=_trouble(error))

    def _may_go_to(self, url: str) -> bool:
        """Literal addresses do not pass the resolver, so they are looked at here."""
        try:
            parts = urlsplit(url)
            standard = _TLS_PORT if parts.scheme == "https" else _PORT
            port = standard if parts.port is None else parts.port
        except ValueError:
            return False
        if not parts.hostname or parts.username or parts.password:
            return False
        if self._is_open_to_private:
            return parts.scheme in ("http", "https")
        if parts.scheme != "https" or port not in self._ports:
            return False
        return is_public(parts.hostname) if _is_literal(parts.hostname) else True


@asynccontextmanager
async def callback_door(
    *,
    ports: Collection[int],
    timeout: float,
    is_open_to_private: bool = False,
    names: AbstractResolver | None = None,
    trusted: ssl.SSLContext | None = None,
) -> AsyncIterator[Door]:
    """`names` resolves host names; without it the system does."""
    asked = names or ThreadedResolver()
    connector = TCPConnector(
        resolver=asked if is_open_to_private else CheckedResolver(asked),
        use_dns_cache=False,
        force_close=True,
        limit=50,
        ssl=trusted or True,
    )
    session = ClientSession(
        connector=connector,
        trust_env=False,
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        max_line_size=4096,
        read_bufsize=MOST_READ,
    )
    async with session:
        yield Door(session, ports=ports, timeout=timeout, is_open_to_private=is_open_to_private)


def _is_literal(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _trouble(error: BaseException) -> str:
    """One word; never the error's own, which hold the address."""
    seen: Any = error
    while seen is not None:
        if isinstance(seen, ForbiddenError):
            return "address"
        if isinstance(seen, ssl.SSLError | ssl.CertificateError):
            return "tls"
        seen = getattr(seen, "os_error", None) or cast("BaseException", seen).__cause__
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return "timeout"
    return "unreachable" if isinstance(error, ClientError | OSError) else "broken"
