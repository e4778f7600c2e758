"""What is personal goes when its time is over, and nothing else does; on every engine."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.config import ConversationSettings, LookupSettings, parse_table
from bot.guess_watch import GuessWatch
from bot.model.broadcast import Broadcast, BroadcastState
from bot.model.dossier import Status
from bot.model.errors import ConfigError
from bot.model.ids import first_id_at
from bot.model.message import Alternative, DeliveryState, OutboxItem
from bot.model.person import Address
from bot.model.service import Talk
from bot.ports import Storage, Transaction
from bot.ports.personal import Whose
from bot.retention import PAGE, Retention
from bot.retention_settings import RetentionSettings
from storage import open_storage
from tests.contract.storage_values import (
    NOW,
    a_receipt,
    a_settlement,
    an_item,
    claim,
    enqueue,
    kept,
    later,
    number,
    settle,
    stored,
)
from tests.contract.test_storage_privacy import (
    ABOUT_PEOPLE,
    ANH,
    MAI,
    Person,
    betrayals,
    erase,
    everything,
    fill,
    in_every_state,
    rows_of,
)

LONG_AFTER = NOW + timedelta(days=20 * 365)
REMAINS = {("disowned", "phone"), ("do_not_send", "address")}
"""What protects her from messages that are not hers or not wanted: until she says otherwise, or is erased."""
COUNTED = (
    "outbox", "plans", "parts", "inbound", "dossiers", "feedback", "surveys", "broadcast_recipients", "apologies",
)  # fmt: skip
"""Of these every row is needed for figures and proofs."""


def night(storage: Storage, at: datetime, **settings: object) -> Retention:
    return Retention(storage, RetentionSettings.model_validate(settings), lambda: at, inbound_days=30)


async def other_watches(storage: Storage, at: datetime) -> None:
    """What ends by the service's other watches."""
    watch = GuessWatch(storage, LookupSettings(), ConversationSettings(), clock=lambda: at)
    await watch.tidy()

    async def end(tx: Transaction) -> None:
        await tx.outbox.lapse(now=at, requeue=())
        await tx.outbox.expire(now=at)
        for talk in await tx.service.idle_talks(before=at):
            await tx.service.end_talk(talk.address)
        told = await tx.api.callbacks_of("key", limit=9)
        await tx.api.called([replace(each, ended_at=at, answer="200") for each in told])
        await tx.api.prune(remembered_before=at, ended_before=at + timedelta(seconds=1), limit=9)

    await storage.write(end)


async def end_everything(storage: Storage, person: Person) -> None:
    """Her dossiers are returned, her feedback is answered, the broadcast has ended."""
    ended: dict[str, Any] = {"status": Status.RETURNED, "finished_at": later(days=3), "progressed_at": later(days=3)}

    async def work(tx: Transaction) -> None:
        found = [await tx.dossiers.find(person.code(number)) for number in (1, 2)]
        await tx.dossiers.save(kept(*(replace(each, **ended) for (each,) in found)), at=NOW)
        for each in await tx.service.feedbacks():
            await tx.service.answer_feedback(each.number, "Đã xem", by="lan", at=later(days=2))
        over = Broadcast(
            id="",
            title="Nghỉ lễ",
            agency="",
            made_at=NOW,
            made_by="lan",
            state=BroadcastState.DONE,
            ended_at=later(days=1),
        )
        assert (await tx.broadcasts.add(over)).id == "PT-260302-0001"

    await storage.write(work)


async def filled(storage: Storage) -> list[str]:
    """Every table has something of hers, all of which is over; the fingerprints that were made of it."""
    await storage.write(lambda tx: fill(tx, MAI))
    await in_every_state(storage, MAI)
    await end_everything(storage, MAI)
    content = await everything(storage)
    assert {table for table in ABOUT_PEOPLE if not content[table]} == set()
    return [row["fingerprint"] for row in content["dossiers"] + content["late_events"]]


