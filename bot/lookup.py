"""Finds a dossier for somebody who asks, shows as much as that person may know, and slows down guessing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.config import Strangers
from bot.model.code import same_unit_forms
from bot.model.dossier import Dossier
from bot.model.person import Address
from bot.ports import Transaction


class Right(StrEnum):
    """How much of a dossier the one who asks may see."""

    FULL = "full"
    LEVEL = "level"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Found:
    """What may be shown. `dossier` is None with `Right.NOTHING`, whether or not it exists."""

    code: str
    right: Right
    dossier: Dossier | None = None
    fresh_at: datetime | None = None
    """The moment whose truth this is."""
    stale: bool = False
    """That moment is so long ago that the dossier may have moved on: nothing may be stated as present."""


STALE_AFTER = timedelta(hours=2)
"""For a source that is no longer configured."""


PATIENCE = ((timedelta(minutes=10), 5), (timedelta(days=1), 20))
"""So many look-ups of one sender may find nothing within so long a time; then further ones are not answered."""


async def find(
    tx: Transaction,
    code: str,
    asker: Address,
    strangers: Strangers,
    *,
    now: datetime,
    stale_after: Mapping[str, timedelta],
) -> Found:
    """The dossier with exactly this code, in any of its printed forms, as far as `asker` may see it."""
    for form in (code, *same_unit_forms(code)):
        if dossiers := await tx.dossiers.find(form):
            dossier, right = _best(dossiers, asker, strangers)
            if right is Right.NOTHING:
                break
            state = await tx.sources.get(dossier.source)
            fresh_at = (state.fresh_at or state.synced_at) if state else None
            limit = stale_after.get(dossier.source, STALE_AFTER)
            return Found(code, right, dossier, fresh_at, stale=fresh_at is None or now - fresh_at > limit)
    return Found(code, Right.NOTHING)


def _best(dossiers: Sequence[Dossier], asker: Address, strangers: Strangers) -> tuple[Dossier, Right]:
    """Two sources may know the same code: the asker's own one comes first, then the one changed last."""
    own = [dossier for dossier in dossiers if asker.scheme == "sms" and asker.value == dossier.phone]
    newest = max(own or dossiers, key=lambda dossier: (dossier.received_at is not None, dossier.received_at or 0))
    if own:
        return newest, Right.FULL
    return newest, Right.LEVEL if strangers is Strangers.LEVEL else Right.NOTHING


async def is_guessing(tx: Transaction, asker: Address, *, now: datetime) -> bool:
    """Whether this sender has asked for too many codes that show nothing."""
    for span, most in PATIENCE:
        if await tx.conversations.misses(asker, since=now - span) >= most:
            return True
    return False
