"""How news enters the outbox: in the queue of the citizen's carrier, taking the place of older news that waits."""

from collections.abc import Sequence
from datetime import datetime

from bot.model.message import OutboxItem
from bot.planning import STANDS_BESIDE_NEWS, STANDS_BESIDE_PROGRESS, Planner, supersedes_apology
from bot.ports import Transaction


async def enqueue_news(tx: Transaction, items: Sequence[OutboxItem], planner: Planner, *, at: datetime) -> None:
    """Mere progress leaves a waiting apology where it is; everything else takes its place too."""
    if planner.routes and planner.routes.by_carrier:
        named = await tx.routing.carriers({item.address.key for item in items})
        items = planner.by_carrier(items, named)
    final = [item for item in items if supersedes_apology(item)]
    mere = [item for item in items if not supersedes_apology(item)]
    if final:
        await tx.outbox.supersede(final, keep=STANDS_BESIDE_NEWS, at=at)
    if mere:
        await tx.outbox.supersede(mere, keep=STANDS_BESIDE_PROGRESS, at=at)
    await tx.outbox.enqueue(items)
