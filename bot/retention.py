"""Flow: nightly, what is personal goes when its time is over, page by page, from where the last night ended."""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.model.broadcast import OVER, Act, BroadcastState
from bot.model.clock import Clock
from bot.ports import Storage, Transaction
from bot.ports.retention import Walked
from bot.retention_settings import RetentionSettings

log = logging.getLogger(__name__)

PAGE = 500
"""Rows in one transaction: some 30 ms."""
_WEEKLY = timedelta(days=6)
"""What lies in no order of time is read as a whole, and so seldom."""
ABANDONED = "nobody worked on it any more"
"""Why a broadcast that was left lying is cancelled."""

_List = Callable[[Transaction], Awaitable[int]]
"""A page of what an index lists; repeated until it takes nothing."""
_Walk = Callable[[Transaction, str], Awaitable[Walked]]
"""A page that begins behind a place."""


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept how long. One process does it at a time; stopped anywhere, it goes on the next time."""

    storage: Storage
    settings: RetentionSettings
    clock: Clock
    inbound_days: int
    """`[conversation] keep_text_days`."""

    async def night(self, *, goes_on: Callable[[], bool] = _always) -> Mapping[str, int]:
        """Everything that is due; rows by kind. `goes_on` is asked before each page: what it stops is done the next
        time. Raises `StorageError`."""
        now, taken = self.clock(), Counter[str]()
        for name, page in self._lists(now).items():
            taken[name] = await self._repeated(page, goes_on)
        for name, walk in self._walks(now).items():
            taken[name], _ = await self._walked(walk, goes_on)
        taken["broadcast_recipients"] = await self._broadcasts(now, goes_on)
        for name, walk in self._weekly(now).items():
            taken[name] = await self._once_a_week(name, walk, now, goes_on)
        gone = {name: number for name, number in taken.items() if number}
        if gone:
            await self.storage.write(lambda tx: tx.retention.scrub())
            log.info("forgotten in time: %s", ", ".join(f"{name} {number}" for name, number in gone.items()))
        return gone

    def _lists(self, now: datetime) -> Mapping[str, _List]:
        rules = self.settings
        words, asked = _before(now, self.inbound_days), _before(now, rules.survey_days)
        answered, ended = _before(now, rules.feedback_days), _before(now, rules.dossier_days)
        withdrawn, closed = _before(now, rules.consent_days), _before(now, rules.text_days)
        return {
            "inbound": lambda tx: tx.retention.inbound(words, limit=PAGE),
            "surveys": lambda tx: tx.retention.reasons(asked, limit=PAGE),
            "feedback": lambda tx: tx.retention.feedback(answered, limit=PAGE),
            "dossiers": lambda tx: tx.retention.dossiers(ended, limit=PAGE),
            "outdated": lambda tx: tx.retention.outdated(now, withdrawn_before=withdrawn, closed_before=closed),
        }

    def _walks(self, now: datetime) -> Mapping[str, _Walk]:
        said = _before(now, self.settings.text_days)
        return {
            "outbox left before": lambda tx, after: tx.retention.left(said, after, limit=PAGE),
            "outbox": lambda tx, _: tx.retention.messages(said, limit=PAGE),
        }

    def _weekly(self, now: datetime) -> Mapping[str, _Walk]:
        silent = _before(now, self.settings.chat_days)
        return {
            "conversations": lambda tx, after: tx.retention.chats(silent, after, limit=PAGE),
            "consents": lambda tx, after: tx.retention.consents(silent, after, limit=PAGE),
            "carriers": lambda tx, after: tx.retention.carriers(silent, after, limit=PAGE),
            "preferences": lambda tx, after: tx.retention.preferences(silent, after, limit=PAGE),
        }

    async def _repeated(self, page: _List, goes_on: Callable[[], bool]) -> int:
        total = 0
        while goes_on() and (taken := await self.storage.write(page)):
            total += taken
        return total

    async def _walked(self, walk: _Walk, goes_on: Callable[[], bool]) -> tuple[int, bool]:
        """How many, and whether the end was reached."""
        total, place = 0, ""
        while goes_on():
            page = await self.storage.write(lambda tx, place=place: walk(tx, place))  # type: ignore[misc]
            total, place = total + page.taken, page.place
            if not place:
                return total, True
        return total, False

    async def _once_a_week(self, name: str, walk: _Walk, now: datetime, goes_on: Callable[[], bool]) -> int:
        passed_at = await self.storage.read(lambda tx: tx.retention.passed_at(name))
        if passed_at is not None and now - passed_at < _WEEKLY:
            return 0
        taken, is_done = await self._walked(walk, goes_on)
        if is_done:
            await self.storage.write(lambda tx: tx.retention.passed(name, at=now))
        return taken

    async def _broadcasts(self, now: datetime, goes_on: Callable[[], bool]) -> int:
        """Whoever was meant is forgotten when the broadcast is long over; one that was left lying is over first."""
        abandoned = _before(now, self.settings.draft_days)
        for broadcast_id in await self.storage.read(lambda tx: tx.retention.abandoned(abandoned)):
            await self.storage.write(lambda tx, it=broadcast_id: _give_up(tx, it, now))  # type: ignore[misc]
        ended, total = _before(now, self.settings.recipient_days), 0
        for broadcast_id in await self.storage.read(lambda tx: tx.retention.over(ended)):
            after = 0
            while goes_on():
                before = after
                after = await self.storage.write(
                    lambda tx, it=broadcast_id, after=after: tx.retention.recipients(it, after, limit=PAGE)  # type: ignore[misc]
                )
                total += max(after - before, 1)
                if not after:
                    break
        return total


def _before(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


async def _give_up(tx: Transaction, broadcast_id: str, now: datetime) -> None:
    found = await tx.broadcasts.get(broadcast_id)
    if found is None or found.state in OVER:
        return
    cancelled = replace(found, state=BroadcastState.CANCELLED, ended_at=now, why=ABANDONED, drawing="")
    await tx.broadcasts.save(cancelled, Act(now, "cancelled", "", ABANDONED))
    await tx.broadcasts.cancel(found.id, reason="the broadcast was cancelled", at=now)
