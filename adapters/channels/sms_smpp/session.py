"""One TCP connection to an SMSC, bound as transceiver, that proves it is alive or ends."""

import asyncio
import logging
import socket
from collections.abc import Callable

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.framing import Frame, Splitter, pdu
from adapters.channels.sms_smpp.settings import Settings
from adapters.channels.sms_smpp.window import Answer, Late, Result, Window
from bot.model.errors import ChannelError

log = logging.getLogger(__name__)

_GOODBYE = 2.0
"""Seconds the SMSC has to answer our unbind."""
_TICK = 1.0
_WRITE_BUFFER = 1 << 20
"""Octets the connection may hold back before submits wait."""
_WITH_MESSAGE_ID = frozenset({spec.DELIVER_SM, spec.DATA_SM})
"""Requests whose response carries a (here empty) message id."""

OnDelivery = Callable[["Session", Frame], None]
"""Gets every deliver_sm and data_sm, sees to it that `Session.answer` is called for it, and never raises."""


class Session(asyncio.Protocol):
    """Made by `connect`. `closed` is done when the connection has ended, and says why."""

    def __init__(self, settings: Settings, *, heard: OnDelivery, late: Late) -> None:
        self._settings = settings
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._splitter = Splitter()
        self._window = Window(settings.window, settings.response_timeout, write=self._write, late=late)
        self._transport: asyncio.Transport | None = None
        self._asked: dict[int, asyncio.Future[Frame]] = {}
        self._out: list[bytes] = []
        self._last_heard = self._loop.time()
        self._enquired_at = 0.0
        self._ending = ""
        self.closed: asyncio.Future[str] = self._loop.create_future()

    # What the channel does

    async def bind(self) -> None:
        """Raises `ChannelError` where the SMSC refuses or hangs up. The caller limits the time."""
        settings = self._settings
        answer = await self._ask(
            spec.BIND_TRANSCEIVER,
            codec.encode_bind(
                codec.Bind(
                    settings.system_id,
                    settings.password.get_secret_value(),
                    settings.system_type,
                    address_range=settings.short_code,
                )
            ),
        )
        if answer is None:
            raise ChannelError(f"{self.closed.result()} during bind")
        if answer.status != spec.OK:
            raise ChannelError(f"bind refused: {spec.status_name(answer.status)}")
        self._watch()

    def submit(self, body: bytes, token: str) -> asyncio.Future[Result]:
        """Sends the body of a submit_sm within the window."""
        return self._window.submit(body, token)

    def answer(self, command: int, sequence: int, status: int) -> None:
        """Answers a request of the SMSC; without effect once the connection has ended."""
        body = b"\0" if command in _WITH_MESSAGE_ID else b""
        self._write(pdu(command | spec.RESPONSE, sequence, body, status=status))

    async def close(self, reason: str) -> None:
        """Unbinds where the link still works, then hangs up. Outstanding submits end as unanswered."""
        self._window.refuse(reason)
        try:
            async with asyncio.timeout(_GOODBYE):
                await self._ask(spec.UNBIND)
        except TimeoutError:
            log.info("the SMSC did not answer our unbind")
        self.hang_up(reason)

    def hang_up(self, reason: str) -> None:
        """Closes the connection at once."""
        self._ending = self._ending or reason
        self._window.refuse(reason)
        if self._transport:
            self._flush()
            self._transport.close()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - create_connection makes nothing else
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=_WRITE_BUFFER)

    def pause_writing(self) -> None:
        self._window.open = False

    def resume_writing(self) -> None:
        self._window.open = True
        self._window.fill()

    def data_received(self, data: bytes) -> None:
        self._last_heard = self._loop.time()
        for frame in self._splitter.feed(data):
            self._take(frame)
        if broken := self._splitter.broken:
            log.warning("the SMSC's octets are out of step: %s", broken)
            self._write(pdu(spec.GENERIC_NACK, 0, status=broken.status))
            self.hang_up(str(broken))
        self._window.fill()

    def connection_lost(self, exc: Exception | None) -> None:
        reason = self._ending or (f"link lost ({type(exc).__name__})" if exc else "the SMSC closed the link")
        self._transport = None
        self._out.clear()
        self._window.end(reason)
        if not self.closed.done():
            self.closed.set_result(reason)

    # How PDUs come in

    def _take(self, frame: Frame) -> None:
        match frame.command:
            case spec.SUBMIT_SM_RESP:
                self._answered(frame, codec.first_text(frame.body) if frame.status == spec.OK else "")
            case spec.DELIVER_SM | spec.DATA_SM:
                self._heard(self, frame)
            case spec.ENQUIRE_LINK:
                self.answer(frame.command, frame.sequence, spec.OK)
            case spec.UNBIND:
                self.answer(frame.command, frame.sequence, spec.OK)
                self.hang_up("the SMSC unbound us")
            case spec.ALERT_NOTIFICATION | spec.OUTBIND | spec.ENQUIRE_LINK_RESP:
                pass
            case command if command & spec.RESPONSE:
                self._replied(frame)
            case command:
                log.warning("the SMSC sent a command 0x%08X that is not for us", command)
                self._write(pdu(spec.GENERIC_NACK, frame.sequence, status=spec.INVALID_COMMAND))

    def _answered(self, frame: Frame, message_id: str) -> None:
        if not self._window.answered(frame.sequence, Answer(frame.status, message_id)):
            log.info("the SMSC answered a submit that nobody waits for: %s", spec.status_name(frame.status))

    def _replied(self, frame: Frame) -> None:
        """An answer to bind or unbind, or a generic_nack, which may be for a submit as well."""
        asked = self._asked.get(frame.sequence)
        if asked and not asked.done():
            asked.set_result(frame)
        elif frame.command == spec.GENERIC_NACK:
            self._answered(frame, "")

    async def _ask(self, command: int, body: bytes = b"") -> Frame | None:
        """The answer to a request; None where the connection ends first."""
        sequence = self._window.next_sequence()
        asked: asyncio.Future[Frame] = self._loop.create_future()
        self._asked[sequence] = asked
        self._write(pdu(command, sequence, body))
        try:
            await asyncio.wait((asked, self.closed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._asked[sequence]
        return asked.result() if asked.done() else None

    def _write(self, octets: bytes) -> None:
        """All PDUs of one turn of the event loop leave in one write."""
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(octets)

    def _flush(self) -> None:
        if self._transport and self._out and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
            self._out.clear()
            self._window.written()

    def _watch(self) -> None:
        """Looks after time-outs and silence until the connection ends."""
        if self._transport is None:
            return
        settings, now = self._settings, self._loop.time()
        self._window.give_up(now)
        self._window.fill()
        if self._enquired_at > self._last_heard:
            if now - self._enquired_at > settings.response_timeout:
                self._ending = "no answer to enquire_link"
                self._transport.abort()
                return
        elif now - self._last_heard >= settings.enquire_link:
            self._enquired_at = now
            self._write(pdu(spec.ENQUIRE_LINK, self._window.next_sequence()))
        self._loop.call_later(min(_TICK, settings.response_timeout / 4, settings.enquire_link / 4), self._watch)
