"""What a message costs as the channel sends it, over our transport, and over python-telegram-bot's own.

`channel` is what the channel does for each message: it cuts, marks up, adds buttons, keeps the pace, sends and reads
the answer. `aiohttp` and `httpx` are `Bot.send_message` over our transport and over `HTTPXRequest`, of the same text
with the same buttons. The simulator runs in a process of its own; counted is the CPU time of this process, the
client's. The three take turns over several rounds, so that a busy machine hits them alike; medians are shown. Exit code
1 where 1,000 messages a second, which Telegram sells, would not fit into one core.

    python -m benchmarks.telegram [--messages 500] [--rounds 5]
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.request import HTTPXRequest

from adapters.channels import telegram
from adapters.channels.telegram.request import AiohttpRequest
from adapters.simulators import telegram as simulator
from bot.demo.processes import free_port
from bot.model.clock import utc_now
from bot.model.message import Accepted, Lane, Option, OutboxItem, Situation
from bot.model.person import Address

TOKEN = "110201543:benchmark"  # noqa: S105 - the simulator's
TEXT = "Hồ sơ H56.14-240823-0001 của Ông/Bà đã có kết quả. Mời Ông/Bà đến nhận tại Bộ phận Một cửa <phường An Bình>."
HTML = (
    "Hồ sơ <code>H56.14-240823-0001</code> của Ông/Bà đã có kết quả. Mời Ông/Bà đến nhận tại Bộ phận Một cửa "
    "&lt;phường An Bình&gt;."
)
OPTIONS = (Option("Cần mang gì?", "can mang gi"), Option("Nhận ở đâu?", "nhan o dau"), Option("Ngừng nhận tin", "dung"))
CONCURRENCIES = (1, 50)
PAID = 1000
"""Messages a second that Telegram takes from a bot that pays."""


@dataclass
class Cost:
    cpu_ms: float
    """Client's CPU time of one message."""
    per_second: float


Send = Callable[[int], Awaitable[object]]


def item(chat: int, number: int = 0, lane: Lane = Lane.PUSH) -> OutboxItem:
    now, name = utc_now(), f"{number:026}"
    return OutboxItem(
        id=name, dedupe_key=name, origin=f"bench:{name}", channel="telegram", address=Address("telegram", str(chat)),
        lane=lane, situation=Situation.RESULT, text=TEXT, options=OPTIONS, created_at=now, next_at=now,
        expires_at=now + timedelta(hours=1),
    )  # fmt: skip


def settings(port: int, **changes: Any) -> telegram.Settings:
    os.environ["MOTCUA_BENCH_TOKEN"] = TOKEN
    url = f"http://127.0.0.1:{port}/bot"
    return telegram.Settings.model_validate({"token": "env:MOTCUA_BENCH_TOKEN", "base_url": url, **changes})


async def measured(send: Send, *, messages: int, concurrency: int) -> Cost:
    waiting = iter(range(messages))

    async def work() -> None:
        for number in waiting:
            await send(1_000_000 + 1000 * (number % 100))

    cpu, wall = time.process_time(), time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(concurrency):
            tasks.create_task(work())
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(1000 * cpu / messages, messages / wall)


@asynccontextmanager
async def contenders(port: int) -> AsyncIterator[dict[str, Send]]:
    most, base_url = max(CONCURRENCIES), f"http://127.0.0.1:{port}/bot"
    unhurried = settings(port, window=most, rate=0, chat_rate=0, connect_timeout=30, read_timeout=30)
    async with (
        telegram.open("telegram", unhurried) as channel,
        AiohttpRequest(connections=most, connect_timeout=30, read_timeout=30) as aiohttp,
        HTTPXRequest(connection_pool_size=most, connect_timeout=30, read_timeout=30, pool_timeout=30) as httpx,
    ):

        async def by_channel(chat: int) -> None:
            assert isinstance(await channel.sender.send(item(chat)), Accepted)

        yield {
            "channel": by_channel,
            "aiohttp": _by_bot(Bot(TOKEN, base_url, request=aiohttp)),
            "httpx": _by_bot(Bot(TOKEN, base_url, request=httpx)),
        }


def _by_bot(bot: Bot) -> Send:
    buttons = InlineKeyboardMarkup([[InlineKeyboardButton(each.label, callback_data=each.says)] for each in OPTIONS])
    no_preview = LinkPreviewOptions(is_disabled=True)

    async def send(chat: int) -> None:
        await bot.send_message(chat, HTML, parse_mode="HTML", reply_markup=buttons, link_preview_options=no_preview)

    return send


async def compare(port: int, *, messages: int, rounds: int) -> dict[str, Any]:
    table: dict[str, Any] = {}
    async with contenders(port) as all_three:
        for send in all_three.values():
            await measured(send, messages=100, concurrency=10)
        for concurrency in CONCURRENCIES:
            costs: dict[str, list[Cost]] = {name: [] for name in all_three}
            for _ in range(rounds):
                for name, send in all_three.items():
                    costs[name].append(await measured(send, messages=messages, concurrency=concurrency))
            table[f"concurrency {concurrency}"] = summary(costs)
    # So many leave only where many are under way at once.
    each = table[f"concurrency {max(CONCURRENCIES)}"]["channel_cpu_ms"]
    return {
        **table,
        "percent_of_one_core_at_1000_per_second": round(each * PAID / 10, 1),
        "fits_into_one_core": each * PAID < 1000,
    }


def summary(costs: dict[str, list[Cost]]) -> dict[str, float]:
    cpu = {name: statistics.median(cost.cpu_ms for cost in each) for name, each in costs.items()}
    rate = {name: statistics.median(cost.per_second for cost in each) for name, each in costs.items()}
    return {
        **{f"{name}_cpu_ms": round(value, 3) for name, value in cpu.items()},
        **{f"{name}_per_second": round(value) for name, value in rate.items()},
        "httpx_to_aiohttp": round(cpu["httpx"] / cpu["aiohttp"], 1),
        "httpx_to_channel": round(cpu["httpx"] / cpu["channel"], 1),
    }


def serve(given: str) -> None:
    asyncio.run(simulator.run(simulator.Settings.model_validate_json(given), lambda: print("ready", flush=True)))


@contextmanager
def simulated(**changes: Any) -> Iterator[int]:
    """The simulator in a process of its own; its port."""
    port = free_port()
    given = json.dumps({"port": port, "token": TOKEN, **changes})
    command = [sys.executable, "-m", "benchmarks.telegram", "--serve", given]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout
            assert server.stdout.readline() == b"ready\n"
            yield port
        finally:
            server.kill()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--messages", type=int, default=500, help="messages in each round")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--serve", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.serve:
        serve(given.serve)
        return
    with simulated() as port:
        figures = asyncio.run(compare(port, messages=given.messages, rounds=given.rounds))
    print(json.dumps(figures, indent=2))
    sys.exit(0 if figures["fits_into_one_core"] else 1)


if __name__ == "__main__":
    main()
