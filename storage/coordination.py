"""What one transaction owes to the others: whom to wake, and whom to wait for."""

from collections.abc import Collection


class Coordination:
    """As one writer needs it: nobody runs beside it, so there is nobody to wait for."""

    def __init__(self) -> None:
        self.woken: set[str] = set()
        """Queues to wake when the transaction is durable."""

    async def wake(self, queues: Collection[str]) -> None:
        self.woken.update(queues)

    async def announce_claiming(self) -> None:
        """Said before messages are claimed: waits until nobody else is claiming."""

    async def announce_settling(self) -> None:
        """Said before references are recorded."""

    async def wait_for_settling(self) -> bool:
        """Waits until no reference is being recorded; True if something may have come to light meanwhile."""
        return False
