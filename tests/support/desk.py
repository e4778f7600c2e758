"""Somebody who types commands in a folder with a configuration."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bot import cli
from bot.ports import Storage
from storage import open_storage

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Desk:
    """Commands run as `motcua` runs them, in this process, which saves a second each."""

    place: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def types(self, *words: str, answer: str = "") -> Done:
        self.monkeypatch.setattr(sys, "argv", ["motcua", *words])
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        # The collector belongs to all tests of this process.
        self.monkeypatch.setattr(cli, "calm", lambda: None)
        code = 0
        try:
            with _logs_as_before():
                cli.main()
        except SystemExit as left:
            code = int(left.code or 0)
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err
        return Done(code, said.out, said.err)

    def said(self, *words: str) -> str:
        done = self.types(*words)
        assert done.code == 0, done.err
        return done.out

    def json(self, *words: str) -> Any:
        return json.loads(self.said(*words, "--json"))

    def refused(self, *words: str) -> str:
        done = self.types(*words)
        assert done.code == 1
        return done.err

    def configure(self, text: str) -> None:
        """Adds to the configuration."""
        with (self.place / "config.toml").open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    def in_database(self, work: Callable[[Storage], Awaitable[T]]) -> T:
        async def run() -> T:
            async with open_storage(f"sqlite:{self.place / 'motcua.db'}") as storage:
                return await work(storage)

        return asyncio.run(run())


@contextmanager
def _logs_as_before() -> Iterator[None]:
    """A command sets up logging for its process, which here is that of all tests."""
    root = logging.getLogger()
    handlers, level, disabled = list(root.handlers), root.level, root.manager.disable
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.disable(disabled)


def open_desk(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    """In `place`, on a screen that is wide enough for every table."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("COLUMNS", "220")
    return Desk(place, capsys, monkeypatch)
