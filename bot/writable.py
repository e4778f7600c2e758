"""Whether what is written arrives: a database that can be read may be full, read-only, or held by somebody else."""

import logging
from datetime import datetime

from bot.model.clock import Clock
from bot.model.errors import StorageError, trail
from bot.pace import Monotonic

log = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds without a write that arrives after which it is an alarm."""


class Writable:
    """Of one process, by what became of its signs of life."""

    def __init__(self, *, clock: Clock, monotonic: Monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._begun: float | None = None
        self._begun_at: datetime | None = None
        self._is_alarm = False

    @property
    def is_failing(self) -> bool:
        """The last write failed."""
        return self._begun is not None

    @property
    def since(self) -> datetime | None:
        """Since when nothing has been written for so long that it is an alarm; None: it is none."""
        return self._begun_at if self._is_alarm else None

    def failed(self, error: Exception, *, is_known: bool) -> None:
        """A write came to nothing. `is_known`: the database does not answer at all, which was told already."""
        now = self._monotonic()
        if self._begun is None:
            log.warning("signs of life could not be written down: %s", trail(error))
            self._begun, self._begun_at = now, self._clock()
        is_over_it = now - self._begun >= PATIENCE and isinstance(error, StorageError)
        if is_over_it and not is_known and not self._is_alarm:
            self._is_alarm = True
            log.error("alarm database: %s", error)

    def succeeded(self) -> None:
        """A write arrived."""
        if self._is_alarm:
            log.warning("alarm database is over, it lasted since %s", self._begun_at)
        self._begun = self._begun_at = None
        self._is_alarm = False
