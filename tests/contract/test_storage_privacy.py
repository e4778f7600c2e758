"""Erasure reaches every table of the schema, takes from nobody else, and leaves the books balanced; on every engine."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.model.api import ApiMessage, Callback
from bot.model.apology import Act, Apology
from bot.model.broadcast import Recipient
from bot.model.dossier import Step
from bot.model.message import Alternative, DeliveryState, File, Option, OutboxItem
from bot.model.person import Address, Binding, Consent, Follow, Invitation, OneTimeCode, Preference, Proof, Purpose
from bot.model.service import Feedback, FeedbackKind, Score, Survey, Talk
from bot.ports import ConversationState, LateEvent, Settlement, SourceState, Storage, Trace, Transaction, Unwanted
from storage.mentions import Mentions
from tests.contract.storage_values import (
    NOW,
    a_dossier,
    a_message,
    a_receipt,
    a_settlement,
    an_item,
    claim,
    enqueue,
    kept,
    later,
    settle,
    stored,
)

MOMENT = later(hours=1)
"""Of the erasure."""

ABOUT_PEOPLE = {
    "api_callbacks",
    "api_guests",
    "api_messages",
    "apologies",
    "apology_acts",
    "attempts",
    "bindings",
    "broadcast_recipients",
    "carriers",
    "consents",
    "conversations",
    "disowned",
    "do_not_send",
    "documents",
    "dossiers",
    "feedback",
    "follows",
    "inbound",
    "invitations",
    "late_events",
    "one_time_codes",
    "outbox",
    "parts",
    "plans",
    "preferences",
    "surveys",
    "talks",
}
"""Tables that hold something of the person before she is erased: the test fills each of them."""

IN_STEP = {"outbox_keys"}
"""On PostgreSQL alone: written with the table of which it is a part."""

ABOUT_NOBODY = {
    "alarms",
    "api_answers",
    "api_keys",
    "audit",
    "audit_head",
    "broadcast_acts",
    "broadcasts",
    "bypasses",
    "changes",
    "deadline_notes",
    "dossier_spending",
    "erasure_salt",
    "erasures",
    "failures",
    "gateway_minutes",
    "gateway_shares",
    "heartbeats",
    "imbalances",
    "leases",
    "shares",
    "migrations",
    "moves",
    "numbers",
    "parked",
    "pauses",
    "proofs",
    "quarantine",
    "restore_doubts",
    "reconciliation_seen",
    "reconciliations",
    "report_days",
    "report_dossiers",
    "report_heard",
    "report_late",
    "report_messages",
    "report_names",
    "report_overdue",
    "report_seen",
    "report_standing",
    "retention_left",
    "retention_marks",
    "sealing",
    "source_failures",
    "sources",
    "speed",
    "spending",
    "staff",
    "staff_invitations",
    "staff_sessions",
    "text_revision",
    "texts",
    "told_by_hand",
    "unknown_statuses",
    "vaults",
}
"""Tables that never hold anything personal of a citizen. They are searched all the same."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody and all by which she could be recognised."""

    place: int
    """Tells her rows from those of others."""
    phone: str
    name: str
    chat: str
    former_chat: str

    @property
    def sms(self) -> Address:
        return Address("sms", self.phone)

    @property
    def telegram(self) -> Address:
        return Address("telegram", self.chat)

    @property
    def written(self) -> str:
        digits = self.phone.removeprefix("+84")
        return f"0{digits[:3]} {digits[3:6]}.{digits[6:]}"

    def code(self, number: int) -> str:
        return f"H56.14-260302-{self.place}{number:03}"


MAI = Person(1, "+84912345678", "Nguyễn Thị Mai", "770000111", "770000333")
# His ids are made of her digits.
ANH = Person(2, "+84812345678", "Trần Văn Anh", "1912345678", "7700001112")


async def rows_of(tx: Transaction, statement: str) -> list[dict[str, Any]]:
    connection = tx.privacy._sql._connection  # type: ignore[attr-defined]
    if hasattr(connection, "fetch"):
        return [dict(row) for row in await connection.fetch(statement)]
    return [dict(row) for row in await connection.execute_fetchall(statement)]


async def tables_of(tx: Transaction) -> set[str]:
    if hasattr(tx.privacy._sql._connection, "fetch"):  # type: ignore[attr-defined]
        named = (
            "SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace"
        )
    else:
        named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return {row["name"] for row in await rows_of(tx, named)}