@pytest.mark.parametrize("rows", [1, PAGE])
async def test_of_every_table_nothing_personal_is_left_after_its_time(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr("bot.retention.PAGE", rows)
    prints = await filled(storage)
    before = await everything(storage)

    for at in (LONG_AFTER - timedelta(days=60), LONG_AFTER):
        await other_watches(storage, at)
        await night(storage, at).night()
    after = await everything(storage)

    assert set(betrayals(after, MAI, *prints)) == REMAINS
    assert "4321" not in {row["id_tail"] for row in after["dossiers"]}
    assert await storage.read(lambda tx: tx.outbox.imbalances(limit=10)) == []
    assert {table: len(after[table]) for table in COUNTED} == {table: len(before[table]) for table in COUNTED}


async def test_a_second_night_finds_nothing_to_do(storage: Storage) -> None:
    await filled(storage)
    await other_watches(storage, LONG_AFTER - timedelta(days=60))
    await night(storage, LONG_AFTER - timedelta(days=60)).night()
    await night(storage, LONG_AFTER).night()
    before = await everything(storage)

    gone = await night(storage, LONG_AFTER).night()

    assert gone == {}
    after = await everything(storage)
    assert {table for table in after if _sorted(after[table]) != _sorted(before[table])} == set()


def _sorted(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(map(str, rows))


Place = tuple[str, str]
"""Table and column."""


@pytest.mark.parametrize(
    ("setting", "days", "since", "places"),
    [
        ("recipient_days", 30, timedelta(days=1), {("broadcast_recipients", "phone")}),
        ("survey_days", 90, timedelta(0), {("surveys", "reason")}),
        ("feedback_days", 365, timedelta(days=2), {("feedback", "name"), ("feedback", "phone")}),
        ("dossier_days", 365, timedelta(days=3), {("dossiers", "phone"), ("apologies", "text")}),
        ("inbound", 30, timedelta(0), {("inbound", "text"), ("inbound", "address")}),
    ],
)  # fmt: skip
async def test_each_kind_goes_after_its_days_and_not_before(
    storage: Storage, setting: str, days: int, since: timedelta, places: set[Place]
) -> None:
    rules = RetentionSettings.model_validate({} if setting == "inbound" else {setting: days})
    await filled(storage)
    await other_watches(storage, later(days=1))
    due = NOW + since + timedelta(days=days)

    async def left(at: datetime) -> set[Place]:
        inbound = days if setting == "inbound" else 30
        await Retention(storage, rules, lambda: at, inbound_days=inbound).night()
        return places & set(betrayals(await everything(storage), MAI))

    early, late = await left(due - timedelta(minutes=2)), await left(due + timedelta(minutes=2))

    assert early == places
    assert late == set()


def of(moment: datetime, place: int, **given: Any) -> OutboxItem:
    """A message planned then, to somebody of its own."""
    return an_item(
        place,
        id=f"{first_id_at(moment)[:10]}{place:016d}",
        created_at=moment,
        next_at=moment,
        expires_at=moment + timedelta(days=2),
        address=number(place),
        **given,
    )


async def words_of(storage: Storage, *items: OutboxItem) -> list[bool]:
    """Whether each still has its words."""
    return [bool((await stored(storage, item)).text) for item in items]


async def test_what_may_still_change_keeps_its_words_until_it_cannot(storage: Storage) -> None:
    done, open_, held = of(NOW, 1), of(NOW, 2), of(NOW, 3, state=DeliveryState.HELD)
    ways = (Alternative("sms", number(9), "Xin chào", route=""),)
    falls_back = of(NOW, 4, alternatives=ways)
    await enqueue(storage, done, open_, held, falls_back)
    claimed = {each.item.id: each for each in await claim(storage, 9, now=later(minutes=1), lease_until=later(days=1))}
    assert set(claimed) == {done.id, open_.id, falls_back.id}
    await settle(storage, a_settlement(done.id, DeliveryState.DELIVERED, "r1", at=later(minutes=2)))
    accepted = a_settlement(open_.id, DeliveryState.ACCEPTED, "r2", at=later(minutes=2))
    waits = a_settlement(falls_back.id, DeliveryState.ACCEPTED, "r4", at=later(minutes=2))
    await settle(storage, accepted, waits)
    items = (done, open_, held, falls_back)

    await night(storage, later(days=29)).night()
    early = await words_of(storage, *items)
    await night(storage, later(days=31)).night()
    in_time = await words_of(storage, *items)
    await storage.write(lambda tx: tx.outbox.expire(now=later(days=32)))
    await night(storage, later(days=40)).night()
    while_fresh = await words_of(storage, held)
    await night(storage, later(days=63)).night()
    at_last = await words_of(storage, *items)

    assert early == [True] * 4
    assert in_time == [False, False, True, False]
    assert while_fresh == [True]
    assert at_last == [False] * 4
    assert await storage.read(lambda tx: tx.outbox.imbalances(limit=10)) == []
    assert await storage.read(lambda tx: rows_of(tx, "SELECT * FROM retention_left")) == []


async def test_a_message_without_words_is_counted_and_found_by_its_receipt_and_takes_no_twin(storage: Storage) -> None:
    item = of(NOW, 1)
    await enqueue(storage, item)
    await claim(storage, now=later(minutes=1))
    await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, "ref-1", at=later(minutes=2)))

    await night(storage, later(days=31)).night()
    found = await stored(storage, item)
    [matched] = await storage.write(lambda tx: tx.outbox.match([a_receipt("ref-1")]))
    again = await storage.write(lambda tx: tx.outbox.enqueue([item]))

    assert (found.text, found.values, found.address.scheme, found.state) == ("", {}, "sms", DeliveryState.ACCEPTED)
    assert found.address.is_forgotten
    assert str(found.address) == "sms:•••"
    assert matched.item_id == item.id
    assert not again
    assert await storage.read(lambda tx: tx.outbox.planned()) == 1


