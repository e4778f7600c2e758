"""The SMS channel over SMPP 3.4: opens it, keeps it listening, and tries an account."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.composing import Composer
from adapters.channels.sms_smpp.inbox import Heard, Inbox
from adapters.channels.sms_smpp.inquiry import Inquiry
from adapters.channels.sms_smpp.link import connect
from adapters.channels.sms_smpp.outcomes import Rulings
from adapters.channels.sms_smpp.pace import Pace
from adapters.channels.sms_smpp.pool import Pool, roles
from adapters.channels.sms_smpp.receipt_ids import IdForm
from adapters.channels.sms_smpp.reception import Reception
from adapters.channels.sms_smpp.recollection import Recollection
from adapters.channels.sms_smpp.sender import SmppSender
from adapters.channels.sms_smpp.settings import Settings
from bot.model.clock import Clock, utc_now
from bot.model.errors import ChannelError
from bot.model.message import InboundMessage
from bot.ports import Channel, Deliver, Limits

log = logging.getLogger(__name__)

_TIDY = 0.25
"""Seconds between looks at unfinished long messages."""


class SmppListener:
    """Keeps the binds open, and hands on in batches: while one is being made durable, the next collects.

    A delivery is acknowledged only when `deliver` has returned. Where it raises, the whole batch is refused for
    the moment and the SMSC repeats it; the link stays.
    """

    def __init__(self, pool: Pool, inbox: Inbox, reception: Reception, inquiry: Inquiry, clock: Clock) -> None:
        self._pool = pool
        self._inbox = inbox
        self._reception = reception
        self._inquiry = inquiry
        self._clock = clock

    async def listen(self, deliver: Deliver) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pool.keep())
            tasks.create_task(self._inquiry.run(self._pool))
            tasks.create_task(self._tidy())
            tasks.create_task(self._hand_on(deliver))

    async def _hand_on(self, deliver: Deliver) -> None:
        while True:
            batch = await self._inbox.take()
            status = await self._delivered(deliver, batch)
            for heard in batch:
                heard.answer(status)
                if status == spec.OK and isinstance(heard.event, InboundMessage):
                    self._reception.identity.answered(heard.event.message_id, self._clock())

    async def _delivered(self, deliver: Deliver, batch: list[Heard]) -> int:
        try:
            await deliver([heard.event for heard in batch])
        except Exception as error:
            # Its text may quote what a citizen wrote; its kind does not.
            log.warning("%d events could not be stored (%s), the SMSC repeats them", len(batch), type(error).__name__)
            return spec.RX_TEMPORARY
        return spec.OK

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(_TIDY)
            self._reception.tidy()


@asynccontextmanager
async def open(  # noqa: A001 - the name every adapter offers
    name: str, settings: Settings, *, clock: Clock = utc_now, rng: random.Random | None = None
) -> AsyncIterator[Channel]:
    """The channel. Nothing is connected before its listener runs; until then, and while the SMSC is away, every
    send answers `ChannelDown`."""
    rng = rng or random.Random()
    inbox = Inbox(whole_messages=settings.long_messages == "payload")
    recollection, rulings = Recollection(), Rulings(settings.statuses)
    inquiry = Inquiry(name, inbox, clock, seconds=settings.query)
    reception = Reception(
        name, settings, inbox, clock, recollection=recollection, rulings=rulings, settled=inquiry.settled
    )
    pool = Pool(
        settings,
        heard=reception.heard,
        late=reception.late,
        lost=lambda: reception.identity.link_lost(clock()),
        jitter=rng.random,
    )
    sender = SmppSender(
        Composer(settings, clock, reference=rng.randrange(0x10000)),
        pool,
        Pace(),
        rulings=rulings,
        ids=IdForm(settings.receipt_ids),
        recollection=recollection,
        inquiry=inquiry,
    )
    yield Channel(
        name=name,
        sender=sender,
        quick=sender,
        limits=_limits(settings),
        listener=SmppListener(pool, inbox, reception, inquiry, clock),
        secrets=(settings.password.get_secret_value(),),
    )


async def check(settings: Settings) -> str:
    """Binds once in each role and unbinds. Answers a line for the operator, or raises `ChannelError` saying what is
    wrong."""
    for role in roles(settings):
        try:
            session = await connect(
                settings, heard=lambda session, frame: None, late=lambda token, answer: None, role=role
            )
        except ChannelError as error:
            raise ChannelError(f"{error} (bind {role.name.lower()})") from None
        await session.close("checked")
    bound = ", ".join(role.name.lower() for role in roles(settings))
    over = " TLS" if settings.tls else ""
    return f"SMPP {settings.host}:{settings.port}{over}: đăng nhập được (bound as {bound}, then unbound)"


def _limits(settings: Settings) -> Limits:
    return Limits(
        longest=0,
        rate=settings.rate,
        window=settings.window * settings.binds,
        receipts=settings.registered_delivery == 1,
        arrives_when_accepted=False,
        plain=True,
        reserved=settings.reserved,
    )
