"""Logs: one line an event, with every secret blotted out whatever wrote it."""

import logging
import re
from collections.abc import Iterable
from pathlib import Path

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_OURS = re.compile(r"mcs?_[A-Za-z0-9_]{16,}")
"""Keys of the API (`mc_live_…`) and secrets that sign callbacks (`mcs_…`), which nobody tells us beforehand."""
_TALKATIVE = ("httpx", "httpcore", "telegram", "aiosqlite", "asyncio", "aiohttp.access")


class Blotting(logging.Formatter):
    """Replaces secrets in the finished line, tracebacks included."""

    def __init__(self) -> None:
        super().__init__(_FORMAT)
        self._secrets: set[str] = set()

    def hide(self, secrets: Iterable[str]) -> None:
        self._secrets.update(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, "•••")
        return _OURS.sub("•••", line)


def start_logging(level: str, path: Path | None = None) -> Blotting:
    """Sets up the root logger, to standard error or a file, and returns the formatter, to be told the secrets."""
    blotting = Blotting()
    handler = logging.FileHandler(path, encoding="utf-8") if path else logging.StreamHandler()
    handler.setFormatter(blotting)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    hush_libraries()
    return blotting


def hush_libraries() -> None:
    """Libraries that log what they handle, statements with their values among it, are not asked below WARNING."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
