"""One client's connection to the centre: bind, submits, deliveries, and the ways to be uncooperative."""

import asyncio
import hmac
import socket
import time

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.framing import Frame, ProtocolError, Splitter, pdu
from adapters.simulators.smsc.exchange import Exchange
from adapters.simulators.smsc.mailbox import Round

_BINDS = frozenset({spec.BIND_TRANSCEIVER, spec.BIND_TRANSMITTER, spec.BIND_RECEIVER})
_SYSTEM_ID = b"smsc\0"
_WATCH = 0.5
_ENQUIRY = 0x7FFFFFFF
"""Sequence number of our enquire_link: no delivery has it."""


class Peer(asyncio.Protocol):
    """Knows its account once bound."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._settings = exchange.settings
        self._loop = asyncio.get_running_loop()
        self._number = exchange.next_link()
        self._splitter = Splitter()
        self._transport: asyncio.Transport | None = None
        self._account: str | None = None
        self._bound_as = 0
        self._round: Round | None = None
        self._unanswered = 0
        self._out: list[bytes] = []
        self._second = 0
        self._in_second = 0
        self._last_heard = self._loop.time()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - create_server makes nothing else
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._exchange.links[self._number] = self.drop
        self._watch()

    def data_received(self, data: bytes) -> None:
        self._last_heard = self._loop.time()
        for frame in self._splitter.feed(data):
            if self._transport is None or self._transport.is_closing():
                return
            self._take(frame)
        if self._splitter.broken and self._transport:
            self._write(pdu(spec.GENERIC_NACK, 0, status=self._splitter.broken.status))
            self._close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._exchange.links.pop(self._number, None)
        if self._round:
            self._round.end()

    def drop(self) -> None:
        """Cuts the connection without a word, and without what was about to be written."""
        if self._transport:
            self._transport.abort()

    # What the client asks

    def _take(self, frame: Frame) -> None:
        match frame.command:
            case spec.SUBMIT_SM:
                self._submit(frame)
            case spec.DELIVER_SM_RESP:
                if self._round:
                    self._round.answered(frame.sequence, frame.status)
            case spec.ENQUIRE_LINK:
                self._write(pdu(spec.ENQUIRE_LINK_RESP, frame.sequence))
            case command if command in _BINDS:
                self._bind(frame)
            case spec.UNBIND:
                self._write(pdu(spec.UNBIND_RESP, frame.sequence))
                self._close()
            case command if command & spec.RESPONSE:
                pass
            case _:
                self._write(pdu(spec.GENERIC_NACK, frame.sequence, status=spec.INVALID_COMMAND))

    def _bind(self, frame: Frame) -> None:
        try:
            bind = codec.decode_bind(frame.body)
            status = self._admission(bind)
        except ProtocolError as error:
            bind, status = None, error.status
        response = frame.command | spec.RESPONSE
        if status or bind is None:
            self._exchange.counts["binds_refused"] += 1
            self._write(pdu(response, frame.sequence, status=status))
            return
        self._account, self._bound_as = bind.system_id, frame.command
        self._exchange.counts["binds"] += 1
        self._exchange.journal.note("bind", time.time(), link=self._number, account=bind.system_id)
        version = codec.encode_tlvs({spec.TAG_SC_INTERFACE_VERSION: bytes([spec.INTERFACE_VERSION])})
        self._write(pdu(response, frame.sequence, _SYSTEM_ID + version))
        if frame.command != spec.BIND_TRANSMITTER:
            self._round = self._exchange.round(self._account, self._number, self._write)

    def _admission(self, bind: codec.Bind) -> int:
        accounts = self._settings.accounts
        if self._account is not None:
            return spec.ALREADY_BOUND
        if not accounts:
            return spec.OK
        if bind.system_id not in accounts:
            return spec.INVALID_SYSTEM_ID
        right = hmac.compare_digest(accounts[bind.system_id].encode(), bind.password.encode())
        return spec.OK if right else spec.INVALID_PASSWORD

    def _submit(self, frame: Frame) -> None:
        self._exchange.counts["submitted"] += 1
        if self._account is None or self._bound_as == spec.BIND_RECEIVER:
            self._write(pdu(spec.SUBMIT_SM_RESP, frame.sequence, status=spec.INVALID_BIND_STATUS))
            return
        try:
            message = codec.decode_short_message(frame.body)
            reply = self._exchange.submit(
                self._account, self._number, frame.sequence, message, throttle=self._is_too_much()
            )
        except ProtocolError as error:
            self._exchange.counts["malformed"] += 1
            self._write(pdu(spec.SUBMIT_SM_RESP, frame.sequence, status=error.status))
            return
        if reply.drop:
            self.drop()
        elif reply.status is not None:
            body = reply.message_id.encode() + b"\0" if reply.status == spec.OK else b""
            self._respond(pdu(spec.SUBMIT_SM_RESP, frame.sequence, body, status=reply.status))

    def _is_too_much(self) -> bool:
        """By the agreed rate, counted by calendar seconds, or the window."""
        if self._settings.window and self._unanswered >= self._settings.window:
            return True
        if not self._settings.rate:
            return False
        second = int(time.time())
        if second != self._second:
            self._second, self._in_second = second, 0
        self._in_second += 1
        return self._in_second > self._settings.rate

    def _respond(self, response: bytes) -> None:
        if not self._settings.latency:
            self._write(response)
            return
        self._unanswered += 1
        self._loop.call_later(self._settings.latency, self._respond_late, response)

    def _respond_late(self, response: bytes) -> None:
        self._unanswered -= 1
        self._write(response)

    # How it goes on

    def _watch(self) -> None:
        """Repeats what was never answered, and tries a silent link."""
        if self._transport is None:
            return
        if self._round:
            self._round.repeat_overdue()
        now = self._loop.time()
        if self._account is not None and now - self._last_heard >= self._settings.enquire_link:
            self._last_heard = now
            self._write(pdu(spec.ENQUIRE_LINK, _ENQUIRY))
        self._loop.call_later(_WATCH, self._watch)

    def _write(self, octets: bytes) -> None:
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(octets)

    def _flush(self) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _close(self) -> None:
        if self._transport:
            self._flush()
            self._transport.close()
