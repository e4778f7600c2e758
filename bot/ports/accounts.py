"""What a channel's account at its provider says of itself: credentials that end, allowances, money."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """Everything that is not known is None, or empty."""

    name: str = ""
    renewed_at: datetime | None = None
    token_ends_at: datetime | None = None
    """Of the credential that we renew ourselves."""
    consent_ends_at: datetime | None = None
    """When, without a renewal before, a person must consent again."""
    remaining: int | None = None
    """Messages that are left today."""
    daily: int | None = None
    balance: int | None = None
    """Đồng of a prepaid account."""
    trouble: str = ""
    """What stands against it now, for the operator."""


class Account(Protocol):
    """The account of one channel."""

    async def kept(self) -> AccountState:
        """As far as our database knows, at once."""
        ...

    async def asked(self) -> AccountState:
        """As the provider says now. Sends no message. Raises `StorageError`, `ChannelError`."""
        ...
