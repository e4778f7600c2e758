"""The folder where an answer with new tokens waits until it is in the database."""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.channels.zalo.refresher import ANSWERED, LOST, NOT_SENT

_OLD = 30 * 86_400.0
"""Seconds after which a file that belongs to another refresh token is taken away: that token has long been replaced."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a refresher left behind."""

    kind: str
    """`ANSWERED`, `NOT_SENT` or `LOST` of `refresher`."""
    begun_at: datetime
    status: int = 0
    body: str = field(default="", repr=False)
    reason: str = ""


class Spool:
    """The files. A file's name says which refresh token was exchanged, and tells nothing of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        """Makes the folder, for our eyes only. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def place(self, refresh_token: str) -> Path:
        """Where the answer to the exchange of this refresh token is, or will be."""
        digest = hashlib.sha256(refresh_token.encode()).hexdigest()[:32]
        return self._folder.absolute() / f"{digest}.json"

    def answer(self, refresh_token: str) -> Written | None:
        """The answer; None while there is none. A file that cannot be read tells of an answer that is lost."""
        try:
            content = self.place(refresh_token).read_bytes()
        except OSError:
            return None
        try:
            return _written(json.loads(content))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            return Written(LOST, datetime.now(UTC), reason="the file cannot be read")

    def discard(self, refresh_token: str) -> None:
        """Called once the answer is in the database."""
        with suppress(OSError):
            self.place(refresh_token).unlink()

    def sweep(self, refresh_token: str) -> None:
        """Takes old files away that belong to other refresh tokens than this."""
        present = self.place(refresh_token).stem
        for file in self._files():
            with suppress(OSError):
                if file.stem != present and time.time() - file.stat().st_mtime > _OLD:
                    file.unlink()

    def _files(self) -> Iterator[Path]:
        for ending in ("json", "part"):
            yield from self._folder.glob(f"*.{ending}")


def _written(told: dict[str, Any]) -> Written:
    kind = told["kind"]
    if kind not in (ANSWERED, NOT_SENT, LOST):
        raise ValueError(kind)
    return Written(
        kind,
        datetime.fromtimestamp(float(told["begun_at"]), UTC),
        int(told.get("status", 0)),
        str(told.get("body", "")),
        str(told.get("reason", "")),
    )
