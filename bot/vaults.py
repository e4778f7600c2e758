"""The database as a vault: a channel's rotating credentials, and the turn of the one process that renews them."""

import asyncio
import itertools
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.leading import LEASE, RENEW, Fenced
from bot.model.clock import Clock
from bot.model.errors import StorageError
from bot.ports import Storage, Vault

log = logging.getLogger(__name__)


def vault_for(
    storage: Storage, channel: str, *, clock: Clock, owner: str = "", lease: float = LEASE, renew: float = RENEW
) -> Vault:
    """The vault of one channel. `owner` tells this process from all others; empty: a random one. A turn is held for
    `lease` seconds, and prolonged every `renew` seconds while it lasts."""
    return _StoredVault(storage, channel, clock=clock, owner=owner or secrets.token_hex(8), lease=lease, renew=renew)


class _StoredVault:
    def __init__(self, storage: Storage, channel: str, *, clock: Clock, owner: str, lease: float, renew: float) -> None:
        self._storage = storage
        self._channel = channel
        self._name = f"vault:{channel}"
        self._clock = clock
        self._owner = owner
        self._lease = lease
        self._renew = renew
        self._turns = itertools.count(1)

    async def read(self) -> str:
        return await self._storage.read(lambda tx: tx.vaults.read(self._channel))

    async def keep(self, content: str) -> None:
        now = self._clock()
        await self._storage.write(lambda tx: tx.vaults.keep(self._channel, content, at=now))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Vault | None]:
        # A name of its own for each turn: a lease is taken again by who has it, and two tasks of one process must
        # exclude each other as two processes do.
        owner, now = f"{self._owner}:{next(self._turns)}", self._clock()
        until = now + timedelta(seconds=self._lease)
        fence = await self._storage.write(lambda tx: tx.leases.take(self._name, owner=owner, now=now, until=until))
        if not fence:
            yield None
            return
        prolonging = asyncio.create_task(self._prolong(owner, fence))
        try:
            yield self._fenced(owner, fence)
        finally:
            prolonging.cancel()
            await asyncio.wait([prolonging])
            await self._give_back(owner)

    def _fenced(self, owner: str, fence: int) -> Vault:
        fenced = Fenced(self._storage, self._name, fence)
        return _StoredVault(fenced, self._channel, clock=self._clock, owner=owner, lease=self._lease, renew=self._renew)

    async def _prolong(self, owner: str, fence: int) -> None:
        """Until cancelled, or the turn is another's: what is kept then is refused by the fence."""
        is_ours = True
        while is_ours:
            await asyncio.sleep(self._renew)
            try:
                is_ours = await self._prolonged(owner, fence)
            except StorageError as error:
                log.warning("vault %s: the turn could not be prolonged: %s", self._channel, error)
        log.warning("vault %s: another process has taken the turn over", self._channel)

    async def _prolonged(self, owner: str, fence: int) -> bool:
        until = self._clock() + timedelta(seconds=self._lease)
        return await self._storage.write(lambda tx: tx.leases.renew(self._name, owner=owner, fence=fence, until=until))

    async def _give_back(self, owner: str) -> None:
        try:
            await self._storage.write(lambda tx: tx.leases.give_back(self._name, owner=owner))
        except StorageError as error:
            log.warning("vault %s: the turn could not be given back and ends by itself: %s", self._channel, error)
