"""What this process tells the supervisor that started it (systemd), in the datagrams of sd_notify(3).

Nothing is told where nobody asks: without `NOTIFY_SOCKET` every call does nothing.
"""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

_STATUS_EVERY = 15.0
"""Seconds between two looks at what is to be shown, where no watchdog waits for us sooner."""
_OFTENEST = 0.05
_LONGEST_STATUS = 200

Status = tuple[str, str]
"""In Vietnamese and English."""


@dataclass(slots=True)
class Supervisor:
    """The line to systemd. A datagram that cannot be sent is dropped: it is news, and newer comes."""

    address: str = ""
    """As in `NOTIFY_SOCKET`: a path, or `@` and an abstract name; empty: nobody listens."""
    watchdog: float = 0.0
    """Seconds without a sign of life after which we are started anew; 0: never."""
    _shown: str = field(default="", init=False)
    _is_silent: bool = field(default=False, init=False)

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ, *, pid: int | None = None) -> "Supervisor":
        """From what systemd has set for this very process."""
        address = environment.get("NOTIFY_SOCKET", "")
        meant = environment.get("WATCHDOG_PID", "") in ("", str(pid or os.getpid()))
        try:
            micros = int(environment.get("WATCHDOG_USEC", "") or 0)
        except ValueError:
            micros = 0
        return cls(address, max(0, micros) / 1e6 if meant else 0.0)

    def starting(self, status: Status) -> None:
        self._tell(status=status)

    def ready(self, status: Status) -> None:
        """Everything has been started, or started anew."""
        self._tell("READY=1", status=status)

    def reloading(self, status: Status) -> None:
        """Until the next `ready`. By the time systemd knows that this answers its own order (Type=notify-reload)."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._tell("RELOADING=1", f"MONOTONIC_USEC={now}", status=status)

    def stopping(self, status: Status) -> None:
        self._tell("STOPPING=1", status=status)

    async def keep(self, still: Callable[[], Sequence[str]], status: Callable[[], Status | None]) -> None:
        """For ever, twice as often as the watchdog waits: a sign of life while no job is `still`, and how the service
        fares. An event loop that hangs gives none by itself. `status` None: what was said last stands."""
        if not self.address:
            return
        every = max(_OFTENEST, self.watchdog / 2) if self.watchdog else _STATUS_EVERY
        while True:
            stopped = still()
            self._note(stopped)
            shown = _stopped(stopped) if stopped else status()
            self._tell(*([] if stopped or not self.watchdog else ["WATCHDOG=1"]), status=shown)
            await asyncio.sleep(min(every, _STATUS_EVERY))

    def _note(self, stopped: Sequence[str]) -> None:
        if stopped and not self._is_silent and self.watchdog:
            log.error("%s: no sign of life, so the watchdog is no longer fed and starts the service anew", stopped)
        self._is_silent = bool(stopped)

    def _tell(self, *lines: str, status: Status | None) -> None:
        told = [*lines]
        if status is not None and (shown := _line(status)) != self._shown:
            self._shown = shown
            told.append(f"STATUS={shown}")
        if not told or not self.address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.setblocking(False)
                line.sendto("\n".join(told).encode(), _place(self.address))
        except OSError as error:
            log.debug("systemd could not be told: %s", type(error).__name__)


def _place(address: str) -> str:
    """Linux names an abstract socket with a zero byte, systemd with `@`."""
    return f"\0{address[1:]}" if address.startswith("@") else address


def _line(status: Status) -> str:
    """One line: a line break would begin another variable."""
    return " / ".join(status).replace("\n", " ")[:_LONGEST_STATUS]


def _stopped(jobs: Sequence[str]) -> Status:
    names = ", ".join(jobs)
    return f"việc đã đứng: {names}", f"jobs that stand still: {names}"