async def everything(storage: Storage) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""

    async def read(tx: Transaction) -> dict[str, list[dict[str, Any]]]:
        return {
            table: [opened(tx, row) for row in await rows_of(tx, f"SELECT * FROM {table}")]  # noqa: S608 names of the schema
            for table in await tables_of(tx)
        }

    return await storage.read(read)


def opened(tx: Transaction, row: dict[str, Any]) -> dict[str, Any]:
    """The row as it was before it was sealed, where it is."""
    sql = tx.privacy._sql  # type: ignore[attr-defined]
    return {name: sql._open(name, value) for name, value in row.items()} if sql.is_sealed else row


def betrayals(content: dict[str, list[dict[str, Any]]], person: Person, *secrets: str) -> list[tuple[str, str]]:
    """Where something of the person stands, by table and column."""
    digits = person.phone.removeprefix("+84")
    number = re.compile(rf"(?<!\d)(?:\+?84|0)?{digits}(?!\d)")
    words = (person.name.casefold(), *secrets)
    ids = re.compile(rf"(?<!\d)(?:{person.chat}|{person.former_chat})(?!\d)")
    return [
        (table, column)
        for table, rows in content.items()
        for row in rows
        for column, value in row.items()
        if isinstance(value, str)
        and (
            number.search(re.sub(r"[ .()\-]", "", value))
            or ids.search(value)
            or any(word in value.casefold() for word in words)
        )
    ]


def messages_to(person: Person) -> list[OutboxItem]:
    """By every way that a message can go."""
    ways = (Alternative("sms", person.sms, f"Kính gửi {person.name}", route="main"),)
    former, chat, sms = Address("telegram", person.former_chat), person.telegram, person.sms
    given: list[dict[str, Any]] = [
        {"address": sms, "dedupe_key": f"onestop|{person.code(1)}|1|{sms.key}", "files": (a_document(person),)},
        {"address": chat, "alternatives": ways, "values": {"name": person.name}, "options": (Option("Có", "co"),)},
        {"address": former, "text": f"Số {person.written} đã liên kết."},
        {"address": former, "dedupe_key": f"onestop|{person.code(1)}|2|{sms.key}", "alternatives": ways},
        {"address": chat, "dedupe_key": f"onestop|{person.code(1)}|3|{chat.key}", "state": DeliveryState.HELD},
        {"address": Address("zalophone", person.phone), "origin": f"survey|{person.code(1)}|{sms.key}"},
    ]
    common = {"channel": f"way{person.place}", "code": person.code(1), "text": f"Kính gửi {person.name}"}
    return [an_item(100 * person.place + number, **common | each) for number, each in enumerate(given)]


def a_document(person: Person) -> File:
    return File(f"D{person.place}", f"{person.name}.pdf", "application/pdf", person.name.encode())


async def in_every_state(storage: Storage, person: Person) -> list[OutboxItem]:
    """Her messages: accepted with a receipt to come, uncertain, on its way, queued, held, queued."""
    items = messages_to(person)
    await enqueue(storage, *items)
    claimed = await claim(storage, 3, channel=f"way{person.place}")
    accepted, uncertain, _ = [each.item.id for each in claimed]
    answer = a_settlement(accepted, DeliveryState.ACCEPTED, f"ref-{person.place}", carrier="viettel")
    await settle(storage, answer, a_settlement(uncertain, DeliveryState.UNCERTAIN))
    await storage.write(lambda tx: _named_by_others(tx, [item.id for item in items], person))
    return items


async def _named_by_others(tx: Transaction, ids: Sequence[str], person: Person) -> None:
    """What another system calls its messages, which may be anybody's name."""
    called = f"Hồ sơ {person.name}"
    tied = {"key_id": "key", "agency": "H56.14", "is_trial": False, "reference": called}
    await tx.api.note([ApiMessage(item_id=item_id, **tied) for item_id in ids[1:3]])  # type: ignore[arg-type]
    told = Callback(
        id=f"C{person.place}", key_id="key", item_id=ids[1], state=DeliveryState.ACCEPTED, reference=called,
        at=NOW, made_at=NOW, next_at=NOW,
    )  # fmt: skip
    await tx.api.tell([told], {}, ())


