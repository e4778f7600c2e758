"""Connections to the server that takes writes, wherever that is just now; they notice soon that it is gone."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit, urlunsplit

import asyncpg

from bot.model.errors import StorageError

FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.ClientConfigurationError,
    OSError,
    TimeoutError,
)
"""What may come of talking to a server."""

_CLOSE_SECONDS = 10.0
_HOST_SECONDS = 4.0
"""For one machine to answer. One that is switched off does not say so, and others may be waiting to be asked."""
_ANSWER_SECONDS = 35.0
"""For the answer to a statement, where the server itself (`statement_timeout`) has not given up before."""
_SERVER = {
    "application_name": "motcua",
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "10s",
    "jit": "off",
    "motcua.notes_keys": "yes",
    "tcp_keepalives_idle": "3",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "8s",
}
"""A process that is lost takes its locks with it within ten seconds: when it was killed at once, when its machine
vanished by `tcp_…`, when it hangs by `idle_in_transaction…`. Our longest pause between two statements of a
transaction is under a second: a full mirror batch being planned."""
_WATCHED = (
    ("SOL_SOCKET", "SO_KEEPALIVE", 1),
    ("IPPROTO_TCP", "TCP_KEEPIDLE", 3),
    ("IPPROTO_TCP", "TCP_KEEPINTVL", 2),
    ("IPPROTO_TCP", "TCP_KEEPCNT", 3),
    ("IPPROTO_TCP", "TCP_USER_TIMEOUT", 6000),
)
"""The same from our side, as far as this system knows the words. Seconds; the last one milliseconds."""
_TAKES_WRITES = ("read-write", "primary")
_TIMELINE = "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"


@dataclass(frozen=True, slots=True)
class _Found:
    """A server that takes writes."""

    url: str
    connection: asyncpg.Connection
    timeline: int
    """Each promotion of a standby begins a new one."""


class Hosts:
    """The servers of one address. Where there are several, one of them takes writes, and which one may change.

    A primary that comes back after its standby was promoted takes writes too. It is of an older timeline, and is not
    believed by a process that has seen the newer one, or sees both.
    """

    def __init__(self, url: str) -> None:
        """Raises `StorageError` for an address that could lead to a server that takes no writes."""
        self._urls = urls_of(url)
        self._last: str | None = None
        self._timeline = 0

    async def connect(self, *_: object, **settings: Any) -> asyncpg.Connection:
        """Raises one of `FAILURES`. `settings` as `asyncpg.connect` has them."""
        if len(self._urls) == 1:
            return await _connection_to(self._urls[0], settings)
        if self._last:
            with suppress(*FAILURES):
                return self._chosen(await self._ask([self._last], settings))
        return self._chosen(await self._ask(self._urls, settings))

    def forget(self) -> None:
        """The server that was the last to take writes does so no more."""
        self._last = None

    def _chosen(self, newest: _Found) -> asyncpg.Connection:
        self._last, self._timeline = newest.url, newest.timeline
        return newest.connection

    async def _ask(self, urls: Sequence[str], settings: dict[str, Any]) -> _Found:
        """All at once: one that is switched off must not keep us from the others. The newest of those that answer."""
        found: list[_Found] = []
        errors: list[BaseException] = []

        async def ask(url: str) -> None:
            try:
                found.append(await _found_at(url, settings))
            except FAILURES as error:
                errors.append(error)

        newest: _Found | None = None
        try:
            await asyncio.gather(*map(ask, urls))
            newest = max(found, key=lambda each: each.timeline, default=None)
            if newest and newest.timeline < self._timeline:
                newest = None
                raise asyncpg.TargetServerAttributeNotMatched("what takes writes has been left behind by a promotion")
        finally:
            for each in found:
                if each is not newest:
                    each.connection.terminate()
        if newest is None:
            raise _plainest(errors)
        return newest


def urls_of(url: str) -> list[str]:
    """One address for each server that `postgresql://u@h1:p1,h2:p2/db` or `postgresql:///db?host=h1,h2` names."""
    try:
        parts = urlsplit(url)
        wanted = parse_qs(parts.query)
    except ValueError:
        return [url]
    by_query = "" if parts.netloc.rpartition("@")[2] else wanted.get("host", [""])[-1]
    hosts = (by_query or parts.netloc.rpartition("@")[2]).split(",")
    if len(hosts) == 1:
        return [url]
    target = wanted.get("target_session_attrs", ["read-write"])[-1]
    if target not in _TAKES_WRITES:
        raise StorageError(
            f"target_session_attrs={target}: phải là read-write để luôn tới máy ghi được / "
            "must be read-write, so that the server that takes writes is found"
        )
    return [_alone(parts, host, is_in_query=bool(by_query)) for host in hosts]


def shown(url: str) -> str:
    """The database as an operator knows it, without user and password."""
    try:
        parts = urlsplit(url)
        hosts = parts.netloc.rpartition("@")[2] or parse_qs(parts.query).get("host", ["localhost"])[0]
    except ValueError:
        return "PostgreSQL"
    names = [urlsplit(f"//{host}").hostname or "localhost" if "/" not in host else host for host in hosts.split(",")]
    return f"{parts.path.lstrip('/') or 'postgres'} on {', '.join(dict.fromkeys(names))}"


def _alone(parts: SplitResult, host: str, *, is_in_query: bool) -> str:
    """The address with one host; by `read-write`, which asks for no more than that it takes writes."""
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    query["target_session_attrs"] = "read-write"
    user, at, _ = parts.netloc.rpartition("@")
    if is_in_query:
        return urlunsplit(parts._replace(query=urlencode({**query, "host": host})))
    return urlunsplit(parts._replace(netloc=f"{user}{at}{host}", query=urlencode(query)))


async def _found_at(url: str, settings: dict[str, Any]) -> _Found:
    connection = await _connection_to(url, settings)
    try:
        timeline = int(await connection.fetchval(_TIMELINE, timeout=_HOST_SECONDS), 16)
    except asyncpg.PostgresError:
        timeline = 0  # a server of a kind that does not tell
    except BaseException:
        connection.terminate()
        raise
    return _Found(url, connection, timeline)


async def _connection_to(url: str, settings: dict[str, Any]) -> asyncpg.Connection:
    connection = await asyncpg.connect(
        url, timeout=_HOST_SECONDS, command_timeout=_ANSWER_SECONDS, server_settings=_SERVER, **settings
    )
    # The driver has no door to its socket.
    if (line := connection._transport.get_extra_info("socket")) and line.family != getattr(socket, "AF_UNIX", None):
        for level, option, value in _WATCHED:
            if hasattr(socket, option):
                line.setsockopt(getattr(socket, level), getattr(socket, option), value)
    return connection


def _plainest(errors: Sequence[BaseException]) -> BaseException:
    """Of what the servers said: a refused password rather than a closed door, a closed door rather than silence."""
    ranks = (asyncpg.PostgresError, asyncpg.InternalClientError, OSError)
    return min(errors, key=lambda error: next((at for at, kind in enumerate(ranks) if isinstance(error, kind)), 9))


def hides_an_end(error: BaseException, handled: BaseException | None) -> bool:
    """A task that is ended while it talks to a server that has gone gets the driver's complaint in place of the order
    to end; and a loop that bears complaints would go on for ever. `handled`: what was being handled before."""
    task, seen = asyncio.current_task(), error.__context__
    while seen is not None and seen is not handled:
        if isinstance(seen, asyncio.CancelledError):
            return task is not None and task.cancelling() > 0
        seen = seen.__context__
    return False


async def close(pool: asyncpg.Pool) -> None:
    """Also where the server does not answer any more."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await pool.close()
    except FAILURES:
        pool.terminate()
