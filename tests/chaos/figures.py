"""What came of a drill: the centres' own logs are held against the ledger, and the figures stand in one report."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from bot.ledger import balance
from bot.model.message import DeliveryState, OutboxItem
from bot.ports import Storage, Transaction
from tests.chaos.evidence import Evidence, Planned
from tests.chaos.judge import judge

UNDER_WAY = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.ACCEPTED)
_PAGE = 500
_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one drill."""

    drill: str
    planned: int
    sent: int
    """Messages that a centre took."""
    doubled: int
    """Messages of which a centre took some part more than once; two ways through two centres are not that."""
    lost: int
    """Not in the ledger, still under way when all was quiet, or said to be taken and not wholly at a centre."""
    uncertain: int
    pause: float
    """Seconds of the longest silence between two submits while there was something to send."""
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Journal:
    """What the centres wrote down, in the order of time."""

    lines: Sequence[Mapping[str, Any]]

    @property
    def taken(self) -> list[Mapping[str, Any]]:
        return [line for line in self.lines if line["event"] == "submit" and line["message_id"]]

    def pause(self, begin: float = 0.0, end: float = float("inf")) -> float:
        """Seconds of the longest silence between two messages that were taken, in a span of seconds since 1970."""
        moments = [line["at"] for line in self.taken if begin <= line["at"] <= end]
        edges = [begin] * bool(begin) + moments + [end] * (end < float("inf"))
        return max((after - before for before, after in pairwise(edges)), default=0.0)


async def journal(*logs: Path) -> Journal:
    """Of these centres together."""
    texts = [(log.stem, await asyncio.to_thread(log.read_text, encoding="utf-8")) for log in logs]
    lines = [{**json.loads(line), "centre": centre} for centre, text in texts for line in text.splitlines()]
    return Journal(sorted(lines, key=lambda line: line["at"]))


async def judged(
    drill: str,
    storage: Storage,
    items: Sequence[OutboxItem],
    heard: Journal,
    *,
    events: Mapping[tuple[str, str], int] | None = None,
    **more: Any,
) -> Report:
    """`items` are what was planned, `events` how many messages each dossier (source, code) is to have; `more` are
    fields of the report, and notes. The ledger must balance, and say nothing that the centres' logs contradict."""
    now = await kept(storage, [item.id for item in items])
    verdict = judge(
        Evidence(
            events=events or {},
            outbox=[_planned(item) for item in now.values()],
            submits=Counter((line["reference"], f"{line['centre']} {line['part']}") for line in heard.taken),
            chats={},
            asked={},
            is_balanced=(await balance(storage)).balanced,
        )
    )
    assert not verdict.unbalanced + verdict.contradicted + verdict.unplanned, verdict.broken
    return Report(
        drill=drill,
        planned=len(items),
        sent=verdict.sent,
        doubled=len(verdict.doubled),
        lost=len(items) - len(now) + len(verdict.lost) + verdict.states.get(DeliveryState.ACCEPTED, 0),
        uncertain=verdict.uncertain,
        pause=round(more.pop("pause", 0.0), 2),
        notes={"states": verdict.states, "broken": verdict.broken, **more},
    )


def _planned(item: OutboxItem) -> Planned:
    address = f"{item.address.scheme}:{item.address.value}"
    return Planned(
        item.id, item.origin, item.channel, address, item.situation, item.text, item.code, item.source, item.state,
        item.reason, item.parts,
    )  # fmt: skip


async def kept(storage: Storage, ids: Collection[str]) -> dict[str, OutboxItem]:
    """The messages as the ledger has them."""
    found: dict[str, OutboxItem] = {}
    wanted = list(ids)
    for start in range(0, len(wanted), _PAGE):
        page = await storage.read(partial(_page, ids=wanted[start : start + _PAGE]))
        found.update({item.id: item for item in page})
    return found


async def _page(tx: Transaction, *, ids: Sequence[str]) -> list[OutboxItem]:
    return [item for item_id in ids if (item := await tx.outbox.get(item_id))]


async def everything(storage: Storage) -> list[OutboxItem]:
    """All messages that the ledger has, at one moment: what changes its state meanwhile stands there once."""
    return await storage.read(_in_every_state)


async def _in_every_state(tx: Transaction) -> list[OutboxItem]:
    return [item for state in DeliveryState for item in await tx.outbox.listed(state, limit=_ALL)]


async def until_quiet(
    storage: Storage, *, within: float, look: Callable[[], None] = lambda: None, waiting: int = 0
) -> None:
    """Until nothing is under way any more but `waiting` messages, or the time is over: then the judge sees it. `look`
    is called again and again, and raises where waiting has no sense."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        look()
        counts = await storage.read(lambda tx: tx.outbox.counts())
        if sum(number for (_, state), number in counts.items() if state in UNDER_WAY) <= waiting:
            return
        await asyncio.sleep(0.1)
