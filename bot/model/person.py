"""Where a person can be reached, written so that it never leaks by accident."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """A place on a channel: a phone number, a chat id. Prints masked; the truth is `value` and `key`."""

    scheme: str
    """The channel's word: `sms`, `telegram`, `webchat`, `zalo`."""
    value: str
    """The full value: E.164 for `sms`, the chat id otherwise. Never put it into a log."""

    @property
    def key(self) -> str:
        """`scheme:value`, the form in which it is stored."""
        return f"{self.scheme}:{self.value}"

    @classmethod
    def of(cls, key: str) -> Self:
        """The address whose `key` this is."""
        scheme, _, value = key.partition(":")
        return cls(scheme, value)

    def __str__(self) -> str:
        value = self.value
        shown = f"{value[:5]}•••{value[-3:]}" if len(value) >= 11 else f"•••{value[-2:]}" if len(value) > 4 else "•••"
        return f"{self.scheme}:{shown}"

    __repr__ = __str__
