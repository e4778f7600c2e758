"""Flow 3: broadcasts. A draft is tried by its maker, approved by another person, handed out, and can be stopped.

Every act writes once through `storage`, so that `replace(broadcasts, storage=visit.audited(if_done(entry)))` records it
once: a `Refusal` is False. What the pages of recipients cost is written through `beneath`, which nobody replaces.
"""

from dataclasses import dataclass, replace

from bot.broadcast_drafts import KEEP, Answer, Keep, draft_of, in_state
from bot.broadcast_texts import Words
from bot.broadcast_views import Views
from bot.model.broadcast import AUTHORS, OVER, Act, Broadcast, BroadcastState, Refusal
from bot.model.clock import month_of
from bot.model.message import Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.planning import LIFETIME
from bot.ports import Transaction
from bot.purse import Budgets
from bot.texts import MissingValueError
from bot.texts.linting import has_errors
from bot.texts.samples import ORDINARY

__all__ = ["KEEP", "Broadcasts", "Keep"]

MOST_TESTS = 30
"""Of one broadcast: a test is for its maker's eye, and no way to write to people."""

_PAID = frozenset(
    {
        BroadcastState.SUBMITTED,
        BroadcastState.APPROVED,
        BroadcastState.RUNNING,
        BroadcastState.TRIED,
        BroadcastState.PAUSED,
    }
)
"""What it will still cost is spoken for."""
_LEAVING = frozenset({BroadcastState.APPROVED, BroadcastState.RUNNING, BroadcastState.TRIED})


