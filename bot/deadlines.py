"""Watches deadlines: staff are told before one is missed, the unit above when one was, and apologies are drafted."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from bot.beats import Beat, unheard
from bot.calendars import Calendars
from bot.contacts import Contact, Contacts
from bot.day_lists import DayLists
from bot.deadline_settings import ApologySettings, DeadlineSettings, Role
from bot.drafting import Drafting
from bot.due_lists import again_values, agency_of, days_horizon, draft_values, due_values, hours_horizon
from bot.lateness import Punctuality
from bot.model.apology import Apology, ApologyState
from bot.model.calendar import Calendar
from bot.model.clock import Clock
from bot.model.course import SupplementClock
from bot.model.errors import trail
from bot.model.ids import NewId
from bot.model.message import OutboxItem, Situation
from bot.portions import PORTION, portions
from bot.ports import Due, Place, Storage, Transaction

log = logging.getLogger(__name__)

LONG_OVERDUE = timedelta(days=30)
"""What is overdue for longer is counted and listed, and told to nobody."""
MOST = 10_000
"""Deadlines of one stage in one look; the rest has its turn at the next."""
PAGE = 1_000
AGAIN = timedelta(days=1)
"""How far back it is sought for dates that sources moved once more."""
AGAIN_EVERY = timedelta(hours=1)
"""How often so far: some dossiers are in work again only some time after their date was moved."""
AGAIN_SHORTLY = timedelta(minutes=10)
"""How far back before the look before, in between: so late may be kept what was stamped earlier."""
KEPT = 2 * LONG_OVERDUE
"""How long it is remembered who was told."""

AGAIN_STAGE = "again"

OFFICE = frozenset({Role.OFFICER, Role.HEAD})
HEADS = frozenset({Role.HEAD})
_Page = Callable[[Transaction, Place | None], Awaitable[list[Due]]]
_About = TypeVar("_About", Due, Apology)


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look came to."""

    near: int = 0
    """Stages of deadlines that came near."""
    overdue: int = 0
    again: int = 0
    """Dossiers that their source re-appointed more often than is allowed."""
    drafted: int = 0
    withdrawn: int = 0
    messages: int = 0
    """Planned to staff."""

    def __add__(self, other: "Looked") -> "Looked":
        return Looked(
            self.near + other.near,
            self.overdue + other.overdue,
            self.again + other.again,
            self.drafted + other.drafted,
            self.withdrawn + other.withdrawn,
            self.messages + other.messages,
        )


