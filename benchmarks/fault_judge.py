"""The judge of `benchmarks.faults`: our ledger on one side, the SMS centre's journal on the other."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from bot.ledger import balance
from bot.model.clock import utc_now
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.ports import Transaction
from storage import open_storage

UNDER_WAY = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.ACCEPTED)
"""Here every accepted message gets its receipt sooner or later."""
_SHORT = "Ho so H56.14-240823-0001 da co ket qua."
_LONG = _SHORT * 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the messages of one scenario."""

    fault: str
    messages: int
    met: int
    """Submits that the fault met."""
    taken: int
    """Messages that the centre has whole."""
    delivered: int
    waiting: int
    failed: int
    lost: int
    sent_twice: int
    uncertain_at_first: int
    resolved: int
    uncertain_left: int
    left_but_taken: int
    left_in_part: int
    """Some parts are at the centre; the others never left."""
    seconds: float


async def planned(url: str, number: int) -> list[OutboxItem]:
    """Messages that wait, in a new database that also notes which of them were ever uncertain."""
    new_id, now = id_maker(utc_now), utc_now()
    items = [_item(new_id(), serial, now) for serial in range(number)]
    async with open_storage(url) as storage:
        await storage.migrate()
        for start in range(0, number, 1000):
            await storage.write(partial(_enqueue, items[start : start + 1000]))
    with closing(sqlite3.connect(url.removeprefix("sqlite:"))) as database:
        database.executescript(
            "CREATE TABLE ever_uncertain (id TEXT PRIMARY KEY); CREATE TRIGGER ever_uncertain "
            "AFTER UPDATE OF state ON outbox WHEN NEW.state = 'uncertain' "
            "BEGIN INSERT OR IGNORE INTO ever_uncertain VALUES (NEW.id); END;"
        )
    return items


async def _enqueue(items: Sequence[OutboxItem], tx: Transaction) -> int:
    return await tx.outbox.enqueue(items)


def _item(item_id: str, serial: int, now: datetime) -> OutboxItem:
    is_long = serial % 5 == 0
    return OutboxItem(
        id=item_id, dedupe_key=f"bench:{item_id}", origin=f"test:{item_id}", channel="sms",
        # None of the simulator's special endings.
        address=Address("sms", f"+8491{serial:06}5"), lane=Lane.PUSH, situation=Situation.TEST,
        text=_LONG if is_long else _SHORT, parts=2 if is_long else 1,
        created_at=now, next_at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip


async def ledger(database: Path, most: int) -> tuple[dict[DeliveryState, set[str]], set[str]]:
    """Our messages by state, and those that were ever uncertain."""
    ours: dict[DeliveryState, set[str]] = {}
    async with open_storage(f"sqlite:{database}") as storage:
        assert (await balance(storage)).balanced
        for state in DeliveryState:
            items = await storage.read(lambda tx, state=state: tx.outbox.listed(state, limit=most))  # type: ignore[misc]
            ours[state] = {item.id for item in items}
    with closing(sqlite3.connect(database)) as connection:
        return ours, {row[0] for row in connection.execute("SELECT id FROM ever_uncertain")}


async def judged(fault: str, items: Sequence[OutboxItem], place: Path, *, seconds: float) -> Verdict:
    """Compares our ledger with the centre's journal."""
    lines = [json.loads(line) for line in (place / "smsc.jsonl").read_text(encoding="utf-8").splitlines()]
    submits = [line for line in lines if line["event"] == "submit"]
    # Every message has a number of its own; not every centre learns our id.
    by_number = {item.address.value[1:]: item.id for item in items}
    parts = Counter((by_number[line["to"]], tuple(line["part"] or (1, 1))) for line in submits if line["message_id"])
    got = Counter(item_id for item_id, _ in parts)
    whole = {item.id for item in items if got[item.id] == item.parts}
    ours, ever = await ledger(place / "motcua.db", len(items))
    known = set().union(*ours.values())
    said_taken = ours[DeliveryState.DELIVERED] | ours[DeliveryState.ACCEPTED]
    left = ours[DeliveryState.UNCERTAIN]
    return Verdict(
        fault=fault,
        messages=len(items),
        met=sum(bool(line["faults"]) for line in submits),
        taken=len(whole),
        delivered=len(ours[DeliveryState.DELIVERED]),
        waiting=sum(
            len(ours[state]) for state in (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.ACCEPTED)
        ),
        failed=len(ours[DeliveryState.FAILED]) + len(ours[DeliveryState.EXPIRED]),
        lost=len({item.id for item in items} - known) + len(said_taken - whole),
        sent_twice=len({item_id for (item_id, _), times in parts.items() if times > 1}),
        uncertain_at_first=len(ever),
        resolved=len(ever - left),
        uncertain_left=len(left),
        left_but_taken=len(left & whole),
        left_in_part=len([item_id for item_id in left - whole if got[item_id]]),
        seconds=round(seconds, 1),
    )
