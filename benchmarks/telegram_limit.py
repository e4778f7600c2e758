"""Telegram at its limit: the whole way from the outbox to a simulator that counts as strictly as Telegram may.

Three runs, each with its own database and simulator; counted is what the simulator's journal says:

* `limit`: messages to many chats, some of which get several in a row, at 30 a second over all and 1 a second for each
  chat, while replies come in between. Promised: at least 29 a second, not one 429.
* `one chat throttled`: a crowd twice, the second time one of its chats answers 429 for ten minutes. Promised: nobody
  else is more than a second later than the first time.
* `paid`: as a bot that pays for 1,000 a second. Promised: not one 429; stated: the CPU time of this process with outbox
  and database. That the channel's own part fits into one core is `benchmarks.telegram`'s to show.

    python -m benchmarks.telegram_limit [--messages 3000] [--crowd 300] [--paid 3000]

Exit code 1 where a promise is not kept; 0 of anything leaves that run out.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import quantiles
from typing import Any

import aiohttp

from adapters.channels import telegram
from benchmarks.telegram import PAID, item, settings, simulated
from bot.config import Config
from bot.dispatch import Dispatch
from bot.model.clock import utc_now
from bot.model.message import DeliveryState, Lane, OutboxItem
from bot.ports import Storage, Transaction
from bot.receipts import record_in
from bot.routing import Routes
from storage import open_storage

LIMIT, EACH_CHAT = 30, 1
LEAST = 29.0
LATEST = 1.0
"""Seconds that another chat's 429 may cost somebody: as long as a message waits for its turn anyway."""
HELD = 600
_WAITING = frozenset({DeliveryState.QUEUED, DeliveryState.SENDING})
_REPLY_EVERY = 0.5
_CITIZENS = 9_000_000_000
"""Chats from this number on ask, and get replies."""

_WHATEVER_THE_HOUR = {
    "quiet": {"personal": {"begin": "00:00", "end": "00:00"}, "bulk": {"begin": "00:00", "end": "00:00"}}
}


@dataclass
class Run:
    """What a run left behind."""

    accepted: dict[int, list[float]] = field(default_factory=dict)
    """Chat → when its messages were taken, in seconds since the first one of all."""
    throttled: int = 0
    replies: list[float] = field(default_factory=list)
    """Seconds from when a reply was planned until it was taken."""
    cpu: float = 0.0

    @property
    def times(self) -> list[float]:
        return sorted(at for each in self.accepted.values() for at in each)

    @property
    def rate(self) -> float:
        """Messages a second, replies among them, from the first to the last push."""
        last = max(each[-1] for chat, each in self.accepted.items() if chat < _CITIZENS)
        return (sum(at <= last for at in self.times) - 1) / last


