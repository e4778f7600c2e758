"""Puts the e-mail channel together, and tries an account."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiosmtplib.errors import SMTPException

from adapters.channels.email.connection import Connection
from adapters.channels.email.letter import letter
from adapters.channels.email.outcomes import Step, outcome_of
from adapters.channels.email.settings import Settings, is_mailbox
from bot.model.clock import Clock, utc_now
from bot.model.errors import ChannelError
from bot.model.message import ChannelDown, OutboxItem, Outcome, Rejected
from bot.ports import Channel, Limits


class EmailSender:
    """Plain text in UTF-8, documents attached; one message after the other over one connection."""

    def __init__(self, settings: Settings, connection: Connection, *, clock: Clock) -> None:
        self._settings = settings
        self._connection = connection
        self._clock = clock
        self._turn = asyncio.Lock()

    async def send(self, item: OutboxItem) -> Outcome:
        if item.address.scheme != "email" or not is_mailbox(item.address.value):
            return Rejected("the address is no e-mail address")
        if not item.text.strip():
            return Rejected("the text is empty")
        written = letter(item, self._settings, now=self._clock())
        async with self._turn:
            return await self._connection.deliver(item.address.value, written)


@asynccontextmanager
async def open(  # noqa: A001 - the name every adapter offers
    name: str, settings: Settings, *, clock: Clock = utc_now
) -> AsyncIterator[Channel]:
    """Opens without a call to the mail server. Raises `ConfigError` for a bad `ca_file`."""
    connection = Connection(settings)
    try:
        yield Channel(
            name=name,
            sender=EmailSender(settings, connection, clock=clock),
            limits=Limits(
                longest=0,  # a letter is as long as it is
                rate=settings.rate,
                window=1,
                # Mail that cannot be delivered comes back to the sender's mailbox, which we do not read.
                arrives_when_accepted=False,
                files=True,
            ),
            secrets=(settings.password.get_secret_value(),) if settings.password else (),
        )
    finally:
        await connection.close()


async def check(settings: Settings) -> str:
    """Connects and logs in; one line for the operator, or `ChannelError` saying what is wrong. Sends nothing."""
    connection = Connection(settings)
    try:
        await connection.open()
    except (SMTPException, OSError) as error:
        outcome = outcome_of(error, Step.OPENING)
        raise ChannelError(outcome.reason if isinstance(outcome, ChannelDown) else type(error).__name__) from None
    finally:
        await connection.close()
    over = {"starttls": " STARTTLS", "tls": " TLS", "none": ""}[settings.security]
    who = "đăng nhập được / logged in" if settings.username else "kết nối được / connected"
    return f"SMTP {settings.host}:{settings.port}{over}: {who}"
