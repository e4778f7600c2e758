"""What the database keeps of texts that an office has made its own."""

from typing import Protocol


class TextStore(Protocol):
    """Versions of texts: drafts, what is published, and what was."""
