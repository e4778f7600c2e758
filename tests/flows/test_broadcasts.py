"""Broadcasts from the draft to the last message: tried, approved by another person, handed out, stopped, each once."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.auditing import Audited, if_done
from bot.ledger import balance
from bot.model.audit import Entry
from bot.model.broadcast import Audience, BroadcastState, Lateness, Recipient, Refusal
from bot.model.clock import VIETNAM
from bot.model.dossier import Status
from bot.model.erasure import digest_of
from bot.model.message import DeliveryState, Lane
from bot.model.person import Address, Preference
from bot.model.wording import Wording
from bot.ports import Storage, Transaction, Unwanted
from tests.flows.broadcasting import MORNING, PRICE, WORDING, Office, office_over, people, phone, sure
from tests.support.making import Time, code


@pytest.fixture
def office(storage: Storage) -> Office:
    return office_over(storage)


def word(answer: object) -> str:
    assert isinstance(answer, Refusal), answer
    return answer.word


# Before it is approved


async def test_a_list_becomes_messages_that_each_phone_gets_once(office: Office) -> None:
    drawn = await office.listed(250)
    approved = await office.approved(drawn)

    async with office.sending() as phones:
        await office.look(2)
        await office.until(lambda: _is(office, approved, BroadcastState.DONE))

    assert (drawn.people, drawn.count.cost if drawn.count else 0) == (250, 250 * PRICE)
    assert len(phones.texts) == 251
    assert set(phones.texts.values()) == {1}
    assert (await office.seen(approved)).handed_out == 250
    assert await office.states(approved) == {DeliveryState.DELIVERED: 250}
    assert (await balance(office.storage)).balanced


async def _is(office: Office, broadcast: object, state: BroadcastState) -> bool:
    await office.watch.look()
    return (await office.seen(broadcast)).state is state  # type: ignore[arg-type]


async def test_who_cannot_be_written_to_is_left_out_and_counted_by_why(office: Office) -> None:
    await _unwilling(office)
    draft = await office.draft()
    rows = [*people(6), replace(people(1)[0], number=50), Recipient(number=51, phone=phone(9), values={"ten": ""})]
    sure(await office.broadcasts.take_list(draft.id, rows, name="ds.csv", digest="x", by="lan"))

    drawn = sure(await office.broadcasts.draw_up(draft.id, by="lan"))

    assert drawn.count is not None
    assert drawn.count.left_out == {
        "disowned": 1,
        "do_not_send": 1,
        "erased": 1,
        "important_only": 1,
        "no_value": 1,
        "twice": 1,
    }
    assert drawn.people == 2


async def _unwilling(office: Office) -> None:
    now = office.clock()

    async def work(tx: Transaction) -> None:
        await tx.do_not_send.add([Unwanted(Address("sms", phone(1)), now, "lan", "")])
        await tx.people.disown(phone(2), at=now)
        await tx.people.prefer(Preference(phone(3), important_only=True), at=now)
        salt = await tx.privacy.salt()
        await tx.privacy.erase(phone(4), [], digest=digest_of(phone(4), salt), at=now)

    await office.storage.write(work)


async def test_a_bound_chat_is_written_to_for_nothing_and_the_rest_by_sms(office: Office) -> None:
    await office.bound(2)

    drawn = await office.listed(3)

    assert drawn.count is not None
    assert [(each.channel, each.people, each.cost) for each in drawn.count.shares] == [
        ("sms", 2, 2 * PRICE),
        ("telegram", 1, 0),
    ]
    await office.approved(drawn)
    await office.look(2)
    progress = await office.broadcasts.progress(drawn.id)
    assert progress.by_channel == {"sms": 2, "telegram": 1}


async def test_a_small_one_goes_by_itself_and_a_large_or_dear_one_waits_for_another_person(storage: Storage) -> None:
    for people_, cost, needs in ((5, 9_999, False), (4, 9_999, True), (5, 5 * PRICE - 1, True)):
        office = office_over(storage, approve_people=people_, approve_cost=cost)
        drawn = await office.listed(5, digest=f"{people_}-{cost}")
        submitted = await office.submitted(drawn)
        assert submitted.needs_approval is needs
        assert submitted.state is (BroadcastState.SUBMITTED if needs else BroadcastState.APPROVED)


async def test_nothing_is_submitted_that_was_not_counted_and_tried_as_it_is(office: Office) -> None:
    draft = await office.draft()
    untaken = await office.broadcasts.submit(draft.id, by="lan")
    taken = sure(await office.broadcasts.take_list(draft.id, people(3), name="a", digest="a", by="lan"))
    uncounted = await office.broadcasts.submit(draft.id, by="lan")
    sure(await office.broadcasts.draw_up(draft.id, by="lan"))
    untried = await office.broadcasts.submit(draft.id, by="lan")
    sure(await office.broadcasts.test(draft.id, to="0912000999", by="lan"))
    changed = await office.broadcasts.change(
        draft.id, revision=taken.revision, by="lan", wording=replace(WORDING, chat="Kính gửi Ông/Bà, xin lỗi.")
    )
    stale = await office.broadcasts.submit(draft.id, by="lan")
    sure(await office.broadcasts.draw_up(draft.id, by="lan"))
    tried_before = await office.broadcasts.submit(draft.id, by="lan")

    assert [word(each) for each in (untaken, uncounted, untried, stale, tried_before)] == [
        "not_drawn",
        "not_drawn",
        "not_tested",
        "not_drawn",
        "not_tested",
    ]
    assert sure(changed).revision == taken.revision + 1


async def test_a_test_says_to_its_maker_what_the_first_one_would_read(office: Office) -> None:
    drawn = await office.listed(3)

    tested = sure(await office.broadcasts.test(drawn.id, to="0912 000 999", by="lan"))

    [item] = await office.storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=9))
    assert item.text == "Kinh gui Ba Lan 1: ngay mai Bo phan Mot cua nghi."
    assert (item.address.value, item.lane, item.origin[:5]) == ("+84912000999", Lane.REPLY, "test:")
    assert tested.tested_revision == tested.revision
    assert word(await office.broadcasts.test(drawn.id, to="so nao do", by="lan")) == "no_way"


async def test_a_test_is_no_way_to_write_to_people(office: Office) -> None:
    drawn = await office.listed(1)
    for _ in range(30):
        sure(await office.broadcasts.test(drawn.id, to="0912000999", by="lan"))

    assert word(await office.broadcasts.test(drawn.id, to="0912000999", by="lan")) == "too_many_tests"


@pytest.mark.parametrize(
    "sms",
    ["", "Xem https://vidu.vn", "Ma xac thuc cua Ong/Ba", "Kinh gui {{ khong_co }}", "{{ ten", "Kinh gui " + "a" * 400],
)
async def test_a_text_with_an_error_is_not_counted_tried_or_submitted(office: Office, sms: str) -> None:
    drawn = await office.listed(1)
    draft = sure(
        await office.broadcasts.change(
            drawn.id, revision=drawn.revision, by="lan", wording=Wording(chat="Kính gửi Ông/Bà {{ ten }}.", sms=sms)
        )
    )

    answers = [
        await office.broadcasts.draw_up(draft.id, by="lan"),
        await office.broadcasts.test(draft.id, to="0912000999", by="lan"),
        await office.broadcasts.submit(draft.id, by="lan"),
    ]

    assert [word(each) for each in answers] == ["text"] * 3


async def test_nobody_approves_what_she_had_a_hand_in_however_her_name_is_written(office: Office) -> None:
    drawn = await office.listed(200)
    for name in ("nam", "tu"):
        drawn = sure(
            await office.broadcasts.change(drawn.id, revision=drawn.revision, by=name, title=f"Sửa bởi {name}")
        )
    sure(await office.broadcasts.draw_up(drawn.id, by="lan"))
    await office.submitted(drawn)

    refused = [await office.broadcasts.approve(drawn.id, by=name) for name in ("Lan", "NAM", "tu", "")]
    approved = sure(await office.broadcasts.approve(drawn.id, by="hoa"))

    assert {word(each) for each in refused} == {"own"}
    assert (approved.state, approved.approved_by) == (BroadcastState.APPROVED, "hoa")


async def test_after_it_is_submitted_nothing_of_it_can_be_changed(office: Office) -> None:
    drawn = await office.listed(200)
    await office.submitted(drawn)

    answers = [
        await office.broadcasts.change(drawn.id, revision=drawn.revision, by="lan", title="Khác"),
        await office.broadcasts.take_list(drawn.id, people(1), name="b", digest="b", by="lan"),
        await office.broadcasts.draw_up(drawn.id, by="lan"),
        await office.broadcasts.test(drawn.id, to="0912000999", by="lan"),
        await office.broadcasts.submit(drawn.id, by="lan"),
    ]

    assert {word(each) for each in answers} == {"state"}
    assert len(await office.broadcasts.rows(drawn.id, limit=500)) == 200


async def test_the_same_list_is_not_sent_twice(office: Office) -> None:
    first, twin = await office.listed(3, digest="same"), await office.listed(3, digest="same")
    await office.submitted(first)

    sure(await office.broadcasts.test(twin.id, to="0912000999", by="lan"))
    too_late = await office.broadcasts.submit(twin.id, by="lan")
    refused = await office.broadcasts.take_list(twin.id, people(3), name="c", digest="same", by="lan")

    assert [word(each) for each in (too_late, refused)] == ["same_list", "same_list"]
    assert isinstance(refused, Refusal)
    assert refused.values == {"of": first.id}


async def test_two_who_change_a_draft_at_once_do_not_overwrite_each_other(office: Office) -> None:
    draft = await office.draft()

    answers = await asyncio.gather(
        *(office.broadcasts.change(draft.id, revision=draft.revision, by=name, title=name) for name in ("lan", "nam"))
    )

    assert sorted(type(each).__name__ for each in answers) == ["Broadcast", "Refusal"]


async def test_no_more_is_submitted_than_the_month_still_allows(storage: Storage) -> None:
    office = office_over(storage, monthly=10 * PRICE)
    first, second = await office.listed(6, digest="1"), await office.listed(5, digest="2")
    await office.submitted(first)

    left = await office.broadcasts.budget_left("H32.10")
    sure(await office.broadcasts.test(second.id, to="0912000999", by="lan"))
    refused = await office.broadcasts.submit(second.id, by="lan")

    assert left == 4 * PRICE
    assert isinstance(refused, Refusal)
    assert (refused.word, refused.values) == ("no_budget", {"left": 4 * PRICE, "cost": 5 * PRICE})


async def test_nobody_of_another_agency_is_meant(office: Office) -> None:
    await office.mirrored(1, 2)
    await office.mirrored(3, agency="H32.11")

    everybody = await office.asked(Audience(), wording=LATE)
    outside = await office.broadcasts.change(
        everybody.id, revision=everybody.revision, by="lan", audience=Audience(agencies=("H32.11",))
    )

    assert everybody.people == 2
    assert word(outside) == "agency"


async def test_each_act_is_recorded_once_and_a_refusal_is_not(office: Office) -> None:
    entry = Entry(at=MORNING, by="lan", what="broadcast.changed")
    draft = await office.draft()
    recorded = replace(office.broadcasts, storage=Audited(office.storage, if_done(entry)))

    sure(await recorded.take_list(draft.id, people(2500), name="a", digest="a", by="lan"))
    sure(await recorded.draw_up(draft.id, by="lan"))
    assert word(await recorded.approve(draft.id, by="hoa")) == "state"

    assert len(await office.storage.read(lambda tx: tx.audit.listed((), limit=99))) == 2


# While it leaves


async def test_a_few_leave_first_and_the_rest_waits_for_a_person(storage: Storage) -> None:
    office = office_over(storage, canary=20)
    approved = await office.approved(await office.listed(200))

    async with office.sending() as phones:
        await office.look(3)
        await office.until(lambda: _have(phones.texts, 21))
        tried = await office.seen(approved)
        office.clock.pass_(hours=5)
        await office.look(3)
        still = await office.seen(approved)
        sure(await office.broadcasts.resume(approved.id, by="lan"))
        await office.until(lambda: _is(office, approved, BroadcastState.DONE))

    assert (tried.state, tried.handed_out, still.state) == (BroadcastState.TRIED, 20, BroadcastState.TRIED)
    assert (len(phones.texts), set(phones.texts.values())) == (201, {1})


async def _have(texts: dict[str, int], number: int) -> bool:
    return len(texts) >= number


async def test_after_its_minutes_the_rest_goes_by_itself_unless_too_many_failed(storage: Storage) -> None:
    for failed, state in ((0, BroadcastState.RUNNING), (2, BroadcastState.TRIED)):
        office = office_over(storage, canary=10, canary_minutes=15, canary_failed_percent=20)
        approved = await office.approved(await office.listed(40, digest=str(failed)))
        await office.look(2)
        await _settle(office, failed)

        office.clock.pass_(minutes=14)
        await office.look()
        early = (await office.seen(approved)).state
        office.clock.pass_(minutes=1)
        await office.look()

        assert (early, (await office.seen(approved)).state) == (BroadcastState.TRIED, state)
        sure(await office.broadcasts.cancel(approved.id, by="lan"))


async def _settle(office: Office, failed: int) -> None:
    """The first few of what waits have failed, the others arrived."""
    from bot.ports import Settlement

    now = office.clock()

    async def work(tx: Transaction) -> None:
        claimed = await tx.outbox.claim("sms", owner="x", now=now, lease_until=now + timedelta(hours=1), limit=99)
        bulk = [each.item for each in claimed if each.item.lane is Lane.BULK]
        await tx.outbox.settle(
            [
                Settlement(
                    item_id=each.id,
                    owner="x",
                    state=DeliveryState.FAILED if place < failed else DeliveryState.DELIVERED,
                    at=now,
                )
                for place, each in enumerate(bulk)
            ]
        )

    await office.storage.write(work)


async def test_a_pause_stops_what_has_not_left_and_afterwards_everybody_is_written_to_once(office: Office) -> None:
    approved = await office.approved(await office.listed(300))
    office.phones.most = 50

    async with office.sending(window=4) as phones:
        await office.look(2)
        await office.until(lambda: _have(phones.texts, 50))
        sure(await office.broadcasts.pause(approved.id, by="lan", why="nhầm ngày"))
        phones.open.set()
        phones.most = None
        await office.until(lambda: _none_under_way(office, approved.id))
        stopped = phones.texts.total()
        await office.look(3)
        await asyncio.sleep(0.1)
        later = phones.texts.total()
        sure(await office.broadcasts.resume(approved.id, by="lan"))
        await office.until(lambda: _is(office, approved, BroadcastState.DONE))

    assert stopped == later < 70
    assert (len(phones.texts), set(phones.texts.values())) == (301, {1})
    assert (await balance(office.storage)).balanced


async def _none_under_way(office: Office, broadcast_id: str) -> bool:
    progress = await office.broadcasts.progress(broadcast_id)
    return DeliveryState.SENDING not in progress.by_state and DeliveryState.QUEUED not in progress.by_state


async def test_what_is_cancelled_while_it_leaves_never_reaches_the_others(office: Office) -> None:
    approved = await office.approved(await office.listed(300))
    office.phones.most = 30

    async with office.sending() as phones:
        await office.look(2)
        await office.until(lambda: _have(phones.texts, 30))
        cancelled = sure(await office.broadcasts.cancel(approved.id, by="hoa"))
        phones.open.set()
        phones.most = None
        await office.until(lambda: _none_under_way(office, approved.id))
        reached = phones.texts.total()
        again = await office.broadcasts.resume(approved.id, by="hoa")
        await office.look(3)

    states = await office.states(approved)
    assert (cancelled.state, word(again)) == (BroadcastState.CANCELLED, "state")
    assert phones.texts.total() == reached < 60
    assert states[DeliveryState.CANCELLED] + states[DeliveryState.DELIVERED] == 300
    assert (await balance(office.storage)).balanced


async def test_a_pause_reaches_those_that_the_brake_or_the_night_let_go(office: Office) -> None:
    approved = await office.approved(await office.listed(5))
    await office.look(2)
    item = (await office.storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=9)))[-1]
    sure(await office.broadcasts.pause(approved.id, by="lan"))
    await office.storage.write(lambda tx: tx.broadcasts.let_go(approved.id, at=office.clock()))

    async with office.sending() as phones:
        await office.until(lambda: _none_under_way(office, approved.id))

    assert len(phones.texts) == 1
    assert (await office.states(approved)) == {DeliveryState.HELD: 5}
    found = await office.storage.read(lambda tx: tx.outbox.get(item.id))
    assert found is not None
    assert found.reason == "the broadcast is paused"


async def test_two_processes_that_hand_out_at_once_do_it_once(office: Office) -> None:
    approved = await office.approved(await office.listed(1200))
    await office.look()

    for _ in range(4):
        await asyncio.gather(office.watch.look(), office.watch.look(), office.watch.look())

    seen = await office.seen(approved)
    assert seen.handed_out == 1200
    assert await office.states(approved) == {DeliveryState.QUEUED: 1200}
    assert await office.storage.read(lambda tx: tx.outbox.imbalances(limit=9)) == []


async def test_no_more_than_a_few_wait_in_the_outbox(storage: Storage) -> None:
    office = office_over(storage, waiting=700)
    approved = await office.approved(await office.listed(2000))

    await office.look(6)

    assert await office.states(approved) == {DeliveryState.QUEUED: 700}


async def test_it_begins_at_its_hour_and_not_before(office: Office) -> None:
    hour = MORNING + timedelta(hours=2, minutes=7)
    approved = await office.approved(await office.listed(3, starts_at=hour))

    office.clock.now = hour - timedelta(minutes=1)
    await office.look(2)
    before = (await office.seen(approved)).state
    office.clock.now = hour
    await office.look(2)

    assert (before, (await office.seen(approved)).handed_out) == (BroadcastState.APPROVED, 3)


async def test_at_night_it_is_held_until_the_morning(storage: Storage) -> None:
    clock = Time(datetime(2026, 11, 22, 21, 30, tzinfo=VIETNAM))
    office = office_over(storage, clock)
    approved = await office.approved(await office.listed(3))

    async with office.sending() as phones:
        await office.look(2)
        await office.until(lambda: _held(office, approved.id, 3))

    assert len(phones.texts) == 1
    held = await office.storage.read(lambda tx: tx.outbox.quiet_held())
    assert [(each.until.astimezone(VIETNAM).hour, each.messages) for each in held] == [(7, 3)]


async def _held(office: Office, broadcast_id: str, number: int) -> bool:
    return (await office.broadcasts.progress(broadcast_id)).by_state.get(DeliveryState.HELD) == number


# What has become untrue

LATE = Wording(
    chat="Kính gửi Ông/Bà, hồ sơ {{ code }} đang trễ hẹn, mong Ông/Bà thông cảm.",
    sms="Kinh gui Ong/Ba: ho so {{ code }} dang tre hen, mong Ong/Ba thong cam.",
)


async def late_people(office: Office, number: int) -> None:
    overdue = MORNING - timedelta(days=1)
    await office.mirrored(
        *range(1, number + 1), status=Status.PROCESSING, appointment_at=overdue, received_at=overdue - timedelta(days=9)
    )


async def finish(office: Office, number: int) -> None:
    async def work(tx: Transaction) -> None:
        from bot.ports import Mirrored

        [before] = (await tx.dossiers.get_many("office", [code(number)])).values()
        after = replace(before, status=Status.DONE, finished_at=office.clock())
        await tx.dossiers.save([Mirrored.of(after, 1)], at=office.clock())

    await office.storage.write(work)


async def test_who_is_no_longer_meant_when_it_is_her_turn_is_left_out_and_counted(office: Office) -> None:
    await late_people(office, 5)
    drawn = await office.asked(Audience(lateness=Lateness.LATE), wording=LATE)
    await office.approved(drawn)
    await finish(office, 2)

    await office.look(3)

    progress = await office.broadcasts.progress(drawn.id)
    results = await office.broadcasts.results(drawn.id, limit=9)
    assert (drawn.people, progress.left_out, progress.by_state) == (5, {"untrue": 1}, {DeliveryState.QUEUED: 4})
    assert [each.number for each in results if each.left_out == "untrue"] == [2]


async def test_what_becomes_untrue_while_it_waits_is_not_sent(office: Office) -> None:
    await late_people(office, 5)
    drawn = await office.asked(Audience(lateness=Lateness.LATE), wording=LATE)
    await office.approved(drawn)
    await office.look(2)
    await finish(office, 2)

    async with office.sending() as phones:
        await office.until(lambda: _is(office, drawn, BroadcastState.DONE))

    assert phone(2) not in phones.texts
    assert await office.states(drawn) == {DeliveryState.DELIVERED: 4, DeliveryState.SUPPRESSED: 1}


async def test_of_an_audience_each_phone_is_told_of_one_dossier(office: Office) -> None:
    await office.mirrored(1, 2)
    await office.mirrored(3, phone=phone(1))
    await office.mirrored(4, phone="")
    await office.mirrored(5, phone="0258 3822 229")

    drawn = await office.asked(Audience(agencies=("H32.10",)), wording=LATE)

    rows = await office.broadcasts.rows(drawn.id, limit=9)
    assert drawn.count is not None
    assert (drawn.people, drawn.count.left_out) == (2, {"no_phone": 2, "twice": 1})
    assert [each.values["code"] for each in rows] == [code(1), code(2)]
    preview = await office.broadcasts.preview(drawn.id, 2)
    assert preview is not None
    assert preview.sms is not None
    assert code(2) in preview.chat
    assert (preview.sms.parts, preview.sms.cost) == (1, PRICE)


async def test_only_who_can_be_reached_by_the_way_that_was_asked_for(office: Office) -> None:
    await office.mirrored(1, 2, 3)
    await office.bound(2)

    drawn = await office.asked(Audience(reachable_by="telegram"), wording=LATE)

    assert drawn.count is not None
    assert (drawn.people, drawn.count.left_out) == (1, {"no_channel": 2})