async def test_a_night_that_is_cut_short_goes_on_where_it_ended(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.retention.PAGE", 2)
    items = [of(NOW, place) for place in range(1, 8)]
    await enqueue(storage, *items)
    await claim(storage, 9, now=later(minutes=1))
    await settle(storage, *(a_settlement(each.id, DeliveryState.DELIVERED, at=later(minutes=2)) for each in items))
    # One for each kind that is not there, then two pages of messages.
    pages = iter([True] * 8)

    await night(storage, later(days=31)).night(goes_on=lambda: next(pages, False))
    cut = await words_of(storage, *items)
    await night(storage, later(days=31)).night()
    whole = await words_of(storage, *items)

    assert 0 < sum(cut) < 7
    assert not any(whole)


async def test_what_a_provider_delivered_late_is_forgotten_all_the_same(storage: Storage) -> None:
    await night(storage, later(days=31)).night()
    late = Address("sms", MAI.phone)

    async def hear(tx: Transaction) -> None:
        from tests.contract.storage_values import a_message

        await tx.conversations.first_time(a_message(1, sender=late, text="", at=later(days=1) - timedelta(hours=12)))

    await storage.write(hear)
    await night(storage, later(days=32)).night()

    [row] = await storage.read(lambda tx: rows_of(tx, "SELECT * FROM inbound"))
    assert (row["address"], row["text"]) == ("erased:", "")


async def test_a_draft_that_is_left_lying_is_cancelled_and_its_people_forgotten(storage: Storage) -> None:
    from bot.model.broadcast import Act, Recipient

    async def begin(tx: Transaction) -> str:
        draft = Broadcast(id="", title="Nghỉ lễ", agency="", made_at=NOW, made_by="lan")
        made = await tx.broadcasts.add(draft)
        await tx.broadcasts.note(made.id, Act(later(days=5), "listed", "lan", "1"))
        await tx.broadcasts.add_rows(made.id, [Recipient(number=2, phone=MAI.phone, values={"ten": MAI.name})])
        return made.id

    broadcast = await storage.write(begin)
    states, people = [], []
    for days in (94, 96, 120, 127):
        await night(storage, later(days=days)).night()
        states.append((await storage.read(lambda tx: tx.broadcasts.get(broadcast))).state.value)  # type: ignore[union-attr]
        [row] = await storage.read(lambda tx: tx.broadcasts.rows(broadcast, after=0, limit=9))
        people.append((row.phone, dict(row.values)))

    known = (MAI.phone, {"ten": MAI.name})
    assert states == ["draft", "cancelled", "cancelled", "cancelled"]
    assert people == [known, known, known, ("", {})]


async def test_a_chat_that_is_used_or_bound_is_not_ended(storage: Storage) -> None:
    await storage.write(lambda tx: fill(tx, ANH))
    talk = Talk(address=ANH.sms, channel="sms", begun_at=NOW, heard_at=NOW)
    await storage.write(lambda tx: tx.service.begin_talk(talk))

    await night(storage, later(days=400)).night()
    content = await everything(storage)

    assert [row["address"] for row in content["bindings"]] == [ANH.telegram.key]
    assert ANH.telegram.key in {row["address"] for row in content["conversations"]}
    assert [row["phone"] for row in content["preferences"]] == [ANH.phone]


async def test_what_was_overwritten_stands_in_no_file(tmp_path: Path) -> None:
    """Neither in the database nor in the log beside it, while both are open."""
    path = tmp_path / "motcua.db"

    def shows(*words: str) -> set[str]:
        raw = b"".join(each.read_bytes() for each in tmp_path.iterdir())
        return {word for word in words if word.encode() in raw}

    long_text = "Nguyễn Thị Bí Mật " * 400
    async with open_storage(f"sqlite:{path}") as storage:
        await storage.migrate()
        items = [replace(of(NOW, 1), text=long_text)]
        await enqueue(storage, *items)
        await claim(storage, now=later(minutes=1))
        await settle(storage, a_settlement(items[0].id, DeliveryState.DELIVERED, at=later(minutes=2)))
        await storage.write(lambda tx: fill(tx, MAI))
        await in_every_state(storage, MAI)
        before = shows("Bí Mật", MAI.name, MAI.phone)

        await night(storage, later(days=31)).night()
        await _next_in_turn(storage)
        forgotten = shows("Bí Mật")
        await erase(storage, MAI)
        await storage.write(lambda tx: tx.retention.scrub())
        await _next_in_turn(storage)
        erased = shows("Bí Mật", MAI.name, MAI.phone, MAI.chat)

    assert before == {"Bí Mật", MAI.name, MAI.phone}
    assert forgotten == set()
    assert erased == set()


@pytest.mark.parametrize(
    "query",
    ["messages", "inbound", "dossiers", "reasons", "feedback", "withdrawn", "surveys", "recipients", "blank"],
)
async def test_no_night_reads_a_big_table_as_a_whole(tmp_path: Path, query: str) -> None:
    from storage import sqlite_driver

    async with open_storage(f"sqlite:{tmp_path / 'motcua.db'}") as storage:
        await storage.migrate()
        text = getattr(sqlite_driver.queries(), f"retention_{query}").sql

        async def plan(tx: Transaction) -> list[str]:
            connection = tx.privacy._sql._connection  # type: ignore[attr-defined]
            values = {
                "after": "", "until": 1, "since": 0, "most": 5, "dossiers": "{}", "items": "{}", "first": "",
                "last": "", "broadcast": "",
            }  # fmt: skip
            return [row["detail"] for row in await connection.execute_fetchall(f"EXPLAIN QUERY PLAN {text}", values)]

        steps = await storage.read(plan)

    scans = [step for step in steps if step.startswith("SCAN") and "INDEX" not in step and "VIRTUAL" not in step]
    assert scans == [], steps


async def test_an_export_shows_all_that_an_erasure_would_take(storage: Storage) -> None:
    await storage.write(lambda tx: fill(tx, MAI))
    await in_every_state(storage, MAI)
    await storage.write(lambda tx: fill(tx, ANH))
    await in_every_state(storage, ANH)
    mai = Whose(MAI.phone, await storage.read(lambda tx: tx.privacy.addresses_of(MAI.phone)))
    shown: dict[str, list[dict[str, Any]]] = {}

    for table in await storage.read(_tables):
        skip = 0
        while True:
            page = await storage.read(
                lambda tx, table=table, skip=skip: tx.personal.page(table, mai, skip=skip, limit=1)  # type: ignore[misc]
            )
            shown[table] = [*shown.get(table, ()), *map(dict, page.rows)]
            skip = page.read
            if not skip:
                break
    gone = await erase(storage, MAI)

    assert {table: len(rows) for table, rows in shown.items() if table in gone} == gone
    assert set(shown) == ABOUT_PEOPLE - {"plans"}
    assert not betrayals(shown, ANH)
    assert MAI.name in json.dumps(shown["dossiers"], ensure_ascii=False)
    others = [row for row in shown["feedback"] if not row["number"].endswith("0001")]
    assert {row["text"] for row in others} == {"(của người khác / somebody else's)"}


async def _next_in_turn(storage: Storage) -> None:
    """The log is emptied before whoever writes next."""
    await storage.write(lambda tx: tx.retention.passed("nothing", at=NOW))


async def _tables(tx: Transaction) -> list[str]:
    return list(tx.personal.tables)


@pytest.mark.parametrize(
    ("name", "days"),
    [("text_days", 6), ("text_days", 91), ("recipient_days", 0), ("dossier_days", 29), ("consent_days", 364)],
)
def test_a_time_that_is_too_short_or_too_long_is_refused(name: str, days: int) -> None:
    with pytest.raises(ConfigError, match=name):
        parse_table(RetentionSettings, {name: days}, "config.toml")


def test_the_document_says_of_every_table_and_setting_how_long_it_is_kept() -> None:
    page = Path("docs/luu-giu.md").read_text(encoding="utf-8")
    rows = {name: line for line in page.splitlines() for name in re.findall(r"^\| `(\w+)` \|", line)}

    assert rows.keys() >= ABOUT_PEOPLE
    assert [name for name in RetentionSettings.model_fields if f"`{name}`" not in page and f"{name}`" not in page] == [
        "erase_by_itself"
    ] or "erase_by_itself = true" in page
    assert {name for name in rows if "tới khi" in rows[name] and "**" in rows[name]} == {name for name, _ in REMAINS}
