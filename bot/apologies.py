"""Flow 4: the apology desk. A draft is changed, approved by another person, and told to all who are concerned.

The new date comes into force in the transaction that plans the messages; from then on answers show it.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.drafting import CHANGED, GONE, SAME_PERSON, Answer, Drafting, Refused, Wishes, not_running, too_many
from bot.enqueueing import enqueue_news
from bot.model.apology import Act, Apology, ApologyState, is_running, reappointments
from bot.model.clock import Clock
from bot.model.dossier import PLANNED, Change, ChangeKind, Dossier
from bot.model.errors import trail
from bot.model.message import File, OutboxItem
from bot.planning import Planner, Silent
from bot.ports import Storage, Transaction
from bot.reaching import Reach, Told

log = logging.getLogger(__name__)

FOLLOWER = "|follower"
"""Stands in the dedupe key of what is said to somebody beside the owner: figures do not count it."""

Documents = Callable[[Apology, Dossier], Awaitable[Sequence[File]]]
"""Makes the documents of an apology as it would be approved; they go with its owner's message."""


class ApologyDesk:
    """What staff do with apologies. Every act is kept with who and when."""

    def __init__(
        self,
        storage: Storage,
        planner: Planner,
        reach: Reach,
        drafting: Drafting,
        *,
        clock: Clock,
        documents: Documents | None = None,
    ) -> None:
        """Without `documents` the message stands alone."""
        self._storage = storage
        self._planner = planner
        self._reach = reach
        self._drafting = drafting
        self._clock = clock
        self._documents = documents

    # Before the decision

    async def draft(self, source: str, code: str, wishes: Wishes, *, by: str) -> Answer:
        """By hand, for a dossier whose deadline runs; also once it is over. A rejected one can be drafted anew."""
        now = self._clock()

        async def work(tx: Transaction) -> Answer:
            dossier = (await tx.dossiers.get_many(source, [code])).get(code)
            if dossier is None:
                return Refused(code, GONE)
            if not is_running(dossier) or dossier.due_at is None:
                return Refused(code, not_running(dossier))
            agency = (dossier.agency, dossier.agency_name)
            plain = self._drafting.draft((source, code), agency, dossier.due_at, now=now, by=by)
            wished = self._wished(plain, wishes, now=now)
            if isinstance(wished, Refused):
                return wished
            added = await tx.apologies.add([wished], reopen={ApologyState.WITHDRAWN, ApologyState.REJECTED})
            return added[0] if added else await _known(tx, dossier)

        return await self._storage.write(work)

    async def change(self, apology_id: str, wishes: Wishes, *, by: str) -> Answer:
        """Who changes a draft may not approve it."""
        now = self._clock()

        async def work(tx: Transaction) -> Answer:
            apology = await _draft_of(tx, apology_id)
            if isinstance(apology, Refused):
                return apology
            changed = self._wished(apology, wishes, now=now)
            if isinstance(changed, Refused):
                return changed
            changed = replace(changed, changed_at=now, changed_by=by)
            await tx.apologies.save(changed, Act(now, "changed", by, _difference(apology, changed)))
            return changed

        return await self._storage.write(work)

    def _wished(self, apology: Apology, wishes: Wishes, *, now: datetime) -> Answer:
        changed = replace(
            apology,
            reason=apology.reason if wishes.reason is None else wishes.reason,
            text=apology.text if wishes.text is None else " ".join(wishes.text.split()),
            new_at=apology.new_at if wishes.day is None else self._drafting.closing(apology, wishes.day),
        )
        objection = self._drafting.objection_to_reason(changed.reason)
        objection = objection or self._drafting.objection_to_date(changed, now=now)
        return Refused(apology.id or apology.code, objection) if objection else changed

    async def reject(self, apology_id: str, *, by: str, why: str) -> Answer:
        now = self._clock()

        async def work(tx: Transaction) -> Answer:
            apology = await _draft_of(tx, apology_id)
            if isinstance(apology, Refused):
                return apology
            rejected = replace(apology, state=ApologyState.REJECTED, decided_at=now, decided_by=by, why=why)
            await tx.apologies.save(rejected, Act(now, "rejected", by, why))
            return rejected

        return await self._storage.write(work)

    # The decision

    async def approve_all(self, ids: Collection[str], *, by: str, override: str = "") -> list[Answer]:
        """One after the other, each by itself."""
        return [await self.approve(each, by=by, override=override) for each in dict.fromkeys(ids)]

    async def approve(self, apology_id: str, *, by: str, override: str = "", seen: datetime | None = None) -> Answer:
        """Puts the new date into force and plans the messages. `override`: why there is one re-appointment more than
        `[apologies] most`; `seen`: the `revised_at` of what the approver has read, and nothing else is approved. After
        the limit it is approved all the same, and counted (`Apology.is_late`)."""
        files = await self._files(apology_id, by)
        return await self._storage.write(
            partial(self._approve, apology_id=apology_id, by=by, override=override.strip(), seen=seen, files=files)
        )

    async def _approve(
        self,
        tx: Transaction,
        *,
        apology_id: str,
        by: str,
        override: str,
        seen: datetime | None,
        files: Sequence[File],
    ) -> Answer:
        now = self._clock()
        asked = await tx.apologies.get(apology_id)
        if asked is not None:
            # Before anything is read of the dossier: its mirror must not write what it worked out without us.
            await tx.apologies.hold_source(asked.source)
        apology = await _draft_of(tx, apology_id)
        if isinstance(apology, Refused):
            return apology
        earlier = await tx.apologies.authors([apology.id])
        if by.casefold() in apology.authors | earlier[apology.id]:
            return Refused(apology.id, SAME_PERSON)
        if seen is not None and seen != apology.revised_at:
            return Refused(apology.id, CHANGED)
        dossier = (await tx.dossiers.get_many(apology.source, [apology.code])).get(apology.code)
        if dossier is None or not is_running(dossier) or dossier.due_at != apology.old_at:
            return await _withdrawn(tx, apology, dossier, now)
        if objection := self._drafting.objection_to_date(apology, now=now):
            return Refused(apology.id, objection)
        if not override and await self.has_had_enough(tx, apology):
            return Refused(apology.id, too_many(self._drafting.settings.most))
        approved = self._as_approved(apology, by, now, override)
        return await self._put_into_force(tx, approved, dossier, files)

    def foretold(self, apology: Apology, dossier: Dossier) -> Told | Silent:
        """What the owner would be told if it were approved now."""
        return self._told(apology, dossier, self._clock())

    async def documents_of(self, apology: Apology, dossier: Dossier, *, by: str) -> Sequence[File]:
        """As they are, or would be if `by` approved now; none where the office makes none. Takes seconds."""
        is_draft = apology.state is ApologyState.DRAFT
        shown = self._as_approved(apology, by, self._clock()) if is_draft else apology
        return await self._documents(shown, dossier) if self._documents else ()

    def _as_approved(self, apology: Apology, by: str, now: datetime, override: str = "") -> Apology:
        return replace(
            apology, state=ApologyState.APPROVED, decided_at=now, decided_by=by, why="", override=override, fate=PLANNED
        )

    async def has_had_enough(self, tx: Transaction, apology: Apology) -> bool:
        """Its dossier was re-appointed as often as is allowed: to approve it asks for an `override`."""
        changes = await tx.dossiers.changes_of(apology.source, apology.code)
        others = await tx.apologies.of_dossier(apology.source, apology.code)
        return reappointments(changes, others) >= self._drafting.settings.most

    async def _put_into_force(
        self, tx: Transaction, apology: Apology, dossier: Dossier, files: Sequence[File]
    ) -> Apology:
        now = apology.decided_at or self._clock()
        told = self._told(apology, dossier, now)
        items: list[OutboxItem] = []
        if isinstance(told, Silent):
            apology = replace(apology, fate=told.reason)
        else:
            apology = replace(apology, message=told.item.id)
            await tx.documents.put(files, at=now)
            items = await self._spread(tx, told, apology, files, now)
        detail = apology.override if not apology.is_late else f"after the limit; {apology.override}".rstrip("; ")
        await tx.apologies.save(apology, Act(now, "approved", apology.decided_by, detail))
        await tx.apologies.promise(apology)
        if items:
            await enqueue_news(tx, items, self._planner, at=now)
        return apology

    def _told(self, apology: Apology, dossier: Dossier, now: datetime) -> Told | Silent:
        """As if the source had moved the appointment from the old date to the new one, for our reason."""
        before = replace(dossier, appointment_at=apology.old_at, promised_at=None, supplement="", reason="")
        after = replace(before, appointment_at=apology.new_at, reason=self._drafting.words(apology))
        change = Change(
            source=dossier.source,
            code=dossier.code,
            number=0,
            kind=ChangeKind.APPOINTMENT,
            at=now,
            status_before=dossier.status,
            status_after=dossier.status,
            appointment_before=before.appointment_at,
            appointment_after=after.appointment_at,
        )
        planned = self._planner_of(apology).plan([change], before, after, now=now)
        return planned if isinstance(planned, Silent) else Told(planned, [change], before, after)

    async def _spread(
        self, tx: Transaction, told: Told, apology: Apology, files: Sequence[File], now: datetime
    ) -> list[OutboxItem]:
        reach = replace(self._reach, planner=self._planner_of(apology))
        phones, dossiers = reach.asks([told])
        audience = await tx.follows.audience(phones, dossiers)
        own = {binding.address for binding in audience.bindings.get(told.item.address.value, ())}
        shown = tuple(replace(file, content=b"") for file in files)
        items = []
        for item in reach.spread([told], audience, now=now):
            is_owners = item.id == told.item.id or item.address in own
            key = f"{apology.origin}{'' if is_owners else FOLLOWER}|{item.address.key}"
            # Whom the owner lets follow is told the date; the document names her.
            files_shown = shown if is_owners else ()
            items.append(replace(item, origin=apology.origin, dedupe_key=key, files=files_shown))
        return items

    def _planner_of(self, apology: Apology) -> Planner:
        return replace(self._planner, form=apology.form)

    async def _files(self, apology_id: str, by: str) -> Sequence[File]:
        """Outside any transaction, because to write a document takes its time. Without one the message goes alone."""
        if self._documents is None:
            return ()
        apology, dossier = await self._storage.read(partial(_both, apology_id=apology_id))
        if apology is None or dossier is None or apology.state is not ApologyState.DRAFT:
            return ()
        if self._planner.is_sensitive(dossier):
            return ()
        try:
            return await self._documents(self._as_approved(apology, by, self._clock()), dossier)
        except Exception as error:
            log.error("the document of apology %s could not be made: %s", apology.id, trail(error))
            return ()


