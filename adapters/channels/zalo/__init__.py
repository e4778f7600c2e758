"""Zalo: an Official Account's consultation messages, ZBS template messages, events and rotating tokens."""

from adapters.channels.zalo.channel import (
    OfficialAccount,
    Status,
    check,
    open,  # noqa: A004 - the name every adapter offers
    status,
)
from adapters.channels.zalo.consent import Consent, consent, exchange
from adapters.channels.zalo.grant import Grant
from adapters.channels.zalo.settings import Settings

__all__ = [
    "Consent",
    "Grant",
    "OfficialAccount",
    "Settings",
    "Status",
    "check",
    "consent",
    "exchange",
    "open",
    "status",
]
