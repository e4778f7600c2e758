"""What staff search for: found on every engine, newest first, page by page, and nothing of other agencies."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.model.apology import Apology
from bot.model.audit import Entry
from bot.model.dossier import Change, ChangeKind, Dossier, Status
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, InboundMessage, OutboxItem, Receipt
from bot.model.name import name_words
from bot.model.person import Address, Binding, Proof
from bot.model.service import Feedback, FeedbackKind, Survey
from bot.ports import ConversationState, LateEvent, Mirrored, Settlement, Storage, Trace, Transaction, Unwanted
from bot.ports.console import DossierLine, DossierPlace, DossierWish, MessageWish, Outcomes, Page
from bot.receipts import record
from tests.support.making import OWNER_PHONE, START, dossier, message

ALL = ()


async def keep(storage: Storage, *dossiers: Dossier) -> None:
    mirrored = [Mirrored.of(each, 1) for each in dossiers]
    await storage.write(lambda tx: tx.dossiers.add(mirrored, at=START))


async def found(
    storage: Storage,
    wish: DossierWish,
    agencies: Sequence[str] = ALL,
    *,
    before: DossierPlace | None = None,
    limit: int = 10,
) -> Page[DossierLine, DossierPlace]:
    return await storage.read(lambda tx: tx.console.dossiers(wish, agencies, now=START, before=before, limit=limit))


async def codes(storage: Storage, wish: DossierWish, agencies: Sequence[str] = ALL) -> list[str]:
    return [each.code for each in (await found(storage, wish, agencies)).found]


def at(number: int, agency: str = "H32.10", **changes: Any) -> Dossier:
    """Received so many hours after the start."""
    return dossier(number, agency=agency, received_at=START + timedelta(hours=number), **changes)


async def test_dossiers_of_all_agencies_come_newest_first_page_by_page(storage: Storage) -> None:
    await keep(storage, *(at(number, f"H32.{number % 3}") for number in range(1, 8)))

    first = await found(storage, DossierWish(), limit=3)
    second = await found(storage, DossierWish(), before=first.next, limit=3)
    third = await found(storage, DossierWish(), before=second.next, limit=3)

    numbers = [each.code[-1] for page in (first, second, third) for each in page.found]
    assert numbers == ["7", "6", "5", "4", "3", "2", "1"]
    assert third.next is None


async def test_two_dossiers_of_one_moment_stand_on_two_pages_once_each(storage: Storage) -> None:
    await keep(storage, *(dossier(number, agency="H32.1") for number in range(1, 5)))

    first = await found(storage, DossierWish(), limit=2)
    second = await found(storage, DossierWish(), before=first.next, limit=2)

    assert [each.code[-1] for each in (*first.found, *second.found)] == ["4", "3", "2", "1"]


async def test_a_commune_finds_its_own_and_those_below_it_and_no_other(storage: Storage) -> None:
    await keep(storage, at(1, "H32.10"), at(2, "H32.10.1"), at(3, "H32.1"), at(4, "H32.11"), at(5, ""))

    assert [each[-1] for each in await codes(storage, DossierWish(), ["H32.10"])] == ["2", "1"]
    assert [each[-1] for each in await codes(storage, DossierWish(agency="H32.10"), ["H32"])] == ["2", "1"]
    assert await codes(storage, DossierWish(agency="H32.10"), ["H32.11"]) == []
    assert [each[-1] for each in await codes(storage, DossierWish())] == ["5", "4", "3", "2", "1"]


async def test_a_name_is_found_by_its_words_without_accents_and_case(storage: Storage) -> None:
    await keep(
        storage,
        at(1, applicant="Nguyễn Thị Ánh"),
        at(2, applicant="NGUYỄN VĂN ANH"),
        at(3, applicant="Đỗ Thị Ánh Nguyệt"),
        at(4, "H32.20", applicant="Nguyễn Thị Ánh"),
    )

    async def named(text: str, *agencies: str) -> list[str]:
        return [each[-1] for each in await codes(storage, DossierWish(name=name_words(text)), agencies)]

    assert await named("nguyen thi anh") == ["4", "1"]
    assert await named("ánh") == ["4", "2", "1"]
    assert await named("Nguyễn Anh", "H32.10") == ["2", "1"]
    assert await named("đỗ nguyệt") == ["3"]
    assert await named("thi") == []


async def test_a_new_name_is_found_and_the_old_one_no_more(storage: Storage) -> None:
    await keep(storage, at(1, applicant="Trần Văn Bình"))

    changed = [Mirrored.of(at(1, applicant="Trần Thị Cúc"), 2)]
    await storage.write(lambda tx: tx.dossiers.save(changed, at=START))

    assert await codes(storage, DossierWish(name="cuc"))
    assert not await codes(storage, DossierWish(name="binh"))


async def test_nobody_finds_the_name_of_somebody_who_was_forgotten(storage: Storage) -> None:
    await keep(storage, at(1, applicant="Trần Văn Bình"))

    await storage.write(lambda tx: tx.privacy.erase(OWNER_PHONE, [], digest="d", at=START))

    assert not await codes(storage, DossierWish(name="binh"))
    assert not await storage.read(lambda tx: tx.console.unnamed(limit=10))


async def test_names_of_before_are_written_down_once(storage: Storage) -> None:
    await keep(storage, at(1, applicant="(…)"))
    waiting = await storage.read(lambda tx: tx.console.unnamed(limit=10))

    named = [(*each, "tran binh") for each in waiting]
    await storage.write(lambda tx: tx.console.name(named))

    assert [(each[1], each[2]) for each in waiting] == [("office", "(…)")]
    assert await codes(storage, DossierWish(name="binh"))
    assert not await storage.read(lambda tx: tx.console.unnamed(limit=10))


async def test_a_dossier_is_found_by_its_code_the_beginning_of_it_and_its_phone(storage: Storage) -> None:
    await keep(storage, at(1), at(2, phone="+84987654321"), at(3, "H32.20"))
    whole = at(2).code

    assert await codes(storage, DossierWish(code=whole)) == [whole]
    assert len(await codes(storage, DossierWish(code=whole[:12]))) == 3
    assert len(await codes(storage, DossierWish(code=whole[:12]), ["H32.10"])) == 2
    assert await codes(storage, DossierWish(phone="+84987654321")) == [whole]
    assert await codes(storage, DossierWish(phone="+84987654321"), ["H32.20"]) == []


async def test_status_procedure_and_lateness_narrow_a_list(storage: Storage) -> None:
    past = START - timedelta(days=2)
    await keep(
        storage,
        at(1, procedure="1.001", status=Status.PROCESSING, appointment_at=past),
        at(2, procedure="1.002", status=Status.PROCESSING),
        at(3, procedure="1.001", status=Status.RETURNED, appointment_at=past),
        at(4, procedure="1.001", status=Status.SUPPLEMENT),
    )

    async def wished(**wish: Any) -> list[str]:
        return [each[-1] for each in await codes(storage, DossierWish(**wish))]

    assert await wished(procedure="1.001") == ["4", "3", "1"]
    assert await wished(status=Status.PROCESSING) == ["2", "1"]
    assert await wished(status=Status.PROCESSING, procedure="1.001") == ["1"]
    assert await wished(status=Status.PROCESSING, agency="H32.10") == ["2", "1"]
    assert await wished(is_late=True) == ["1"]


async def test_what_is_rare_is_found_behind_much_that_is_of_others(storage: Storage) -> None:
    rare = at(1, "H32.9", status=Status.PROCESSING)
    others = [at(number, "H32.1", status=Status.PROCESSING) for number in range(2, 60)]
    agencies = [at(100 + number, f"H32.{100 + number}") for number in range(20)]
    await keep(storage, rare, *others, *agencies)

    wish = DossierWish(status=Status.PROCESSING)
    scope = [f"H32.{100 + number}" for number in range(20)] + ["H32.9"]
    page = await found(storage, wish, scope, limit=2)

    assert [each.code for each in page.found] == [rare.code]
    assert page.next is None


# Messages

new_id = id_maker(lambda: START)


def sent(number: int = 1, agency: str = "H32.10", **changes: Any) -> OutboxItem:
    return message(id=new_id(), agency=agency, source="office", code=dossier(number).code, **changes)


async def enqueue(storage: Storage, *items: OutboxItem) -> list[str]:
    await storage.write(lambda tx: tx.outbox.enqueue(items))
    return [item.id for item in items]


async def listed(storage: Storage, wish: MessageWish, agencies: Sequence[str] = ALL, before: str = "") -> list[str]:
    page = await storage.read(lambda tx: tx.console.messages(wish, agencies, before=before, limit=10))
    return [item.id for item in page.found]


async def test_messages_come_newest_first_and_only_of_the_agencies_that_one_may_see(storage: Storage) -> None:
    ours, below, other, reply = await enqueue(
        storage, sent(1), sent(2, "H32.10.4"), sent(3, "H32.11"), message(id=new_id(), agency="")
    )

    assert await listed(storage, MessageWish()) == [reply, other, below, ours]
    assert await listed(storage, MessageWish(), ["H32.10"]) == [below, ours]
    assert await listed(storage, MessageWish(agency="H32.11"), ["H32.10"]) == []
    assert await listed(storage, MessageWish(), before=below) == [ours]


async def test_each_outcome_lists_its_messages_for_one_agency_and_for_all(storage: Storage) -> None:
    states = list(DeliveryState)
    items = [sent(number, state=state) for number, state in enumerate(states)]
    await enqueue(storage, *items)

    wanted = {
        Outcomes.WAITING: 3, Outcomes.TAKEN: 1, Outcomes.ARRIVED: 1, Outcomes.FAILED: 2,
        Outcomes.UNCERTAIN: 1, Outcomes.UNSENT: 3,
    }  # fmt: skip
    counted = await storage.read(lambda tx: tx.console.counted(MessageWish(), ALL, most=100))

    assert counted.by_outcome == wanted
    assert counted.is_whole
    for outcome, number in wanted.items():
        assert len(await listed(storage, MessageWish(outcome=outcome))) == number
        assert len(await listed(storage, MessageWish(outcome=outcome), ["H32"])) == number


async def test_counts_stop_at_their_limit_and_say_so(storage: Storage) -> None:
    await enqueue(storage, *(sent(number) for number in range(8)))

    counted = await storage.read(lambda tx: tx.console.counted(MessageWish(), ["H32.10"], most=5))

    assert counted.by_outcome == {Outcomes.WAITING: 5}
    assert not counted.is_whole


async def test_messages_are_found_by_recipient_dossier_channel_and_day(storage: Storage) -> None:
    hers = Address("sms", "+84987654321")
    first, second = await enqueue(storage, sent(1, address=hers), sent(2, gateway="viettel"))

    assert await listed(storage, MessageWish(addresses=[hers])) == [first]
    assert await listed(storage, MessageWish(addresses=[hers]), ["H32.99"]) == []
    assert await listed(storage, MessageWish(code=dossier(2).code)) == [second]
    assert await listed(storage, MessageWish(channel="viettel")) == [second]
    assert await listed(storage, MessageWish(since=START)) == [second, first]
    assert await listed(storage, MessageWish(until=START)) == []
    assert await listed(storage, MessageWish(since=START + timedelta(days=1))) == []


async def test_a_message_tells_its_parts_its_repetitions_and_what_came_after_it(storage: Storage) -> None:
    first, later = sent(1), sent(1)
    again = replace(sent(1), origin=f"resend:{first.id}:1")
    await enqueue(storage, first, again, later)
    await taken(storage, first, "r1", "r2")
    await record(storage, [Receipt(channel="sms", reference="r1", state=DeliveryState.DELIVERED, at=START)])
    await storage.write(lambda tx: tx.do_not_send.add([Unwanted(first.address, START, "lan", "asked")]))

    story = await storage.read(lambda tx: tx.console.message(first.id))

    assert story is not None
    assert [(part.reference, part.state) for part in story.parts] == [
        ("r1", DeliveryState.DELIVERED), ("r2", DeliveryState.ACCEPTED),
    ]  # fmt: skip
    assert [item.id for item in story.resends] == [again.id]
    assert [item.id for item in story.newer] == [later.id]
    assert story.is_unwanted
    assert await storage.read(lambda tx: tx.console.message("0" * 26)) is None


async def taken(storage: Storage, item: OutboxItem, *references: str) -> None:
    """The provider has it."""

    async def work(tx: Transaction) -> None:
        await tx.outbox.claim("sms", owner="o", now=START, lease_until=START + timedelta(minutes=1), limit=10)
        settlement = Settlement(
            item_id=item.id, owner="o", state=DeliveryState.ACCEPTED, at=START, references=references, cost=400
        )
        await tx.outbox.settle([settlement])

    await storage.write(work)


async def test_the_story_of_a_dossier_holds_all_that_happened_to_it(storage: Storage) -> None:
    one = at(1)
    await keep(storage, one, at(2))
    item = sent(1)
    await enqueue(storage, item, sent(2))
    await taken(storage, item, "r1")
    await storage.write(lambda tx: live(tx, one))

    story = await storage.read(lambda tx: tx.console.story(one.source, one.code, phone=OWNER_PHONE))

    assert [change.kind for change in story.changes] == [ChangeKind.STATUS]
    assert [late.fingerprint for late in story.late] == ["f"]
    assert [each.id for each in story.messages] == [item.id]
    assert [part.reference for part in story.parts[item.id]] == ["r1"]
    assert [each.id for each in story.apologies] == [next(iter(story.acts))]
    assert [each.text for each in story.feedback] == ["chậm quá"]
    assert [each.address for each in story.surveys] == [Address("zalo", "1")]
    assert [each.address for each in story.asked] == [Address("telegram", "7")]
    assert len(story.failed_at) == 1
    assert [(each.what, each.by) for each in story.looks] == [("dossier.looked", "lan")]
    assert [each.address for each in story.bindings] == [Address("telegram", "7")]
    assert story.cost == 400


async def live(tx: Transaction, one: Dossier) -> None:
    """What happens to a dossier."""
    chat = Address("telegram", "7")
    change = Change(
        source=one.source, code=one.code, number=1, kind=ChangeKind.STATUS, at=START,
        status_before=Status.RECEIVED, status_after=Status.PROCESSING, fate="planned",
    )  # fmt: skip
    await tx.dossiers.add_changes([change])
    await tx.dossiers.add_late([LateEvent(source=one.source, code=one.code, fingerprint="f", seen_at=START)])
    apology = Apology(
        id="", source=one.source, code=one.code, agency="H32.10", agency_name="", reason="r", old_at=START,
        new_at=START, limit_at=START, form="f", drafted_at=START,
    )  # fmt: skip
    await tx.apologies.add([apology], reopen=())
    feedback = Feedback(
        kind=FeedbackKind.PROPOSAL, address=chat, channel="telegram", code=one.code, text="chậm quá", at=START
    )
    await tx.service.add_feedback(feedback, day="261122", prefix="PA")
    survey = Survey(source=one.source, code=one.code, address=Address("zalo", "1"), agency="H32.10", asked_at=START)
    await tx.service.ask_survey([survey])
    asked = InboundMessage(channel="telegram", message_id="1", sender=chat, text=one.code, at=START)
    await tx.conversations.first_time(asked)
    await tx.conversations.load(chat)
    await tx.conversations.save(chat, ConversationState(about=one.code), at=START)
    await tx.guards.note([Trace("code", one.code)], at=START)
    await tx.people.bind(Binding(chat, OWNER_PHONE, Proof.CONTACT, START, START, "telegram"))
    await tx.audit.add([Entry(at=START, by="lan", what="dossier.looked", subject=one.code, agency="H32.10")])
