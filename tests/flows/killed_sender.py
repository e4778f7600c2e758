"""A sender that dies: forks children that drain the outbox over SMPP, and kills each with SIGKILL.

Run as a program by test_kill.py: `python killed_sender.py URL PORT KILLS SEED`, then prints the number of kills.
A child is forked from a parent that has everything imported and no event loop, so that a kill costs little.
"""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import Sequence

from adapters.channels import sms_smpp
from bot.config import OutboxSettings
from bot.model.clock import utc_now
from bot.model.message import InboundMessage, Receipt
from bot.outbox import Outbox
from bot.receipts import record, record_in
from bot.sweeping import sweep
from storage import open_storage

TIMING = OutboxSettings(lease=1.5, send=1.0, poll=0.05, sweep=0.2)


async def drain(url: str, port: int) -> None:
    """What `motcua run` does for its SMS channel, until killed."""
    settings = sms_smpp.Settings.model_validate(
        {
            "host": "127.0.0.1", "port": port, "system_id": "kill", "password": "env:MOTCUA_KILL_PASSWORD",
            "source_addr": "8041", "window": 40, "reference_tlv": 0x1501, "response_timeout": 0.8,
            "reconnect_min": 0.01, "reconnect_max": 0.1,
        }
    )  # fmt: skip
    async with open_storage(url) as storage, sms_smpp.open("sms", settings) as channel:

        async def deliver(events: Sequence[Receipt | InboundMessage]) -> None:
            await record(storage, [event for event in events if isinstance(event, Receipt)])

        outbox = Outbox(
            channel,
            storage,
            owner=f"{os.getpid()}-{time.time_ns()}",
            clock=utc_now,
            record_receipts=record_in,
            timing=TIMING,
        )
        assert channel.listener is not None
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(channel.listener.listen(deliver))
            tasks.create_task(sweep(storage, utc_now, [], TIMING))
            tasks.create_task(outbox.run())


def main(url: str, port: int, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(kills):
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(drain(url, port))
            finally:
                os._exit(1)
        time.sleep(chance.uniform(0.05, 0.6))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit("a sender ended by itself")
    print(kills)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
