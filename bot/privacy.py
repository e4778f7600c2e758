"""Flow: a person who asks for it is forgotten, in every table and by what the sources tell afterwards."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from bot.model.clock import Clock
from bot.model.erasure import digest_of
from bot.model.person import Address, Binding, Consent
from bot.ports import Storage, Transaction

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of somebody's consents, by her phone."""

    consents: Sequence[Consent]
    """Of every address, each address's oldest first."""
    bindings: Sequence[Binding]


async def erase(storage: Storage, phone: str, clock: Clock, *, by: str = "") -> dict[str, int]:
    """Takes the owner of `phone` (E.164) out of the database; rows by table, empty where nothing was found.

    Dossiers received until now come into the mirror without her from then on. `by` is for the log, which does not
    hear the number.
    """

    async def work(tx: Transaction) -> dict[str, int]:
        digest = digest_of(phone, await tx.privacy.salt())
        return await tx.privacy.erase(phone, await tx.privacy.addresses_of(phone), digest=digest, at=clock())

    taken = await storage.write(work)
    tables = ", ".join(f"{table} {number}" for table, number in taken.items())
    log.info("a person was erased on request%s: %s", f" by {by}" if by else "", tables or "nothing was found")
    return taken


async def kept_of(storage: Storage, phone: str) -> Kept:
    """Consents of the phone and of the chats bound to it, and what binds them."""

    async def read(tx: Transaction) -> Kept:
        addresses: list[Address] = await tx.privacy.addresses_of(phone)
        consents = [consent for address in addresses for consent in await tx.people.consents(address)]
        bindings = [binding for address in addresses if (binding := await tx.people.binding(address))]
        return Kept(consents, bindings)

    return await storage.read(read)
