"""What a message costs as the channel sends it, over our transport, and over python-telegram-bot's own.

`channel` is what the channel does, `aiohttp` and `httpx` are `Bot.send_message` over our transport and over
`HTTPXRequest`. The simulator runs in a process of its own; counted is the CPU time of this process, the client's. The
three take turns over several rounds, so that a busy machine hits them alike; medians are shown.

    python -m benchmarks.telegram [--messages 500] [--rounds 5]
"""

import argparse
import asyncio
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from telegram import Bot
from telegram.request import HTTPXRequest

from adapters.channels.telegram.client import QuietBot
from adapters.channels.telegram.request import AiohttpRequest
from adapters.simulators import telegram as simulator

TOKEN = "110201543:benchmark"  # noqa: S105 - the simulator's
TEXT = "Hồ sơ H56.14-240823-0001 của ông/bà đã có kết quả. Mời ông/bà đến nhận tại bộ phận một cửa."
CONCURRENCIES = (1, 50)


@dataclass
class Cost:
    cpu_ms: float
    """Client's CPU time of one message."""
    per_second: float


Send = Callable[[int, str], Awaitable[object]]


async def measured(send: Send, *, messages: int, concurrency: int) -> Cost:
    waiting = iter(range(messages))

    async def work() -> None:
        for number in waiting:
            await send(1_000_000 + 1000 * (number % 100), TEXT)

    cpu, wall = time.process_time(), time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(concurrency):
            tasks.create_task(work())
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(1000 * cpu / messages, messages / wall)


@asynccontextmanager
async def contenders(base_url: str) -> AsyncIterator[dict[str, Send]]:
    most = max(CONCURRENCIES)
    async with (
        AiohttpRequest(connections=most, connect_timeout=30, read_timeout=30) as aiohttp,
        HTTPXRequest(connection_pool_size=most, connect_timeout=30, read_timeout=30, pool_timeout=30) as httpx,
    ):
        yield {
            "channel": QuietBot(TOKEN, base_url, request=aiohttp).send_text,
            "aiohttp": Bot(TOKEN, base_url, request=aiohttp).send_message,
            "httpx": Bot(TOKEN, base_url, request=httpx).send_message,
        }


async def compare(port: int, *, messages: int, rounds: int) -> dict[str, dict[str, float]]:
    table: dict[str, dict[str, float]] = {}
    async with contenders(f"http://127.0.0.1:{port}/bot") as all_three:
        for send in all_three.values():
            await measured(send, messages=100, concurrency=10)
        for concurrency in CONCURRENCIES:
            costs: dict[str, list[Cost]] = {name: [] for name in all_three}
            for _ in range(rounds):
                for name, send in all_three.items():
                    costs[name].append(await measured(send, messages=messages, concurrency=concurrency))
            table[f"concurrency {concurrency}"] = summary(costs)
    return table


def summary(costs: dict[str, list[Cost]]) -> dict[str, float]:
    cpu = {name: statistics.median(cost.cpu_ms for cost in each) for name, each in costs.items()}
    rate = {name: statistics.median(cost.per_second for cost in each) for name, each in costs.items()}
    return {
        **{f"{name}_cpu_ms": round(value, 3) for name, value in cpu.items()},
        **{f"{name}_per_second": round(value) for name, value in rate.items()},
        "httpx_to_aiohttp": round(cpu["httpx"] / cpu["aiohttp"], 1),
        "httpx_to_channel": round(cpu["httpx"] / cpu["channel"], 1),
    }


def serve(port: int) -> None:
    settings = simulator.Settings(port=port, token=TOKEN)
    asyncio.run(simulator.run(settings, lambda: print("ready", flush=True)))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--messages", type=int, default=500, help="messages in each round")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.serve:
        serve(given.serve)
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.telegram", "--serve", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout
            assert server.stdout.readline() == b"ready\n"
            print(json.dumps(asyncio.run(compare(port, messages=given.messages, rounds=given.rounds)), indent=2))
        finally:
            server.kill()


if __name__ == "__main__":
    main()
