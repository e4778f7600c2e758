"""An upgrade while messages are sent: old and new processes side by side, and old ones that must stop.

The judge is the SMS centre's own log against the ledger.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.processes import end, free_ports, simulator
from bot.ledger import balance
from bot.model.clock import utc_now
from bot.model.errors import StorageError
from bot.model.ids import NewId, id_maker
from bot.model.message import DeliveryState, OutboxItem
from bot.model.person import Address
from bot.ports import Storage
from storage import migrate, open_storage
from tests.flows import newer_program
from tests.support.making import message
from tests.support.storages import _database

PATIENCE = 40.0
BATCH = 15
"""Messages that are planned ten times a second."""
WINDOW = 50
LATEST = migrate.migrations()[-1].name
WIDER = f"""-- Adds what programs of before need not know.
-- beside: {LATEST}

ALTER TABLE outbox ADD COLUMN wider TEXT;
CREATE TABLE wider (a TEXT PRIMARY KEY);
"""
OTHER = """-- What programs of before rely on is gone.

ALTER TABLE wider RENAME TO other;
"""
CONFIG = """
[storage]
url = "{url}"
[quiet]
personal = {{ begin = "00:00", end = "00:00" }}
bulk = {{ begin = "00:00", end = "00:00" }}
[web]
enabled = false
[outbox]
lease = 6.0
send = 2.0
sweep = 0.5
[channels.sms]
kind = "sms_smpp"
host = "127.0.0.1"
port = {port}
system_id = "upgrade"
password = "env:MOTCUA_TEST_PASSWORD"
source_addr = "8041"
rate = 300
window = {window}
reference_tlv = 0x1501
"""


@pytest.fixture
async def postgres_upgraded_url(postgres_url: str) -> AsyncIterator[str]:
    """Of a database of its own, for an upgrade cannot be undone."""
    async with _database(postgres_url) as url:
        yield url


@dataclass
class Office:
    """Messages are planned all the time; whoever lives sends them."""

    storage: Storage
    place: Path
    items: list[OutboxItem] = field(default_factory=list)
    is_over: bool = False
    new_id: NewId = field(default_factory=lambda: id_maker(utc_now))

    def folder(self, name: str, **more: str) -> Path:
        """The migrations of a newer program."""
        folder = self.place / name
        shutil.copytree(migrate._FOLDER, folder)
        for file, text in more.items():
            (folder / f"{file.removeprefix('m')}.sql").write_text(text, encoding="utf-8")
        return folder

    @asynccontextmanager
    async def sender(self, name: str, *program: object) -> AsyncIterator[asyncio.subprocess.Process]:
        """Yields when it is connected."""
        with (self.place / f"{name}.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *map(str, program), "run", "--roles", "send", "-c", str(self.place / "config.toml"),
                env=environment(), stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            await self.until(lambda: is_true("bound as transceiver" in self.said(name)))
            yield process
        finally:
            await end(process)

    async def upgrade(self, folder: Path) -> str:
        process = await asyncio.create_subprocess_exec(
            sys.executable, newer_program.__file__, str(folder), "migrate", "-c", str(self.place / "config.toml"),
            env=environment(), stdout=asyncio.subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return said.decode()

    async def plan(self) -> None:
        """Until it is over."""
        while not self.is_over:
            await self.plan_batch()
            await asyncio.sleep(0.1)

    async def plan_batch(self) -> None:
        now, first = utc_now(), len(self.items) + 100_000
        batch = [
            message(
                id=self.new_id(), address=Address("sms", f"+849{number}77"), created_at=now, next_at=now,
                expires_at=now + timedelta(days=1), text="Ho so da co ket qua.",
            )
            for number in range(first, first + BATCH)
        ]  # fmt: skip
        await self.storage.write(lambda tx: tx.outbox.enqueue(batch))
        self.items += batch

    def submitted(self) -> list[str]:
        lines = (self.place / "smsc.jsonl").read_text(encoding="utf-8").splitlines()
        return [line["reference"] for line in map(json.loads, lines) if line["event"] == "submit"]

    async def more_is_sent(self, number: int = 100) -> None:
        goal = len(self.submitted()) + number
        await self.until(lambda: is_true(len(self.submitted()) >= goal))

    async def until(self, is_so: Callable[[], object]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not await is_so():  # type: ignore[misc]
                    await asyncio.sleep(0.05)
        except TimeoutError:
            logs = [f"{log.name}: {log.read_text()[-2500:]}" for log in self.place.glob("*.log")]
            counts = await self.storage.read(lambda tx: tx.outbox.counts())
            raise AssertionError("\n".join([f"{counts}", *logs])) from None

    async def all_received(self) -> bool:
        waiting = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.ACCEPTED)
        counts = await self.storage.read(lambda tx: tx.outbox.counts())
        return not any(number for (_, state), number in counts.items() if state in waiting)

    def said(self, name: str) -> str:
        return (self.place / f"{name}.log").read_text(encoding="utf-8")


@asynccontextmanager
async def office(url: str, place: Path) -> AsyncIterator[Office]:
    port, control = free_ports(2)
    (place / "config.toml").write_text(CONFIG.format(url=url, port=port, window=WINDOW), encoding="utf-8")
    settings: dict[str, object] = {"port": port, "control_port": control, "log": place / "smsc.jsonl", "delay": 0.1}
    async with simulator("smsc", settings, place / "smsc.log"), open_storage(url) as storage:
        await storage.migrate()
        yield Office(storage, place)


def environment() -> dict[str, str]:
    return {**os.environ, "MOTCUA_TEST_PASSWORD": "x", "PYTHONPATH": str(Path.cwd())}


async def is_true(found: bool) -> bool:
    return found


async def judge(here: Office) -> int:
    """Nothing lost, nothing doubled; how many are in doubt."""
    reached = Counter(here.submitted())
    delivered = {item.id for item in await listed(here, DeliveryState.DELIVERED)}
    uncertain = {item.id for item in await listed(here, DeliveryState.UNCERTAIN)}
    books = await balance(here.storage)
    print(f"\nplanned {books.planned}, delivered {len(delivered)}, uncertain {len(uncertain)}")
    assert {key: times for key, times in reached.items() if times > 1} == {}, "sent twice"
    assert delivered | uncertain == {item.id for item in here.items}, "lost"
    assert delivered <= set(reached) <= delivered | uncertain
    assert books.balanced
    return len(uncertain)


async def listed(here: Office, state: DeliveryState) -> list[OutboxItem]:
    return await here.storage.read(lambda tx: tx.outbox.listed(state, limit=100_000))


@pytest.mark.slow
@pytest.mark.timeout(150)
async def test_old_and_new_processes_send_side_by_side_while_the_database_is_upgraded(
    postgres_upgraded_url: str, tmp_path: Path
) -> None:
    async with office(postgres_upgraded_url, tmp_path) as here, AsyncExitStack() as stack:
        planning = asyncio.create_task(here.plan())
        starting = [stack.enter_async_context(here.sender(name, "-m", "bot")) for name in ("old-1", "old-2")]
        one, other = await asyncio.gather(*starting)
        await here.more_is_sent()
        wider = here.folder("wider", m9001_wider=WIDER)

        said = await here.upgrade(wider)
        await here.more_is_sent()
        await stack.enter_async_context(here.sender("new", newer_program.__file__, wider))
        for old in (one, other):
            old.terminate()
        codes = await asyncio.gather(one.wait(), other.wait())
        await here.more_is_sent()
        here.is_over = True
        await planning
        await here.until(here.all_received)

        in_doubt = await judge(here)
    assert in_doubt == 0
    assert "may run on" in said
    assert list(codes) == [0, 0]


@pytest.mark.slow
@pytest.mark.timeout(150)
async def test_old_processes_stop_writing_where_they_cannot_work_beside_the_new_ones(
    postgres_upgraded_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(postgres_upgraded_url, tmp_path) as here, AsyncExitStack() as stack:
        planning = asyncio.create_task(here.plan())
        old = await stack.enter_async_context(here.sender("old", "-m", "bot"))
        await here.more_is_sent()
        other = here.folder("other", m9001_wider=WIDER, m9002_other=OTHER)

        said = await here.upgrade(other)
        sent = len(here.submitted())
        await here.until(lambda: is_true("newer program" in here.said("old")))
        stopped_at = len(here.submitted())
        with pytest.raises(StorageError, match="newer program"):
            await planning

        # From here on this process is one of the new version. What it plans the old one is woken for, and leaves alone.
        known = tuple(migrate.Migration(file.stem, file.read_text()) for file in sorted(other.glob("*.sql")))
        monkeypatch.setattr("storage.migrate.migrations", lambda: known)
        known_to_old = len(here.items)
        for _ in range(10):
            await here.plan_batch()
        left = {item.id for item in here.items[known_to_old:]}
        old.terminate()
        await old.wait()
        taken = left & set(here.submitted())

        await stack.enter_async_context(here.sender("new", newer_program.__file__, other))
        await here.until(here.all_received)
        in_doubt = await judge(here)
    print(f"sent {sent} before, {stopped_at} when it was said, in doubt {in_doubt}")
    assert "must stop" in said
    assert taken == set()
    assert in_doubt <= WINDOW
