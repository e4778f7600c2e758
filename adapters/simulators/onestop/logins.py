"""Tokens and sessions of the API: given for a user name and a password, good for a while."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.model.clock import Clock

NewToken = Callable[[], str]


class Logins:
    """Remembers who is logged in. Outlives the closing of the port, as a database of sessions does."""

    def __init__(
        self,
        accounts: Mapping[str, str],
        *,
        seconds: float,
        clock: Clock,
        new_token: NewToken = secrets.token_hex,
    ) -> None:
        self._accounts, self._clock, self._new_token = accounts, clock, new_token
        self.seconds = seconds
        self._ends: dict[str, datetime] = {}

    def issue(self, username: object, password: object) -> str | None:
        """A fresh token; None for a wrong password. Without accounts, everybody is let in."""
        if self._accounts and (not isinstance(username, str) or self._accounts.get(username) != password):
            return None
        now = self._clock()
        self._ends = {token: end for token, end in self._ends.items() if end > now}
        token = self._new_token()
        self._ends[token] = now + timedelta(seconds=self.seconds)
        return token

    def good(self, token: object) -> bool:
        end = self._ends.get(token) if isinstance(token, str) else None
        return end is not None and end > self._clock()
