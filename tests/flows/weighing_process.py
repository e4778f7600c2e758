"""A process that watches two gateways: `weighing_process.py DATABASE OWNER`. It says when it moves their weights, until
its test kills it."""

import asyncio
import sys

from bot.config import Config
from bot.gateway_watch import POST, GatewayWatch
from bot.gateways import Gateways
from bot.leading import Post, Posts
from bot.model.clock import utc_now
from bot.routing import Routes
from storage import open_storage

CONFIG = Config.model_validate(
    {
        "routes": {"default": {"gateways": {"a": 50, "b": 50}}},
        "gateways": {"every": 1.0, "step": 1},
    }
)


async def main(url: str, owner: str) -> None:
    async with open_storage(url) as storage:
        gateways = Gateways(Routes(CONFIG.routes, sms=["a", "b"]), clock=utc_now)
        watch = GatewayWatch(gateways, storage, CONFIG.gateways, clock=utc_now, receipts={"a": True, "b": True})
        posts = Posts(storage, clock=utc_now, owner=owner)

        async def work(post: Post) -> None:
            print(owner, flush=True)
            await watch.move_weights(post)

        print("ready", flush=True)
        await asyncio.gather(watch.run(), posts.hold(POST, work))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