class DeadlineWatch:
    """Runs in every process; by a lease, one of them looks at a time."""

    def __init__(
        self,
        storage: Storage,
        contacts: Contacts,
        calendars: Calendars,
        settings: DeadlineSettings,
        apologies: ApologySettings,
        *,
        clock: Clock,
        new_id: NewId,
        clocks: Mapping[str, SupplementClock] | None = None,
    ) -> None:
        """`clocks`: each source's rule for supplements."""
        self._storage = storage
        self._contacts = contacts
        self._calendars = calendars
        self._settings = settings
        self._apologies = apologies
        self._drafting = Drafting(apologies, calendars)
        self._clock = clock
        self._new_id = new_id
        self._sought_far: datetime | None = None
        self._sought: datetime | None = None
        punctuality = Punctuality(storage, calendars, clocks or {})
        self._lists = DayLists(storage, contacts, calendars, settings, apologies, punctuality)

    async def run(self, beat: Beat = unheard) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
                beat()
            except Exception as error:
                log.error("the watch over deadlines could not work: %s", trail(error))
            await asyncio.sleep(self._settings.every)

    async def look(self) -> Looked:
        """Each stage of a deadline is told once, also after a restart or in another process."""
        now = self._clock()
        looked = await self._near(now) + await self._overdue(now) + await self._again(now)
        if self._apologies.enabled:
            looked += await self._withdraw(now) + await self._draft(now)
        looked += Looked(messages=await self._lists.look(now))
        await self._storage.write(lambda tx: tx.deadlines.forget_notes(before=now - KEPT))
        if looked != Looked():
            log.info("deadlines: %s", looked)
        return looked

    # What is near

    async def _near(self, now: datetime) -> Looked:
        rules, looked = self._settings, Looked()
        if rules.warn_days:
            looked += await self._stage("days", partial(days_horizon, days=rules.warn_days, now=now), now)
        if rules.warn_hours:
            looked += await self._stage("hours", partial(hours_horizon, hours=rules.warn_hours, now=now), now)
        return looked

    async def _stage(self, stage: str, horizon: Callable[[Calendar], datetime], now: datetime) -> Looked:
        latest = max(map(horizon, self._calendars.all))

        async def page(tx: Transaction, after: Place | None) -> list[Due]:
            return await tx.deadlines.near(stage, since=now, until=latest, after=after, limit=PAGE)

        found = await self._found(page)
        dues = [due for due in found if due.due_at <= horizon(self._calendars.of(due.agency))]
        noted, messages = await self._tell(dues, stage, Situation.DUE_SOON, OFFICE, now)
        return Looked(near=noted, messages=messages)

    async def _overdue(self, now: datetime) -> Looked:
        """What was overdue before the watch began, or before the mirror saw it, is told to nobody."""
        began = await self._storage.write(lambda tx: tx.deadlines.began(at=now))
        since = max(began, now - LONG_OVERDUE)

        async def page(tx: Transaction, after: Place | None) -> list[Due]:
            return await tx.deadlines.near("overdue", since=since, until=now, after=after, limit=PAGE)

        dues = await self._found(page)
        noted, messages = await self._tell(dues, "overdue", Situation.OVERDUE, {Role.SUPERVISOR}, now)
        return Looked(overdue=noted, messages=messages)

    async def _again(self, now: datetime) -> Looked:
        if self._sought is None or self._sought_far is None or now - self._sought_far >= AGAIN_EVERY:
            since, far = now - AGAIN, now
        else:
            since, far = self._sought - AGAIN_SHORTLY, self._sought_far
        dues = await self._storage.read(
            lambda tx: tx.deadlines.postponed_again(since=since, most=self._apologies.most, limit=MOST)
        )
        noted, messages = await self._tell(dues, AGAIN_STAGE, Situation.OVERDUE, {Role.SUPERVISOR}, now)
        # Only now: what could not be told is sought again.
        self._sought, self._sought_far = now, far
        return Looked(again=noted, messages=messages)

    async def _found(self, page: _Page) -> list[Due]:
        """At most `MOST`, read page by page beside the writers."""
        found: list[Due] = []
        after: Place | None = None
        while len(found) < MOST:
            dues = await self._storage.read(lambda tx, at=after: page(tx, at))  # type: ignore[misc]
            found += dues
            if len(dues) < PAGE:
                break
            after = Place.of(dues[-1])
        return found

    async def _tell(
        self, dues: Sequence[Due], stage: str, situation: Situation, roles: Iterable[Role], now: datetime
    ) -> tuple[int, int]:
        """Notes the stage, and tells who is not told by lists of the day. (noted, messages)"""

        async def work(tx: Transaction, portion: Sequence[Due]) -> tuple[int, int]:
            fresh = await tx.deadlines.note(portion, stage, at=now)
            items = []
            for contact, theirs in self._by_contact(fresh, roles):
                calendar = self._calendars.of(theirs[0].agency)
                is_again = stage == AGAIN_STAGE
                values = again_values(theirs, contact.language) if is_again else due_values(theirs, calendar, now=now)
                items.append(self._notice(contact, situation, values, theirs, now))
            return len(fresh), await tx.outbox.enqueue(items)

        done = [await self._storage.write(partial(work, portion=each)) for each in self._portions(dues, roles)]
        return sum(noted for noted, _ in done), sum(messages for _, messages in done)

    def _portions(self, about: Sequence[_About], roles: Iterable[Role]) -> list[list[_About]]:
        return portions(about, lambda agency: {each.name for each in self._told(roles, agency)})

    def _told(self, roles: Iterable[Role], agency: str) -> list[Contact]:
        """Who is told at once, and not by a list of the day."""
        return [each for each in self._contacts.of(set(roles), agency) if not each.digest]

    def _by_contact(self, about: Sequence[_About], roles: Iterable[Role]) -> list[tuple[Contact, list[_About]]]:
        known: dict[str, list[Contact]] = {}
        by_name: dict[str, tuple[Contact, list[_About]]] = {}
        for each in about:
            if each.agency not in known:
                known[each.agency] = self._told(roles, each.agency)
            for contact in known[each.agency]:
                by_name.setdefault(contact.name, (contact, []))[1].append(each)
        return list(by_name.values())

    def _notice(
        self,
        contact: Contact,
        situation: Situation,
        values: dict[str, str],
        about: Sequence[_About],
        now: datetime,
    ) -> OutboxItem:
        agency = agency_of((each.agency for each in about), contact.agencies)
        key = f"deadlines:{self._new_id()}"
        return self._contacts.notice(contact, situation, values, key=key, now=now, agency=agency)

    # Apologies

    async def _withdraw(self, now: datetime) -> Looked:
        """Looked for beside the writers, who wait for what is withdrawn alone."""
        ids = await self._storage.read(lambda tx: tx.apologies.needless(limit=MOST))
        withdrawn = 0
        for first in range(0, len(ids), PORTION):
            some = ids[first : first + PORTION]
            withdrawn += len(await self._storage.write(partial(_withdrawn, apology_ids=some, now=now)))
        return Looked(withdrawn=withdrawn)

    async def _draft(self, now: datetime) -> Looked:
        """Drafts for what comes near without a result; the heads are told of them together."""
        horizon = partial(days_horizon, days=self._apologies.draft_days, now=now)
        latest = max(map(horizon, self._calendars.all))
        shortest = timedelta(days=self._drafting.settings.shortest_days)

        async def page(tx: Transaction, after: Place | None) -> list[Due]:
            return await tx.apologies.wanted(since=now, until=latest, shortest=shortest, after=after, limit=PAGE)

        found = await self._found(page)
        drafts = [
            self._drafting.draft((due.source, due.code), (due.agency, due.agency_name), due.due_at, now=now)
            for due in found
            if due.due_at <= horizon(self._calendars.of(due.agency))
        ]
        looked = Looked()
        for portion in self._portions(drafts, HEADS):
            looked += await self._storage.write(partial(self._keep, drafts=portion, now=now))
        return looked

    async def _keep(self, tx: Transaction, *, drafts: Sequence[Apology], now: datetime) -> Looked:
        added = await tx.apologies.add(drafts, reopen={ApologyState.WITHDRAWN})
        items = [
            self._notice(contact, Situation.APOLOGY_DRAFT, draft_values(theirs, self._drafting), theirs, now)
            for contact, theirs in self._by_contact(added, HEADS)
        ]
        return Looked(drafted=len(added), messages=await tx.outbox.enqueue(items))


async def _withdrawn(tx: Transaction, *, apology_ids: Sequence[str], now: datetime) -> list[Apology]:
    return await tx.apologies.withdraw_needless(apology_ids, at=now)
