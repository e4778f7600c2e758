"""Makes what looks after a running service of what the configuration asks for."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot import broadcast_watch, callbacks, fallback_watch, privacy, quiet_watch, session_watch
from bot.backup_watch import BackupWatch
from bot.backups import Backups, key_of
from bot.beats import Beat
from bot.blocked_watch import BlockedWatch
from bot.broadcast_watch import BroadcastWatch
from bot.broadcasting import handing_out_for
from bot.broadcasts import Broadcasts
from bot.calendars import Calendars
from bot.callbacks import Callbacks
from bot.contacts import Contacts
from bot.deadlines import DeadlineWatch
from bot.desk import Desk
from bot.digest import Digests
from bot.dispatch import Dispatch
from bot.fallback_watch import FallbackWatch
from bot.keeping import EVERY as KEEPING_EVERY
from bot.keeping import KeepingWatch
from bot.leading import Post
from bot.model.clock import Clock
from bot.model.errors import trail
from bot.model.ids import NewId
from bot.naming import name_once
from bot.plan import Plan, rules_of, sms_rules
from bot.planning import Planner
from bot.ports import Storage
from bot.ports.backups import CopyDatabase
from bot.quiet_watch import QuietWatch
from bot.report_plan import report_watch_for
from bot.retention import Retention
from bot.sealing import EVERY as SEALING_EVERY
from bot.sealing import SealingWatch
from bot.session_watch import watch_sessions
from bot.sure_of_time import SureOfTime
from bot.text_check import log_findings
from bot.text_check import rules_of as text_rules_of
from bot.texts import Library

log = logging.getLogger(__name__)

TALKS_EVERY = 300.0
"""Seconds between two looks for conversations that no clerk answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planners:
    """What makes or moves messages by itself: one process does all of it, and another one takes it over."""

    plan: Plan
    planner: Planner
    contacts: Contacts
    calendars: Calendars
    broadcasts: Broadcasts
    desk: Desk
    callbacks: Callbacks | None
    copies: CopyDatabase | None
    clock: Clock

    async def work(self, post: Post) -> None:
        """Until cancelled. Everything is made anew for the post: what it knows was read while it was ours."""
        async with asyncio.TaskGroup() as tasks:
            for each in self._jobs(post):
                tasks.create_task(each)

    def _jobs(self, post: Post) -> list[Coroutine[Any, Any, None]]:
        """Each with the sign of life that the watch waits for."""
        storage, clock, config, beat = post.storage, self.clock, self.plan.config, post.signs.of
        library, new_id = self.planner.library, self.planner.new_id
        broadcasts = replace(self.broadcasts, storage=storage, beneath=storage)
        jobs = [
            FallbackWatch(storage, clock=clock).run(beat("fallback", every=fallback_watch.EVERY)),
            quiet_watch_for(self.plan, storage, library, new_id, clock).run(beat("quiet", every=quiet_watch.EVERY)),
            BroadcastWatch(storage, handing_out_for(broadcasts)).run(
                beat("broadcasts", every=broadcast_watch.BEATS_WITHIN)
            ),
            watch_sessions(storage, clock, config.console, beat("sessions", every=session_watch.EVERY)),
            watch_talks(replace(self.desk, storage=storage), beat("talks", every=TALKS_EVERY)),
            KeepingWatch(
                storage,
                clock=clock,
                keep_months=config.storage.keep_months,
                retention=Retention(storage, config.retention, clock, config.conversation.keep_text_days),
                sure=SureOfTime(storage, clock=clock),
            ).run(beat("keeping", every=KEEPING_EVERY)),
            name_once(storage),
            log_findings(storage, text_rules_of(self.plan), config.texts.language),
        ]
        if config.storage.keys:
            jobs.append(SealingWatch(storage, clock=clock).run(beat("sealing", every=SEALING_EVERY)))
        if self.callbacks:
            jobs.append(replace(self.callbacks, storage=storage).run(beat("callbacks", every=callbacks.LONGEST)))
        if config.retention.erase_by_itself:
            jobs.append(privacy.watch_requests(storage, clock, beat("erasures", every=privacy.EVERY)))
        if config.deadlines.watch:
            jobs.append(self._deadlines(storage).run(beat("deadlines", every=config.deadlines.every)))
        if self.copies and config.backup.is_nightly:
            jobs.append(self._nightly(self.copies).run(post.signs))
        if config.reports.enabled:
            reports = report_watch_for(self.plan, storage, clock=clock)
            jobs.append(reports.run(beat("reports", every=max(60.0, config.reports.every))))
        return jobs

    def _nightly(self, copies: CopyDatabase) -> BackupWatch:
        config, settings = self.plan.config, self.plan.config.backup
        if settings.folder is None or settings.key is None:
            raise ValueError("a nightly backup has a folder and a key")
        backups = Backups(
            copies, key_of(settings.key.get_secret_value()), self.clock, config.file, web_key=config.web.key_file
        )
        return BackupWatch(backups, settings.folder, at=settings.at, keep=settings.keep, clock=self.clock)

    def _deadlines(self, storage: Storage) -> DeadlineWatch:
        config = self.plan.config
        return DeadlineWatch(
            storage,
            self.contacts,
            self.calendars,
            config.deadlines,
            config.apologies,
            clock=self.clock,
            new_id=self.planner.new_id,
            clocks={each.name: rules_of(each).supplement_clock for each in self.plan.sources},
        )


async def watch_talks(desk: Desk, beat: Beat) -> None:
    """Until cancelled: conversations that a clerk has left alone for too long come back to the bot."""
    while True:
        try:
            await desk.close_idle()
            beat()
        except Exception as error:
            log.error("idle conversations could not be closed: %s", trail(error))
        await asyncio.sleep(TALKS_EVERY)


def quiet_watch_for(plan: Plan, storage: Storage, library: Library, new_id: NewId, clock: Clock) -> QuietWatch:
    """Lets go, or folds together, what waited for the end of quiet hours."""
    config, rules = plan.config, sms_rules(plan)
    digests = Digests(
        library,
        new_id,
        config.quiet.digest,
        sms=not any(each.templates_required for each in rules.values()),
        language=config.texts.language,
    )
    return QuietWatch(storage, digests, clock=clock)


def blocked_watch_for(plan: Plan, storage: Storage, dispatch: Dispatch, planner: Planner, clock: Clock) -> BlockedWatch:
    """Sends the next way what waits for a chat that cannot be reached."""
    return BlockedWatch(
        storage,
        dispatch.senders,
        {each.name: each.shown for each in plan.channels if each.shown},
        after=timedelta(minutes=plan.config.reach.blocked_minutes),
        catalogue=planner.catalogue,
        plain=lambda scheme: scheme == "sms",
        clock=clock,
        new_id=planner.new_id,
    )
