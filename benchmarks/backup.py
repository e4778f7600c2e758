"""What a backup costs those who write: `python -m benchmarks.backup [--messages 20000] [--seconds 2]`.

Fills a SQLite database with delivered messages, and has one writer plan messages at a steady pace, each in a
transaction of its own. Measures how long such a transaction takes (p50, p99, longest) while nothing else happens, while
a backup is made as `motcua backup` makes it, and while the copy is made in two other ways: pages at a stretch without
pauses, and `VACUUM INTO`. Then size and seconds of the backup and of the restore, and the memory that both took. Prints
JSON.
"""

import argparse
import asyncio
import json
import resource
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from benchmarks.copying import _fill
from bot.backup_format import Key
from bot.backups import Backups
from bot.model.clock import utc_now
from bot.model.ids import id_maker
from bot.model.message import Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.ports import Storage
from bot.restore_files import Order, restore
from storage import backups, open_storage

_EVERY = 0.005
"""Seconds between two transactions of the writer."""
_new_id = id_maker(utc_now)


class Writer:
    """Plans a message at each beat, and knows how long each took."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.took: list[float] = []

    async def run(self) -> None:
        while True:
            item, begun = _item(), time.perf_counter()
            await self._storage.write(lambda tx, item=item: tx.outbox.enqueue([item]))  # type: ignore[misc]
            self.took.append(time.perf_counter() - begun)
            await asyncio.sleep(_EVERY)

    async def beside(self, work: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
        """The writer's figures while `work` lasts."""
        self.took = []
        running, begun = asyncio.create_task(self.run()), time.perf_counter()
        await work()
        seconds = time.perf_counter() - begun
        running.cancel()
        await asyncio.wait([running])
        took = sorted(self.took)
        return {
            "seconds": round(seconds, 2),
            "transactions": len(took),
            "p50_ms": _ms(took[len(took) // 2]),
            "p99_ms": _ms(took[int(len(took) * 0.99)]),
            "longest_ms": _ms(took[-1]),
        }


def _item() -> OutboxItem:
    now, fresh = utc_now(), _new_id()
    return OutboxItem(
        id=fresh, dedupe_key=fresh, origin=f"bench:{fresh}", channel="sms", address=Address("sms", "+84912345678"),
        lane=Lane.PUSH, situation=Situation.PROGRESS, text="Ho so da duoc tiep nhan.", created_at=now, next_at=now,
        expires_at=now,
    )  # fmt: skip


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 2)


async def measured(place: Path, *, messages: int, seconds: float) -> dict[str, Any]:
    """`place` is an empty folder."""
    path = place / "motcua.db"
    key = Key.new()
    async with open_storage(f"sqlite:{path}") as storage:
        await storage.migrate()
        await asyncio.to_thread(_fill, str(path), messages)
        writer, made = Writer(storage), Backups(lambda: backups.copy_file(str(path)), key, utc_now)
        file = place / "bench.saoluu"
        writers = {
            "alone": await writer.beside(lambda: asyncio.sleep(seconds)),
            "backup": await writer.beside(lambda: made.make(file)),
            "copy_with_pauses": await writer.beside(lambda: asyncio.to_thread(_pages, path, backups.PAUSE)),
            "copy_without_pauses": await writer.beside(lambda: asyncio.to_thread(_pages, path, 0.0)),
            "vacuum_into": await writer.beside(lambda: asyncio.to_thread(_vacuum, path)),
        }
        size = path.stat().st_size
    begun = time.perf_counter()
    order = Order(file=file, key=key, url=f"sqlite:{place / 'back.db'}", at=utc_now(), by="bench")
    done = await restore(order, None)
    return {
        "messages": messages,
        "database_bytes": size,
        "backup_bytes": file.stat().st_size,
        "writer": writers,
        "restore_seconds": round(time.perf_counter() - begun, 2),
        "balanced": done.balanced,
        "process_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _pages(path: Path, pause: float) -> None:
    source = sqlite3.connect(path, isolation_level=None)
    target = sqlite3.connect(path.with_name("other.db"), isolation_level=None)
    target.execute("PRAGMA synchronous = OFF")
    source.execute("BEGIN")
    source.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    source.backup(target, pages=backups.STEP, progress=lambda *_: time.sleep(pause))
    target.close()
    source.close()


def _vacuum(path: Path) -> None:
    source = sqlite3.connect(path, isolation_level=None)
    source.execute("VACUUM INTO ?", (str(path.with_name("vacuumed.db")),))
    source.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=2.0, help="of the writer alone")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(measured(Path(folder), messages=given.messages, seconds=given.seconds))
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
