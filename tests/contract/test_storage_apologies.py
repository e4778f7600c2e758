"""Apologies as the database keeps them: one for each deadline, with everybody's acts, and what became of them."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.model.apology import Act, Apology, ApologyState
from bot.model.dossier import Dossier, Status
from bot.model.message import DeliveryState, Situation
from bot.ports import Apologised, Due, SourceState, Storage
from bot.receipts import record_in
from storage.statements import Statements
from tests.contract.storage_values import (
    NOW,
    a_dossier,
    a_receipt,
    an_item,
    enqueue,
    kept,
    later,
    sent,
)

REOPENED = {ApologyState.WITHDRAWN}


def a_draft(number: int = 1, **given: Any) -> Apology:
    values: dict[str, Any] = {
        "id": "",
        "source": "onestop",
        "code": a_dossier(number).code,
        "agency": "H56.14",
        "agency_name": "UBND xã Hải Hà",
        "reason": "overload",
        "old_at": later(days=5),
        "new_at": later(days=8),
        "limit_at": later(days=4),
        "form": "Phiếu xin lỗi",
        "drafted_at": NOW,
    }
    return Apology(**values | given)


async def mirror(storage: Storage, *dossiers: Dossier) -> None:
    await storage.write(lambda tx: tx.dossiers.save(kept(*dossiers), at=NOW - timedelta(days=9)))


async def add(storage: Storage, *drafts: Apology, reopen: set[ApologyState] = REOPENED) -> list[Apology]:
    return await storage.write(lambda tx: tx.apologies.add(drafts, reopen=reopen))


async def needless(storage: Storage, limit: int = 100) -> list[str]:
    return await storage.read(lambda tx: tx.apologies.needless(limit=limit))


async def withdraw(storage: Storage, ids: Collection[str], at: datetime = NOW) -> list[Apology]:
    return await storage.write(lambda tx: tx.apologies.withdraw_needless(ids, at=at))


async def stored(storage: Storage, apology_id: str) -> Apology:
    found = await storage.read(lambda tx: tx.apologies.get(apology_id))
    assert found is not None
    return found


async def wanted(storage: Storage) -> list[Due]:
    span: dict[str, Any] = {"since": NOW, "until": later(days=60), "shortest": timedelta(days=2)}
    return await storage.read(lambda tx: tx.apologies.wanted(**span, after=None, limit=10))


async def test_terms_that_are_nearly_always_about_to_end_want_no_draft(storage: Storage) -> None:
    short = a_dossier(1, received_at=later(days=3, hours=1))
    just_long_enough = a_dossier(2, received_at=later(days=3))
    unknown = a_dossier(3, received_at=None)
    await mirror(storage, short, just_long_enough, unknown)

    assert [each.code for each in await wanted(storage)] == [just_long_enough.code, unknown.code]


async def test_many_drafts_cost_as_many_calls_of_the_database_as_a_few(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def counted(plain: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*given: Any, **values: Any) -> Any:
            nonlocal calls
            calls += 1
            return await plain(*given, **values)

        return call

    for name in ("rows", "value", "change", "change_many"):
        monkeypatch.setattr(Statements, name, counted(getattr(Statements, name)))

    await add(storage, *(a_draft(number) for number in range(1, 4)))
    few, calls = calls, 0
    added = await add(storage, *(a_draft(number) for number in range(4, 104)))

    assert calls <= few
    acts = await storage.read(lambda tx: tx.apologies.acts(added[-1].id))
    assert [(act.what, act.at) for act in acts] == [("drafted", NOW)]


async def test_drafts_get_numbers_of_their_day_and_come_back_as_they_were_kept(storage: Storage) -> None:
    added = await add(storage, a_draft(1), a_draft(2, text="chờ Sở Xây dựng", drafted_by="tám"))

    (tomorrow,) = await add(storage, a_draft(3, drafted_at=later(days=1)))

    assert [each.id for each in added] == ["XL-260302-0001", "XL-260302-0002"]
    assert tomorrow.id == "XL-260303-0001"
    assert await stored(storage, "XL-260302-0002") == added[1]


async def test_a_deadline_has_one_apology(storage: Storage) -> None:
    (first,) = await add(storage, a_draft())

    again = await add(storage, a_draft(drafted_by="tám"))
    (other,) = await add(storage, a_draft(old_at=later(days=8), new_at=later(days=11)))

    assert again == []
    assert [each.id for each in await storage.read(lambda tx: tx.apologies.of_dossier("onestop", first.code))] == [
        first.id,
        other.id,
    ]


async def test_two_who_draft_at_once_make_one(storage: Storage) -> None:
    both = await asyncio.gather(add(storage, a_draft(drafted_by="tám")), add(storage, a_draft(drafted_by="chín")))

    assert sorted(map(len, both)) == [0, 1]


async def test_a_withdrawn_one_becomes_a_draft_again_under_its_number(storage: Storage) -> None:
    await mirror(storage, a_dossier(1, status=Status.SUPPLEMENT))
    (first,) = await add(storage, a_draft())
    (withdrawn,) = await withdraw(storage, await needless(storage), at=later(hours=1))

    (again,) = await add(storage, a_draft(drafted_at=later(hours=2)))

    assert (withdrawn.state, withdrawn.why) == (ApologyState.WITHDRAWN, "a supplement was asked for")
    assert (again.id, again.state) == (first.id, ApologyState.DRAFT)
    assert (await stored(storage, first.id)).why == ""
    acts = await storage.read(lambda tx: tx.apologies.acts(first.id))
    assert [act.what for act in acts] == ["drafted", "withdrawn", "drafted"]


async def test_a_rejected_one_stays_unless_it_is_asked_for(storage: Storage) -> None:
    (first,) = await add(storage, a_draft())
    rejected = replace(first, state=ApologyState.REJECTED, decided_at=NOW, decided_by="chín", why="còn kịp")
    await storage.write(lambda tx: tx.apologies.save(rejected, Act(NOW, "rejected", "chín", "còn kịp")))

    by_the_watch = await add(storage, a_draft())
    by_hand = await add(storage, a_draft(drafted_by="tám"), reopen={ApologyState.REJECTED})

    assert (by_the_watch, [each.id for each in by_hand]) == ([], [first.id])


async def test_only_what_has_no_apology_is_wanted(storage: Storage) -> None:
    await mirror(storage, *(a_dossier(number) for number in (1, 2, 3)), a_dossier(4, status=Status.DONE))
    (first,) = await add(storage, a_draft(1))
    (second,) = await add(storage, a_draft(2))
    gone = replace(second, state=ApologyState.WITHDRAWN)
    await storage.write(lambda tx: tx.apologies.save(gone, Act(NOW, "withdrawn", "")))

    assert [due.code for due in await wanted(storage)] == [a_dossier(2).code, a_dossier(3).code]
    assert first.code == a_dossier(1).code


async def test_needless_drafts_are_withdrawn_and_told_why(storage: Storage) -> None:
    await mirror(
        storage,
        a_dossier(1),
        a_dossier(2, status=Status.DONE),
        a_dossier(3, appointment_at=later(days=6)),
        a_dossier(4, paused_at=NOW),
    )
    await add(storage, *(a_draft(number) for number in range(1, 6)))

    found = await needless(storage)
    withdrawn = await withdraw(storage, found)

    assert found == [each.id for each in withdrawn]
    assert {int(each.code[-4:]): each.why for each in withdrawn} == {
        2: "the work has ended",
        3: "the deadline has moved",
        4: "the clock stands",
        5: "the dossier is gone",
    }
    assert await needless(storage) == []
    assert await withdraw(storage, found) == []


async def test_what_is_needed_again_when_it_is_to_be_withdrawn_stays(storage: Storage) -> None:
    await mirror(storage, a_dossier(1, status=Status.SUPPLEMENT), a_dossier(2, status=Status.SUPPLEMENT), a_dossier(3))
    await add(storage, a_draft(1), a_draft(2), a_draft(3))
    first, second = await needless(storage)
    await mirror(storage, a_dossier(1))

    withdrawn = await withdraw(storage, [first, second, "XL-260302-0003", "XL-000000-0000"])

    assert [each.id for each in withdrawn] == [second]


async def test_the_earliest_needless_drafts_are_found_first(storage: Storage) -> None:
    late, early, middle = await add(
        storage, a_draft(1, old_at=later(days=9)), a_draft(2, old_at=later(days=2)), a_draft(3, old_at=later(days=5))
    )

    assert await needless(storage) == [early.id, middle.id, late.id]
    assert await needless(storage, limit=2) == [early.id, middle.id]


async def test_lists_keep_to_states_and_agencies(storage: Storage) -> None:
    await add(storage, a_draft(1, old_at=later(days=7)), a_draft(2), a_draft(3, agency="H56.141"))
    (last,) = await add(storage, a_draft(4))
    await storage.write(
        lambda tx: tx.apologies.save(replace(last, state=ApologyState.APPROVED), Act(NOW, "approved", "chín"))
    )

    async def listed(states: set[ApologyState], agencies: set[str]) -> list[int]:
        found = await storage.read(lambda tx: tx.apologies.listed(states, agencies, limit=10))
        return [int(each.code[-4:]) for each in found]

    assert await listed({ApologyState.DRAFT}, {"H56.14"}) == [2, 1]
    assert await listed({ApologyState.DRAFT}, set()) == [2, 3, 1]
    assert await listed(set(ApologyState), {"H56.14"}) == [2, 4, 1]
    assert await storage.read(lambda tx: tx.apologies.waiting({"H56.14"})) == 2
    assert await storage.read(lambda tx: tx.apologies.counts()) == {ApologyState.DRAFT: 3, ApologyState.APPROVED: 1}


async def test_what_is_promised_holds_until_the_source_names_another_date(storage: Storage) -> None:
    await mirror(storage, a_dossier(1))
    (draft,) = await add(storage, a_draft())

    async def standing() -> Dossier:
        return (await storage.read(lambda tx: tx.dossiers.find(draft.code)))[0]

    await storage.write(lambda tx: tx.apologies.promise(draft))
    promised = await standing()
    await mirror(storage, a_dossier(1, status=Status.PROCESSING))
    after_news = await standing()
    await mirror(storage, a_dossier(1, appointment_at=later(days=9)))
    after_another = await standing()

    assert (promised.appointment, promised.due_at) == (later(days=8), later(days=8))
    assert (after_news.status, after_news.appointment, after_news.due_at) == (
        Status.PROCESSING,
        later(days=8),
        later(days=8),
    )
    assert (after_another.appointment, after_another.due_at) == (later(days=9), later(days=9))


async def test_whoever_read_the_source_before_has_to_read_again(storage: Storage) -> None:
    first = SourceState(cursor=None, go_live=NOW, synced_at=None, revision=1)
    await storage.write(lambda tx: tx.sources.save("onestop", first))

    await storage.write(lambda tx: tx.apologies.hold_source("onestop"))

    assert not await storage.write(lambda tx: tx.sources.save("onestop", replace(first, revision=2)))
    assert await storage.write(lambda tx: tx.sources.save("onestop", replace(first, revision=3)))


async def test_figures_tell_what_was_sent_in_time_and_what_arrived(storage: Storage) -> None:
    drafts = await add(storage, *(a_draft(number) for number in range(1, 7)))
    messages = [
        an_item(number, situation=Situation.APOLOGY, origin=drafts[number - 1].origin) for number in range(1, 5)
    ]
    followers = an_item(9, origin=drafts[1].origin, dedupe_key=f"{drafts[1].origin}|follower|telegram:1")
    await enqueue(storage, replace(followers, state=DeliveryState.DELIVERED))
    for number, draft in enumerate(drafts[:5]):
        message = messages[number].id if number < 4 else ""
        decided = later(days=4, minutes=1) if number == 3 else NOW
        approved = replace(draft, state=ApologyState.APPROVED, decided_at=decided, message=message)
        await storage.write(lambda tx, one=approved: tx.apologies.save(one, Act(NOW, "approved", "chín")))  # type: ignore[misc]
    for message in messages[:3]:
        await sent(storage, message, f"ref-{message.id}")
    await enqueue(storage, messages[3])
    arrived = a_receipt(f"ref-{messages[0].id}", state=DeliveryState.DELIVERED)
    await storage.write(lambda tx: record_in(tx, [arrived]))

    (found,) = await storage.read(lambda tx: tx.apologies.figures(later(days=5), later(days=6)))
    none = await storage.read(lambda tx: tx.apologies.figures(later(days=6), later(days=9)))

    assert found == Apologised(
        agency="H56.14",
        agency_name="UBND xã Hải Hà",
        drafted=6,
        approved=5,
        after_limit=1,
        sent=3,
        in_time=3,
        reached=1,
    )
    assert none == []
