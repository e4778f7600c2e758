"""What the database keeps of deadlines and apologies."""

from typing import Protocol


class DeadlineStore(Protocol):
    """Which dossiers are due, who was told of it, and how punctual agencies are."""


class ApologyStore(Protocol):
    """Apologies from their draft to what became of them."""
