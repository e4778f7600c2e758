"""Broadcasts, their recipients and their messages, on every engine."""

from dataclasses import replace
from datetime import timedelta

from bot.model.broadcast import (
    Act,
    Audience,
    Broadcast,
    BroadcastState,
    Count,
    Lateness,
    LeftOut,
    Recipient,
    Share,
    dedupe_key,
)
from bot.model.dossier import Dossier, Status
from bot.model.message import DeliveryState, Form, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.model.wording import Wording
from bot.ports import STOPPED, Mirrored, Storage, Transaction, Unwanted
from tests.contract.storage_values import NOW, later

WORDING = Wording(
    chat="Kính gửi Ông/Bà {{ ten }}, mai nghỉ.",
    sms="Kính gửi {{ ten }}: mai nghỉ.",
    required=("ten",),
    forms=(Form("sms", "77", "Kinh gui {1}: mai nghi."),),
)
DRAFT = Broadcast(id="", title="Nghỉ lễ", agency="H32.10", wording=WORDING, made_at=NOW, made_by="lan")


async def begin(storage: Storage, draft: Broadcast = DRAFT) -> Broadcast:
    return await storage.write(lambda tx: tx.broadcasts.add(draft))


async def keep(storage: Storage, broadcast: Broadcast) -> None:
    await storage.write(lambda tx: tx.broadcasts.save(broadcast))


def phone(number: int) -> str:
    return f"+8491{number:07}"


def people(first: int, last: int) -> list[Recipient]:
    return [Recipient(number=each, phone=phone(each), values={"ten": f"Bà {each}"}) for each in range(first, last + 1)]


def message(broadcast: Broadcast, number: int, **more: object) -> OutboxItem:
    item = OutboxItem(
        id=f"{broadcast.id[-4:]}{number:022}",
        dedupe_key=dedupe_key(broadcast.id, phone(number)),
        origin=f"broadcast:{broadcast.id}:{number // 3 + 1}",
        channel="sms",
        address=Address("sms", phone(number)),
        lane=Lane.BULK,
        situation=Situation.BROADCAST,
        text="Mai nghỉ.",
        created_at=NOW,
        next_at=NOW,
        expires_at=later(hours=72),
    )
    return replace(item, **more)  # type: ignore[arg-type]


async def plan(storage: Storage, *items: OutboxItem) -> None:
    await storage.write(lambda tx: tx.outbox.enqueue(items))


async def claimed(storage: Storage, *, hours: int = 0) -> list[tuple[str, bool, bool]]:
    now = later(hours=hours, minutes=1)
    found = await storage.write(
        lambda tx: tx.outbox.claim("sms", owner="one", now=now, lease_until=now + timedelta(hours=1), limit=10)
    )
    return [(each.item.dedupe_key, each.stopped, each.called_off) for each in found]


async def states(storage: Storage, broadcast: Broadcast) -> dict[DeliveryState, int]:
    tallies = await storage.read(lambda tx: tx.broadcasts.tallies(broadcast.id))
    return {
        state: sum(each.messages for each in tallies if each.state is state) for state in {t.state for t in tallies}
    }


# The broadcast


async def test_a_broadcast_is_kept_with_everything_that_was_decided_about_it(storage: Storage) -> None:
    made = await begin(storage)
    full = replace(
        made,
        state=BroadcastState.TRIED,
        revision=3,
        language="en",
        audience=Audience(
            agencies=("H32.10",),
            procedures=("1.001",),
            statuses=(Status.PROCESSING,),
            lateness=Lateness.LATE,
            received_since=NOW,
            received_until=later(hours=9),
            reachable_by="zalo",
        ),
        list_name="ds.xlsx",
        list_digest="ab" * 32,
        columns=("ten", "code"),
        twice=2,
        people=7,
        count=Count(7, (Share("sms", 7, 9, 7200),), {"twice": 2}),
        counted_revision=3,
        starts_at=later(hours=1),
        changed_by="nam",
        tested_revision=3,
        submitted_at=NOW,
        submitted_by="lan",
        needs_approval=True,
        approved_at=NOW,
        approved_by="hoa",
        began_at=NOW,
        ended_at=NOW,
        why="vì",
        handed_out=5,
        handed_to=9,
        pages=1,
        drawing="x",
    )

    await keep(storage, full)

    assert await storage.read(lambda tx: tx.broadcasts.get(made.id)) == full
    assert await storage.read(lambda tx: tx.broadcasts.get("PT-000000-0001")) is None


