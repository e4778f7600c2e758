"""What the database keeps of documents that go with messages."""

from typing import Protocol


class DocumentStore(Protocol):
    """Documents by id."""
