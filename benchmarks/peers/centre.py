"""An SMS centre that only counts: every message is taken, and its receipt leaves a moment later.

`python -m benchmarks.peers.centre PORT CONTROL` serves SMPP on PORT over as many connections as come, and on CONTROL
gives each caller its counts as one JSON object. It is what all rows send to, so it must be quicker than any of them: no
state, one write for all that was read at once.
"""

import asyncio
import json
import socket
import sys
import time
from contextlib import suppress

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.codec import ShortMessage, decode_bind, decode_short_message, encode_short_message
from adapters.channels.sms_smpp.framing import Frame, Splitter, pdu

DELAY = 0.05
"""Seconds from the answer to a message until its receipt: at once, but behind the answer, as in any network."""
_BINDS = frozenset({spec.BIND_TRANSCEIVER, spec.BIND_TRANSMITTER, spec.BIND_RECEIVER})


class Counts:
    """What came and went since the start, and when the last of each: seconds of the machine's monotonic clock."""

    def __init__(self) -> None:
        self.submitted = self.receipts = self.answered = self.refused = 0
        self.submitted_at = self.answered_at = 0.0
        self.phones: set[str] = set()

    def told(self) -> bytes:
        shown = {
            "submitted": self.submitted, "submitted_at": self.submitted_at, "phones": len(self.phones),
            "receipts": self.receipts, "answered": self.answered, "answered_at": self.answered_at,
            "refused": self.refused,
        }  # fmt: skip
        return json.dumps(shown).encode()


class Link(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._splitter = Splitter()
        self._loop = asyncio.get_running_loop()
        self._sequence = 0
        self._owed: list[tuple[int, ShortMessage]] = []
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        answers = [answer for frame in self._splitter.feed(data) if (answer := self._answer(frame))]
        if answers and self._transport:
            self._transport.write(b"".join(answers))
        if self._owed:
            self._loop.call_later(DELAY, self._deliver, self._owed)
            self._owed = []

    def _answer(self, frame: Frame) -> bytes:
        counts = self._counts
        match frame.command:
            case spec.SUBMIT_SM:
                counts.submitted += 1
                counts.submitted_at = time.monotonic()
                number, message = counts.submitted, decode_short_message(frame.body)
                counts.phones.add(message.destination.digits)
                if message.registered_delivery & 1:
                    self._owed.append((number, message))
                return pdu(spec.SUBMIT_SM_RESP, frame.sequence, b"%d\0" % number)
            case spec.DELIVER_SM_RESP:
                counts.answered += frame.status == spec.OK
                counts.refused += frame.status != spec.OK
                counts.answered_at = time.monotonic()
            case spec.ENQUIRE_LINK:
                return pdu(spec.ENQUIRE_LINK_RESP, frame.sequence)
            case spec.UNBIND:
                return pdu(spec.UNBIND_RESP, frame.sequence)
            case command if command in _BINDS:
                decode_bind(frame.body)
                return pdu(command | spec.RESPONSE, frame.sequence, b"centre\0")
            case _:
                pass
        return b""

    def _deliver(self, owed: list[tuple[int, ShortMessage]]) -> None:
        if self._transport is None:
            return
        minute = time.strftime("%y%m%d%H%M", time.gmtime())
        self._transport.write(b"".join(self._receipt(number, message, minute) for number, message in owed))
        self._counts.receipts += len(owed)

    def _receipt(self, number: int, message: ShortMessage, minute: str) -> bytes:
        self._sequence = self._sequence % 0x7FFFFFFE + 1
        words = f"id:{number} sub:001 dlvrd:001 submit date:{minute} done date:{minute} stat:DELIVRD err:000 text:"
        body = ShortMessage(message.destination, message.source, words.encode(), spec.TYPE_RECEIPT)
        return pdu(spec.DELIVER_SM, self._sequence, encode_short_message(body))


async def serve(port: int, control: int) -> None:
    counts = Counts()

    async def tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(counts.told())
        writer.close()

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Link(counts), "127.0.0.1", port)
    telling = await asyncio.start_server(tell, "127.0.0.1", control)
    print("ready", flush=True)
    async with server, telling:
        await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
