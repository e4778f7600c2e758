"""A channel for trial runs: every message becomes one JSON line in a file or on standard output, and goes nowhere."""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import Field

from bot.model.clock import Clock, utc_now
from bot.model.errors import ChannelError
from bot.model.message import Accepted, ChannelDown, OutboxItem, Outcome
from bot.ports import Channel, Limits
from bot.settings import Settings as Base

_OWNER_ONLY = 0o600
_STANDARD_OUTPUT = 1


class Settings(Base):
    """Where the lines go, and how much they tell."""

    path: Path | None = Field(None, description="file that lines are added to; standard output where it is missing")
    show_text: bool = Field(False, description="whether the text is written too: it holds personal data")


class LogSender:
    """Writes whole lines only: several processes may share the file."""

    def __init__(self, name: str, descriptor: int, *, show_text: bool, clock: Clock = utc_now) -> None:
        self._name = name
        self._descriptor = descriptor
        self._show_text = show_text
        self._clock = clock

    async def send(self, item: OutboxItem) -> Outcome:
        """Accepted once the line is written; a full disk closes the channel until there is room again."""
        line = json.dumps(self._entry(item), ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        try:
            written = os.write(self._descriptor, line)
        except OSError as error:
            return ChannelDown(f"the log cannot be written: {error.strerror}")
        if written < len(line):
            return ChannelDown("the log cannot be written: there is no room for the whole line")
        return Accepted()

    def _entry(self, item: OutboxItem) -> dict[str, object]:
        entry: dict[str, object] = {
            "at": self._clock().isoformat(timespec="milliseconds"),
            "channel": self._name,
            "id": item.id,
            "to": str(item.address),
            "situation": item.situation.value,
            "lane": item.lane.name.lower(),
            "characters": len(item.text),
        }
        return {**entry, "text": item.text} if self._show_text else entry


@asynccontextmanager
async def open(  # noqa: A001 - the word that all adapters share
    name: str, settings: Settings, *, clock: Clock = utc_now
) -> AsyncIterator[Channel]:
    """Raises `ChannelError` where the file cannot be opened for writing."""
    descriptor = _descriptor(settings.path)
    try:
        yield Channel(
            name=name,
            sender=LogSender(name, descriptor, show_text=settings.show_text, clock=clock),
            limits=Limits(longest=4096, rate=0, window=1),
        )
    finally:
        os.close(descriptor)


def _descriptor(path: Path | None) -> int:
    """A descriptor of our own, so that closing the channel leaves standard output open."""
    if path is None:
        sys.stdout.flush()
        return os.dup(_STANDARD_OUTPUT)
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _OWNER_ONLY)
    except OSError as error:
        raise ChannelError(f"the log {path} cannot be written: {error.strerror}") from None
