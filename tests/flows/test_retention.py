"""A town's talk, told by the real flows; then years pass, and of nobody is more known than docs/luu-giu.md says."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.apologies import ApologyDesk
from bot.calendars import Calendars
from bot.config import ConversationSettings, LookupSettings
from bot.conversation import Conversation
from bot.deadline_settings import ApologySettings
from bot.drafting import Drafting, Wishes
from bot.guess_watch import GuessWatch
from bot.keeping import KeepingWatch
from bot.ledger import balance
from bot.mirror import Mirror
from bot.model.apology import Apology
from bot.model.broadcast import BroadcastState, Recipient
from bot.model.clock import VIETNAM
from bot.model.dossier import Dossier, Status
from bot.model.ids import id_maker
from bot.model.message import InboundMessage
from bot.model.person import Address
from bot.model.report import start_of
from bot.ports import Storage, Transaction
from bot.reaching import Chats, Reach
from bot.reconciliation import reconcile
from bot.retention import Retention
from bot.retention_settings import RetentionSettings
from bot.settings import SourceSettings
from tests.contract.test_storage_privacy import everything
from tests.flows.broadcasting import WORDING, office_over, sure
from tests.flows.citizens import MAI, TELEGRAM, WEB, Citizens
from tests.flows.test_privacy import Shelf
from tests.support.making import OWNER_PHONE, START, Time, batch, code, dossier, planner

HER_NAME, HER_HOME, HER_WORDS = "Nguyễn Thị Ánh", "thôn 3, xã Hải Hà, tỉnh Khánh Hòa", "chờ đã một tháng mà chưa thấy"
WHY = "cán bộ chưa xem kỹ giấy của tôi"
HIS: dict[str, Any] = {"phone": "+84987650000", "applicant": "Trần Văn Bình", "lookup_code": "XK42Q7"}
STRANGER = Address("zalo", "99887766")
RULES = ApologySettings(pdf=False)
CALENDAR = Calendars()


pytestmark = pytest.mark.parametrize("storage", ["sqlite", "postgres"], indirect=True)


class Town:
    """Everybody, on one clock."""

    def __init__(self, storage: Storage) -> None:
        self.storage, self.time = storage, Time(START)
        self.new_id = id_maker(self.time)
        self.citizens = Citizens(storage, time=self.time, new_id=self.new_id)
        plan = replace(planner(self.new_id), surveys=True)
        reach = Reach(plan, Chats({"telegram": "telegram"}))
        live = SourceSettings(go_live=START - timedelta(days=1))
        self.mirror = Mirror("office", storage, plan, self.time, live, reach=reach, calendars=CALENDAR)
        self.desk = ApologyDesk(storage, plan, reach, Drafting(RULES, CALENDAR), clock=self.time)
        self.records: dict[str, Dossier] = {}

    async def tells(self, number: int, **given: Any) -> None:
        """The one-stop software has this of a dossier now."""
        record = dossier(number, updated_at=self.time(), **given)
        self.records[record.code] = record
        await self.mirror.apply(batch(record))

    async def deliver(self) -> None:
        """One after the other to each."""
        while any([await self.citizens.deliver(channel) for channel in ("sms", "telegram", "webchat")]):
            pass

    async def nights(self, days: int, **settings: Any) -> None:
        """So many days later, every watch has looked."""
        self.time.pass_(days=days)
        night = self.time.now.astimezone(VIETNAM).replace(hour=2)
        self.time.now = night
        await GuessWatch(self.storage, LookupSettings(), ConversationSettings(), clock=self.time).tidy()
        await self.storage.write(lambda tx: tx.outbox.lapse(now=night, requeue=()))
        await self.storage.write(lambda tx: tx.outbox.expire(now=night))
        retention = Retention(self.storage, RetentionSettings(**settings), self.time, inbound_days=30)
        await KeepingWatch(self.storage, clock=self.time, keep_months=0, retention=retention).look()


async def the_talk_of_a_town(storage: Storage) -> Town:
    """A life with dossiers: told, asked, bound, followed, complained, apologised to, written to by broadcast."""
    town = Town(storage)
    citizens, time = town.citizens, town.time
    time.pass_(hours=1)
    secrets = {"lookup_code": "XK42Q7", "id_tail": "4321"}
    await town.tells(1, status=Status.SUPPLEMENT, supplement=f"Giấy chứng sinh của {HER_NAME}", reason=WHY, **secrets)
    await town.tells(2, status=Status.PROCESSING, **HIS)
    await town.deliver()
    await citizens.write(f"HS {code(1)}", MAI)
    await citizens.write(f"PA {HER_WORDS}", MAI)
    await citizens.write(f"{HER_NAME}, {HER_HOME}", MAI)
    await citizens.write("1", MAI)
    await citizens.write("liên kết 0912 345 678", WEB)
    await town.deliver()
    [sent] = [
        each for each in await storage.read(lambda tx: tx.outbox.history(MAI, after="", limit=50))
        if "ma xac nhan" in each.text
    ]  # fmt: skip
    await citizens.write(re.search(r"\b\d{6}\b", sent.text)[0], WEB)  # type: ignore[index]
    await citizens.bind(TELEGRAM)
    await citizens.write(f"ủy quyền {code(1)}", TELEGRAM)
    await citizens.write(f"HS {code(2)} XK42Q7", TELEGRAM)
    await citizens.write(f"theo dõi {code(2)}", TELEGRAM)
    await citizens.write(f"HS {code(2)} SAI123", WEB)
    await citizens.write(f"gặp cán bộ, tôi là {HER_NAME}", WEB)
    await citizens.write("xóa dữ liệu", MAI)
    time.pass_(hours=1)
    await town.tells(1, status=Status.PROCESSING, agency="H32.15", **secrets)
    drafted = await town.desk.draft("office", code(1), Wishes(text=f"{HER_NAME} còn thiếu giấy"), by="tám")
    assert isinstance(drafted, Apology), drafted
    assert isinstance(await town.desk.approve(drafted.id, by="hoa"), Apology)
    await town.deliver()
    await a_broadcast(town)
    time.pass_(hours=2)
    await town.tells(1, status=Status.RETURNED, finished_at=time(), agency="H32.15", **secrets)
    await town.deliver()
    await citizens.write(f"danh gia 3 {code(1)}", TELEGRAM)
    await citizens.write(WHY, TELEGRAM)
    await citizens.write("chỉ tin quan trọng", MAI)
    await storage.write(lambda tx: answer_and_close(tx, at=time()))
    await town.deliver()
    await storage.write(lambda tx: tx.outbox.expire(now=time() + timedelta(days=9)))
    return town


async def answer_and_close(tx: Transaction, *, at: datetime) -> None:
    for each in await tx.service.feedbacks():
        await tx.service.answer_feedback(each.number, f"Kính gửi {HER_NAME}", by="lan", at=at)
    for talk in await tx.service.talks(limit=9):
        await tx.service.end_talk(talk.address)


async def a_broadcast(town: Town) -> None:
    """To two people, one of whom is left out."""
    office = office_over(town.storage, town.time, new_id=town.new_id)
    draft = await office.draft(WORDING)
    rows = [
        Recipient(number=2, phone=OWNER_PHONE, values={"ten": HER_NAME}),
        Recipient(number=3, phone="+84987650000", values={}),
    ]
    sure(await office.broadcasts.take_list(draft.id, rows, name="ds.xlsx", digest="d1", by="lan"))
    draft = sure(await office.broadcasts.draw_up(draft.id, by="lan"))
    await office.approved(draft)
    await office.look(3)
    await town.deliver()
    await office.look()
    assert (await office.seen(draft)).state is BroadcastState.DONE


WORDS = {
    "phone": re.compile(r"(?<!\d)(?:\+?84|0)?912345678(?!\d)"),
    "name": re.compile("Ánh|Anh\\b|ánh\\b"),
    "home": re.compile("thôn 3|thon 3"),
    "words": re.compile("chờ đã một tháng|cho da mot thang"),
    "why": re.compile("xem kỹ giấy"),
    "web": re.compile(WEB.value),
    "telegram": re.compile(rf"(?<!\d){TELEGRAM.value}(?!\d)"),
    "secrets": re.compile("XK42Q7|^4321$"),
}
"""All that was typed or stored of her."""


async def found(storage: Storage) -> set[tuple[str, str, str]]:
    """(table, column, what), over all texts of all tables."""
    content = await everything(storage)
    return {
        (table, column, word)
        for table, rows in content.items()
        for row in rows
        for column, value in row.items()
        if isinstance(value, str | bytes)
        for word, pattern in WORDS.items()
        if pattern.search(value if isinstance(value, str) else value.decode("utf-8", "replace"))
    }


async def figures(town: Town) -> dict[str, Any]:
    """What reports count of each of the first days, from the rows themselves."""

    async def read(tx: Transaction) -> dict[str, Any]:
        counted: dict[str, Any] = {}
        for number in range(3):
            since = start_of(START.astimezone(VIETNAM).date()) + timedelta(days=number)
            until = since + timedelta(days=1)
            day = await tx.reports.dossier_day(since, until, subtracting=())
            counted[f"{number}"] = (
                day.counts, day.late, await tx.reports.message_day(since, until),
                await tx.reports.heard_day(since, until), await tx.reports.feedback_day(since, until),
            )  # fmt: skip
        return counted

    return await town.storage.read(read)


async def test_years_after_a_life_told_by_the_flows_nobody_can_tell_whose_it_was(storage: Storage) -> None:
    town = await the_talk_of_a_town(storage)
    before, said, told = await found(storage), await figures(town), await balance(storage)

    for days in (31, 31, 40):
        await town.nights(days)
    live = await town.citizens.read(f"HS {code(2)} XK42Q7", STRANGER)
    await town.tells(2, status=Status.RETURNED, finished_at=town.time(), **HIS)
    for days in (300, 31, 31, 800):
        await town.nights(days)
    after, counted, balanced = await found(storage), await figures(town), await balance(storage)

    assert {word for _, _, word in before} == set(WORDS)
    assert {table for table, _, _ in before} >= {
        "apologies", "attempts", "bindings", "broadcast_recipients", "consents", "conversations", "dossiers",
        "feedback", "follows", "inbound", "invitations", "outbox", "preferences", "surveys",
    }  # fmt: skip
    assert "đang được xử lý" in live
    assert after == set()
    assert counted == said
    assert (balanced.balanced, balanced.planned >= told.planned) == (True, True)


async def test_what_was_forgotten_does_not_come_back_with_the_source(storage: Storage) -> None:
    """Read again as a whole, a year later: nobody is named, nothing is news, and the comparison agrees."""
    town = await the_talk_of_a_town(storage)
    await town.tells(2, status=Status.RETURNED, finished_at=town.time(), **HIS)
    await town.deliver()
    await town.nights(400)
    records = list(town.records.values())
    planned = await storage.read(lambda tx: tx.outbox.planned())

    agrees = await reconcile("office", Shelf(tuple(records)), storage, town.time)
    again = await town.mirror.apply(batch(*records))
    undated = [replace(each, finished_at=None, updated_at=town.time()) for each in records]
    drifting = await town.mirror.apply(batch(*undated))
    third = await town.mirror.apply(batch(*records))
    held = [(await storage.read(lambda tx, n=n: tx.dossiers.find(code(n))))[0] for n in (1, 2)]  # type: ignore[misc]

    assert (agrees.agrees, agrees.compared) == (True, 2)
    assert (again.planned, drifting.planned, third.planned) == (0, 0, 0)
    assert {(each.phone, each.applicant, each.lookup_code, each.id_tail, each.supplement) for each in held} == {
        ("",) * 5
    }
    assert await storage.read(lambda tx: tx.outbox.planned()) == planned


async def test_a_dossier_that_is_taken_up_again_is_served_as_usual(storage: Storage) -> None:
    town = await the_talk_of_a_town(storage)
    await town.nights(400)

    await town.tells(1, status=Status.PROCESSING, agency="H32.15")

    [held] = await storage.read(lambda tx: tx.dossiers.find(code(1)))
    assert (held.phone, held.applicant) == (OWNER_PHONE, HER_NAME)


async def test_an_export_of_old_dossiers_never_brings_their_people(storage: Storage) -> None:
    town = Town(storage)
    await town.nights(1)
    ended = START - timedelta(days=500)

    await town.tells(7, status=Status.RETURNED, received_at=ended, finished_at=ended)
    await town.tells(8, status=Status.RETURNED, received_at=ended, finished_at=START - timedelta(days=100))

    phones = [(await storage.read(lambda tx, n=n: tx.dossiers.find(code(n))))[0].phone for n in (7, 8)]  # type: ignore[misc]
    assert phones == ["", OWNER_PHONE]


async def test_a_message_that_comes_twice_after_its_words_are_gone_is_answered_once(storage: Storage) -> None:
    town = await the_talk_of_a_town(storage)
    town.time.pass_(hours=1)
    heard = InboundMessage(channel="sms", message_id="77", sender=MAI, text=f"HS {code(1)}", at=town.time())
    talk = Conversation(storage, town.citizens.manner, clock=town.time, new_id=town.new_id)
    await talk.handle([heard])
    await town.deliver()
    await town.nights(31)
    planned = await storage.read(lambda tx: tx.outbox.planned())

    await talk.handle([heard])

    assert await storage.read(lambda tx: tx.outbox.planned()) == planned
    assert ("inbound", "text", "phone") not in await found(storage)