def a_feedback(person: Person, address: Address, text: str, phone: str = "") -> Feedback:
    return Feedback(
        kind=FeedbackKind.PROPOSAL,
        address=address,
        channel="telegram",
        text=text,
        name=person.name,
        phone=phone,
        at=NOW,
    )


def an_apology(person: Person) -> Apology:
    return Apology(
        id="",
        source="onestop",
        code=person.code(1),
        agency="H56.14",
        agency_name="UBND xã Hải Hà",
        reason="overload",
        old_at=later(days=5),
        new_at=later(days=8),
        limit_at=later(days=4),
        form="Phiếu xin lỗi",
        drafted_at=NOW,
    )


async def fill(tx: Transaction, person: Person) -> None:
    """Something of the person into every table that can have it, but her messages."""
    chat, sms, code, stranger = person.telegram, person.sms, person.code(1), Address("zalo", f"555{person.place}")
    mirrored = [
        a_dossier(
            1,
            code=code,
            phone=person.phone,
            applicant=person.name,
            lookup_code=f"bm{person.chat}",
            id_tail="4321",
            supplement=f"{person.name}: thiếu bản sao",
            reason=f"gọi {person.written} không được",
            steps=(Step(agency="H56.14", holder="Phòng Tư pháp", task=f"Hồ sơ của {person.name}", started_at=NOW),),
        ),
        a_dossier(1, code=person.code(2), phone=f"{person.written} (nhà)", applicant=person.name),
    ]
    await tx.dossiers.save(kept(*mirrored), at=NOW)
    late = [LateEvent(source="onestop", code=code, fingerprint=f"{person.name}{n}", seen_at=NOW) for n in (1, 2)]
    await tx.dossiers.add_late(late)
    await tx.people.bind(Binding(chat, person.phone, Proof.CONTACT, NOW, NOW, "telegram"))
    await tx.people.agree([Consent(address, Purpose.UPDATES, "bind/1", NOW) for address in (chat, sms)])
    await tx.people.disown(person.phone, at=NOW)
    await tx.people.prefer(Preference(person.phone, "telegram", important_only=True), at=later(minutes=1))
    await tx.people.put_code(OneTimeCode(stranger, person.phone, "5d41", NOW, later(minutes=5)))
    await tx.follows.add(Follow(chat, "onestop", code, "telegram", NOW))
    await tx.follows.add(Follow(stranger, "onestop", code, "zalo", NOW, invited_by=person.phone))
    await tx.follows.invite(Invitation(f"d{person.place}", "onestop", code, person.phone, later(days=1)))
    await tx.guards.note([Trace("phone", person.phone), Trace("sender", chat.key)], at=NOW)
    await tx.do_not_send.add([Unwanted(sms, NOW, "chi.lan", "")])
    meant = Recipient(number=person.place + 1, phone=person.phone, code=code, values={"ten": person.name})
    await tx.broadcasts.add_rows("PT-260302-0001", [meant])
    await tx.api.invite(f"key-{person.place}", [sms, chat])
    for number, (sender, text) in enumerate([(chat, person.name), (sms, "START"), (stranger, f"SĐT {person.written}")]):
        await tx.conversations.first_time(a_message(10 * person.place + number, sender=sender, text=text))
    slots = {"name": person.name, "phone": person.phone}
    for address in (chat, stranger):
        state = ConversationState(
            language="en", dialogue="feedback.text", slots=slots if address == chat else {"phone": person.phone}
        )
        await tx.conversations.save(address, state, at=NOW)
    wrote = a_feedback(person, chat, f"Tôi là {person.name}", person.phone)
    named = a_feedback(person, stranger, f"Người giữ số {person.written} nhờ tôi hỏi")
    await tx.service.add_feedback(wrote, day="260302", prefix=f"PA{person.place}")
    receipt = await tx.service.add_feedback(named, day="260302", prefix=f"PA{person.place}")
    await tx.service.answer_feedback(receipt, f"Kính gửi {person.name}", by="chi.lan", at=NOW)
    survey = Survey(source="onestop", code=code, address=chat, agency="H56.14", asked_at=NOW, score=Score.NOT_SATISFIED)
    unhappy = replace(survey, reason=f"{person.name} chờ lâu", answered_at=NOW)
    await tx.service.ask_survey([unhappy, replace(unhappy, address=sms)])
    await tx.documents.put([a_document(person)], at=NOW)
    (draft,) = await tx.apologies.add([an_apology(person)], reopen=())
    changed = replace(
        draft, text=f"{person.name} còn thiếu giấy", why=f"theo lời {person.name}", override=person.written
    )
    await tx.apologies.save(changed, Act(NOW, "changed", "chi.lan", f"{person.name}: {person.written}"))
    await tx.service.begin_talk(Talk(address=chat, channel="telegram", begun_at=NOW, heard_at=NOW))


