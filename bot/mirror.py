"""Flow 1a: a batch from a source → dossiers, changes, messages and the cursor, in one transaction."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto
from functools import partial

from bot.brake import Braking, brake
from bot.calendars import Calendars
from bot.comparing import Incoming, Sifted, erasures_in, incoming, settle, sift, without_aged, without_erased
from bot.contacts import Contacts
from bot.doubting import doubted, heed
from bot.enqueueing import enqueue_news
from bot.model.clock import Clock
from bot.model.dossier import PLANNED, TOLD_ALONG, Change, Dossier, Status, diff
from bot.model.erasure import NOBODY, Erasures
from bot.model.message import DeliveryState, OutboxItem, Situation
from bot.noticing import News, notices
from bot.planning import Planner, Silent
from bot.ports import Applied, Batch, Known, LateEvent, Mirrored, SourceState, Storage, Transaction
from bot.ports.restoring import Doubt
from bot.reaching import Reach, Told, survey_of
from bot.settings import SourceSettings

log = logging.getLogger(__name__)

_NO_NEWS = Silent("it happened before go-live, or is read once more")

MOST_PASSED = 20
"""Batches without news whose cursor need not be kept: after a restart they are read again, which harms nobody."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A batch worked out against the mirror as it was read, before any transaction is open."""

    state: SourceState
    """As it is to be kept."""
    braking: Braking
    added: Sequence[Mirrored]
    replaced: Sequence[Mirrored]
    changes: Sequence[Change]
    items: Sequence[OutboxItem]
    late: Sequence[LateEvent]
    seen: Sequence[str]
    """Codes whose earlier entries in the quarantine are out of date."""
    applied: Applied
    unknown: Mapping[str, int] = field(repr=False)
    erasures: Erasures
    """Those that it has heeded."""
    doubt: Doubt | None
    """After a return to an older state: its news may have been told before."""

    @property
    def is_nothing(self) -> bool:
        """Everything is in the mirror as it came."""
        return not (self.added or self.replaced or self.late or self.seen or self.applied.quarantined)


_Look = tuple[SourceState | None, Erasures, Doubt | None, dict[str, Known], Sifted, Mapping[str, Dossier]]
"""The source, who is forgotten, what is doubtful, what is known of the records, how they compare, what they were."""


class Reading(Enum):
    """Why something is read."""

    ROUND = auto()
    """In its turn: the source is asked for what is new, or calls."""
    BY_HAND = auto()
    """An export that somebody hands in."""
    AGAIN = auto()
    """Once more, from a beginning. Where records do not say when they changed, an older one cannot be told from a newer
    one: then nobody is texted."""


