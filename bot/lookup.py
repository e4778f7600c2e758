"""Finds a dossier for somebody who asks, and shows as much as that person may know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.config import LookupSettings
from bot.model.dossier import Dossier
from bot.model.person import Address, Right
from bot.ports import Transaction


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as far as it is proved."""

    address: Address
    phone: str = field(default="", repr=False)
    """E.164: of the SMS itself, or to which the chat is bound; empty: nobody knows."""
    network: str = field(default="", repr=False)


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
    wait: timedelta | None = None
    """With `Right.NOTHING`: too many attempts have failed, so nothing was looked up; ask again after this time."""


async def seek(
    tx: Transaction,
    code: str,
    asker: Asker,
    rules: LookupSettings,
    *,
    now: datetime,
    stale_after: Mapping[str, timedelta],
    factor: str = "",
    is_tightened: bool = False,
) -> Found:
    """The dossier with this code, in any of its printed forms, as far as `asker` may see it; failures are counted.

    `factor` is what was written as proof beside the code: a mã tra cứu, or last digits.
    """
    raise NotImplementedError
