"""A dossier of the mirror with everything that is known of its course, for staff."""

from dataclasses import dataclass
from datetime import datetime

from bot.model.dossier import Change, Dossier
from bot.model.message import OutboxItem
from bot.planning import origin_of
from bot.ports import LateEvent, Storage, Transaction


@dataclass(frozen=True, slots=True)
class History:
    dossier: Dossier
    changes: list[Change]
    messages: list[OutboxItem]
    """What the changes planned."""
    late: list[LateEvent]
    as_of: datetime | None
    """The moment whose truth this is."""


async def histories_of(storage: Storage, code: str) -> list[History]:
    """Of every source's dossier with exactly this code."""

    async def read(tx: Transaction) -> list[History]:
        found = []
        for dossier in await tx.dossiers.find(code):
            changes = await tx.dossiers.changes_of(dossier.source, dossier.code)
            state = await tx.sources.get(dossier.source)
            found.append(
                History(
                    dossier,
                    changes,
                    await tx.outbox.of_origins([origin_of(change) for change in changes]),
                    await tx.dossiers.late_of(dossier.source, dossier.code),
                    (state.fresh_at or state.synced_at) if state else None,
                )
            )
        return found

    return await storage.read(read)