async def test_numbers_rise_within_a_day(storage: Storage) -> None:
    first, second = await begin(storage), await begin(storage)

    next_day = await begin(storage, replace(DRAFT, made_at=NOW + timedelta(days=1)))

    assert [each.id[-4:] for each in (first, second, next_day)] == ["0001", "0002", "0001"]
    assert first.id.startswith("PT-")
    assert first.id[:9] != next_day.id[:9]


async def test_lists_show_the_newest_first_of_the_agencies_asked_for_and_go_on_below_a_number(storage: Storage) -> None:
    made = [await begin(storage, replace(DRAFT, agency=agency)) for agency in ("H32.10", "H32.10.02", "H32.1", "")]
    await keep(storage, replace(made[1], state=BroadcastState.PAUSED))

    async def numbers(*agencies: str, before: str = "", states: tuple[BroadcastState, ...] = ()) -> list[str]:
        found = await storage.read(lambda tx: tx.broadcasts.listed(agencies, before=before, limit=3, states=states))
        return [each.id for each in found]

    assert await numbers() == [made[3].id, made[2].id, made[1].id]
    assert await numbers(before=made[1].id) == [made[0].id]
    assert await numbers("H32.10") == [made[1].id, made[0].id]
    assert await numbers(states=(BroadcastState.PAUSED,)) == [made[1].id]
    moving = await storage.read(lambda tx: tx.broadcasts.in_states({BroadcastState.PAUSED, BroadcastState.RUNNING}))
    assert [each.id for each in moving] == [made[1].id]


async def test_acts_are_kept_in_their_order(storage: Storage) -> None:
    made = await begin(storage)

    await storage.write(lambda tx: tx.broadcasts.note(made.id, Act(NOW, "made", "lan")))
    await storage.write(lambda tx: tx.broadcasts.save(made, Act(later(minutes=1), "changed", "nam", "title")))

    acts = await storage.read(lambda tx: tx.broadcasts.acts(made.id))
    assert acts == [Act(NOW, "made", "lan"), Act(later(minutes=1), "changed", "nam", "title")]


async def test_a_list_counts_as_sent_once_it_was_submitted_unless_nothing_came_of_it(storage: Storage) -> None:
    made = replace(await begin(storage), list_digest="cd" * 32)

    found = {}
    for state in BroadcastState:
        for began_at in (None, NOW):
            await keep(storage, replace(made, state=state, began_at=began_at))
            found[state, began_at is not None] = await storage.read(lambda tx: tx.broadcasts.sent_with("cd" * 32))

    free = {key for key, number in found.items() if not number}
    assert free == {
        (BroadcastState.DRAFT, False),
        (BroadcastState.DRAFT, True),
        (BroadcastState.REJECTED, False),
        (BroadcastState.REJECTED, True),
        (BroadcastState.CANCELLED, False),
    }
    assert await storage.read(lambda tx: tx.broadcasts.sent_with("")) == ""


# Its recipients


async def test_a_phone_is_kept_once_by_its_lowest_number(storage: Storage) -> None:
    made = await begin(storage)
    rows = [*people(2, 4), replace(people(9, 9)[0], phone=phone(3)), Recipient(number=1, phone=phone(4), code="H-1")]

    kept = await storage.write(lambda tx: tx.broadcasts.add_rows(made.id, rows))
    again = await storage.write(lambda tx: tx.broadcasts.add_rows(made.id, people(2, 3)))

    found = await storage.read(lambda tx: tx.broadcasts.rows(made.id, after=0, limit=10))
    assert (kept, again) == (3, 0)
    assert found == [rows[4], *people(2, 3)]
    assert await storage.read(lambda tx: tx.broadcasts.rows(made.id, after=2, limit=1)) == [people(3, 3)[0]]


async def test_a_thousand_rows_are_kept_and_taken_away_by_one_statement_each(storage: Storage) -> None:
    made, other = await begin(storage), await begin(storage)
    await storage.write(lambda tx: tx.broadcasts.add_rows(other.id, people(1, 2)))

    kept = await storage.write(lambda tx: tx.broadcasts.add_rows(made.id, people(1, 1000)))
    dropped = [await storage.write(lambda tx: tx.broadcasts.drop_rows(made.id, limit=600)) for _ in range(3)]

    assert (kept, dropped) == (1000, [600, 400, 0])
    assert len(await storage.read(lambda tx: tx.broadcasts.rows(other.id, after=0, limit=9))) == 2


