"""What leaves by one connection: many PDUs in one write, a limit to what is held back, and whether it moves at all."""

import asyncio
from collections.abc import Callable

_WRITE_BUFFER = 64 * 1024
"""Octets the connection may hold back before submits wait: what lies there may or may not still arrive."""
_MOST_HELD_BACK = 1 << 20
"""Octets held back beyond which we read no more either, since what we read makes us answer."""
_GOODBYE = 2.0
"""Seconds the last octets have to leave."""


class Outlet:
    """`written` is called when what was given is with the operating system or in the connection's own buffer."""

    def __init__(self, *, written: Callable[[], None]) -> None:
        self._written = written
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiting: list[bytes] = []
        self._size = 0
        self._total = 0
        self._moved = (0, 0.0)
        """Octets that have left the connection's buffer, and since when it is so many."""
        self.is_held_back = False
        """The SMSC does not read as fast as we write."""

    @property
    def is_open(self) -> bool:
        """The connection is there and was not closed."""
        return self._transport is not None and not self._transport.is_closing()

    def opened(self, transport: asyncio.Transport) -> None:
        transport.set_write_buffer_limits(high=_WRITE_BUFFER)
        self._transport = transport

    def lost(self) -> None:
        self._transport = None
        self._waiting.clear()

    def write(self, octets: bytes) -> None:
        """All PDUs of one turn of the event loop leave in one write, unless they are many. Without effect once the
        connection has ended."""
        if not self._waiting:
            self._loop.call_soon(self.flush)
        self._waiting.append(octets)
        self._size += len(octets)
        if self._size > _WRITE_BUFFER:
            # So that we hear in time that the connection takes no more.
            self.flush()

    def flush(self) -> None:
        octets = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        if not octets or self._transport is None or self._transport.is_closing():
            return
        self._total += len(octets)
        self._transport.write(octets)
        self._written()
        if self.is_held_back and self._transport.get_write_buffer_size() > _MOST_HELD_BACK:
            self._transport.pause_reading()

    def pause(self) -> None:
        """The connection's buffer is full."""
        self.is_held_back = True
        self._moved = (self._left(), self._loop.time())

    def resume(self) -> None:
        """There is room again."""
        self.is_held_back = False
        if self._transport and not self._transport.is_closing():
            self._transport.resume_reading()

    def is_stuck(self, now: float, *, patience: float) -> bool:
        """Octets wait to leave, and none has left for `patience` seconds."""
        if not self.is_held_back:
            return False
        moved, since = self._moved
        if self._left() > moved:
            self._moved = (self._left(), now)
            return False
        return now - since > patience

    def close(self) -> None:
        """Hangs up; what cannot leave within a moment is dropped."""
        if self._transport and not self._transport.is_closing():
            self.flush()
            self._transport.close()
            self._loop.call_later(_GOODBYE, self.abort)

    def abort(self) -> None:
        """Hangs up at once, with what is held back."""
        if self._transport:
            self._transport.abort()

    def _left(self) -> int:
        return self._total - (self._transport.get_write_buffer_size() if self._transport else 0)