class Mirror:
    """Applies batches of one source."""

    def __init__(
        self,
        source: str,
        storage: Storage,
        planner: Planner,
        clock: Clock,
        rules: SourceSettings | None = None,
        *,
        reach: Reach | None = None,
        calendars: Calendars | None = None,
        contacts: Contacts | None = None,
    ) -> None:
        """Without `reach` all are told by SMS alone; without `contacts` no staff are; `calendars`: the usual hours."""
        self._source = source
        self._storage = storage
        self._planner = planner
        self._reach = reach
        self._clock = clock
        self._rules = rules or SourceSettings()
        self._contacts = contacts
        self._calendars = calendars or Calendars()
        self._passed = 0
        """Batches since the last write that held nothing new."""
        self._heeded: tuple[int, Erasures, Doubt | None] = (-1, NOBODY, None)
        """As they were at that revision of the source. What changes them raises it: while it is our own they stand."""

    async def cursor(self) -> str | None:
        """Where the source is to go on."""
        state = await self._storage.read(lambda tx: tx.sources.get(self._source))
        return (state.cursor or None) if state else None

    async def apply(self, batch: Batch, *, reading: Reading = Reading.ROUND) -> Applied:
        """Makes the batch durable. Reading the same batch again changes nothing and tells nobody twice.

        Of a `reading` out of turn, cursor and freshness of the source stay, and what is older than the mirror is
        passed over without a note.
        """
        arrived = incoming(batch, now=self._clock())
        while True:
            now = self._clock()
            prepared = await self._prepare(batch, arrived, now, reading)
            if batch.as_of is None and prepared.is_nothing and self._passed < MOST_PASSED:
                self._passed += 1
                return prepared.applied
            self._passed = 0
            if await self._storage.write(partial(self._commit, batch=batch, prepared=prepared, now=now)):
                self._heeded = (prepared.state.revision, prepared.erasures, prepared.doubt)
                if prepared.braking.engages:
                    log.error(
                        "source %s: the brake is on, its messages wait for a person: see `motcua source status`",
                        self._source,
                    )
                return prepared.applied

    async def _prepare(
        self, batch: Batch, arrived: Mapping[str, Incoming], now: datetime, reading: Reading
    ) -> _Prepared:
        state, erasures, doubt, known, sifted, before = await self._storage.read(
            lambda tx: self._look(tx, batch, arrived, now, reading)
        )
        state = state or SourceState(cursor=None, go_live=self._rules.go_live or now, synced_at=None)
        clock, calendar = self._rules.supplement_clock, self._calendars.of
        standing = settle(sifted, batch.reports, known, before, erasures, now=now, clock=clock, calendar=calendar)
        mirrored, changes, told, news = self._consequences(
            standing.dossiers, known, before, state.go_live, now, reading
        )
        items = await self._spread(told, now) if told else []
        if self._contacts:
            items += notices(news, self._contacts, is_sensitive=self._planner.is_sensitive, now=now)
        added = [each for each in mirrored if each.dossier.code not in known] if sifted.new else []
        replaced = [each for each in mirrored if each.dossier.code in known] if known else []
        late = standing.late if reading is Reading.ROUND else ()
        braking = brake(state, doubted(items, doubt, now=now), self._rules, now=now)
        # A record that cannot be read may now stand in another row than before.
        seen = [*arrived, *(row.code for row in batch.quarantined if row.code)] if state.quarantined else ()
        return _Prepared(
            state=_advanced(state, batch, now, newcomers=len(added), braking=braking, reading=reading),
            braking=braking,
            added=added,
            replaced=replaced,
            changes=changes,
            items=braking.items,
            late=late,
            seen=seen,
            applied=Applied(
                rows=len(batch.dossiers) + len(batch.reports),
                changed=len(mirrored),
                planned=len(items),
                quarantined=len(batch.quarantined),
                held=sum(item.state is DeliveryState.HELD for item in braking.items),
                late=tuple(event.code for event in late),
                repeated=tuple(sifted.repeated),
                missing=standing.missing,
            ),
            unknown=Counter(each.dossier.status_text for each in mirrored if each.dossier.status is Status.UNKNOWN),
            erasures=erasures,
            doubt=doubt,
        )

    async def _look(
        self, tx: Transaction, batch: Batch, arrived: Mapping[str, Incoming], now: datetime, reading: Reading
    ) -> _Look:
        """The source and the records as the mirror has them, on one view of it."""
        state = await tx.sources.get(self._source)
        revision, erasures, doubt = self._heeded
        if state is None or state.revision != revision:
            erasures, doubt = await erasures_in(tx), await tx.restores.doubt(self._source)
        records, known = await self._recognised(tx, batch, without_erased(arrived, erasures))
        sifted = sift(batch, records, known, now=now, replay=reading is not Reading.ROUND)
        wanted = sifted.differing.keys() | ({report.code for report in batch.reports} & known.keys())
        held = await tx.dossiers.get_many(self._source, wanted) if wanted else {}
        sifted.differing, before = without_aged(sifted.differing, held, erasures)
        return state, erasures, doubt, known, sifted, before

    async def _recognised(
        self, tx: Transaction, batch: Batch, arrived: Mapping[str, Incoming]
    ) -> tuple[Mapping[str, Incoming], dict[str, Known]]:
        """The records that are not as they were, and what is known of them. Mostly a batch is all new, or almost all
        as it was: then the database answers in a few words."""
        if not batch.reports and not batch.once:
            fingerprints = {code: record.fingerprint for code, record in arrived.items()}
            existing, differing = await tx.dossiers.compare(self._source, fingerprints)
            if not existing:
                return arrived, {}
            if existing == len(arrived):
                return {code: arrived[code] for code in differing}, differing
        codes = {*arrived, *(report.code for report in batch.reports)}
        return arrived, await tx.dossiers.known(self._source, codes)

    def _consequences(
        self,
        standing: Sequence[Mirrored],
        known: Mapping[str, Known],
        before: Mapping[str, Dossier],
        go_live: datetime,
        now: datetime,
        reading: Reading,
    ) -> tuple[list[Mirrored], list[Change], list[Told], list[News]]:
        """What is kept of each dossier, the changes that this means, the messages that they call for, and those of the
        changes of which anybody may be told.

        What is mirrored in silence has not changed: it was there when the mirror began.
        """
        mirrored: list[Mirrored] = []
        changes: list[Change] = []
        messages: list[Told] = []
        heard: list[News] = []
        for each in standing:
            after, earlier = each.dossier, before.get(each.dossier.code)
            last = known[after.code].last_number if after.code in known else 0
            told = is_news(earlier, after, go_live)
            if reading is Reading.AGAIN and earlier is not None and not _is_ordered(after):
                told = False
            if earlier is None and not told:
                mirrored.append(each)
                continue
            news = diff(earlier, after, last_number=last, at=now)
            mirrored.append(each._replace(last_number=news[-1].number if news else last))
            if not news:
                continue
            if told:
                heard.append(News(news, earlier, after))
            planned = self._planner.plan(news, earlier, after, now=now) if told else _NO_NEWS
            fate = planned.reason if isinstance(planned, Silent) else PLANNED
            changes.append(replace(news[0], fate=fate))
            changes.extend(replace(each, fate=TOLD_ALONG) for each in news[1:])
            if not isinstance(planned, Silent):
                messages.append(Told(planned, news, earlier, after))
        return mirrored, changes, messages, heard

    async def _spread(self, told: Sequence[Told], now: datetime) -> list[OutboxItem]:
        """The messages to all who are told. Somebody who binds a chat at this very moment hears by the old way."""
        if self._reach is None:
            return [each.item for each in told]
        phones, dossiers = self._reach.asks(told)
        audience = await self._storage.read(lambda tx: tx.follows.audience(phones, dossiers))
        return self._reach.spread(told, audience, now=now)

    async def _commit(self, tx: Transaction, *, batch: Batch, prepared: _Prepared, now: datetime) -> bool:
        # First of all, for it locks the source, and tells whether somebody wrote since we read.
        if not await tx.sources.save(self._source, prepared.state):
            return False
        await tx.dossiers.add(prepared.added, at=now)
        await tx.dossiers.save(prepared.replaced, at=now)
        await tx.dossiers.add_changes(prepared.changes)
        await tx.dossiers.add_late(prepared.late)
        if prepared.items:
            await self._enqueue(tx, prepared.items, now)
        if prepared.doubt:
            await heed(tx, prepared.doubt, prepared.items, prepared.state, at=now)
        if prepared.braking.engages:
            await prepared.braking.hold_what_waits(tx, self._source, now)
        if prepared.unknown:
            await tx.sources.note_unknown_statuses(self._source, prepared.unknown, at=now)
        if prepared.seen:
            await tx.sources.readmit(self._source, prepared.seen)
        if batch.quarantined:
            await tx.sources.quarantine(batch.quarantined, at=now)
        return True

    async def _enqueue(self, tx: Transaction, items: Sequence[OutboxItem], now: datetime) -> None:
        await enqueue_news(tx, items, self._planner, at=now)
        asked = [item for item in items if item.situation is Situation.SURVEY]
        if surveys := [survey_of(item, now) for item in asked if item.state is not DeliveryState.SUPPRESSED]:
            await tx.service.ask_survey(surveys)


