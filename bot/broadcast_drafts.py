"""A broadcast before it is submitted: its text, whom it is for, and what that comes to."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_hex
from typing import Any

from bot.broadcast_pages import PAGE, Counting, Pages, asked_for
from bot.broadcast_settings import BroadcastSettings
from bot.broadcast_texts import Words, findings_of
from bot.broadcast_ways import Prices, Spreading
from bot.model.broadcast import Act, Audience, Broadcast, BroadcastState, LeftOut, Recipient, Refusal
from bot.model.clock import Clock
from bot.model.message import OutboxItem
from bot.model.phone import parse_phone
from bot.model.staff import Scope
from bot.model.wording import Wording
from bot.ports import Meant, Storage, Transaction
from bot.texts.findings import Finding, Rules
from bot.texts.linting import has_errors

MOST_ROWS = 100_000
"""Of a list."""

Answer = Broadcast | Refusal


class Keep:
    """Stands for what is not to be changed."""


KEEP = Keep()


@dataclass(frozen=True, slots=True)
class Drafts:
    """What staff do with drafts. Every act is written once through `storage`, together with its record where that
    keeps one (`bot.auditing`); what is written page by page before goes through `beneath`."""

    storage: Storage
    beneath: Storage
    spreading: Spreading
    prices: Prices
    settings: BroadcastSettings
    rules: Rules
    """What the configuration asks of texts."""
    clock: Clock

    @property
    def pages(self) -> Pages:
        return Pages(self.beneath, self.spreading)

    async def get(self, broadcast_id: str) -> Broadcast | None:
        return await self.storage.read(lambda tx: tx.broadcasts.get(broadcast_id))

    async def begin(self, *, title: str, agency: str, by: str) -> Broadcast:
        now = self.clock()
        draft = Broadcast(id="", title=title, agency=agency, made_at=now, made_by=by)

        async def work(tx: Transaction) -> Broadcast:
            made = await tx.broadcasts.add(draft)
            await tx.broadcasts.note(made.id, Act(now, "made", by))
            return made

        return await self.storage.write(work)

    async def change(
        self,
        broadcast_id: str,
        *,
        revision: int,
        by: str,
        title: str | None = None,
        wording: Wording | None = None,
        language: str | None = None,
        audience: Audience | Keep | None = KEEP,
        starts_at: datetime | Keep | None = KEEP,
        agency: str | None = None,
    ) -> Answer:
        """A draft alone. What is None or `KEEP` stays; an audience takes the place of a list. Refused with `changed`
        where it is no longer at `revision`."""
        now = self.clock()
        wished: dict[str, Any] = {"title": title, "wording": wording, "language": language, "agency": agency}
        wished = {name: each for name, each in wished.items() if each is not None}
        if not isinstance(audience, Keep):
            none = {"list_name": "", "list_digest": "", "columns": (), "twice": 0, "people": 0}
            wished |= {"audience": audience, **none}
        if not isinstance(starts_at, Keep):
            wished["starts_at"] = starts_at

        async def work(tx: Transaction) -> Answer:
            draft = await draft_of(tx, broadcast_id)
            if isinstance(draft, Refusal):
                return draft
            if draft.revision != revision:
                return Refusal("changed", {"revision": draft.revision})
            changed = replace(draft, **wished)
            if not _stays_within(changed):
                return Refusal("agency")
            if changed == draft:
                return draft
            changed = replace(changed, revision=draft.revision + 1, changed_by=by, drawing="")
            await tx.broadcasts.save(changed, Act(now, "changed", by, ", ".join(sorted(wished))))
            return changed

        return await self.storage.write(work)

    def findings(self, broadcast: Broadcast) -> list[Finding]:
        """What is wrong with its text, errors first; an error forbids that it is submitted."""
        return findings_of(broadcast, self.rules, self.prices.gateways)

    # Whom it is for

    async def take_list(
        self,
        broadcast_id: str,
        rows: Iterable[Recipient] | AsyncIterable[Recipient],
        *,
        name: str,
        digest: str,
        by: str,
    ) -> Answer:
        """The recipients of a file in place of whatever there was; a phone that stands there twice is kept once."""
        if of := await self.storage.read(lambda tx: tx.broadcasts.sent_with(digest)):
            return Refusal("same_list", {"of": of})
        draft = await self._start_drawing(broadcast_id)
        if isinstance(draft, Refusal):
            return draft
        names: dict[str, None] = {}
        given = kept = 0
        async for page in _in_pages(rows):
            given += len(page)
            if given > MOST_ROWS:
                return Refusal("too_many", {"most": MOST_ROWS})
            names |= dict.fromkeys(each for row in page for each in (*row.values, *(("code",) if row.code else ())))
            arrived = await self._add(draft, page)
            if arrived is None:
                return Refusal("changed")
            kept += arrived
        listed = {"list_name": name, "list_digest": digest, "columns": tuple(names), "audience": None}
        return await self._finish(
            draft, Act(self.clock(), "listed", by, str(kept)), {**listed, "people": kept, "twice": given - kept},
            is_new=True,
        )  # fmt: skip

    async def draw_up(self, broadcast_id: str, *, by: str) -> Answer:
        """Of an audience: who that is, now. Of both: what it would come to by which way, and who is left out why."""
        found = await self.get(broadcast_id)
        if found is None:
            return Refusal("missing")
        if has_errors(self.findings(found)):
            return Refusal("text")
        draft = await self._start_drawing(broadcast_id, keeps_rows=found.audience is None)
        if isinstance(draft, Refusal):
            return draft
        counting = Counting(self.prices)
        if draft.audience is not None:
            if not await self._draw(draft, counting):
                return Refusal("changed")
        elif draft.twice:
            counting.left_out[LeftOut.TWICE] += draft.twice
        if not await self._count(draft, counting):
            return Refusal("changed")
        count = counting.count
        drawn = {"people": count.people, "count": count, "counted_revision": draft.revision}
        return await self._finish(draft, Act(self.clock(), "drawn", by, str(count.people)), drawn, is_new=False)

    async def _draw(self, draft: Broadcast, counting: Counting) -> bool:
        """Keeps everybody whom the audience means; False where somebody has changed it meanwhile."""
        drawn = 0
        async for page in self._meant(draft):
            rows = []
            for number, each in enumerate(page, drawn + 1):
                phone = parse_phone(each.phone) if each.phone else None
                if phone and phone.kind == "mobile":
                    row = Recipient(
                        number=number, phone=phone.e164, source=each.source, code=each.code, agency=each.agency
                    )
                    rows.append(row)
                else:
                    counting.left_out[LeftOut.NO_PHONE] += 1
            drawn += len(page)
            arrived = await self._add(draft, rows)
            if arrived is None:
                return False
            if twice := len(rows) - arrived:
                counting.left_out[LeftOut.TWICE] += twice
        return True

    async def _meant(self, draft: Broadcast) -> AsyncIterator[list[Meant]]:
        audience, now, after = asked_for(draft), self.clock(), ("", "")
        while audience:

            async def read(tx: Transaction, asked: Audience = audience, after: tuple[str, str] = after) -> list[Meant]:
                return await tx.broadcasts.meant(asked, now=now, after=after, limit=PAGE)

            page = await self.beneath.read(read)
            if not page:
                return
            yield page
            after = (page[-1].code, page[-1].source)

    async def _count(self, draft: Broadcast, counting: Counting) -> bool:
        """Works out everybody's message as if it left now, and marks who is left out."""
        now = self.clock()
        words = Words.of(draft, self.spreading.reach.planner.accented)
        async for rows, people in self.pages.all_of(draft, now=now):
            told = await self.pages.told(draft, words, rows, people, now=now)
            reasons: dict[int, str] = {}
            for row, each in told:
                if isinstance(each, OutboxItem):
                    counting.add(draft, each, people, now=now)
                else:
                    counting.left_out[each] += 1
                reason = "" if isinstance(each, OutboxItem) else str(each)
                if reason != row.left_out:
                    reasons[row.number] = reason
            if reasons and not await self._mark(draft, reasons):
                return False
        return True

    # Page by page, as long as nobody else draws it up

    async def _start_drawing(self, broadcast_id: str, *, keeps_rows: bool = False) -> Answer:
        token = token_hex(8)

        async def work(tx: Transaction) -> Answer:
            draft = await draft_of(tx, broadcast_id)
            if isinstance(draft, Refusal):
                return draft
            drawing = replace(draft, drawing=token, counted_revision=0)
            await tx.broadcasts.save(drawing)
            return drawing

        drawing = await self.beneath.write(work)
        if isinstance(drawing, Refusal) or keeps_rows:
            return drawing
        broadcast = drawing
        while (number := await self._while_drawing(broadcast, lambda tx: _drop(tx, broadcast_id))) == PAGE:
            pass
        return Refusal("changed") if number is None else drawing

    async def _add(self, draft: Broadcast, rows: Sequence[Recipient]) -> int | None:
        return await self._while_drawing(draft, lambda tx: tx.broadcasts.add_rows(draft.id, rows))

    async def _mark(self, draft: Broadcast, reasons: Mapping[int, str]) -> bool:
        async def mark(tx: Transaction) -> int:
            await tx.broadcasts.leave_out(draft.id, reasons, late=False)
            return len(reasons)

        return await self._while_drawing(draft, mark) is not None

    async def _while_drawing(self, draft: Broadcast, act: Callable[[Transaction], Awaitable[int]]) -> int | None:
        """None where it is no longer ours to draw up."""

        async def work(tx: Transaction) -> int | None:
            return await act(tx) if _is_ours(await tx.broadcasts.get(draft.id), draft) else None

        return await self.beneath.write(work)

    async def _finish(self, draft: Broadcast, act: Act, drawn: Mapping[str, Any], *, is_new: bool) -> Answer:
        async def work(tx: Transaction) -> Answer:
            found = await tx.broadcasts.get(draft.id)
            if found is None or not _is_ours(found, draft):
                return Refusal("changed")
            authored: dict[str, Any] = {"revision": found.revision + 1, "changed_by": act.by} if is_new else {}
            finished = replace(found, drawing="", **drawn, **authored)
            await tx.broadcasts.save(finished, act)
            return finished

        return await self.storage.write(work)


