"""Logs: one line an event, as text or as JSON, without secrets and without what belongs to a person.

Our own lines hold no phones, names and texts because they are written so; this is the last door for what slips through.
"""

import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from types import TracebackType

from bot.log_masks import clean, foreign, is_ours
from bot.log_settings import LogFormat
from bot.model.errors import ConfigError, told

_TALKATIVE = ("httpx", "httpcore", "telegram", "aiosqlite", "asyncio", "aiohttp.access", "watchfiles")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
"""What every record has; anything else was given as `extra`."""
_CHAIN = 3
"""Errors that are told of one that was raised because of another."""

log = logging.getLogger(__name__)


class Blotting(logging.Formatter):
    """A line of text: `2026-11-23 06:00:37,123 ERROR bot.watch: …  key=value`. An exception is told by its kind and
    place, never by its own words."""

    def __init__(self, secrets: set[str] | None = None) -> None:
        super().__init__()
        self.secrets: set[str] = set() if secrets is None else secrets
        self.process: dict[str, str] = {}
        """Which process this is, in every line for a collector."""

    def hide(self, secrets: Iterable[str]) -> None:
        self.secrets.update(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={value}" for name, value in self._fields(record).items())
        said = "  ".join(part for part in (self._message(record), fields, self._error(record)) if part)
        return f"{self.formatTime(record)} {record.levelname} {self._clean(record.name)}: {said}"

    def _clean(self, text: object) -> str:
        return clean(str(text), self.secrets)

    def _message(self, record: logging.LogRecord) -> str:
        return self._clean(record.getMessage() if is_ours(record) else foreign(record))

    def _fields(self, record: logging.LogRecord) -> dict[str, str]:
        if not is_ours(record):
            return {}
        given = ((name, value) for name, value in vars(record).items() if name not in _STANDARD)
        return {self._clean(name): self._clean(value) for name, value in given}

    def _error(self, record: logging.LogRecord) -> str:
        raised = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        return self._clean(" because of ".join(told_of(raised))) if raised else ""


class JsonLines(Blotting):
    """The same as one JSON object a line: `time` (UTC), `level`, `logger`, `message`, and where there are some
    `fields`, `error`, `roles`, `owner`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": self._clean(record.name),
            "message": self._message(record),
        }
        parts = {"fields": self._fields(record), "error": self._error(record)}
        line |= {name: value for name, value in parts.items() if value}
        return json.dumps(line | self.process, ensure_ascii=False)


_FORMATS: Mapping[LogFormat, type[Blotting]] = {LogFormat.TEXT: Blotting, LogFormat.JSON: JsonLines}


def told_of(error: BaseException) -> Iterator[str]:
    """The error and those it came of; a group is told by its first."""
    for _ in range(_CHAIN):
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        yield told(error)
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None:
            return
        error = cause


def start_logging(level: str, path: Path | None = None, *, form: LogFormat = LogFormat.TEXT) -> Blotting:
    """Sets up the root logger, to standard error or a file, and returns the formatter, to be told the secrets. Begun
    again it knows the secrets of before. Raises `ConfigError` where the file cannot be opened."""
    before = _formatter()
    blotting = _FORMATS[form](before.secrets if before else None)
    blotting.process = before.process if before else {}
    handler = _opened(path) if path else logging.StreamHandler()
    handler.setFormatter(blotting)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    hush_libraries()
    return blotting


def _formatter() -> Blotting | None:
    found = (handler.formatter for handler in logging.getLogger().handlers)
    return next((each for each in found if isinstance(each, Blotting)), None)


def _opened(path: Path) -> logging.Handler:
    """Looks before each line whether the file is still the one of that name, so that logrotate needs tell nobody."""
    try:
        return WatchedFileHandler(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ConfigError(
            f"[log.file] {path}: không ghi được nhật ký vào đây / the log cannot be written there: {error.strerror}"
        ) from None


def hush_libraries() -> None:
    """Libraries that log what they handle, statements with their values among it, are not asked below WARNING."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def name_process(roles: Iterable[str], owner: str) -> None:
    """Which process this is, for every line that follows."""
    if found := _formatter():
        found.process = {"roles": ",".join(sorted(roles)), "owner": owner}


def catch_the_rest() -> None:
    """What Python prints past all loggers, with the values of whatever failed, is logged instead: warnings, errors of
    threads, of objects that end, and the one that ends the process."""
    warnings.showwarning = _warned
    sys.excepthook = _uncaught
    sys.unraisablehook = lambda args: log.error("an error nobody could be told of: %s", _kind(args.exc_value))
    threading.excepthook = lambda args: log.error("a thread ended by an error: %s", _kind(args.exc_value))


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,
    line: object = None,
) -> None:
    log.warning("%s at %s:%d", category.__name__, Path(filename).name, lineno)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not isinstance(error, KeyboardInterrupt):
        log.critical("the process ends by an error", exc_info=error)


def _kind(error: BaseException | None) -> str:
    return " because of ".join(told_of(error)) if error else "unknown"
