"""Watches for codes being guessed by many at once; and forgets in time what guards and conversations have kept."""

import asyncio
import logging
from datetime import datetime, timedelta

from bot.beats import Beat, Beats, unheard
from bot.config import ConversationSettings, LookupSettings
from bot.guarding import KEPT
from bot.model.clock import Clock
from bot.model.errors import trail
from bot.ports import Spread, Storage, Transaction
from bot.sure_of_time import SureOfTime

log = logging.getLogger(__name__)

_TIDY = timedelta(hours=1)
_STRANGERS = timedelta(days=14)
"""How long a receipt that belongs to no message is kept: centres report for 72 hours, and ours may be written late."""

NAME = "guessing:codes"
"""Under which the alarm is complained of; the job itself is `guessing`."""


class GuessWatch:
    """Runs beside the conversation. Every process has its own; they agree, because the database counts for all."""

    def __init__(
        self,
        storage: Storage,
        settings: LookupSettings,
        conversation: ConversationSettings,
        *,
        clock: Clock,
        every: float = 10.0,
        documents_days: int = 30,
        beats: Beats | None = None,
        sure: SureOfTime | None = None,
    ) -> None:
        """`every`: seconds between looks, so that an alarm is raised within a minute of its reason. `documents_days`:
        for how long documents are kept. `beats`: where the alarm is complained of while it lasts; without them it is
        only logged. `sure`: of what time it is, where something is forgotten; without it the clock is believed."""
        self._storage = storage
        self._settings = settings
        self._conversation = conversation
        self._clock = clock
        self._every = every
        self._beats = beats
        self._sure = sure
        self._documents_days = documents_days
        self._tidied_at: datetime | None = None
        self._is_on = False

    @property
    def is_on(self) -> bool:
        """Codes are being guessed."""
        return self._is_on

    async def run(self, beat: Beat = unheard) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
                await self.tidy()
                beat()
            except Exception as error:
                log.error("the watch over guessing could not work: %s", trail(error))
            await asyncio.sleep(self._every)

    async def look(self) -> None:
        """Raises the alarm, or ends it once failures or senders are down to half of what raises it."""
        since = self._clock() - timedelta(seconds=self._settings.alarm_window)
        spread = await self._storage.read(lambda tx: tx.guards.spread(since=since))
        if not self._is_on and self._reaches(spread, 1.0):
            self._is_on = True
            log.error(
                "có người dò mã hồ sơ / dossier codes are being guessed: %s%s", self._counted(spread), self._consequence
            )
        elif self._is_on and not self._reaches(spread, 0.5):
            self._is_on = False
            log.info("không còn dò mã hồ sơ / dossier codes are no longer being guessed: %s", self._counted(spread))
        if self._beats:
            self._tell(self._beats, spread)

    def _tell(self, beats: Beats, spread: Spread) -> None:
        if not self._is_on:
            beats.end(NAME)
            return
        minutes = self._settings.alarm_window / 60
        beats.complain(
            NAME,
            f"{spread.failures} lần hỏi sai từ {spread.senders} nơi gửi trong {minutes:g} phút",
            self._counted(spread),
            every=self._every,
        )

    def _reaches(self, spread: Spread, share: float) -> bool:
        """Many failures of few are somebody who mistypes or a machine gone wrong, and their own waits hold them up."""
        rules = self._settings
        return spread.failures >= share * rules.alarm_failures and spread.senders >= share * rules.alarm_senders

    def _counted(self, spread: Spread) -> str:
        minutes = self._settings.alarm_window / 60
        return f"{spread.failures} failed look-ups of {spread.senders} senders in {minutes:g} min"

    @property
    def _consequence(self) -> str:
        return "; strangers learn nothing until it is over" if self._settings.tighten else ""

    async def tidy(self) -> None:
        """Once an hour: forgets attempts that no rule counts, strangers' receipts, bindings gone silent, documents and
        what citizens wrote long ago.

        A recycled number may have a new owner: silence ends its binding. One-time codes that ran out go when the next
        one is sent.
        """
        now = self._clock()
        if self._tidied_at is not None and now - self._tidied_at < _TIDY:
            return
        if self._sure and not await self._sure.is_sure():
            return
        self._tidied_at = now
        lapsed = await self._storage.write(lambda tx: self._forget(tx, now))
        if lapsed:
            log.info("%d chats are no longer bound to a phone after %d days", lapsed, self._settings.binding_days)

    async def _forget(self, tx: Transaction, now: datetime) -> int:
        await tx.guards.prune(before=now - KEPT)
        await tx.outbox.forget_parked(before=now - _STRANGERS)
        await tx.documents.forget(before=now - timedelta(days=self._documents_days))
        await tx.conversations.forget_texts(before=now - timedelta(days=self._conversation.keep_text_days))
        return await tx.people.lapse(silent_since=now - timedelta(days=self._settings.binding_days))
