"""A process that keeps the tokens as `motcua run` does, until it is killed. Run as a program by test_kill.py.

`python renewing.py DATABASE ZALO SPOOL LEASE RENEW EVERY`: how long it holds its turn and how often it prolongs it, and
how often it looks at the tokens, in seconds.
"""

import asyncio
import sys
from pathlib import Path

from adapters.channels import zalo
from bot.model.clock import utc_now
from bot.vaults import vault_for
from storage import open_storage
from tests.adapters.zalo.support import NAME, settings_for


async def keep(database: str, base: str, spool: Path, *, lease: float, renew: float, every: float) -> None:
    async with open_storage(database) as storage:
        vault = vault_for(storage, NAME, clock=utc_now, lease=lease, renew=renew)
        async with zalo.open(NAME, settings_for(base, spool), vault=vault, clock=utc_now, every=every) as channel:
            assert channel.listener is not None
            print("ready", flush=True)
            await channel.listener.listen(deliver)


async def deliver(events: object) -> None:
    """Nothing is heard by the listener of this channel."""


if __name__ == "__main__":
    LASTS, PROLONGED, LOOKS = map(float, sys.argv[4:7])
    asyncio.run(keep(sys.argv[1], sys.argv[2], Path(sys.argv[3]), lease=LASTS, renew=PROLONGED, every=LOOKS))
