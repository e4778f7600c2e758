"""One client's connection to the centre: bind, submits, deliveries, and the ways to be uncooperative."""

import asyncio
import hmac
import socket
import time

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.framing import Frame, ProtocolError, Splitter, pdu
from adapters.simulators.smsc.exchange import Exchange
from adapters.simulators.smsc.faults import Fault, Kind
from adapters.simulators.smsc.mailbox import Round
from adapters.simulators.smsc.responses import Responses

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
        self._responses = Responses(exchange.settings, self._write)
        self._doom: Fault | None = None
        self._frozen = False
        self._out: list[bytes] = []
        self._second = 0
        self._in_second = 0
        self._last_heard = self._loop.time()
        self._enquired_at = 0.0

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - create_server makes nothing else
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._exchange.links[self._number] = self
        self._watch()

    def data_received(self, data: bytes) -> None:
        self._last_heard = self._loop.time()
        for frame in self._splitter.feed(data):
            if self._frozen or self._transport is None or self._transport.is_closing():
                return
            self._take(frame)
        if self._splitter.broken and self._transport:
            self._write(pdu(spec.GENERIC_NACK, 0, status=self._splitter.broken.status))
            self._close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._responses.stop()
        self._exchange.links.pop(self._number, None)
        self._exchange.journal.note("link_lost", time.time(), link=self._number, account=self._account)
        if self._round:
            self._round.end()

    # What the centre does

    def drop(self) -> None:
        """Cuts the connection without a word, and without what was about to be written."""
        if self._transport:
            self._transport.abort()

    def freeze(self) -> None:
        """Leaves the connection open and never reads or writes on it again."""
        self._frozen = True
        if self._transport:
            self._transport.pause_reading()

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
            case spec.QUERY_SM if self._settings.query:
                self._query(frame)
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
        if self._exchange.faults.active(Kind.DOWN):
            return spec.BIND_FAILED
        if not accounts:
            return spec.OK
        if bind.system_id not in accounts:
            return spec.INVALID_SYSTEM_ID
        right = hmac.compare_digest(accounts[bind.system_id].encode(), bind.password.encode())
        return spec.OK if right else spec.INVALID_PASSWORD

    def _may_submit(self) -> bool:
        return self._account is not None and self._bound_as != spec.BIND_RECEIVER

    def _submit(self, frame: Frame) -> None:
        self._exchange.counts["submitted"] += 1
        if self._account is None or not self._may_submit():
            self._write(pdu(spec.SUBMIT_SM_RESP, frame.sequence, status=spec.INVALID_BIND_STATUS))
            return
        try:
            message = codec.decode_short_message(frame.body)
            reply = self._exchange.submit(
                self._account,
                self._number,
                frame.sequence,
                message,
                throttle=self._is_too_much(),
                doom=self._doom,
            )
        except ProtocolError as error:
            self._exchange.counts["malformed"] += 1
            self._write(pdu(spec.SUBMIT_SM_RESP, frame.sequence, status=error.status))
            return
        if reply.course.drop:
            self.drop()
        elif reply.course.doom and not self._doom:
            self._doom = reply.course.doom
            self._responses.stop()
            self._loop.call_later(self._doom.hold, self.drop)
        else:
            self._responses.give(frame.sequence, reply)

    def _is_too_much(self) -> bool:
        """By the agreed rate, counted by calendar seconds, or the window."""
        if self._settings.window and self._responses.waiting >= self._settings.window:
            return True
        if not self._settings.rate:
            return False
        second = int(time.time())
        if second != self._second:
            self._second, self._in_second = second, 0
        self._in_second += 1
        return self._in_second > self._settings.rate

    def _query(self, frame: Frame) -> None:
        if self._account is None or not self._may_submit():
            self._write(pdu(spec.QUERY_SM_RESP, frame.sequence, status=spec.INVALID_BIND_STATUS))
            return
        try:
            query = codec.decode_query(frame.body)
        except ProtocolError as error:
            self._write(pdu(spec.QUERY_SM_RESP, frame.sequence, status=error.status))
            return
        queried = self._exchange.register.answer(self._account, query)
        status = spec.OK if queried else spec.QUERY_FAILED
        facts = {"message_id": query.message_id, "status": status}
        self._exchange.journal.note("query", time.time(), link=self._number, seq=frame.sequence, **facts)
        body = codec.encode_queried(queried) if queried else b""
        self._write(pdu(spec.QUERY_SM_RESP, frame.sequence, body, status=status))

    # How it goes on

    def _watch(self) -> None:
        """Repeats what was never answered, and tries a silent link; one that does not answer is given up."""
        if self._transport is None:
            return
        if self._round:
            self._round.repeat_overdue()
        now = self._loop.time()
        if self._enquired_at > self._last_heard:
            if now - self._enquired_at >= self._settings.answer_timeout:
                self.drop()
        elif self._account is not None and now - self._last_heard >= self._settings.enquire_link:
            self._enquired_at = now
            self._write(pdu(spec.ENQUIRE_LINK, _ENQUIRY))
        self._loop.call_later(_WATCH, self._watch)

    def _write(self, octets: bytes) -> None:
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(octets)

    def _flush(self) -> None:
        if self._transport and not self._frozen and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _close(self) -> None:
        if self._transport:
            self._flush()
            self._transport.close()
