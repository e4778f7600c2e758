"""A program that writes without end and says what it was told to be durable; killed by its test."""

import asyncio
import sys

from storage import open_storage
from tests.contract.storage_values import an_item


async def write(url: str) -> None:
    async with open_storage(url) as storage:

        async def keep_writing(lane: int) -> None:
            for number in range(lane, 10**9, 8):
                await storage.write(lambda tx, n=number: tx.outbox.enqueue([an_item(n)]))  # type: ignore[misc]
                sys.stdout.write(f"{number}\n")
                sys.stdout.flush()

        async with asyncio.TaskGroup() as tasks:
            for lane in range(8):
                tasks.create_task(keep_writing(lane))


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