async def _both(tx: Transaction, *, apology_id: str) -> tuple[Apology | None, Dossier | None]:
    apology = await tx.apologies.get(apology_id)
    if apology is None:
        return None, None
    return apology, (await tx.dossiers.get_many(apology.source, [apology.code])).get(apology.code)


async def _draft_of(tx: Transaction, apology_id: str) -> Answer:
    """Locked."""
    apology = await tx.apologies.get(apology_id)
    if apology is None:
        return Refused(apology_id, "không có số này / there is no such apology")
    if apology.state is not ApologyState.DRAFT:
        return Refused(apology.id, f"không còn là dự thảo / is no longer a draft: {apology.state}")
    return apology


async def _known(tx: Transaction, dossier: Dossier) -> Refused:
    """There is one for this deadline already."""
    for apology in await tx.apologies.of_dossier(dossier.source, dossier.code):
        if apology.old_at == dossier.due_at:
            return Refused(dossier.code, f"hạn này đã có / this deadline has one already: {apology.id}")
    return Refused(dossier.code, "hạn này đã có / this deadline has one already")


async def _withdrawn(tx: Transaction, apology: Apology, dossier: Dossier | None, now: datetime) -> Refused:
    """What is needless is withdrawn at once, and not only at the watch's next look."""
    await tx.apologies.withdraw_needless([apology.id], at=now)
    return Refused(apology.id, GONE if dossier is None else not_running(dossier))


def _difference(before: Apology, after: Apology) -> str:
    """What was changed, in names of its fields."""
    names = ("reason", "text", "new_at")
    return ", ".join(name for name in names if getattr(before, name) != getattr(after, name))