async def test_who_is_left_out_is_counted_by_why_and_by_when_that_was_found(storage: Storage) -> None:
    made = await begin(storage)
    await storage.write(lambda tx: tx.broadcasts.add_rows(made.id, people(1, 4)))

    async def mark(tx: Transaction) -> None:
        await tx.broadcasts.leave_out(made.id, {1: LeftOut.DO_NOT_SEND, 2: LeftOut.DO_NOT_SEND}, late=False)
        await tx.broadcasts.leave_out(made.id, {2: "", 4: LeftOut.UNTRUE}, late=True)

    await storage.write(mark)

    async def counts(tx: Transaction) -> list[dict[str, int]]:
        return [await tx.broadcasts.left_out(made.id, late=late) for late in (False, True)]

    assert await storage.read(counts) == [{"do_not_send": 1}, {"untrue": 1}]
    rows = await storage.read(lambda tx: tx.broadcasts.rows(made.id, after=0, limit=9))
    assert [each.left_out for each in rows] == ["do_not_send", "", "", "untrue"]


async def test_those_on_the_do_not_send_list_are_known(storage: Storage) -> None:
    unwanted = Unwanted(Address("sms", phone(1)), NOW, "lan", "")
    await storage.write(lambda tx: tx.do_not_send.add([unwanted]))

    asked = [f"sms:{phone(1)}", f"sms:{phone(2)}"]
    found = await storage.read(lambda tx: tx.broadcasts.unwanted(asked))

    assert found == {f"sms:{phone(1)}"}


def dossier(code: str, **more: object) -> Dossier:
    base = Dossier(
        source="one",
        code=code,
        status=Status.PROCESSING,
        agency="H32.10",
        agency_name="Phường",
        procedure="1.001",
        procedure_name="Khai sinh",
        phone="0912345678",
        received_at=NOW - timedelta(days=5),
        appointment_at=later(hours=24),
    )
    return replace(base, **more)  # type: ignore[arg-type]


async def test_an_audience_is_found_by_everything_it_may_ask_for(storage: Storage) -> None:
    dossiers = [
        dossier("A1"),
        dossier("A2", agency="H32.10.02", appointment_at=NOW - timedelta(hours=1)),
        dossier("A3", agency="H32.1", procedure="1.002"),
        dossier("A4", status=Status.DONE, appointment_at=NOW - timedelta(hours=1)),
        dossier("A5", status=Status.SUPPLEMENT, appointment_at=NOW - timedelta(hours=1), received_at=None),
        dossier("A6", received_at=NOW, appointment_at=None, phone=""),
    ]
    await storage.write(lambda tx: tx.dossiers.add([Mirrored.of(each, 0) for each in dossiers], at=NOW))

    async def found(audience: Audience) -> str:
        meant = await storage.read(lambda tx: tx.broadcasts.meant(audience, now=NOW, after=("", ""), limit=10))
        still = await storage.read(
            lambda tx: tx.broadcasts.still_meant(audience, [("one", each.code) for each in dossiers], now=NOW)
        )
        assert {(each.source, each.code) for each in meant} == still
        return "".join(each.code[1:] for each in meant)

    assert await found(Audience()) == "123456"
    assert await found(Audience(agencies=("H32.10",))) == "12456"
    assert await found(Audience(procedures=("1.002",))) == "3"
    assert await found(Audience(statuses=(Status.DONE, Status.SUPPLEMENT))) == "45"
    assert await found(Audience(lateness=Lateness.LATE)) == "2"
    assert await found(Audience(lateness=Lateness.IN_TIME)) == "1356"
    assert await found(Audience(received_since=NOW)) == "6"
    assert await found(Audience(received_until=NOW)) == "1234"
    page = await storage.read(lambda tx: tx.broadcasts.meant(Audience(), now=NOW, after=("A4", "one"), limit=1))
    assert [(each.code, each.agency, each.phone) for each in page] == [("A5", "H32.10", "0912345678")]


# Its messages


