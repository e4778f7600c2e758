"""A process that keeps the tokens as `motcua run` does, until it is killed. Run as a program by test_kill.py.

`python renewing.py DATABASE ZALO SPOOL START SPEED`: its clock stood at START (Unix seconds) and runs SPEED
times as fast, so that the minute of a turn is over soon, for all such processes alike.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from adapters.channels import zalo
from bot.vaults import vault_for
from storage import open_storage
from tests.adapters.zalo.support import NAME, settings_for


async def keep(database: str, base: str, spool: Path, *, start: float, speed: float) -> None:
    def clock() -> datetime:
        return datetime.fromtimestamp(start + (time.time() - start) * speed, UTC)

    async with open_storage(database, clock=clock) as storage:
        vault = vault_for(storage, NAME, clock=clock)
        async with zalo.open(NAME, settings_for(base, spool), vault=vault, clock=clock, every=0.05) as channel:
            assert channel.listener is not None
            print("ready", flush=True)
            await channel.listener.listen(deliver)


async def deliver(events: object) -> None:
    """Nothing is heard by the listener of this channel."""


if __name__ == "__main__":
    asyncio.run(keep(sys.argv[1], sys.argv[2], Path(sys.argv[3]), start=float(sys.argv[4]), speed=float(sys.argv[5])))
