"""Flow: what people asked for after the backup that came back is asked for again, from the database of before."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.model.audit import Entry
from bot.model.clock import Clock
from bot.model.erasure import digest_of
from bot.model.person import Consent, Purpose
from bot.ports import Storage, Transaction
from bot.privacy import LOOKED_AT, erase, requests

_EVERYBODY = 10_000_000
_PAGE = 500
"""Consents that are looked at in one transaction."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Wishes that were told to another database than ours."""

    erased: int
    """Persons who were taken out of ours."""
    remembered: int
    """Erasures that ours knows of now, also of persons whom it does not have."""
    unwanted: int
    """Addresses that came onto the list of whom not to write to."""
    withdrawn: int
    """Consents that stand no longer."""
    requests: int
    """Requests for erasure that wait here too."""


async def carry(old: Storage, new: Storage, clock: Clock, *, by: str = "") -> Carried:
    """What people asked for that `old` knows of and `new`, which came back from an older state, does not: they are
    erased there too, as of the moment at which they were, and not written to; chats whose owner left them are let go;
    who waits to be erased waits on. Given again it finds nothing to do."""
    erased, remembered = await _erase(old, new, by)
    unwanted = await old.read(lambda tx: tx.do_not_send.listed(limit=_EVERYBODY))
    added = await new.write(lambda tx: tx.do_not_send.add(unwanted)) if unwanted else 0
    withdrawn = await _withdraw(old, new)
    numbers = await _request(old, new)
    carried = Carried(erased, remembered, added, withdrawn, len(numbers))
    counts = {name: getattr(carried, name) for name in carried.__slots__}
    entry = Entry(at=clock(), by=by, way="command", what="db.wishes", after={**counts, "numbers": numbers})
    await new.write(lambda tx: tx.audit.add([entry]))
    return carried


async def _erase(old: Storage, new: Storage, by: str) -> tuple[int, int]:
    """(persons, digests)"""
    erased = await old.read(lambda tx: tx.privacy.erased())
    known = await new.read(lambda tx: tx.privacy.erased())
    wanted = {digest: at for digest, at in erased.items() if digest not in known or known[digest] < at}
    if not wanted:
        return 0, 0
    salt = await old.write(lambda tx: tx.privacy.salt())
    phones = sorted(await _phones_of(new, wanted, salt))
    for phone in phones:
        at = wanted[digest_of(phone, salt)]
        await erase(new, phone, lambda at=at: at, by=by)  # type: ignore[misc]
    is_known = await new.write(lambda tx: tx.privacy.remember(wanted, salt))
    return len(phones), len(wanted) if is_known else 0


async def _phones_of(storage: Storage, digests: Collection[str], salt: bytes) -> set[str]:
    """Phones in any table that have one of these digests."""
    found = set()
    for table in await storage.read(_tables):
        after: Sequence[Any] | None = None
        while True:
            page = await storage.read(
                lambda tx, table=table, after=after: tx.privacy.phones(table, after, limit=LOOKED_AT)  # type: ignore[misc]
            )
            found |= {phone for phone in page.found if digest_of(phone, salt) in digests}
            after = page.after
            if after is None:
                break
    return found


async def _tables(tx: Transaction) -> Sequence[str]:
    return tx.privacy.tables


async def _withdraw(old: Storage, new: Storage) -> int:
    """That a chat is unknown to `old` proves nothing, for it may have begun empty; that its owner left it does."""
    after = number = 0
    while page := await old.read(lambda tx, after=after: tx.people.withdrawn(after, limit=_PAGE)):  # type: ignore[misc]
        left = [each for each in page.consents if each.purpose is Purpose.UPDATES]
        gone = await old.read(lambda tx, left=left: _gone(tx, left))  # type: ignore[misc]
        number += await new.write(lambda tx, page=page, gone=gone: _undone(tx, page.consents, gone))  # type: ignore[misc]
        after = page.last
    return number


async def _gone(tx: Transaction, left: Sequence[Consent]) -> set[str]:
    """Keys of the addresses that are bound to nobody and have not agreed again."""
    gone = set()
    for each in left:
        is_standing = any(
            consent.purpose is Purpose.UPDATES and consent.withdrawn_at is None
            for consent in await tx.people.consents(each.address)
        )
        if not is_standing and await tx.people.binding(each.address) is None:
            gone.add(each.address.key)
    return gone


async def _undone(tx: Transaction, consents: Sequence[Consent], gone: Collection[str]) -> int:
    number = 0
    for each in consents:
        known = await tx.people.consents(each.address)
        # Given once more since then, in the database that came back, it stays.
        if replace(each, withdrawn_at=None) not in known or each.withdrawn_at is None:
            continue
        number += await tx.people.withdraw(each.address, {each.purpose}, at=each.withdrawn_at)
        if each.address.key in gone:
            await tx.people.unbind(each.address)
            await tx.follows.remove_all(each.address)
    return number


async def _request(old: Storage, new: Storage) -> dict[str, str]:
    """The receipt numbers of before, and those of now: since the return others may have got the former."""
    waiting = await old.read(requests)

    async def work(tx: Transaction) -> dict[str, str]:
        known = {each.phone for each in await requests(tx)}
        numbers = {}
        for each in waiting:
            prefix, day, _ = each.feedback.number.rsplit("-", 2)
            if each.phone not in known:
                numbers[each.feedback.number] = await tx.service.add_feedback(each.feedback, day=day, prefix=prefix)
        return numbers

    return await new.write(work) if waiting else {}