@dataclass(frozen=True, slots=True)
class Broadcasts(Views):
    """What staff do with broadcasts."""

    budgets: Budgets

    # The month's money

    async def budget_left(self, agency: str, *, but: str = "") -> int | None:
        """Đồng of this month that are neither spent nor spoken for by other broadcasts than `but`; None: no limit."""
        return await self.storage.read(lambda tx: self._left(tx, agency, but=but))

    async def _left(self, tx: Transaction, agency: str, *, but: str) -> int | None:
        payer = self.budgets.payer(agency)
        limit = self.budgets.limit(payer)
        if limit is None:
            return None
        spent = await tx.spending.of_month(month_of(self.clock()))
        gone = sum(each.cost for name, each in spent.items() if self.budgets.payer(name) == payer)
        others = await tx.broadcasts.in_states(_PAID)
        spoken_for = sum(_still_to_pay(each) for each in others if self._is_beside(each, payer, but))
        return limit - gone - spoken_for

    def _is_beside(self, other: Broadcast, payer: str, but: str) -> bool:
        return other.id != but and self.budgets.payer(other.agency) == payer

    # Tried and decided

    async def test(self, broadcast_id: str, *, to: Address | str, by: str) -> Answer:
        """Sends to this phone or chat, which is to be the maker's own, what the first recipient would read."""
        broadcast = await self.get(broadcast_id)
        if broadcast is None:
            return Refusal("missing")
        if has_errors(self.findings(broadcast)):
            return Refusal("text")
        item = await self._test_item(broadcast, to)
        if isinstance(item, Refusal):
            return item

        async def work(tx: Transaction) -> Answer:
            draft = await draft_of(tx, broadcast_id)
            if isinstance(draft, Refusal):
                return draft
            if draft.revision != broadcast.revision:
                return Refusal("changed", {"revision": draft.revision})
            acts = await tx.broadcasts.acts(broadcast_id)
            if sum(each.what == "tested" for each in acts) >= MOST_TESTS:
                return Refusal("too_many_tests", {"most": MOST_TESTS})
            await tx.outbox.enqueue([item])
            tested = replace(draft, tested_revision=draft.revision)
            await tx.broadcasts.save(tested, Act(self.clock(), "tested", by, str(draft.revision)))
            return tested

        return await self.storage.write(work)

    async def _test_item(self, broadcast: Broadcast, to: Address | str) -> OutboxItem | Refusal:
        place = self._place(broadcast, to)
        if place is None:
            return Refusal("no_way")
        words = Words.of(broadcast, self.spreading.reach.planner.accented)
        values = await self._sample(broadcast, words)
        address, route, channel = place
        try:
            rendered = words.sms(values) if address.scheme == "sms" else words.chat(values)
        except MissingValueError as missing:
            return Refusal("no_value", {"name": missing.name})
        now, identity = self.clock(), self.spreading.reach.planner.new_id()
        return OutboxItem(
            id=identity,
            dedupe_key=f"test:{identity}",
            origin=f"test:{identity}",
            channel=channel,
            route=route,
            agency=broadcast.agency,
            address=address,
            # Its maker waits for it, and is nobody whose night is to be kept.
            lane=Lane.REPLY,
            situation=Situation.BROADCAST,
            text=rendered.text,
            parts=rendered.parts,
            created_at=now,
            next_at=now,
            expires_at=now + LIFETIME[Situation.TEST],
            values=dict(values) if address.scheme.startswith("zalo") else {},
            forms=broadcast.wording.forms,
        )

    def _place(self, broadcast: Broadcast, to: Address | str) -> tuple[Address, str, str] | None:
        """(address, route, queue)."""
        reach = self.spreading.reach
        if isinstance(to, str):
            phone = parse_phone(to)
            to = Address("sms", phone.e164 if phone and phone.kind == "mobile" else "")
        if not to.value:
            return None
        if to.scheme == "sms":
            return (to, *reach.planner.place(broadcast.agency, to)) if self.spreading.has_sms else None
        channel = next((name for name, scheme in reach.chats.schemes.items() if scheme == to.scheme), "")
        return (to, "", channel) if channel else None

    async def _sample(self, broadcast: Broadcast, words: Words) -> dict[str, str]:
        """Of the first recipient; where she lacks something, or there is nobody yet, what is ordinary."""
        first = await self.rows(broadcast.id, limit=1)
        values = {"code": first[0].code, **first[0].values} if first else {}
        return {name: values.get(name) or ORDINARY.get(name, name) for name in words.names}

    async def submit(self, broadcast_id: str, *, by: str) -> Answer:
        """From now on nothing of it changes. A small one is approved by that."""
        now = self.clock()

        async def work(tx: Transaction) -> Answer:
            await tx.broadcasts.one_by_one()
            draft = await draft_of(tx, broadcast_id)
            if isinstance(draft, Refusal):
                return draft
            obstacle = await self._obstacle(tx, draft)
            if obstacle is not None:
                return obstacle
            cost = draft.count.cost if draft.count else 0
            needs = draft.people > self.settings.approve_people or cost > self.settings.approve_cost
            submitted = replace(
                draft,
                state=BroadcastState.SUBMITTED if needs else BroadcastState.APPROVED,
                submitted_at=now,
                submitted_by=by,
                needs_approval=needs,
                approved_at=None if needs else now,
                why="",
            )
            await tx.broadcasts.save(submitted, Act(now, "submitted", by))
            return submitted

        return await self.storage.write(work)

    async def _obstacle(self, tx: Transaction, draft: Broadcast) -> Refusal | None:
        if has_errors(self.findings(draft)):
            return Refusal("text")
        if not draft.is_drawn_up:
            return Refusal("not_drawn")
        if not draft.people:
            return Refusal("no_people")
        if draft.tested_revision != draft.revision:
            return Refusal("not_tested")
        if draft.list_digest and (of := await tx.broadcasts.sent_with(draft.list_digest)):
            return Refusal("same_list", {"of": of})
        return await self._beyond_budget(tx, draft)

    async def _beyond_budget(self, tx: Transaction, broadcast: Broadcast) -> Refusal | None:
        cost = broadcast.count.cost if broadcast.count else 0
        left = await self._left(tx, broadcast.agency, but=broadcast.id)
        return Refusal("no_budget", {"left": left, "cost": cost}) if left is not None and cost > left else None

    async def withdraw(self, broadcast_id: str, *, by: str, why: str = "") -> Answer:
        """Back to a draft, as long as nothing has left."""
        now = self.clock()

        async def work(tx: Transaction) -> Answer:
            found = await in_state(tx, broadcast_id, {BroadcastState.SUBMITTED, BroadcastState.APPROVED})
            if isinstance(found, Refusal):
                return found
            draft = replace(
                found, state=BroadcastState.DRAFT, submitted_at=None, approved_at=None, approved_by="", why=why
            )
            await tx.broadcasts.save(draft, Act(now, "withdrawn", by, why))
            return draft

        return await self.storage.write(work)

    async def approve(self, broadcast_id: str, *, by: str, why: str = "", seen: int | None = None) -> Answer:
        """Of exactly the text and the recipients that were submitted; by nobody who had a hand in them. `seen` is the
        revision that was looked at: taken back, changed and submitted anew meanwhile, it is not approved."""
        now = self.clock()

        async def work(tx: Transaction) -> Answer:
            await tx.broadcasts.one_by_one()
            found = await in_state(tx, broadcast_id, {BroadcastState.SUBMITTED})
            if isinstance(found, Refusal):
                return found
            acts = await tx.broadcasts.acts(broadcast_id)
            authors = found.authors | {each.by.casefold() for each in acts if each.what in AUTHORS}
            if not by or by.casefold() in authors:
                return Refusal("own")
            if seen not in (None, found.revision):
                return Refusal("changed", {"revision": found.revision})
            beyond = await self._beyond_budget(tx, found)
            if beyond is not None:
                return beyond
            approved = replace(found, state=BroadcastState.APPROVED, approved_at=now, approved_by=by, why="")
            await tx.broadcasts.save(approved, Act(now, "approved", by, why))
            return approved

        return await self.storage.write(work)

    async def reject(self, broadcast_id: str, *, by: str, why: str = "") -> Answer:
        now = self.clock()

        async def work(tx: Transaction) -> Answer:
            found = await in_state(tx, broadcast_id, {BroadcastState.SUBMITTED})
            if isinstance(found, Refusal):
                return found
            rejected = replace(found, state=BroadcastState.REJECTED, ended_at=now, why=why)
            await tx.broadcasts.save(rejected, Act(now, "rejected", by, why))
            return rejected

        return await self.storage.write(work)

    # While it leaves

    async def pause(self, broadcast_id: str, *, by: str, why: str = "") -> Answer:
        """What is not in a sender's hands yet does not leave."""
        now = self.clock()

        async def work(tx: Transaction) -> Answer:
            found = await in_state(tx, broadcast_id, _LEAVING)
            if isinstance(found, Refusal):
                return found
            paused = replace(found, state=BroadcastState.PAUSED, why=why)
            await tx.broadcasts.save(paused, Act(now, "paused", by, why))
            await tx.broadcasts.stop(found.id, reason="the broadcast is paused", at=now)
            return paused

        return await self.storage.write(work)

    async def resume(self, broadcast_id: str, *, by: str, why: str = "") -> Answer:
        """After a pause it is where it was; after the first few, which somebody has looked at, the rest follows."""
        now = self.clock()

        async def work(tx: Transaction) -> Answer:
            found = await in_state(tx, broadcast_id, {BroadcastState.PAUSED, BroadcastState.TRIED})
            if isinstance(found, Refusal):
                return found
            resumed = replace(found, state=self._where_it_was(found), why="")
            await tx.broadcasts.save(resumed, Act(now, "resumed", by, why))
            await tx.broadcasts.let_go(found.id, at=now)
            return resumed

        return await self.storage.write(work)

    def _where_it_was(self, stopped: Broadcast) -> BroadcastState:
        if stopped.began_at is None:
            return BroadcastState.APPROVED
        is_tried = stopped.pages == 1 and self.settings.canary and stopped.handed_out == self.settings.canary
        if stopped.state is BroadcastState.PAUSED and is_tried and stopped.handed_out < stopped.people:
            return BroadcastState.TRIED
        return BroadcastState.RUNNING

    async def cancel(self, broadcast_id: str, *, by: str, why: str = "") -> Answer:
        """What has not left never will."""
        now = self.clock()

        async def work(tx: Transaction) -> Answer:
            found = await in_state(tx, broadcast_id, frozenset(BroadcastState) - OVER)
            if isinstance(found, Refusal):
                return found
            cancelled = replace(found, state=BroadcastState.CANCELLED, ended_at=now, why=why, drawing="")
            await tx.broadcasts.save(cancelled, Act(now, "cancelled", by, why))
            await tx.broadcasts.cancel(found.id, reason="the broadcast was cancelled", at=now)
            return cancelled

        return await self.storage.write(work)


def _still_to_pay(broadcast: Broadcast) -> int:
    """Đồng of those who have not had their turn."""
    cost = broadcast.count.cost if broadcast.count else 0
    return cost * (broadcast.people - broadcast.handed_out) // broadcast.people if broadcast.people else 0
