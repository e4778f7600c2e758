"""One TCP or TLS connection to an SMSC, bound in one role, that proves it is alive or ends."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from enum import IntEnum

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.framing import Frame, Splitter, pdu
from adapters.channels.sms_smpp.liveness import Liveness
from adapters.channels.sms_smpp.outlet import Outlet
from adapters.channels.sms_smpp.settings import Settings
from adapters.channels.sms_smpp.tls import refused
from adapters.channels.sms_smpp.window import Answer, Answered, Late, Result, Window
from bot.model.errors import ChannelError

log = logging.getLogger(__name__)

_GOODBYE = 2.0
"""Seconds the SMSC has to answer our unbind."""
_TICK = 1.0
_LONGEST_ID = 65
"""Octets of a message id, as many as are read of a receipt's."""
_WITH_MESSAGE_ID = frozenset({spec.DELIVER_SM, spec.DATA_SM})
"""Requests whose response carries a (here empty) message id."""

OnDelivery = Callable[["Session", Frame], None]
"""Gets every deliver_sm and data_sm, sees to it that `Session.answer` is called for it, and never raises."""


class Role(IntEnum):
    """What a connection is bound as; the value is the command."""

    TRANSCEIVER = spec.BIND_TRANSCEIVER
    TRANSMITTER = spec.BIND_TRANSMITTER
    RECEIVER = spec.BIND_RECEIVER


