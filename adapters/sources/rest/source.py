"""An HTTP API as a source: round after round, page by page."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from typing import NamedTuple

from pydantic import JsonValue

from adapters.sources.rest.answers import finder
from adapters.sources.rest.asking import Asker
from adapters.sources.rest.client import joined
from adapters.sources.rest.details import Details
from adapters.sources.rest.failures import RefusedError, elsewhere, no_list
from adapters.sources.rest.moments import written
from adapters.sources.rest.paging import Guard, Pager
from adapters.sources.rest.progress import Position, Progress, Round, later
from adapters.sources.rest.reading import Piece, Reading
from adapters.sources.rest.settings import Settings
from adapters.sources.rest.templates import Values
from bot.model.clock import Clock, utc_now
from bot.model.errors import SourceError
from bot.ports import Batch

log = logging.getLogger(__name__)

_PIECE = 1_000
"""Dossiers in one batch at most."""

_SKEW = timedelta(days=1)
"""By how much the clocks of offices are wrong. Only a bound: the cursor itself follows the records."""


class _Page(NamedTuple):
    place: str
    records: list[JsonValue]
    after: Position | None


class RestSource:
    """Reads the list again and again; what of it, is said by `settings.changes`."""

    def __init__(self, name: str, settings: Settings, asker: Asker, *, clock: Clock = utc_now) -> None:
        self._name = name
        self._settings = settings
        self._asker = asker
        self._clock = clock
        self._pager = Pager(settings.paging)
        self._records_in = finder(settings.records)
        self._details = Details(settings, settings.detail, asker) if settings.detail else None
        self._takes_next = "next" in settings.listing.used
        self._way = _way(settings)
        self._warned = False

    async def batches(self, cursor: str | None) -> AsyncIterator[Batch]:
        """One round, or the rest of one that was interrupted."""
        progress, guard = Progress.load(cursor), Guard(self._settings.paging.most)
        now, page = await self._start(progress, guard)
        reading = Reading(self._name, self._settings, believed_until=self._clock() + _SKEW)
        while True:
            async for piece in self._pieces(page, reading):
                now = now.saw(piece.newest)
                if piece.dossiers and now.newest is None:
                    self._warn()
                if piece.last:
                    now = replace(now, at=page.after)
                yield self._batch(piece, progress, now)
            if page.after is None:
                return
            page.records.clear()  # one page in hand: this one goes before the next comes
            page = await self._page(now, page.after, guard)

    async def _start(self, progress: Progress, guard: Guard) -> tuple[Round, _Page]:
        """The round to read and its first page. An interrupted round begins anew where its page is refused, or where
        it hangs on the software's own cursor, which may have run out."""
        interrupted = progress.round
        if interrupted is not None and interrupted.at is not None and interrupted.way == self._way:
            try:
                return interrupted, await self._page(interrupted, interrupted.at, guard)
            except SourceError as error:
                if not interrupted.at.next and not isinstance(error, RefusedError):
                    raise
                log.info("source %s: the round begins anew: %s", self._name, error)
        now = self._new_round(progress)
        return now, await self._page(now, self._pager.first, guard)

    def _new_round(self, progress: Progress) -> Round:
        began, changes, since = self._clock(), self._settings.changes, None
        if changes.mode == "window":
            since = began - timedelta(days=changes.days)
        elif changes.mode == "since":
            newest = progress.newest
            since = newest - timedelta(seconds=changes.overlap) if newest else changes.start
        return Round(way=self._way, began=began, since=since, newest=None, at=self._pager.first)

    async def _page(self, now: Round, at: Position, guard: Guard) -> _Page:
        listing, values = self._settings.listing, self._values(now, at)
        place = f"{listing.method} {listing.path}{self._pager.place(at)}"
        url = None
        if at.next and not self._takes_next:
            url = joined(self._asker.url(listing, values), at.next)
            if url is None:
                raise elsewhere(place)
        answer = await self._asker.ask(listing, values, place=place, url=url)
        records = self._records_in(answer)
        if not isinstance(records, list):
            raise no_list(place, self._settings.records)
        repeated = await asyncio.to_thread(guard.repeats, place, records)
        return _Page(place, records, self._pager.after(at, len(records), answer, repeated=repeated, place=place))

    def _values(self, now: Round, at: Position) -> Values:
        form, ahead = self._settings.changes.format, self._settings.utc_offset
        # Some software refuses a beginning without an end; tomorrow is one, however wrong the clocks are.
        values = self._pager.values(at) | {"until": written(now.began + _SKEW, form, ahead)}
        return values | {"since": written(now.since, form, ahead)} if now.since else values

    async def _pieces(self, page: _Page, reading: Reading) -> AsyncIterator[Piece]:
        """At least one, if only an empty one."""
        count = len(page.records)
        for start in range(0, max(count, 1), _PIECE):
            records: Sequence[object] = page.records[start : start + _PIECE]
            if self._details:
                records = await self._details.complete(records)
            last = start + _PIECE >= count
            yield await asyncio.to_thread(reading.piece, records, first_row=start + 1, place=page.place, last=last)

    def _batch(self, piece: Piece, progress: Progress, now: Round) -> Batch:
        """With the round's end if there is no page to come."""
        if now.at is None:
            done = Progress(later(progress.newest, now.newest))
            return Batch(piece.dossiers, done.dump(), piece.quarantined, as_of=now.began)
        if self._asker.reveals(now.at.next):
            # The next address holds our token, which must not lie in the database: a restart reads the round again.
            now = replace(now, at=self._pager.first)
        return Batch(piece.dossiers, Progress(progress.newest, now).dump(), piece.quarantined)

    def _warn(self) -> None:
        """Once: rounds come every minute."""
        if self._settings.changes.mode == "since" and not self._warned:
            self._warned = True
            log.warning("source %s: no record says when it changed (updated_at): all is read every time", self._name)


def _way(settings: Settings) -> str:
    """Another one where the list is asked for in another way, so that a position of the former means nothing."""
    asked = (settings.base_url, settings.listing, settings.paging, settings.changes)
    return blake2b(repr(asked).encode(), digest_size=6).hexdigest()