async def erase(storage: Storage, person: Person) -> dict[str, int]:
    async def work(tx: Transaction) -> dict[str, int]:
        addresses = await tx.privacy.addresses_of(person.phone)
        return await tx.privacy.erase(person.phone, addresses, digest=f"digest{person.place}", at=MOMENT)

    return await storage.write(work)


async def test_every_table_of_the_schema_is_known_to_the_proof(storage: Storage) -> None:
    tables = await storage.read(tables_of)

    unknown = tables - ABOUT_PEOPLE - ABOUT_NOBODY - IN_STEP
    assert not unknown, f"does {unknown} hold something about people? Then Privacy.erase must reach it, and this test"
    assert tables - IN_STEP == ABOUT_PEOPLE | ABOUT_NOBODY


async def test_nothing_of_an_erased_person_is_left_in_any_table(storage: Storage) -> None:
    await storage.write(lambda tx: fill(tx, MAI))
    await in_every_state(storage, MAI)
    before = await everything(storage)
    prints = [row["fingerprint"] for row in before["dossiers"] + before["late_events"]]

    taken = await erase(storage, MAI)
    after = await everything(storage)

    assert {table for table in ABOUT_PEOPLE if not before[table]} == set()
    assert len({table for table, _ in betrayals(before, MAI)}) >= 15
    assert betrayals(after, MAI, *prints) == []
    assert "4321" not in {row["id_tail"] for row in after["dossiers"]}
    assert set(taken) == ABOUT_PEOPLE - {"late_events", "plans", "parts", "api_messages", "api_callbacks"}
    assert (taken["dossiers"], taken["outbox"], taken["inbound"], taken["feedback"]) == (2, 6, 3, 2)


async def test_an_erasure_takes_nothing_from_anybody_else(storage: Storage) -> None:
    await storage.write(lambda tx: fill(tx, ANH))
    await in_every_state(storage, ANH)
    others = await everything(storage)
    await storage.write(lambda tx: fill(tx, MAI))
    await in_every_state(storage, MAI)

    await erase(storage, MAI)
    after = await everything(storage)

    lost = {table: [row for row in others[table] if row not in after[table]] for table in ABOUT_PEOPLE}
    assert {table: rows for table, rows in lost.items() if rows} == {}


async def test_the_books_balance_after_an_erasure_and_nothing_waits_to_be_sent(storage: Storage) -> None:
    await storage.write(lambda tx: fill(tx, MAI))
    items = await in_every_state(storage, MAI)

    await erase(storage, MAI)
    found = [await stored(storage, item) for item in items]
    claimed = await claim(storage, now=MOMENT, channel="way1", lease_until=later(hours=2))

    assert [each.state.value for each in found] == [
        "accepted",
        "uncertain",
        "sending",
        "cancelled",
        "cancelled",
        "cancelled",
    ]
    assert {each.reason for each in found[3:]} == {"erased on request"}
    assert [each.address for each in found] == [Address("erased", each.id) for each in items]
    assert {(each.text, each.options, each.alternatives, *each.values) for each in found} == {("", (), ())}
    assert claimed == []
    assert await storage.read(lambda tx: tx.outbox.planned()) == len(items)
    assert await storage.read(lambda tx: tx.outbox.imbalances(limit=10)) == []


@pytest.mark.parametrize("ending", ["answer", "lease"])
async def test_what_was_on_its_way_at_the_erasure_is_never_sent_again(storage: Storage, ending: str) -> None:
    on_its_way = (await in_every_state(storage, MAI))[2]
    await erase(storage, MAI)

    if ending == "answer":
        again = Settlement(
            item_id=on_its_way.id,
            owner="sender-1",
            state=DeliveryState.QUEUED,
            at=MOMENT,
            next_at=MOMENT,
            reason="busy",
        )
        await settle(storage, again)
    else:
        await storage.write(lambda tx: tx.outbox.lapse(now=MOMENT, requeue=["way1"]))
    claimed = await claim(storage, now=MOMENT, channel="way1", lease_until=later(hours=2))
    await storage.write(lambda tx: tx.outbox.expire(now=MOMENT))

    assert claimed == []
    assert (await stored(storage, on_its_way)).state is DeliveryState.EXPIRED


