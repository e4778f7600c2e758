"""Watches that die: forks two children at a time that hand a broadcast out, and kills them with SIGKILL.

Run as a program by test_broadcast_kills.py: `python killed_expander.py URL KILLS SEED PATIENCE`; prints the number of
kills. `PATIENCE`: how many times longer than usual each pair lives.
"""

import asyncio
import os
import random
import signal
import sys
import time

from bot.model.clock import utc_now
from bot.model.ids import id_maker
from storage import open_storage
from tests.flows.broadcasting import MORNING, office_over
from tests.support.making import Time


async def hand_out(url: str, ready: int) -> None:
    """What `motcua run` does for broadcasts, until killed; says a byte when it begins."""
    async with open_storage(url) as storage:
        office = office_over(storage, Time(MORNING), waiting=20_000, new_id=id_maker(utc_now))
        os.write(ready, b"!")
        await office.watch.run()


def main(url: str, kills: int, seed: int, patience: float) -> None:
    chance = random.Random(seed)
    for _ in range(kills):
        told, ready = os.pipe()
        children = [_forked(url, ready), _forked(url, ready)]
        for _ in children:
            os.read(told, 1)
        time.sleep(patience * chance.uniform(0.2, 0.6))
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        os.close(told)
        os.close(ready)
    print(2 * kills)


def _forked(url: str, ready: int) -> int:
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(hand_out(url, ready))
        finally:
            os._exit(1)
    return child


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
