"""The connections of one account as one: what is sent goes where there is most room, what is heard comes from all."""

import asyncio
import random
from collections.abc import Callable

from adapters.channels.sms_smpp.link import Link
from adapters.channels.sms_smpp.session import OnDelivery, Role, Session
from adapters.channels.sms_smpp.settings import Settings
from adapters.channels.sms_smpp.window import Late, Result, Unsent

_ROLES: dict[str, tuple[Role, ...]] = {
    "transceiver": (Role.TRANSCEIVER,),
    "separate": (Role.TRANSMITTER, Role.RECEIVER),
}
"""By the setting `bind`, the one that sends first."""


def roles(settings: Settings) -> tuple[Role, ...]:
    """What each of the account's connections, or pairs of them, is bound as."""
    return _ROLES[settings.bind]


class Pool:
    """As many links as the settings say, each kept open by itself: one that falls takes no other with it."""

    def __init__(
        self,
        settings: Settings,
        *,
        heard: OnDelivery,
        late: Late,
        lost: Callable[[], None],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._links = [
            (role, Link(settings, heard=heard, late=late, lost=lost, jitter=jitter, role=role))
            for _ in range(settings.binds)
            for role in roles(settings)
        ]
        self._sending = [link for role, link in self._links if role is not Role.RECEIVER]

    async def keep(self) -> None:
        """Runs until cancelled; then unbinds."""
        async with asyncio.TaskGroup() as tasks:
            for _, link in self._links:
                tasks.create_task(link.keep())

    @property
    def session(self) -> Session | None:
        """The bound session that sends and has the most room; None where no link that sends is bound."""
        if len(self._sending) == 1:
            session = self._sending[0].session
            return session if session and not session.ended else None
        bound = [link.session for link in self._sending if link.session and not link.session.ended]
        return max(bound, key=lambda session: session.room, default=None)

    @property
    def trouble(self) -> str:
        """Why nothing can be sent."""
        return self._sending[0].trouble

    async def started(self) -> Session | None:
        """`session`; right after the start, waits for the first attempts to connect."""
        for link in self._sending:
            if session := self.session:
                return session
            await link.started()
        return self.session

    async def submit(self, body: bytes, token: str) -> Result:
        """Submits a part. Where a session ends before the part has left it, another takes it."""
        while True:
            session = self.session
            if session is None:
                return Unsent(f"not bound: {self.trouble}")
            result = await session.submit(body, token)
            if not isinstance(result, Unsent) or self.session is None:
                return result
