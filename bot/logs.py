"""Logs: one line an event, to standard error, with every secret blotted out whatever wrote it."""

import logging
from collections.abc import Iterable

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
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
        return line


def start_logging(level: str) -> Blotting:
    """Sets up the root logger and returns the formatter, to be told the secrets as they become known."""
    blotting = Blotting()
    handler = logging.StreamHandler()
    handler.setFormatter(blotting)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    hush_libraries()
    return blotting


def hush_libraries() -> None:
    """Libraries that log what they handle, statements with their values among it, are not asked below WARNING."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
