"""Whether the time is right: the zone, jumps of the clock, the database's clock, what was stored, the kernel's word.

Times are stored in UTC and shown at +07:00: a clock that is wrong makes deadlines, quiet hours and order wrong.
"""

import ctypes
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.model.clock import VIETNAM, Clock, utc_now
from bot.pace import Monotonic

JUMP = 5.0
"""Seconds that the wall clock may run away from the steady one between two looks."""
APART = 10.0
"""Seconds that the database's clock may differ."""
BACK = 60.0
"""Seconds that the newest stored moment may lie ahead."""
REMEMBERED = timedelta(minutes=30)
"""How long a jump is complained of."""

_ZONE = "Asia/Ho_Chi_Minh"
_UNSYNCHRONISED = 0x40
"""STA_UNSYNC of adjtimex(2)."""
_STATUS_AT = 40
"""Where `status` stands in `struct timex` on 64-bit Linux: after modes, offset, freq, maxerror and esterror."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something about the time that is not right."""

    subject: str
    """`zone`, `jump`, `database`, `stored` or `kernel`."""
    vietnamese: str
    english: str
    is_warning: bool = False
    """To be shown, and no reason for an alarm."""


def kernel_is_synchronised() -> bool | None:
    """What Linux says of its clock's synchronisation; None where nobody tells. Asks only, which needs no right."""
    if not sys.platform.startswith("linux") or sys.maxsize < 2**32:
        return None
    timex = ctypes.create_string_buffer(512)
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    except (OSError, AttributeError):
        return None
    if state < 0:
        return None
    status = int.from_bytes(timex.raw[_STATUS_AT : _STATUS_AT + 4], sys.byteorder)
    return not status & _UNSYNCHRONISED


@dataclass(slots=True)
class Clocks:
    """Of one process; `look` compares them."""

    wall: Clock = utc_now
    monotonic: Monotonic = time.monotonic
    kernel: Callable[[], bool | None] = kernel_is_synchronised
    host: str = field(default_factory=platform.node)
    _last: tuple[datetime, float] | None = None
    _jump: tuple[datetime, float] | None = None

    def look(self, *, stored: datetime | None, database: datetime | None) -> list[Trouble]:
        """`stored`: the newest moment that was written down; `database`: what time it is there. None: not known."""
        now = self.wall()
        return [
            *self._jumped(now, self.monotonic()),
            *_zone(now),
            *_database(now, database),
            *_stored(now, stored),
            *self._kernel(),
        ]

    def _jumped(self, now: datetime, steady: float) -> Iterator[Trouble]:
        if self._last is not None:
            drift = (now - self._last[0]).total_seconds() - (steady - self._last[1])
            if abs(drift) > JUMP:
                self._jump = (now, drift)
        self._last = (now, steady)
        if self._jump and abs(now - self._jump[0]) > REMEMBERED:
            self._jump = None
        if self._jump:
            drift = self._jump[1]
            yield Trouble(
                "jump",
                f"đồng hồ máy {self.host} đã nhảy {drift:+.0f} giây",
                f"the clock of {self.host} jumped by {drift:+.0f} s",
            )

    def _kernel(self) -> Iterator[Trouble]:
        if self.kernel() is False:
            yield Trouble(
                "kernel",
                f"máy {self.host} chưa đồng bộ giờ (NTP)",
                f"{self.host} does not synchronise its clock (NTP)",
                is_warning=True,
            )


def _zone(now: datetime) -> Iterator[Trouble]:
    """The service counts with +07:00; the machine's table of zones must say the same, now and for a year."""
    try:
        zone = ZoneInfo(_ZONE)
    except (ZoneInfoNotFoundError, OSError):
        return
    for month in range(13):
        moment = now + timedelta(days=30.5 * month)
        offset = moment.astimezone(zone).utcoffset()
        if offset != VIETNAM.utcoffset(None):
            yield Trouble(
                "zone",
                f"múi giờ {_ZONE} của máy là {offset} vào {moment:%m/%Y}, không phải +7:00",
                f"the machine says that {_ZONE} is {offset} in {moment:%m/%Y}, not +7:00",
            )
            return


def _database(now: datetime, database: datetime | None) -> Iterator[Trouble]:
    if database is None:
        return
    apart = (now - database).total_seconds()
    if abs(apart) > APART:
        yield Trouble(
            "database",
            f"đồng hồ máy này và cơ sở dữ liệu lệch nhau {abs(apart):.0f} giây",
            f"this machine's clock and the database's differ by {abs(apart):.0f} s",
        )


def _stored(now: datetime, stored: datetime | None) -> Iterator[Trouble]:
    if stored is None:
        return
    ahead = (stored - now).total_seconds()
    if ahead > BACK:
        yield Trouble(
            "stored",
            f"đồng hồ đã lùi: có dữ liệu ghi muộn hơn bây giờ {ahead:.0f} giây",
            f"the clock went back: something was stored {ahead:.0f} s later than now",
        )
