"""One connection to the mail server: opened when it is needed, used for one message after the other."""

import asyncio
import time
from contextlib import suppress

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException, SMTPResponseException, SMTPServerDisconnected, SMTPTimeoutError

from adapters.channels.email.outcomes import Step, outcome_of
from adapters.channels.email.settings import Settings
from adapters.http import trust
from bot.model.message import Accepted, Outcome

_GOODBYE = 1.0
"""Seconds."""


class Connection:
    """Not for two messages at once."""

    def __init__(self, settings: Settings) -> None:
        """Raises `ConfigError` for a bad `ca_file`."""
        self._settings = settings
        self._tls = trust(settings.ca_file)
        self._smtp: SMTP | None = None
        self._used_at = 0.0
        self._step = Step.OPENING

    async def deliver(self, recipient: str, letter: bytes) -> Outcome:
        """Hands one letter to the server, once."""
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                smtp = await self._begun()
                self._step = Step.RECIPIENT
                await smtp.rcpt(recipient)
            self._step = Step.TEXT
            await smtp.data(letter)
        except (SMTPException, OSError) as error:
            await self._clear(error)
            return outcome_of(error, self._step)
        except BaseException:
            # Given up in the middle: what the server would say next belongs to nothing.
            self._drop()
            raise
        self._used_at = time.monotonic()
        return Accepted()

    async def open(self) -> None:
        """Connected, protected and logged in, in place of the connection that was. Raises SMTPException or OSError."""
        self._step = Step.OPENING
        await self.close()
        settings = self._settings
        smtp = SMTP(
            hostname=settings.host,
            port=settings.port,
            local_hostname=settings.own_name,
            username=settings.username or None,
            password=settings.password.get_secret_value() if settings.password else None,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=self._tls,
            timeout=settings.response_timeout,
        )
        async with asyncio.timeout(settings.connect_timeout):
            await smtp.connect()
        self._smtp = smtp

    async def close(self) -> None:
        """Says goodbye where somebody listens."""
        if self._smtp and self._smtp.is_connected:
            with suppress(SMTPException, OSError):
                await self._smtp.quit(timeout=_GOODBYE)
        self._drop()

    async def _begun(self) -> SMTP:
        """The connection once its MAIL command was taken. One that was idle may be dead without our knowing: nothing
        was sent by then, so a new one takes its place."""
        if self._smtp and self._smtp.is_connected and time.monotonic() - self._used_at <= self._settings.idle:
            with suppress(SMTPServerDisconnected, SMTPTimeoutError):
                return await self._mail(self._smtp)
        await self.open()
        assert self._smtp is not None  # noqa: S101 - `open` has made it
        return await self._mail(self._smtp)

    async def _mail(self, smtp: SMTP) -> SMTP:
        self._step = Step.SENDER
        await smtp.mail(self._settings.from_address)
        return smtp

    async def _clear(self, error: SMTPException | OSError) -> None:
        """After a refusal the next message begins anew on the same connection. An answer that did not come in time may
        come late, and would be taken for another one's: that connection is not used again."""
        if self._smtp and self._smtp.is_connected and isinstance(error, SMTPResponseException):
            with suppress(SMTPException, OSError):
                await self._smtp.rset(timeout=_GOODBYE)
                self._used_at = time.monotonic()
                return
        self._drop()

    def _drop(self) -> None:
        if self._smtp:
            self._smtp.close()
            self._smtp = None
