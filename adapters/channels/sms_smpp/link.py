"""Keeps one connection open: connects, binds, and connects again for as long as it takes."""

import asyncio
import logging
import os
import random
import ssl
from collections.abc import Callable
from contextlib import suppress

from adapters.channels.sms_smpp.session import OnDelivery, Role, Session
from adapters.channels.sms_smpp.settings import Settings
from adapters.channels.sms_smpp.tls import context_for, refused
from adapters.channels.sms_smpp.window import Late
from bot.model.errors import ChannelError

log = logging.getLogger(__name__)

_BEGINNING = 1.0
"""Seconds after opening in which the listener should have begun."""
_STEADY = 1.0
"""Seconds a link must have lived for the waiting to begin anew at its shortest."""
_TLS_GOODBYE = 2.0
"""Seconds that TLS may take to part."""


async def connect(settings: Settings, *, heard: OnDelivery, late: Late, role: Role = Role.TRANSCEIVER) -> Session:
    """A bound session. Raises `ChannelError` saying why there is none, within `bind_timeout`."""
    session = Session(settings, heard=heard, late=late, role=role)
    try:
        async with asyncio.timeout(settings.bind_timeout):
            await _open(settings, session)
            await session.bind()
    except TimeoutError:
        session.hang_up("no bind in time")
        raise ChannelError(
            f"không kết nối và đăng nhập được trong {settings.bind_timeout:g} giây / no connection and bind in time"
        ) from None
    except ssl.SSLError as error:
        session.hang_up("no TLS")
        raise refused(error) from None
    except (OSError, UnicodeError) as error:
        # UnicodeError: a host name that DNS could not even be asked for.
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else type(error).__name__
        raise ChannelError(f"không kết nối được / cannot connect: {why}") from None
    except BaseException:
        session.hang_up("bind failed")
        raise
    return session


async def _open(settings: Settings, session: Session) -> None:
    loop = asyncio.get_running_loop()
    # Reading certificates is work for the disk.
    context = await asyncio.to_thread(context_for, settings) if settings.tls else None
    await loop.create_connection(
        lambda: session,
        settings.host,
        settings.port,
        ssl=context,
        server_hostname=settings.host if context else None,
        ssl_handshake_timeout=settings.bind_timeout if context else None,
        ssl_shutdown_timeout=_TLS_GOODBYE if context else None,
    )


class Link:
    """`session` is bound, or None with the reason in `trouble`."""

    def __init__(
        self,
        settings: Settings,
        *,
        heard: OnDelivery,
        late: Late,
        lost: Callable[[], None],
        jitter: Callable[[], float] = random.random,
        role: Role = Role.TRANSCEIVER,
    ) -> None:
        self._settings = settings
        self._role = role
        self._heard = heard
        self._late = late
        self._lost = lost
        self._jitter = jitter
        self._first_attempt = asyncio.Event()
        self._keeping = False
        self._opened_at = asyncio.get_running_loop().time()
        self.session: Session | None = None
        self.trouble = "nobody keeps the link open"

    async def keep(self) -> None:
        """Runs until cancelled; then unbinds."""
        loop = asyncio.get_running_loop()
        self._keeping = True
        failures = 0
        while True:
            began = loop.time()
            await self._live()
            self._first_attempt.set()
            failures = 1 if loop.time() - began >= _STEADY else failures + 1
            await asyncio.sleep(self._pause(failures))

    async def started(self) -> Session | None:
        """The session. Right after the start, waits for the first attempt to connect, and a moment for somebody to
        make it; later, answers at once."""
        if self.session is None and not self._first_attempt.is_set():
            begin = max(0.0, self._opened_at + _BEGINNING - asyncio.get_running_loop().time())
            with suppress(TimeoutError):
                async with asyncio.timeout(None if self._keeping else begin):
                    await self._first_attempt.wait()
        return self.session

    async def _live(self) -> None:
        """One session from its connection to its end."""
        try:
            session = await connect(self._settings, heard=self._heard, late=self._late, role=self._role)
        except ChannelError as error:
            if str(error) != self.trouble:
                log.warning("SMSC %s:%s: %s", self._settings.host, self._settings.port, error)
            self.trouble = str(error)
            return
        log.info("SMSC %s:%s: bound as %s", self._settings.host, self._settings.port, self._role.name.lower())
        self.session = session
        self._first_attempt.set()
        try:
            self.trouble = await asyncio.shield(session.closed)
            log.warning("SMSC %s:%s: %s", self._settings.host, self._settings.port, self.trouble)
        finally:
            self.session = None
            self._lost()
            await session.close("closed by us")

    def _pause(self, failures: int) -> float:
        """Seconds: doubles from failure to failure, then between half and the whole of that."""
        doubled = self._settings.reconnect_min * 2.0 ** min(failures - 1, 20)
        return min(self._settings.reconnect_max, doubled) * (1 + self._jitter()) / 2