def _advanced(
    state: SourceState, batch: Batch, now: datetime, *, newcomers: int, braking: Braking, reading: Reading
) -> SourceState:
    replay = reading is not Reading.ROUND
    fresh_at = state.fresh_at
    if batch.as_of is not None and not replay:
        fresh_at = min(batch.as_of, now) if fresh_at is None else max(fresh_at, min(batch.as_of, now))
    return replace(
        state,
        cursor=state.cursor if replay else batch.cursor or state.cursor,
        synced_at=state.synced_at if replay else now,
        fresh_at=fresh_at,
        braked_at=braking.since,
        window_at=braking.window_at,
        window_planned=braking.window_planned,
        dossiers=state.dossiers + newcomers,
        revision=state.revision + 1,
    )


def _is_ordered(dossier: Dossier) -> bool:
    return dossier.sequence is not None or dossier.updated_at is not None


def is_news(before: Dossier | None, after: Dossier, go_live: datetime) -> bool:
    """Whether somebody may be told: only of what happened after go-live. So the import of old dossiers texts nobody,
    nor does a source that tells us their history."""
    if before is None:
        return after.received_at is not None and after.received_at >= go_live
    # A source whose times stand still cannot tell old news from new.
    moves = after.updated_at is not None and after.updated_at != before.updated_at
    return not moves or after.updated_at is None or after.updated_at >= go_live
