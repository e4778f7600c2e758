"""The database as a vault: a channel's rotating credentials, and the turn of the one process that renews them."""

import itertools
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.model.clock import Clock
from bot.model.errors import StorageError
from bot.ports import Storage, Vault

log = logging.getLogger(__name__)

TURN = timedelta(minutes=1)
"""How long a turn lasts at most: one that died with its process ends then."""


def vault_for(storage: Storage, channel: str, *, clock: Clock, owner: str = "") -> Vault:
    """The vault of one channel. `owner` tells this process from all others; empty: a random one."""
    return _StoredVault(storage, channel, clock=clock, owner=owner or secrets.token_hex(8))


class _StoredVault:
    def __init__(self, storage: Storage, channel: str, *, clock: Clock, owner: str) -> None:
        self._storage = storage
        self._channel = channel
        self._lease = f"vault:{channel}"
        self._clock = clock
        self._owner = owner
        self._turns = itertools.count(1)

    async def read(self) -> str:
        return await self._storage.read(lambda tx: tx.vaults.read(self._channel))

    async def keep(self, content: str) -> None:
        now = self._clock()
        await self._storage.write(lambda tx: tx.vaults.keep(self._channel, content, at=now))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        # A name of its own for each turn: a lease is taken again by who has it, and two tasks of one process must
        # exclude each other as two processes do.
        owner, now = f"{self._owner}:{next(self._turns)}", self._clock()
        taken = await self._storage.write(
            lambda tx: tx.leases.take(self._lease, owner=owner, now=now, until=now + TURN)
        )
        try:
            yield bool(taken)
        finally:
            if taken:
                await self._give_back(owner)

    async def _give_back(self, owner: str) -> None:
        try:
            await self._storage.write(lambda tx: tx.leases.give_back(self._lease, owner=owner))
        except StorageError as error:
            log.warning("vault %s: the turn could not be given back and ends by itself: %s", self._channel, error)