class Session(asyncio.Protocol):
    """Made by `connect`. `closed` is done when the connection has ended, and says why."""

    def __init__(self, settings: Settings, *, heard: OnDelivery, late: Late, role: Role = Role.TRANSCEIVER) -> None:
        self._settings = settings
        self._heard = heard
        self._role = role
        self._loop = asyncio.get_running_loop()
        self._splitter = Splitter()
        self._outlet = Outlet(written=lambda: self._window.written())
        self._window = Window(settings.window, settings.response_timeout, write=self._outlet.write, late=late)
        self._liveness = Liveness(self._loop.time(), quiet=settings.enquire_link, patience=settings.response_timeout)
        self._asked: dict[int, asyncio.Future[Frame]] = {}
        self._ending = ""
        self.closed: asyncio.Future[str] = self._loop.create_future()

    # What the channel does

    async def bind(self) -> None:
        """Raises `ChannelError` where the SMSC refuses or hangs up. The caller limits the time."""
        settings = self._settings
        answer = await self._ask(
            self._role,
            codec.encode_bind(
                codec.Bind(
                    settings.system_id,
                    settings.password.get_secret_value(),
                    settings.system_type,
                    address_range=settings.short_code if self._role is not Role.TRANSMITTER else "",
                )
            ),
        )
        if answer is None:
            wanted = settings.tls and not settings.tls_cert
            # TLS 1.3 refuses a client without certificate only after the handshake, and often just hangs up.
            hint = " (có thể tổng đài đòi tls_cert / perhaps the SMSC wants a tls_cert)" if wanted else ""
            raise ChannelError(f"{self.closed.result()} during bind{hint}")
        if answer.status != spec.OK:
            raise ChannelError(f"bind refused: {spec.status_name(answer.status)}")
        self._watch()

    @property
    def room(self) -> int:
        """Submits that could leave at once; below 0 those that wait already."""
        return self._window.room

    @property
    def ended(self) -> bool:
        """No submit will leave here any more."""
        return self._window.ended

    def submit(self, body: bytes, token: str) -> asyncio.Future[Result]:
        """Sends the body of a submit_sm within the window."""
        return self._window.submit(body, token)

    def put(self, body: bytes, token: str, answered: Answered) -> None:
        """The same at once, while there is `room`; `answered` gets how it ended."""
        self._window.put(body, token, answered)

    async def ask(self, command: int, body: bytes) -> Frame | None:
        """The answer to another request; None where none comes in time, or the connection ends first."""
        try:
            async with asyncio.timeout(self._settings.response_timeout):
                return await self._ask(command, body)
        except TimeoutError:
            return None

    def answer(self, command: int, sequence: int, status: int) -> None:
        """Answers a request of the SMSC; without effect once the connection has ended."""
        body = b"\0" if command in _WITH_MESSAGE_ID else b""
        self._outlet.write(pdu(command | spec.RESPONSE, sequence, body, status=status))

    async def close(self, reason: str) -> None:
        """Unbinds where the link still works, hangs up, and returns when the connection has ended. Outstanding submits
        end as unanswered."""
        self._window.refuse(reason)
        if self._outlet.is_held_back:
            self._abort(reason)
        try:
            async with asyncio.timeout(_GOODBYE):
                await self._ask(spec.UNBIND)
        except TimeoutError:
            log.info("the SMSC did not answer our unbind")
        self.hang_up(reason)
        await asyncio.wait((self.closed,), timeout=2 * _GOODBYE)

    def hang_up(self, reason: str) -> None:
        """Closes the connection at once."""
        self._ending = self._ending or reason
        self._window.refuse(reason)
        self._outlet.close()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - create_connection makes nothing else
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._outlet.opened(transport)

    def pause_writing(self) -> None:
        self._outlet.pause()
        self._open_or_shut()

    def resume_writing(self) -> None:
        self._outlet.resume()
        self._open_or_shut()

    def data_received(self, data: bytes) -> None:
        self._liveness.heard(self._loop.time())
        for frame in self._splitter.feed(data):
            self._take(frame)
        if broken := self._splitter.broken:
            if not self._ending:
                log.warning("the SMSC's octets are out of step: %s", broken)
                self._outlet.write(pdu(spec.GENERIC_NACK, 0, status=broken.status))
            self.hang_up(str(broken))
        self._window.fill()

    def connection_lost(self, exc: Exception | None) -> None:
        self._outlet.lost()
        reason = self._ending or _why(exc)
        self._window.end(reason)
        if not self.closed.done():
            self.closed.set_result(reason)

    # How PDUs come in

    def _take(self, frame: Frame) -> None:
        match frame.command:
            case spec.SUBMIT_SM_RESP:
                self._answered(frame, codec.first_text(frame.body)[:_LONGEST_ID] if frame.status == spec.OK else "")
            case spec.DELIVER_SM | spec.DATA_SM:
                self._heard(self, frame)
            case spec.ENQUIRE_LINK:
                self.answer(frame.command, frame.sequence, spec.OK)
            case spec.ENQUIRE_LINK_RESP:
                self._proven()
            case spec.UNBIND:
                self.answer(frame.command, frame.sequence, spec.OK)
                self.hang_up("the SMSC unbound us")
            case spec.ALERT_NOTIFICATION | spec.OUTBIND:
                pass
            case command if command & spec.RESPONSE:
                self._replied(frame)
            case command:
                log.warning("the SMSC sent a command 0x%08X that is not for us", command)
                self._outlet.write(pdu(spec.GENERIC_NACK, frame.sequence, status=spec.INVALID_COMMAND))

    def _answered(self, frame: Frame, message_id: str) -> None:
        if self._window.answered(frame.sequence, Answer(frame.status, message_id)):
            self._proven()
        else:
            log.info("the SMSC answered a submit that nobody waits for: %s", spec.status_name(frame.status))

    def _replied(self, frame: Frame) -> None:
        """An answer to bind, unbind or query_sm, or a generic_nack, which may be for a submit as well."""
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
        self._outlet.write(pdu(command, sequence, body))
        try:
            await asyncio.wait((asked, self.closed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._asked[sequence]
        return asked.result() if asked.done() else None

    # How it goes on

    def _proven(self) -> None:
        self._liveness.answered(self._loop.time())
        if not self._window.open:
            self._open_or_shut()

    def _open_or_shut(self) -> None:
        self._window.open = not self._outlet.is_held_back and not self._liveness.doubtful
        self._window.fill()

    def _watch(self) -> None:
        """Looks after time-outs and silence until the connection ends."""
        if self.closed.done():
            return
        settings, now = self._settings, self._loop.time()
        if self._window.give_up(now):
            self._liveness.unanswered(now)
        self._open_or_shut()
        if self._liveness.is_over(now):
            self._abort("no answer to enquire_link")
        elif self._outlet.is_stuck(now, patience=settings.response_timeout):
            self._abort("the SMSC does not read what we write")
        elif self._liveness.enquires(now):
            self._outlet.write(pdu(spec.ENQUIRE_LINK, self._window.next_sequence()))
        self._loop.call_later(min(_TICK, settings.response_timeout / 4, settings.enquire_link / 4), self._watch)

    def _abort(self, reason: str) -> None:
        """Ends a connection that no longer moves, with what it holds back."""
        self._ending = self._ending or reason
        self._outlet.abort()


def _why(exc: Exception | None) -> str:
    if isinstance(exc, ssl.SSLError):
        return str(refused(exc))
    return f"link lost ({type(exc).__name__})" if exc else "the SMSC closed the link"
