"""Lists instead of single messages: the day's deadlines for contacts that want a digest, and last month's figures for
the units above."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.calendars import Calendars
from bot.contacts import Contact, Contacts
from bot.deadline_settings import ApologySettings, DeadlineSettings, Role
from bot.drafting import Drafting
from bot.due_lists import day_begins, days_horizon, draft_values, due_values, month_values
from bot.lateness import Figures, Punctuality, above, month_before
from bot.model.apology import ApologyState
from bot.model.calendar import Calendar
from bot.model.clock import VIETNAM
from bot.model.message import OutboxItem, Situation
from bot.ports import Due, Storage, Transaction

SHOWN = 20
"""Lines that are read for a list: more have no room in a message."""

_OFFICE = frozenset({Role.OFFICER, Role.HEAD})


@dataclass(slots=True)
class DayLists:
    """What is told once a working day, or once a month."""

    storage: Storage
    contacts: Contacts
    calendars: Calendars
    settings: DeadlineSettings
    apologies: ApologySettings
    punctuality: Punctuality
    _months: date | None = None
    """The day on which this process last looked for a month to report."""

    async def look(self, now: datetime) -> int:
        """Messages planned. A list that a contact has already is not made again, also after a restart."""
        planned = 0
        for contact in self.contacts.known:
            calendar = self.calendars.of(contact.agencies[0] if contact.agencies else "")
            today = now.astimezone(VIETNAM).date()
            if not calendar.is_working_day(today) or now.astimezone(VIETNAM).time() < self.settings.digest_at:
                continue
            if contact.digest:
                planned += await self._digest(contact, calendar, now)
        return planned + await self._monthly(now)

    async def _digest(self, contact: Contact, calendar: Calendar, now: datetime) -> int:
        day = day_begins(now.astimezone(VIETNAM).date())

        async def work(tx: Transaction) -> int:
            if not await tx.deadlines.note_list(contact.name, "digest", day=day, at=now):
                return 0
            items = []
            if contact.roles & _OFFICE:
                items += await self._due_soon(tx, contact, calendar, now)
            if Role.HEAD in contact.roles:
                items += await self._drafts(tx, contact, now)
            if Role.SUPERVISOR in contact.roles:
                items += await self._overdue(tx, contact, calendar, now)
            return await tx.outbox.enqueue(items)

        return await self.storage.write(work)

    async def _due_soon(self, tx: Transaction, contact: Contact, calendar: Calendar, now: datetime) -> list[OutboxItem]:
        until = days_horizon(calendar, self.settings.warn_days, now)
        return await self._dues(tx, contact, Situation.DUE_SOON, (now, until), calendar, now)

    async def _overdue(self, tx: Transaction, contact: Contact, calendar: Calendar, now: datetime) -> list[OutboxItem]:
        """What became overdue since the list of the working day before: each dossier stands in one list."""
        today = now.astimezone(VIETNAM).date()
        before = datetime.combine(calendar.add_days(today, -1), self.settings.digest_at, VIETNAM)
        until = datetime.combine(today, self.settings.digest_at, VIETNAM)
        return await self._dues(tx, contact, Situation.OVERDUE, (before, until), calendar, now)

    async def _dues(
        self,
        tx: Transaction,
        contact: Contact,
        situation: Situation,
        span: tuple[datetime, datetime],
        calendar: Calendar,
        now: datetime,
    ) -> list[OutboxItem]:
        since, until = span
        number = await tx.deadlines.count(contact.agencies, since=since, until=until)
        if not number:
            return []
        dues: Sequence[Due] = await tx.deadlines.listed(contact.agencies, since=since, until=until, limit=SHOWN)
        values = due_values(dues, calendar, now=now, number=number)
        return [self._notice(contact, situation, values, now)]

    async def _drafts(self, tx: Transaction, contact: Contact, now: datetime) -> list[OutboxItem]:
        """Every draft that still waits: a head is reminded each day."""
        drafts = await tx.apologies.listed({ApologyState.DRAFT}, contact.agencies, limit=SHOWN)
        if not drafts:
            return []
        number = await tx.apologies.waiting(contact.agencies)
        values = draft_values(drafts, Drafting(self.apologies, self.calendars), number=number)
        return [self._notice(contact, Situation.APOLOGY_DRAFT, values, now)]

    def _notice(
        self, contact: Contact, situation: Situation, values: Mapping[str, str], now: datetime, *, key: str = ""
    ) -> OutboxItem:
        day = now.astimezone(VIETNAM).date()
        agency = contact.agencies[0] if contact.agencies else ""
        named = key or f"digest:{day}:{situation}"
        return self.contacts.notice(contact, situation, values, key=named, now=now, agency=agency)

    # Last month

    async def _monthly(self, now: datetime) -> int:
        """On the first working day of a month: agencies that were late too often, to the units above them."""
        calendar, today = self.calendars.of(""), now.astimezone(VIETNAM).date()
        first = calendar.next_working_day(today.replace(day=1))
        supervisors = [each for each in self.contacts.known if Role.SUPERVISOR in each.roles]
        is_time = today == first and now.astimezone(VIETNAM).time() >= self.settings.digest_at
        if not is_time or self._months == today or not supervisors:
            return 0
        self._months = today
        month = month_before(now)
        late = above(await self.punctuality.month(month, now=now), self.settings.late_percent)
        told = [(each, [one for one in late if each.answers_for(one.agency)]) for each in supervisors]
        items = [
            self._notice(
                contact, Situation.OVERDUE, _month_values(theirs, month, contact.language), now, key=f"late:{month}"
            )
            for contact, theirs in told
            if theirs
        ]
        return await self.storage.write(lambda tx: tx.outbox.enqueue(items)) if items else 0


def _month_values(late: Sequence[Figures], month: str, language: str) -> dict[str, str]:
    lines = [
        f"{each.agency_name or each.agency} {each.late_percent:.1f}% ({each.ended.late}/{each.judged})" for each in late
    ]
    return month_values(lines, month, language)
