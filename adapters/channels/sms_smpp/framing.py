"""Finding PDUs in a byte stream, and putting a header before a body (SMPP 3.4, section 3.2)."""

import struct
from typing import NamedTuple

from adapters.channels.sms_smpp import spec

MAX_PDU = 64 * 1024
"""Octets. A larger length means that the stream is out of step, or an attack; no real PDU comes near it."""

_HEADER = struct.Struct(">IIII")


class ProtocolError(Exception):
    """A PDU that cannot be understood. `status` is what to answer; `fatal` where the stream itself is lost."""

    def __init__(self, reason: str, *, status: int = spec.INVALID_COMMAND_LENGTH, fatal: bool = False) -> None:
        super().__init__(reason)
        self.status = status
        self.fatal = fatal


class Frame(NamedTuple):
    """One PDU with its body still in octets."""

    command: int
    status: int
    sequence: int
    body: bytes


def pdu(command: int, sequence: int, body: bytes = b"", *, status: int = spec.OK) -> bytes:
    """A whole PDU."""
    return _HEADER.pack(16 + len(body), command, status, sequence) + body


class Splitter:
    """Cuts a byte stream into PDUs, however it was chopped up on the way."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._needed = 16
        self.broken: ProtocolError | None = None
        """Set when a length is impossible: the stream cannot be read any further."""

    def feed(self, octets: bytes) -> list[Frame]:
        """The PDUs that are complete now. After `broken` is set nothing more comes out."""
        if self.broken:
            return []
        if self._rest:
            self._rest += octets
            if len(self._rest) < self._needed:
                return []
            octets = bytes(self._rest)
            self._rest.clear()
        frames, read = self._cut(octets)
        self._rest += octets[read:]
        return frames

    def _cut(self, octets: bytes) -> tuple[list[Frame], int]:
        frames = []
        at, end = 0, len(octets)
        self._needed = 16
        while end - at >= 16:
            length, command, status, sequence = _HEADER.unpack_from(octets, at)
            if not 16 <= length <= MAX_PDU:
                self.broken = ProtocolError(f"impossible command_length {length}", fatal=True)
                break
            if end - at < length:
                self._needed = length
                break
            frames.append(Frame(command, status, sequence, octets[at + 16 : at + length]))
            at += length
        return frames, at
