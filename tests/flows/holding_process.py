"""A process that wants a job: `holding_process.py DATABASE OWNER`. It says when it has it, until its test kills it."""

import asyncio
import signal
import sys

from bot.leading import Post, Posts
from bot.model.clock import utc_now
from storage import open_storage


async def main(url: str, owner: str) -> None:
    async def work(post: Post) -> None:
        print(f"{owner} {post.name}", flush=True)
        await asyncio.Event().wait()

    async with open_storage(url) as storage:
        print("ready", flush=True)
        holding = asyncio.create_task(Posts(storage, clock=utc_now, owner=owner).hold("job", work))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, holding.cancel)
        await asyncio.wait([holding])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
