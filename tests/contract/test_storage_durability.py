"""What was said to be durable is there after the program was killed."""

import asyncio
import sys

import pytest

from storage import open_storage
from tests.contract.storage_values import an_item


@pytest.mark.parametrize("storage_url", ["sqlite", "postgres"], indirect=True)
async def test_what_was_written_outlives_a_killed_program(storage_url: str) -> None:
    async with open_storage(storage_url) as storage:
        await storage.migrate()
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.contract.storage_writer", storage_url, stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout is not None
    said = [await writer.stdout.readline() for _ in range(100)]

    writer.kill()
    said += (await writer.stdout.read()).splitlines(keepends=True)
    await writer.wait()

    durable = [int(line) for line in said if line.endswith(b"\n")]
    async with open_storage(storage_url) as storage:
        found = [await storage.read(lambda tx, n=n: tx.outbox.get(an_item(n).id)) for n in durable]  # type: ignore[misc]
        assert len(durable) >= 100
        assert None not in found
        assert await storage.read(lambda tx: tx.outbox.imbalances(limit=1)) == []