async def test_a_receipt_still_finds_the_message_of_an_erased_person(storage: Storage) -> None:
    accepted = (await in_every_state(storage, MAI))[0]
    await erase(storage, MAI)

    [matched] = await storage.write(lambda tx: tx.outbox.match([a_receipt("ref-1", channel="way1")]))

    assert (matched.item_id, matched.address) == (accepted.id, f"erased:{accepted.id}")


async def test_feedback_of_an_erased_person_waits_for_nobody(storage: Storage) -> None:
    await storage.write(lambda tx: fill(tx, MAI))

    await erase(storage, MAI)
    waiting = await storage.read(lambda tx: tx.service.feedbacks())
    [wrote, named] = await storage.read(lambda tx: tx.service.feedbacks(is_open=False))
    [totals] = await storage.read(lambda tx: tx.service.survey_totals(since=NOW))

    assert waiting == []
    assert (wrote.number, wrote.answered_at, wrote.answered_by) == ("PA1-260302-0001", MOMENT, "erased on request")
    assert (named.answered_at, named.answered_by, named.answer) == (NOW, "chi.lan", "")
    assert (totals.asked, totals.not_satisfied) == (2, 2)


async def test_erasures_are_remembered_by_their_digest_alone(storage: Storage) -> None:
    first = await erase(storage, MAI)
    second = await storage.write(lambda tx: tx.privacy.erase(MAI.phone, (), digest="digest1", at=later(days=1)))
    await storage.write(lambda tx: tx.privacy.erase(MAI.phone, (), digest="digest1", at=NOW))

    assert (first, second) == ({}, {})
    assert await storage.read(lambda tx: tx.privacy.erased()) == {"digest1": later(days=1)}


async def test_the_salt_is_made_once(storage: Storage) -> None:
    salts = [await storage.write(lambda tx: tx.privacy.salt()) for _ in range(2)]

    assert len(salts[0]) == 32
    assert salts == [salts[0], await storage.read(lambda tx: tx.privacy.salt())]


async def test_an_erasure_is_a_write_to_every_source(storage: Storage) -> None:
    state = SourceState(cursor="c", go_live=NOW, synced_at=NOW, revision=1)
    await storage.write(lambda tx: tx.sources.save("onestop", state))

    await erase(storage, MAI)
    saved = await storage.write(lambda tx: tx.sources.save("onestop", replace(state, revision=2)))

    assert saved is False


@pytest.mark.parametrize("phone", ["", "+", "0912345678", "+84 912 345 678", "%"])
async def test_what_is_no_number_erases_nobody(storage: Storage, phone: str) -> None:
    await storage.write(lambda tx: fill(tx, MAI))
    before = await everything(storage)

    with pytest.raises(ValueError, match=r"E\.164"):
        await storage.write(lambda tx: tx.privacy.erase(phone, (), digest="d", at=NOW))

    assert await everything(storage) == before


@pytest.mark.parametrize(
    "text",
    [
        "0912345678",
        "gọi +84 912 345 678 nhé",
        "84912345678.",
        "(0912) 345-678",
        "0084 912.345.678",
        "+84 (0)912345678",
        "912345678",
        '{"address":"sms:+84912345678"}',
        "telegram:770000111",
    ],
)
def test_a_number_is_found_in_any_writing(text: str) -> None:
    mentions = Mentions(MAI.phone, [MAI.telegram.key])

    assert mentions.are_in(text)
    assert ":77" in text or re.search(mentions.spread.replace("%", ".*"), text)


@pytest.mark.parametrize(
    "text", ["09123456789", "1912345678", "+1 912 345 6780", "0812345678", "telegram:7700001112", "91 2345 67", ""]
)
def test_other_numbers_are_not_taken_for_hers(text: str) -> None:
    assert not Mentions(MAI.phone, [MAI.telegram.key]).are_in(text)


def test_digits_in_a_key_are_no_number_unless_it_stands_there_in_full() -> None:
    mentions = Mentions(MAI.phone, [MAI.sms.key, MAI.telegram.key])

    assert mentions.are_in_key(f"onestop|{MAI.code(1)}|1|{MAI.sms.key}")
    assert not mentions.are_in_key("inbound:zalo:912345678|0")