async def test_its_messages_are_counted_and_no_others(storage: Storage) -> None:
    made, other = await begin(storage), await begin(storage)

    await plan(storage, *(message(made, each) for each in range(1, 6)), message(other, 1))
    await plan(storage, message(made, 7, origin="test:7", lane=Lane.REPLY))

    assert await states(storage, made) == {DeliveryState.QUEUED: 5}
    assert await storage.read(lambda tx: tx.broadcasts.waiting(made.id)) == 5


async def test_what_is_stopped_waits_and_leaves_again_when_it_is_let_go(storage: Storage) -> None:
    made, other = await begin(storage), await begin(storage)
    await plan(storage, *(message(made, each) for each in range(1, 4)), message(other, 9))

    stopped = await storage.write(lambda tx: tx.broadcasts.stop(made.id, reason="paused", at=NOW))
    meanwhile = await claimed(storage)
    let_go = await storage.write(lambda tx: tx.broadcasts.let_go(made.id, at=NOW))

    assert (stopped, let_go) == (3, 3)
    assert meanwhile == [(dedupe_key(other.id, phone(9)), False, False)]
    assert len(await claimed(storage)) == 3


async def test_what_comes_back_into_the_queue_of_a_stopped_broadcast_is_known_when_it_is_claimed(
    storage: Storage,
) -> None:
    made = await begin(storage)
    await plan(storage, message(made, 1))

    await keep(storage, replace(made, state=BroadcastState.PAUSED))
    paused = await claimed(storage)
    await storage.write(lambda tx: tx.outbox.lapse(now=later(hours=2), requeue=["sms"]))
    await keep(storage, replace(made, state=BroadcastState.CANCELLED))
    cancelled = await claimed(storage, hours=2)

    assert paused == [(dedupe_key(made.id, phone(1)), True, False)]
    assert cancelled == [(dedupe_key(made.id, phone(1)), True, True)]


async def test_cancelling_takes_all_that_waits_whatever_it_waits_for_and_nothing_that_has_left(
    storage: Storage,
) -> None:
    made = await begin(storage)
    held = message(made, 2, state=DeliveryState.HELD)
    await plan(storage, message(made, 1), held, message(made, 3, channel="elsewhere"))
    await claimed(storage)

    cancelled = await storage.write(lambda tx: tx.broadcasts.cancel(made.id, reason="cancelled", at=NOW))

    assert cancelled == 2
    assert await states(storage, made) == {DeliveryState.SENDING: 1, DeliveryState.CANCELLED: 2}


async def test_what_was_stopped_is_not_let_go_with_what_waits_for_something_else(storage: Storage) -> None:
    made = await begin(storage)
    await plan(storage, message(made, 1, state=DeliveryState.HELD))

    let_go = await storage.write(lambda tx: tx.broadcasts.let_go(made.id, at=NOW))

    assert (let_go, STOPPED) == (0, "broadcast")


async def test_results_say_what_became_of_everybody_without_her_number(storage: Storage) -> None:
    made = await begin(storage)
    await storage.write(lambda tx: tx.broadcasts.add_rows(made.id, people(1, 3)))
    await storage.write(lambda tx: tx.broadcasts.leave_out(made.id, {3: LeftOut.DISOWNED}, late=False))
    await plan(storage, message(made, 1))

    found = await storage.read(lambda tx: tx.broadcasts.results(made.id, after=0, limit=10))

    assert [(each.number, each.state, each.left_out) for each in found] == [
        (1, DeliveryState.QUEUED, ""),
        (2, None, ""),
        (3, None, "disowned"),
    ]
    assert (found[0].address, found[0].at) == ("sms:+8491•••001", NOW)
    assert [
        each.number for each in await storage.read(lambda tx: tx.broadcasts.results(made.id, after=2, limit=1))
    ] == [3]


async def test_who_asks_to_be_forgotten_is_taken_out_of_lists_and_left_out(storage: Storage) -> None:
    made = await begin(storage)
    await storage.write(lambda tx: tx.broadcasts.add_rows(made.id, people(1, 2)))

    erased = await storage.write(lambda tx: tx.privacy.erase(phone(1), [], digest="d", at=NOW))

    rows = await storage.read(lambda tx: tx.broadcasts.rows(made.id, after=0, limit=9))
    assert erased["broadcast_recipients"] == 1
    assert rows == [Recipient(number=1, phone="", left_out="erased"), people(2, 2)[0]]
