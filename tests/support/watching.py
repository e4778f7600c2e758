"""A watch on a clock that tests move, over a service of which they break one part at a time."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.alarms import AlarmName
from bot.beats import Beats
from bot.clocks import Clocks
from bot.config import WatchSettings
from bot.contacts import Contact, Contacts
from bot.deadline_settings import Role
from bot.model.person import Address
from bot.ports import Storage
from bot.ports.watching import Alarm
from bot.settings import SourceSettings
from bot.watch import Sending, Watch
from tests.support.making import START, Time, numbered_ids

LOOK = 60.0
"""Seconds between two looks, as by default."""
PROOFS = 5
"""Looks between two proofs of the ledger."""


async def nothing() -> None:
    """Happens between two looks, unless a test has something to do."""


Meanwhile = Callable[[], Awaitable[object]]


@dataclass
class Guard:
    """The watch, and a clock that a test moves; the steady clock goes with it unless `drift` tells them apart."""

    storage: Storage
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    receipts: Mapping[str, bool] = field(default_factory=dict)
    senders: Sequence[Sending] = ()
    contacts: Contacts | None = None
    settings: WatchSettings = field(default_factory=WatchSettings)
    time: Time = field(default_factory=Time)
    drift: timedelta = timedelta()
    kernel: bool | None = True
    owner: str = "one"

    def __post_init__(self) -> None:
        self.beats = Beats(self.time, self.owner, monotonic=self.monotonic)
        self.clocks = Clocks(wall=self.time, monotonic=self.monotonic, kernel=lambda: self.kernel, host="may-chu")
        self.watch = Watch(
            self.storage,
            self.settings,
            self.beats,
            sources=self.sources,
            receipts=self.receipts,
            senders=self.senders,
            contacts=self.contacts,
            clock=self.time,
            clocks=self.clocks,
            monotonic=self.monotonic,
            database_clock=False,
        )

    def monotonic(self) -> float:
        return (self.time.now - self.drift - START).total_seconds()

    async def open(self) -> list[Alarm]:
        return await self.storage.read(lambda tx: tx.watch.alarms())

    async def names(self) -> set[tuple[str, str]]:
        return {(each.name, each.subject) for each in await self.open()}

    async def look(self) -> None:
        """One round of the running watch: signs of life, a look, a count."""
        await self.watch.flush()
        await self.watch.look()
        await self.watch.count()

    async def minutes_until(
        self, name: AlarmName, subject: str, *, meanwhile: Meanwhile = nothing, most: int = 60
    ) -> int:
        """Minutes of the clock that pass until the alarm is raised, looking and proving in the usual turns."""
        for minute in range(1, most + 1):
            self.time.pass_(seconds=LOOK)
            await meanwhile()
            if minute % PROOFS == 0:
                await self.watch.prove()
            await self.look()
            if (name, subject) in await self.names():
                return minute
        raise AssertionError(f"no alarm {name} {subject} within {most} minutes")

    async def minutes_pass(self, minutes: int, *, meanwhile: Meanwhile = nothing) -> set[tuple[str, str]]:
        """Every alarm that was open at some look meanwhile."""
        seen: set[tuple[str, str]] = set()
        for minute in range(1, minutes + 1):
            self.time.pass_(seconds=LOOK)
            await meanwhile()
            if minute % PROOFS == 0:
                await self.watch.prove()
            await self.look()
            seen |= await self.names()
        return seen


def operators(*names: str) -> Contacts:
    """Contacts with a chat each on a channel `telegram`."""
    known = [
        Contact(name, frozenset({Role.OPERATOR}), (), (Address("telegram", str(900 + number)),))
        for number, name in enumerate(names)
    ]
    return Contacts(known, {"telegram": "telegram"}, numbered_ids())