async def _drop(tx: Transaction, broadcast_id: str) -> int:
    return await tx.broadcasts.drop_rows(broadcast_id, limit=PAGE)


async def draft_of(tx: Transaction, broadcast_id: str) -> Answer:
    """Locked."""
    return await in_state(tx, broadcast_id, {BroadcastState.DRAFT})


async def in_state(tx: Transaction, broadcast_id: str, states: Collection[BroadcastState]) -> Answer:
    """Locked."""
    found = await tx.broadcasts.get(broadcast_id)
    if found is None:
        return Refusal("missing")
    return found if found.state in states else Refusal("state", {"state": str(found.state)})


def _is_ours(found: Broadcast | None, draft: Broadcast) -> bool:
    return found is not None and found.state is BroadcastState.DRAFT and found.drawing == draft.drawing


def _stays_within(broadcast: Broadcast) -> bool:
    """Nobody is meant who is another agency's."""
    asked = broadcast.audience.agencies if broadcast.audience else ()
    return not broadcast.agency or all(Scope((broadcast.agency,)).covers(each) for each in asked)


async def _in_pages(rows: Iterable[Recipient] | AsyncIterable[Recipient]) -> AsyncIterator[list[Recipient]]:
    page: list[Recipient] = []
    async for row in _one_by_one(rows):
        page.append(row)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


async def _one_by_one(rows: Iterable[Recipient] | AsyncIterable[Recipient]) -> AsyncIterator[Recipient]:
    if isinstance(rows, AsyncIterable):
        async for row in rows:
            yield row
        return
    for row in rows:
        yield row
