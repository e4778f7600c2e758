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

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from bot.ports import Called

MOST_READ = 1024
"""Bytes of an answer's body that are let in at most; nothing is made of them."""
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)
"""What stands before an IPv4 address in the second half of an IPv6 one (RFC 5214, section 6.1)."""


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
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one carries."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
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
        target = self._checked(url)
        if target is None:
            return Called(trouble="address")
        try:
            async with self._session.post(
                target, data=body, headers=headers, allow_redirects=False, timeout=self._timeout
            ) as answer:
                # What it says beside its status is nothing to us: the connection ends here.
                answer.close()
                return Called(answer.status)
        except Exception as error:
            return Called(trouble=_trouble(error))

    def _checked(self, url: str) -> URL | None:
        """Where the call goes, as the library that makes it reads the address: what another one reads differently
        (`１２７.0.0.1`) would be checked as a name and called as an address. None: nowhere."""
        try:
            target = URL(url) if url.isascii() else URL()
        except ValueError:
            return None
        if not target.host or target.user or target.password:
            return None
        if self._is_open_to_private:
            return target if target.scheme in ("http", "https") else None
        if target.scheme != "https" or target.port not in self._ports:
            return None
        # Literal addresses do not pass the resolver, so they are looked at here.
        return None if _is_literal(target.host) and not is_public(target.host) else target


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
