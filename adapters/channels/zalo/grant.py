"""The pair of tokens and what is known of its renewal, as it stands in the vault. Pure."""

import json
import math
import re
from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from adapters.channels.zalo.refresher import ANSWERED, NOT_SENT
from adapters.channels.zalo.spool import Written

REFRESH_TOKEN_LIVES = timedelta(days=90)
"""About three months; Zalo states no more."""
REFRESHER_LIVES = timedelta(minutes=1)
"""So long after the note no refresher is at work any more: it begins within 10 s or not at all, and asks for 40 s."""
_SHORTEST_LIFE = 3_600.0
"""Seconds, of an access token whose life Zalo did not state so that we can read it."""
_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 3_600.0
_FRESH = timedelta(minutes=10)
"""So long a new pair is not renewed again: where Zalo refuses even that, another one would not help."""
_SAFE = timedelta(minutes=1)
"""Before its end an access token is no longer used."""
_TOKEN = re.compile(r"[\x21-\x7e]{8,4000}")


class _Kept(BaseModel):
    # What a newer release added is left alone by an older one.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Attempt(_Kept):
    """A renewal that was begun, and whose answer is not in the vault."""

    begun_at: AwareDatetime
    machine: str = ""
    is_lost: bool = False
    """No answer will come any more: it is not known whether Zalo renewed the pair."""


class Grant(_Kept):
    """What an official account's administrator granted us."""

    access_token: str = Field(repr=False)
    refresh_token: str = Field(repr=False)
    expires_at: AwareDatetime
    """Of the access token."""
    refreshed_at: AwareDatetime
    attempt: Attempt | None = None
    failures: int = 0
    """Renewals in a row that failed."""
    failed_at: AwareDatetime | None = None
    trouble: str = ""
    """Why the last one failed."""

    @classmethod
    def read(cls, content: str) -> Self | None:
        """None where nothing is kept that can be read."""
        try:
            return cls.model_validate_json(content) if content else None
        except ValidationError:
            return None

    @classmethod
    def of_answer(cls, body: str, *, at: datetime) -> Self | None:
        """The pair in Zalo's answer; None where there is none. `at`: when it was asked for."""
        told = _object(body)
        access, refresh = told.get("access_token"), told.get("refresh_token")
        if not (isinstance(access, str) and isinstance(refresh, str)):
            return None
        if not (_TOKEN.fullmatch(access) and _TOKEN.fullmatch(refresh)):
            return None
        life = timedelta(seconds=_seconds(told.get("expires_in")))
        return cls(access_token=access, refresh_token=refresh, expires_at=at + life, refreshed_at=at)

    @property
    def text(self) -> str:
        """As it is kept."""
        return self.model_dump_json(exclude_defaults=True)

    @property
    def refresh_token_ends_at(self) -> datetime:
        return self.refreshed_at + REFRESH_TOKEN_LIVES

    def lives(self, now: datetime) -> bool:
        return now < self.expires_at - min(_SAFE, (self.expires_at - self.refreshed_at) / 2)

    def is_due(self, now: datetime, *, before: timedelta) -> bool:
        """Whether it is time for a new pair; a token with a short life is renewed at half of it."""
        return self.expires_at - now <= min(before, (self.expires_at - self.refreshed_at) / 2)

    def may_renew(self, now: datetime, *, is_dead: bool) -> bool:
        """Whether the refresh token may be handed in now.

        It is good once. Where it was handed in before and no answer is known, it is not handed in again while the
        access token still works (`is_dead` false): the answer may yet be found. After that there is nothing to lose.
        """
        if self.attempt and not (is_dead and self._is_over(self.attempt, now)):
            return False
        if self.failed_at and now - self.failed_at < timedelta(seconds=self._pause):
            return False
        return not self.is_fresh(now)

    def is_fresh(self, now: datetime) -> bool:
        return now - self.refreshed_at < min(_FRESH, (self.expires_at - self.refreshed_at) / 2)

    def may_be_answered(self, now: datetime) -> bool:
        """A renewal is under way, by whomever, and its answer may be found any moment."""
        return self.attempt is not None and not self._is_over(self.attempt, now)

    def begun(self, now: datetime, machine: str) -> Self:
        """With a renewal under way."""
        return self.model_copy(update={"attempt": Attempt(begun_at=now, machine=machine)})

    def after(self, written: Written, *, now: datetime) -> Self:
        """With what the refresher wrote down. Only a whole pair takes the place of a pair."""
        if written.kind == NOT_SENT:
            return self._failed(f"cannot reach it ({written.reason})", now)
        if written.kind != ANSWERED:
            return self._lost(f"no answer ({written.reason})", now)
        if renewed := type(self).of_answer(written.body, at=written.begun_at):
            return renewed
        told = _object(written.body)
        if "error" in told:
            return self._failed(f"error {_code(told['error'])}", now)
        if 300 <= written.status < 500:
            return self._failed(f"HTTP {written.status} from somebody who is not Zalo", now)
        return self._lost(f"HTTP {written.status} that is not understood", now)

    def nothing_asked(self, now: datetime) -> Self:
        """After a refresher that could not do its work."""
        return self._failed("the folder `spool` cannot be written to", now)

    def _failed(self, trouble: str, now: datetime) -> Self:
        return self.model_copy(
            update={"attempt": None, "failures": self.failures + 1, "failed_at": now, "trouble": trouble}
        )

    def _lost(self, trouble: str, now: datetime) -> Self:
        begun = self.attempt or Attempt(begun_at=now)
        attempt = begun.model_copy(update={"is_lost": True})
        return self._failed(trouble, now).model_copy(update={"attempt": attempt})

    def _is_over(self, attempt: Attempt, now: datetime) -> bool:
        return attempt.is_lost or now - attempt.begun_at >= REFRESHER_LIVES

    @property
    def _pause(self) -> float:
        return min(_FIRST_PAUSE * (1 << min(max(self.failures - 1, 0), 10)), _LONGEST_PAUSE)


def _object(body: str) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _seconds(value: object) -> float:
    """`expires_in` is a text: "90000"."""
    try:
        seconds = float(str(value))
    except ValueError:
        return _SHORTEST_LIFE
    return seconds if math.isfinite(seconds) and 0 < seconds < 10**9 else _SHORTEST_LIFE


def _code(value: object) -> str:
    """A number, never their words."""
    return str(value) if re.fullmatch(r"-?[0-9]{1,6}", str(value)) else "without a number"
