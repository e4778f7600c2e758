"""Brings what its documents hold to a message that is about to leave."""

from dataclasses import replace

from bot.model.errors import StorageError
from bot.model.message import OutboxItem, Retry
from bot.ports import Limits, Storage


async def enclosed(item: OutboxItem, limits: Limits, storage: Storage) -> OutboxItem | Retry:
    """As it is where it has no documents or the channel carries none. Documents that are no longer kept stay empty,
    and the text goes without them."""
    if not item.files or not limits.files:
        return item
    try:
        found = await storage.read(lambda tx: tx.documents.get([each.id for each in item.files]))
    except StorageError as error:
        return Retry(f"its documents could not be read: {type(error).__name__}")
    kept = {each.id: each for each in found}
    return replace(item, files=tuple(kept.get(each.id, each) for each in item.files))
