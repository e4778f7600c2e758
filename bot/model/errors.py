"""The errors an operator can cause and therefore must be able to read; and how our own mistakes are logged."""

import traceback
from pathlib import Path

_FRAMES = 4


class MotcuaError(Exception):
    """Base of every error that ends a command: its message is written for the person who runs it."""


class ConfigError(MotcuaError):
    """The configuration cannot be used; the message names the file, the key and what is expected."""


class StorageError(MotcuaError):
    """The database cannot be opened, read or written; the message says which and why."""


class SchemaError(StorageError):
    """The database was migrated for another program than this one: it lacks something, or is ahead."""


class PerhapsWrittenError(StorageError):
    """The connection broke while a commit was under way: nobody knows whether it was written. What is not done again
    by itself must be looked for before it is done again."""


class FencedError(StorageError):
    """The process had the right to write this once, and another one has taken it over since."""


class SourceError(MotcuaError):
    """A source as a whole cannot be read (a missing column, a broken workbook); nothing of it was taken."""


class ChannelError(MotcuaError):
    """A channel cannot be opened at all: its settings or its provider refuse it."""


def told(error: BaseException) -> str:
    """For a log that an administrator reads: a `StorageError` in its own words, which name the database and what is
    wrong with it; anything else is a mistake of ours and told by its `trail`."""
    return str(error) if isinstance(error, StorageError) else trail(error)


def trail(error: BaseException) -> str:
    """Kind and place of an error for a log: `ValueError at b.py:12 parse < a.py:3 read`.

    Never its text, which may quote what a citizen wrote.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    return f"{type(error).__name__} at {places}"
