"""What every database keeps of API keys, their messages and the callbacks about them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.model.api import TRIAL, ApiKey, ApiMessage, ApiRight, Callback, KeyKind, Remembered, digest_of
from bot.model.ids import id_maker
from bot.model.message import DeliveryState
from bot.model.person import Address
from bot.ports import Settlement, Storage, Transaction, Unwanted
from tests.contract.storage_values import an_item

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def key(key_id: str = "k1", **values: object) -> ApiKey:
    given = {
        "id": key_id, "kind": KeyKind.LIVE, "name": f"phan-mem-{key_id}", "agency": "H56.14",
        "rights": frozenset({ApiRight.SEND}), "digest": digest_of(KeyKind.LIVE, key_id, "s"), "made_at": NOW,
        "made_by": "lan", **values,
    }  # fmt: skip
    return ApiKey(**given)  # type: ignore[arg-type]


async def planned(
    storage: Storage, number: int, *, of: ApiKey, at: datetime = NOW, is_watched: bool = True
) -> list[str]:
    """Messages of a key in the outbox; their ids."""
    new_id = id_maker(lambda: at)
    ids = [new_id() for _ in range(number)]
    when = {"created_at": at, "next_at": at, "expires_at": at + timedelta(days=1), "source": "", "code": ""}
    items = [an_item(1, id=each, dedupe_key=each, origin=f"api:{of.id}:{each}", **when) for each in ids]
    until = at + timedelta(days=4) if is_watched else None
    notes = [
        ApiMessage(item_id=each, key_id=of.id, agency=of.agency, is_trial=False, reference="r", told_until=until)
        for each in ids
    ]
    await storage.write(lambda tx: tx.outbox.enqueue(items))
    await storage.write(lambda tx: tx.api.note(notes))
    return ids


async def settle(storage: Storage, ids: Sequence[str], state: DeliveryState) -> None:
    await storage.write(lambda tx: tx.outbox.claim("sms", owner="o", now=NOW, lease_until=LATER, limit=1))
    await storage.write(
        lambda tx: tx.outbox.settle(
            [Settlement(item_id=each, owner="o", state=state, at=LATER, reason="why") for each in ids]
        )
    )


def callback(number: int, item_id: str = "m", **values: object) -> Callback:
    given = {
        "id": f"c{number}", "key_id": "k1", "item_id": item_id, "state": DeliveryState.DELIVERED, "at": NOW,
        "made_at": NOW, "next_at": NOW, "reference": "r", "reason": "", **values,
    }  # fmt: skip
    return Callback(**given)  # type: ignore[arg-type]


async def test_a_key_is_kept_whole_and_a_name_is_taken_while_it_works(storage: Storage) -> None:
    made = key(expires_at=LATER)

    first = await storage.write(lambda tx: tx.api.add(made))
    twice = await storage.write(lambda tx: tx.api.add(replace(made, id="k2")))
    revoked = await storage.write(lambda tx: tx.api.revoke("k1", by="minh", at=LATER))
    again = await storage.write(lambda tx: tx.api.revoke("k1", by="minh", at=LATER))
    third = await storage.write(lambda tx: tx.api.add(replace(made, id="k2", made_at=LATER)))

    assert (first, twice, revoked, again, third) == (True, False, True, False, True)
    kept = await storage.read(lambda tx: tx.api.keys())
    assert kept == [replace(made, id="k2", made_at=LATER), replace(made, revoked_at=LATER, revoked_by="minh")]
    assert await storage.read(lambda tx: tx.api.key("nobody")) is None


async def test_only_a_later_use_is_noted(storage: Storage) -> None:
    await storage.write(lambda tx: tx.api.add(key()))

    await storage.write(lambda tx: tx.api.used("k1", at=LATER))
    await storage.write(lambda tx: tx.api.used("k1", at=NOW))

    kept = await storage.read(lambda tx: tx.api.key("k1"))
    assert kept
    assert kept.used_at == LATER


async def test_a_guest_list_takes_the_place_of_the_one_before_and_an_erasure_reaches_it(storage: Storage) -> None:
    team, phone = key(kind=KeyKind.TEAM), Address("sms", "+84912345678")
    await storage.write(lambda tx: tx.api.add(team))
    await storage.write(lambda tx: tx.api.invite("k1", [Address("zalo", "old")]))

    await storage.write(lambda tx: tx.api.invite("k1", [phone, Address("zalo", "77"), phone]))
    listed = await storage.read(lambda tx: tx.api.key("k1"))
    rows = await storage.write(lambda tx: tx.privacy.erase("+84912345678", [], digest="d", at=NOW))

    assert listed
    assert listed.guests == ("sms:+84912345678", "zalo:77")
    assert rows["api_guests"] == 1
    left = await storage.read(lambda tx: tx.api.key("k1"))
    assert left
    assert left.guests == ("zalo:77",)


async def test_a_token_is_taken_once_and_answered_from_memory(storage: Storage) -> None:
    first = await storage.write(lambda tx: tx.api.remember("k1", "t", "d", at=NOW))
    working = await storage.write(lambda tx: tx.api.remember("k1", "t", "d", at=LATER))
    await storage.write(lambda tx: tx.api.answered("k1", "t", status=202, answer="{}"))
    answered = await storage.write(lambda tx: tx.api.remember("k1", "t", "other", at=LATER))
    elsewhere = await storage.write(lambda tx: tx.api.remember("k2", "t", "d", at=NOW))

    assert (first, elsewhere) == (None, None)
    assert working == Remembered("d", 0, "", NOW)
    assert answered == Remembered("d", 202, "{}", NOW)


async def test_tokens_of_many_are_taken_and_answered_together(storage: Storage) -> None:
    await storage.write(lambda tx: tx.api.remember("k1", "b", "d", at=NOW))
    await storage.write(lambda tx: tx.api.answered("k1", "b", status=202, answer="before"))
    wanted = {("k1", "c"): "dc", ("k1", "b"): "other", ("k1", "a"): "da", ("k2", "b"): "db"}

    known = await storage.write(lambda tx: tx.api.remember_all(wanted, at=LATER))
    await storage.write(lambda tx: tx.api.answered_all({("k1", "a"): "{}", ("k2", "b"): '"đã"'}, status=202))
    again = await storage.write(lambda tx: tx.api.remember_all(wanted, at=LATER))
    nobody = await storage.write(lambda tx: tx.api.remember_all({}, at=LATER))

    assert known == {("k1", "b"): Remembered("d", 202, "before", NOW)}
    assert again == {
        **known,
        ("k1", "c"): Remembered("dc", 0, "", LATER),
        ("k1", "a"): Remembered("da", 202, "{}", LATER),
        ("k2", "b"): Remembered("db", 202, '"đã"', LATER),
    }
    assert nobody == {}


async def test_work_that_was_left_is_taken_over_once_its_hold_is_over(storage: Storage) -> None:
    soon, until = NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)
    await storage.write(lambda tx: tx.api.remember("k1", "t", "d", at=NOW, held_until=soon))
    kept = await storage.write(lambda tx: tx.api.keep_subject("k1", "t", "PT-261122-0001", held_until=soon))

    early = await storage.write(lambda tx: tx.api.take_over("k1", "t", at=NOW, held_until=until))
    taken = await storage.write(lambda tx: tx.api.take_over("k1", "t", at=soon, held_until=until))
    second = await storage.write(lambda tx: tx.api.take_over("k1", "t", at=soon, held_until=until))
    late = await storage.write(lambda tx: tx.api.keep_subject("k1", "t", "other", held_until=soon))
    await storage.write(lambda tx: tx.api.forget("k1", "t", held_until=soon))
    await storage.write(lambda tx: tx.api.let_go("k1", "t", held_until=soon))
    seen = await storage.write(lambda tx: tx.api.remember("k1", "t", "d", at=LATER))

    assert (kept, early, taken, second, late) == (True, False, True, False, False)
    assert seen == Remembered("d", 0, "", NOW, "PT-261122-0001")


async def test_a_hold_that_is_let_go_leaves_the_token_only_where_something_came_of_it(storage: Storage) -> None:
    until = NOW + timedelta(minutes=2)
    for token in ("with", "without", "answered"):
        await storage.write(lambda tx, token=token: tx.api.remember("k1", token, "d", at=NOW, held_until=until))  # type: ignore[misc]
    await storage.write(lambda tx: tx.api.keep_subject("k1", "with", "PT-1", held_until=until))
    await storage.write(lambda tx: tx.api.answered("k1", "answered", status=201, answer="{}"))

    for token in ("with", "without", "answered"):
        await storage.write(lambda tx, token=token: tx.api.let_go("k1", token, held_until=until))  # type: ignore[misc]

    taken = await storage.write(lambda tx: tx.api.take_over("k1", "with", at=NOW, held_until=until))
    answered = await storage.write(lambda tx: tx.api.take_over("k1", "answered", at=LATER, held_until=until))
    anew = await storage.write(lambda tx: tx.api.remember("k1", "without", "d", at=NOW))
    assert (taken, answered, anew) == (True, False, None)


async def test_of_many_with_one_token_at_once_one_does_the_work(storage: Storage) -> None:
    async def work() -> bool:
        async def once(tx: Transaction) -> bool:
            kept = await tx.api.remember("k1", "t", "d", at=NOW)
            await asyncio.sleep(0.01)
            if kept is None:
                await tx.api.answered("k1", "t", status=202, answer="done")
            else:
                assert kept.answer == "done"
            return kept is None

        return await storage.write(once)

    done = await asyncio.gather(*(work() for _ in range(6)))

    assert sum(done) == 1


async def test_answers_and_ended_callbacks_grow_old(storage: Storage) -> None:
    await storage.write(lambda tx: tx.api.remember("k1", "old", "d", at=NOW))
    await storage.write(lambda tx: tx.api.remember("k1", "new", "d", at=LATER))
    await storage.write(
        lambda tx: tx.api.tell([callback(1, ended_at=NOW), callback(2, ended_at=LATER), callback(3)], {}, [])
    )

    pruned = await storage.write(lambda tx: tx.api.prune(remembered_before=LATER, ended_before=LATER, limit=100))

    assert pruned == 2
    left = await storage.read(lambda tx: tx.api.callbacks_of("k1", limit=9))
    assert [each.id for each in left] == ["c3", "c2"]


async def test_who_is_on_the_do_not_send_list_is_known(storage: Storage) -> None:
    listed, other = Address("sms", "+84912345678"), Address("sms", "+84900000000")
    await storage.write(lambda tx: tx.do_not_send.add([Unwanted(listed, NOW, "lan", "asked")]))

    found = await storage.read(lambda tx: tx.api.unwanted([listed, other]))

    assert found == {listed}


async def test_messages_are_listed_newest_first_by_stretches(storage: Storage) -> None:
    mine, other = key(), key("k2", agency="H56.15")
    old = await planned(storage, 2, of=mine, at=NOW - timedelta(days=2))
    new = await planned(storage, 3, of=mine)
    await planned(storage, 1, of=other)

    first = await storage.read(lambda tx: tx.api.listed("H56.14", is_trial=False, limit=2))
    second = await storage.read(lambda tx: tx.api.listed("H56.14", is_trial=False, before=first.next, limit=9))
    recent = await storage.read(lambda tx: tx.api.listed("H56.14", is_trial=False, since=NOW, limit=9))
    trial = await storage.read(lambda tx: tx.api.listed("H56.14", is_trial=True, limit=9))

    assert [each.item.id for each in first.messages] == [new[2], new[1]]
    assert [each.item.id for each in second.messages] == [new[0], old[1], old[0]]
    assert not second.next
    assert [each.item.id for each in recent.messages] == new[::-1]
    assert not trial.messages


async def test_messages_are_found_by_state_and_of_one_key(storage: Storage) -> None:
    mine = key()
    ids = await planned(storage, 2, of=mine)
    await settle(storage, ids[:1], DeliveryState.FAILED)

    failed = await storage.read(lambda tx: tx.api.listed("H56.14", is_trial=False, state=DeliveryState.FAILED, limit=5))
    of_key = await storage.read(lambda tx: tx.api.of_key("k1", limit=5))
    one = await storage.read(lambda tx: tx.api.message(ids[1]))

    assert [each.item.id for each in failed.messages] == ids[:1]
    assert [each.item.id for each in of_key] == ids[::-1]
    assert one
    assert (one.item.state, one.message.agency) == (DeliveryState.QUEUED, "H56.14")


async def test_only_what_somebody_waits_for_is_watched_until_it_is_over(storage: Storage) -> None:
    mine = key()
    ids = await planned(storage, 2, of=mine)
    await planned(storage, 1, of=mine, at=NOW + timedelta(minutes=1), is_watched=False)
    await settle(storage, ids[:1], DeliveryState.FAILED)

    before = await storage.read(lambda tx: tx.api.watched(after="", limit=9))
    await storage.write(lambda tx: tx.api.tell([callback(1, ids[0])], {ids[0]: "failed"}, [ids[0]]))
    after = await storage.read(lambda tx: tx.api.watched(after="", limit=9))

    assert [(each.message.item_id, each.state, each.reason) for each in before] == [
        (ids[0], DeliveryState.FAILED, "why"),
        (ids[1], DeliveryState.QUEUED, ""),
    ]
    assert [each.message.item_id for each in after] == [ids[1]]


async def test_callbacks_of_one_message_come_in_order_and_others_do_not_wait(storage: Storage) -> None:
    await storage.write(lambda tx: tx.api.add(key()))
    first, second, other = callback(1, "m"), callback(2, "m"), callback(3, "n")
    await storage.write(lambda tx: tx.api.tell([first, second, other], {}, []))

    due = await storage.read(lambda tx: tx.api.due(now=NOW, limit=9))
    tried = replace(first, attempts=1, next_at=LATER, answer="timeout")
    await storage.write(lambda tx: tx.api.called([tried, replace(other, attempts=1, ended_at=NOW, answer="200")]))
    waiting = await storage.read(lambda tx: tx.api.due(now=NOW, limit=9))
    await storage.write(lambda tx: tx.api.called([replace(tried, attempts=2, ended_at=LATER, answer="timeout")]))
    after = await storage.read(lambda tx: tx.api.due(now=NOW, limit=9))

    assert [each.id for each, _ in due] == ["c1", "c3"]
    assert waiting == []
    assert [each.id for each, _ in after] == ["c2"]
    backlog = await storage.read(lambda tx: tx.api.backlog("k1"))
    assert (backlog.waiting, backlog.given_up) == (1, 1)


async def test_what_waits_is_dropped_with_the_address_and_with_the_key(storage: Storage) -> None:
    await storage.write(lambda tx: tx.api.add(key()))
    await storage.write(lambda tx: tx.api.call_back("k1", url="https://a.example/x", secret="mcs"))
    await storage.write(lambda tx: tx.api.tell([callback(1)], {}, []))

    await storage.write(lambda tx: tx.api.call_back("k1", url="", secret=""))
    dropped = await storage.read(lambda tx: tx.api.backlog())
    await storage.write(lambda tx: tx.api.tell([callback(2)], {}, []))
    await storage.write(lambda tx: tx.api.revoke("k1", by="lan", at=LATER))

    assert dropped.waiting == 0
    assert (await storage.read(lambda tx: tx.api.backlog())).waiting == 0


async def test_an_erasure_reaches_what_a_test_key_planned(storage: Storage) -> None:
    trial = an_item(1, address=Address(TRIAL, "+84912345678"), channel=TRIAL, source="", code="", text="Kính gửi Mai")
    await storage.write(lambda tx: tx.outbox.enqueue([trial]))

    rows = await storage.write(lambda tx: tx.privacy.erase("+84912345678", [], digest="d", at=NOW))

    left = await storage.read(lambda tx: tx.outbox.get(trial.id))
    assert rows["outbox"] == 1
    assert left
    assert "+84912345678" not in left.address.key
    assert left.text == ""
