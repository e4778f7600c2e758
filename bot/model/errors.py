"""The errors an operator can cause and therefore must be able to read."""


class MotcuaError(Exception):
    """Base of every error that ends a command: its message is written for the person who runs it."""


class ConfigError(MotcuaError):
    """The configuration cannot be used; the message names the file, the key and what is expected."""


class StorageError(MotcuaError):
    """The database cannot be opened, read or written; the message says which and why."""


class SourceError(MotcuaError):
    """A source as a whole cannot be read (a missing column, a broken workbook); nothing of it was taken."""


class ChannelError(MotcuaError):
    """A channel cannot be opened at all: its settings or its provider refuse it."""
