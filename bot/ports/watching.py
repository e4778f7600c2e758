"""What the database keeps so that the service can watch itself."""

from typing import Protocol


class WatchStore(Protocol):
    """Heartbeats, alarms, speed, failures, the fate of changes."""
