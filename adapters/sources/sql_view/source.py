"""The view as a source: rounds of pages, each from where the one before ended, with a look back for what came late."""

import hashlib
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from adapters.sources.sql_view.door import Door
from adapters.sources.sql_view.keys import Key, no_later, step_back
from adapters.sources.sql_view.page import EMPTY, Page
from adapters.sources.sql_view.progress import Progress, Round, Stage
from adapters.sources.sql_view.settings import Settings
from bot.model.clock import Clock, utc_now
from bot.ports import Batch

if TYPE_CHECKING:
    from adapters.sources.sql_view.view import View

_MOST_CODES = 500
"""Codes in one query; Oracle takes no more than 1,000."""


class ViewSource:
    """Reads what was changed since the round before, or every row, in pages by (changed, code).

    A round looks back by `overlap` from the newest change that could be seen when the one before began, and from no
    moment in the future.
    """

    def __init__(self, name: str, settings: Settings, door: Door, *, clock: Clock = utc_now) -> None:
        self._name = name
        self._settings = settings
        self._door = door
        self._clock = clock
        self._identity = _identity(settings)
        self._stages = _stages(settings)

    async def batches(self, cursor: str | None) -> AsyncIterator[Batch]:
        progress = Progress.load(cursor, self._identity)
        started = self._clock()
        view = await self._door.view(self._name)
        if progress.round is None:
            ceiling = await self._ceiling(view, progress.since)
            if ceiling is not None:
                ceiling = no_later(ceiling, started, self._settings.utc_offset)
            progress = replace(progress, round=Round(started, ceiling, self._stages[0]))
            if self._settings.undated and (strays := (await self._door.ask(view.without_code)).quarantined):
                yield Batch((), progress.dump(), strays)
        else:
            progress = self._resumed(view, progress, progress.round)
        while (here := progress.round) is not None:
            page = await self._door.ask(partial(self._page, view, progress.since, here))
            progress = self._after(progress, here, page)
            ended = progress.round is None
            if ended or page.dossiers or page.quarantined:
                yield Batch(page.dossiers, progress.dump(), page.quarantined, as_of=here.started if ended else None)

    async def reread(self, places: Collection[str]) -> AsyncIterator[Batch]:
        """The rows of these places as they are now; places that are gone are passed over."""
        view = await self._door.view(self._name)
        codes = [code for place in places if (code := view.code_in(place)) is not None]
        for first in range(0, len(codes), _MOST_CODES):
            yield _batch(await self._door.ask(partial(view.having, codes[first : first + _MOST_CODES])))
        for place in places:
            page, change = EMPTY, view.change_in(place)
            while change is not None:
                view.know(change)
                page = await self._door.ask(partial(view.dated, change, page.last, end=change))
                yield _batch(page)
                change = change if page.more else None

    async def _ceiling(self, view: "View", since: Key | None) -> Key | None:
        if self._settings.mode == "all":
            return None
        if since is not None:
            view.know(since)
        return await self._door.ask(view.newest)

    def _resumed(self, view: "View", progress: Progress, here: Round) -> Progress:
        sample = progress.since if here.ceiling is None else here.ceiling
        if sample is not None:
            view.know(sample)
        return progress if here.stage in self._stages else progress.at(self._stages[0], ())

    def _page(self, view: "View", since: Key | None, here: Round) -> Page:
        match here.stage:
            case "undated":
                return view.undated(here.after)
            case "all":
                return view.every(here.after)
            case "dated":
                if since is None and here.ceiling is None:
                    return EMPTY
                return view.dated(self._start(since), here.after)

    def _start(self, since: Key | None) -> Key | None:
        settings = self._settings
        return None if since is None else step_back(since, seconds=settings.overlap, number=settings.overlap_number)

    def _after(self, progress: Progress, here: Round, page: Page) -> Progress:
        if page.more:
            return progress.at(here.stage, page.last)
        following = self._stages[self._stages.index(here.stage) + 1 :]
        return progress.at(following[0], ()) if following else progress.done()


def _stages(settings: Settings) -> tuple[Stage, ...]:
    if settings.mode == "all":
        return ("all",)
    return ("undated", "dated") if settings.undated else ("dated",)


def _batch(page: Page) -> Batch:
    """Read out of turn: no cursor moves."""
    return Batch(page.dossiers, "", page.quarantined)


def _identity(settings: Settings) -> str:
    """Of what is read and in which order; where it is another, a cursor means nothing."""
    fields = settings.fields
    order = (settings.changed_column, settings.code_column, fields.get("updated_at"), fields.get("code"))
    read = (settings.view, settings.query, settings.mode, *order)
    return hashlib.blake2b(repr(read).encode(), digest_size=8).hexdigest()