def crowd(number: int) -> list[OutboxItem]:
    """Messages to many chats. Each tenth chat gets three, one after the other, but for the last ones: there three
    messages to one chat would go on when all others are through."""
    chats: list[int] = []
    for chat in count(1):
        is_busy = chat % 10 == 0 and len(chats) < number - max(150, number // 5)
        chats += [1000 * chat] * (3 if is_busy else 1)
        if len(chats) >= number:
            break
    return [item(chat, at) for at, chat in enumerate(chats[:number])]


def crowd_with(unlucky: int, number: int) -> list[OutboxItem]:
    """Each message to a chat of its own, but every twentieth to the unlucky one."""
    return [item(unlucky if at % 20 == 10 else 1000 * at, at) for at in range(1, number + 1)]


@asynccontextmanager
async def sending(place: Path, port: int, items: Sequence[OutboxItem], **changes: Any) -> AsyncIterator[Storage]:
    """A dispatcher at work on these messages."""
    async with (
        open_storage(f"sqlite:{place / 'motcua.db'}") as storage,
        telegram.open("telegram", settings(port, **changes)) as channel,
    ):
        await storage.migrate()
        await storage.write(lambda tx: tx.outbox.enqueue(items))
        dispatch = Dispatch(
            Config.model_validate(_WHATEVER_THE_HOUR), [channel], {}, storage,
            routes=Routes({}, sms=[]), clock=utc_now, owner="bench", record_receipts=record_in,
        )  # fmt: skip
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(dispatch.send())
            yield storage
            dispatch.stop()


async def run(
    items: Sequence[OutboxItem], simulator: dict[str, Any], *, held: int = 0, replies: bool = False, **changes: Any
) -> Run:
    """Sends until nothing waits but for the chat `held`, which answers 429 from the start."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with simulated(log=str(place / "calls"), **simulator) as port:
            if held:
                await _told(port, f"chats/{held}/wait", {"seconds": HELD})
            cpu = time.process_time()
            async with sending(place, port, items, **changes) as storage:
                answers = await _converse(storage, left=_of(items, held), replies=replies)
            cpu = time.process_time() - cpu
            found = _read(place / "calls", answers)
            found.cpu = cpu
            return found


async def _converse(storage: Storage, *, left: int, replies: bool) -> dict[int, OutboxItem]:
    """Waits until no more than `left` messages wait, and plans a reply now and then; those by their chats."""
    planned: dict[int, OutboxItem] = {}
    while True:
        counts = await storage.read(lambda tx: tx.outbox.counts())
        if sum(number for (_, state), number in counts.items() if state in _WAITING) <= left:
            return planned
        if replies:
            chat = _CITIZENS + 1000 * len(planned)
            planned[chat] = item(chat, 10**9 + len(planned), Lane.REPLY)
            await storage.write(lambda tx, reply=planned[chat]: _enqueue(tx, reply))  # type: ignore[misc]
        await asyncio.sleep(_REPLY_EVERY)


async def _enqueue(tx: Transaction, reply: OutboxItem) -> int:
    return await tx.outbox.enqueue([reply])


def _of(items: Sequence[OutboxItem], chat: int) -> int:
    return sum(each.address.value == str(chat) for each in items)


def _read(journal: Path, replies: dict[int, OutboxItem]) -> Run:
    found, first = Run(), 0.0
    for line in journal.read_text(encoding="utf-8").splitlines():
        call = json.loads(line)
        if call["method"] != "sendMessage":
            continue
        found.throttled += call["status"] == 429
        if call["status"] == 200:
            chat, at = int(call["given"]["chat_id"]), float(call["at"])
            first = first or at
            found.accepted.setdefault(chat, []).append(at - first)
            if chat in replies:
                found.replies.append(at - replies[chat].created_at.timestamp())
    return found


async def _told(port: int, path: str, body: dict[str, Any]) -> None:
    url = f"http://127.0.0.1:{port}/_control/{path}"
    async with aiohttp.ClientSession() as http, http.post(url, json=body) as answer:
        answer.raise_for_status()


async def at_the_limit(messages: int) -> dict[str, Any]:
    items = crowd(messages)
    found = await run(items, {"rate": LIMIT, "chat_rate": EACH_CHAT}, replies=True, rate=LIMIT)
    waits = found.replies
    sent = len(found.times)
    return {
        "messages": sent,
        "to_chats": len(found.accepted),
        "per_second": round(found.rate, 2),
        "answers_429": found.throttled,
        "replies": len(waits),
        "a_reply_waits_s": {"p50": _cut(waits, 50), "p95": _cut(waits, 95), "max": round(max(waits), 3)},
        "kept": found.rate >= LEAST and not found.throttled and sent == messages + len(waits),
    }


async def beside_a_throttled_chat(messages: int) -> dict[str, Any]:
    unlucky = 1000 * 10
    items = crowd_with(unlucky, messages)
    limits = {"rate": LIMIT, "chat_rate": EACH_CHAT}
    before = await run(items, limits, rate=LIMIT)
    after = await run(items, limits, held=unlucky, rate=LIMIT)
    late = [
        then - was
        for chat, times in before.accepted.items()
        if chat != unlucky
        for was, then in zip(times, after.accepted[chat], strict=True)
    ]
    return {
        "messages": len(before.times),
        "the_throttled_chat_asks_to_wait_s": HELD,
        "answers_429": after.throttled,
        "per_second": round(after.rate, 2),
        "others_later_s": {"p50": _cut(late, 50), "p99": _cut(late, 99), "max": round(max(late), 3)},
        "kept": max(late) <= LATEST and unlucky not in after.accepted,
    }


async def paid(messages: int) -> dict[str, Any]:
    items = [item(1000 * number, number) for number in range(1, messages + 1)]
    found = await run(
        items, {"paid_rate": PAID, "rate": LIMIT, "chat_rate": EACH_CHAT}, paid_broadcast=True, window=200
    )
    each = 1000 * found.cpu / messages
    return {
        "messages": len(found.times),
        "per_second": round(found.rate),
        "answers_429": found.throttled,
        "cpu_ms_a_message_with_outbox_and_database": round(each, 3),
        "percent_of_one_core_at_1000_per_second": round(each * PAID / 10, 1),
        "kept": not found.throttled and len(found.times) == messages,
    }


def _cut(values: Sequence[float], percent: int) -> float:
    return round(quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0], 3)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--messages", type=int, default=3000, help="messages at the limit")
    arguments.add_argument("--crowd", type=int, default=300, help="messages beside a throttled chat")
    arguments.add_argument("--paid", type=int, default=3000, help="messages of a paid broadcast")
    given = arguments.parse_args()
    runs = {
        "limit": (at_the_limit, given.messages),
        "one chat throttled": (beside_a_throttled_chat, given.crowd),
        "paid": (paid, given.paid),
    }
    figures = {name: asyncio.run(work(number)) for name, (work, number) in runs.items() if number}
    print(json.dumps(figures, indent=2))
    sys.exit(0 if all(each["kept"] for each in figures.values()) else 1)


if __name__ == "__main__":
    main()
