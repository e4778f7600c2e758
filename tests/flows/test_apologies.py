"""The apology desk: drafted, changed, approved by another person, told in truth. In the week of 2 March 2026."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.apologies import ApologyDesk, Documents
from bot.calendars import Calendars
from bot.contacts import Contacts
from bot.deadline_settings import ApologySettings, CalendarSettings, DeadlineSettings
from bot.deadlines import DeadlineWatch
from bot.drafting import SAME_PERSON, Drafting, Refused, Wishes
from bot.ledger import balance
from bot.mirror import Mirror
from bot.model.apology import Apology, ApologyState
from bot.model.clock import VIETNAM
from bot.model.dossier import PLANNED, Dossier, Status
from bot.model.message import DeliveryState, File, OutboxItem, Situation
from bot.model.person import Address, Binding, Follow, Proof
from bot.planning import untruth_of
from bot.ports import Storage
from bot.reaching import Chats, Reach
from bot.settings import SourceSettings
from storage import open_storage
from tests.support.making import OWNER_PHONE, Time, batch, code, dossier, numbered_ids, planner

CALENDAR = Calendars(CalendarSettings())


def at(day: int, hour: int = 8, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=VIETNAM)


RULES = ApologySettings()


@dataclass(slots=True)
class Office:
    """A one-stop software with its mirror, the watch, and the desk."""

    storage: Storage
    time: Time
    rules: ApologySettings = RULES
    documents: Documents | None = None
    sensitive: frozenset[str] = frozenset()
    mirror: Mirror = field(init=False)
    desk: ApologyDesk = field(init=False)
    watch: DeadlineWatch = field(init=False)
    version: int = 0

    def __post_init__(self) -> None:
        ids = numbered_ids()
        plan = replace(planner(ids), sensitive=self.sensitive)
        reach = Reach(plan, Chats({"tg": "telegram"}))
        drafting = Drafting(self.rules, CALENDAR)
        live = SourceSettings(go_live=at(1))
        self.mirror = Mirror("office", self.storage, plan, self.time, live, reach=reach, calendars=CALENDAR)
        self.desk = ApologyDesk(self.storage, plan, reach, drafting, clock=self.time, documents=self.documents)
        self.watch = DeadlineWatch(
            self.storage,
            Contacts((), {}, ids),
            CALENDAR,
            DeadlineSettings(),
            self.rules,
            clock=self.time,
            new_id=ids,
        )

    async def source_tells(self, number: int = 1, **given: Any) -> None:
        """The one-stop software has this of the dossier now."""
        self.version += 1
        values: dict[str, Any] = {
            "status": Status.PROCESSING,
            "agency": "H32.15",
            "received_at": at(2),
            "appointment_at": at(6, 16, 30),
            "sequence": self.version,
        }
        await self.mirror.apply(batch(dossier(number, **values | given)))

    async def draft(self, number: int = 1, **wishes: Any) -> Apology:
        drafted = await self.desk.draft("office", code(number), Wishes(**wishes), by="tám")
        assert isinstance(drafted, Apology)
        return drafted

    async def approve(self, draft: Apology, by: str = "chín", override: str = "") -> Apology | Refused:
        return await self.desk.approve(draft.id, by=by, override=override)

    async def standing(self, number: int = 1) -> Dossier:
        (found,) = await self.storage.read(lambda tx: tx.dossiers.find(code(number)))
        return found

    async def one(self, draft: Apology) -> Apology:
        found = await self.storage.read(lambda tx: tx.apologies.get(draft.id))
        assert found is not None
        return found

    async def messages(self, *drafts: Apology) -> list[OutboxItem]:
        return await self.storage.read(lambda tx: tx.outbox.of_origins([each.origin for each in drafts]))

    async def apologies_told(self) -> list[OutboxItem]:
        """By whatever event they were planned."""
        found: list[OutboxItem] = []
        for state in DeliveryState:
            found += await self.storage.read(lambda tx, s=state: tx.outbox.listed(s, limit=500))  # type: ignore[misc]
        return [item for item in found if item.situation is Situation.APOLOGY]

    async def send(self) -> dict[str, str]:
        """Every message that is due, as a sender would look at it: id → why it is not sent."""
        claimed = await self.storage.write(
            lambda tx: tx.outbox.claim(
                "sms", owner="sender", now=self.time(), lease_until=self.time() + timedelta(minutes=1), limit=100
            )
        )
        return {each.item.id: untruth_of(each.item, each.standing) for each in claimed}


@pytest.fixture
def office(storage: Storage) -> Office:
    return Office(storage, Time(at(3)))


async def test_another_person_approves_and_the_new_date_holds_at_once(office: Office) -> None:
    await office.source_tells()
    draft = await office.draft(reason="verification", text="chờ số liệu địa chính")

    approved = await office.approve(draft)

    assert isinstance(approved, Apology)
    (message,) = await office.messages(draft)
    standing = await office.standing()
    assert (approved.state, approved.decided_by, approved.fate, approved.is_late) == (
        ApologyState.APPROVED,
        "chín",
        PLANNED,
        False,
    )
    assert (standing.appointment, standing.due_at, standing.appointment_at) == (at(11, 17), at(11, 17), at(6, 16, 30))
    assert (message.situation, message.state, message.address) == (
        Situation.APOLOGY,
        DeliveryState.QUEUED,
        Address("sms", OWNER_PHONE),
    )
    assert message.id == approved.message
    assert "16:30 06/03/2026" in message.text
    assert "17:00 11/03/2026" in message.text
    assert "xac minh" in message.text
    assert "dia chinh" in message.text
    assert (await balance(office.storage)).balanced


async def test_who_drafted_or_changed_it_may_not_approve_it(office: Office) -> None:
    await office.source_tells()
    draft = await office.draft()
    await office.desk.change(draft.id, Wishes(reason="system"), by="Mười")

    refused = [await office.approve(draft, by=name) for name in ("tám", "TÁM", "mười")]
    approved = await office.approve(draft, by="chín")

    assert refused == [Refused(draft.id, SAME_PERSON)] * 3
    assert isinstance(approved, Apology)


async def test_who_changed_it_before_another_did_may_not_approve_it_either(office: Office) -> None:
    await office.source_tells()
    draft = await office.draft()
    await office.desk.change(draft.id, Wishes(reason="system"), by="Mười")
    await office.desk.change(draft.id, Wishes(text="Cần đo đạc lại."), by="Sáu")

    refused = [await office.approve(draft, by=name) for name in ("tám", "mười", "sáu")]
    approved = await office.approve(draft, by="chín")

    assert refused == [Refused(draft.id, SAME_PERSON)] * 3
    assert isinstance(approved, Apology)


async def test_of_a_draft_that_was_rejected_and_begun_anew_only_the_new_authors_are_barred(office: Office) -> None:
    await office.source_tells()
    draft = await office.draft()
    await office.desk.reject(draft.id, by="chín", why="sai ngày")
    again = await office.desk.draft(draft.source, draft.code, Wishes(), by="mười")

    refused = await office.approve(draft, by="mười")
    approved = await office.approve(draft, by="tám")

    assert isinstance(again, Apology)
    assert refused == Refused(draft.id, SAME_PERSON)
    assert isinstance(approved, Apology)


async def test_what_the_watch_drafted_anybody_may_approve(office: Office) -> None:
    await office.source_tells()
    office.time.now = at(4)
    await office.watch.look()
    (draft,) = await office.storage.read(lambda tx: tx.apologies.listed({ApologyState.DRAFT}, set(), limit=9))

    assert isinstance(await office.approve(draft, by="tám"), Apology)


async def test_a_change_keeps_who_and_when_and_what_it_may_not_be(office: Office) -> None:
    await office.source_tells()
    draft = await office.draft()
    office.time.pass_(hours=1)

    changed = await office.desk.change(draft.id, Wishes(reason="fieldwork", day=date(2026, 3, 10)), by="mười")
    refused = [
        await office.desk.change(draft.id, wishes, by="mười")
        for wishes in (
            Wishes(reason="lazy"),
            Wishes(day=date(2026, 3, 3)),
            Wishes(day=date(2026, 3, 5)),
            Wishes(day=date(2026, 3, 14)),
        )
    ]

    assert isinstance(changed, Apology)
    assert (changed.new_at, changed.changed_by, changed.changed_at) == (at(10, 17), "mười", at(3, 9))
    whys = [each.why for each in refused if isinstance(each, Refused)]
    assert ["is not one of" in whys[0], "tomorrow" in whys[1], "after the old" in whys[2], "day off" in whys[3]] == [
        True
    ] * 4
    acts = await office.storage.read(lambda tx: tx.apologies.acts(draft.id))
    assert [(act.what, act.by, act.detail) for act in acts] == [
        ("drafted", "tám", "overload"),
        ("changed", "mười", "reason, new_at"),
    ]


async def test_a_rejected_draft_tells_nobody_and_is_not_made_again_by_the_watch(office: Office) -> None:
    await office.source_tells()
    draft = await office.draft()

    rejected = await office.desk.reject(draft.id, by="chín", why="còn kịp")
    office.time.now = at(5)
    looked = await office.watch.look()

    assert isinstance(rejected, Apology)
    assert (rejected.state, rejected.why) == (ApologyState.REJECTED, "còn kịp")
    assert looked.drafted == 0
    assert isinstance(await office.approve(draft), Refused)
    assert (await office.draft()).id == draft.id


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"status": Status.DONE}, "no longer in work"),
        ({"status": Status.SUPPLEMENT, "supplement": "bản sao"}, "papers are waited for"),
        ({"paused_at": at(3)}, "its clock stands"),
        ({"appointment_at": at(9, 16, 30)}, "its deadline has moved"),
    ],
)
async def test_what_has_changed_meanwhile_is_not_approved_and_says_so(
    office: Office, given: dict[str, Any], why: str
) -> None:
    await office.source_tells()
    draft = await office.draft()
    await office.source_tells(**given)

    refused = await office.approve(draft)

    assert isinstance(refused, Refused)
    assert why in refused.why
    assert (await office.one(draft)).state is ApologyState.WITHDRAWN
    assert await office.messages(draft) == []
    assert (await office.standing()).promised_at is None


async def test_a_new_date_that_has_passed_is_not_promised(office: Office) -> None:
    await office.source_tells()
    draft = await office.draft()
    office.time.now = at(11, 9)

    refused = await office.approve(draft)

    assert isinstance(refused, Refused)
    assert "tomorrow" in refused.why
    assert (await office.one(draft)).state is ApologyState.DRAFT


async def test_after_the_limit_it_is_approved_all_the_same_and_counted(office: Office) -> None:
    await office.source_tells()
    draft = await office.draft()
    office.time.now = at(6, 9)

    approved = await office.approve(draft)

    assert isinstance(approved, Apology)
    assert draft.limit_at == at(5, 17)
    assert approved.is_late
    (figures,) = await office.storage.read(lambda tx: tx.apologies.figures(at(1), at(31)))
    assert (figures.approved, figures.after_limit) == (1, 1)
    (*_, act) = await office.storage.read(lambda tx: tx.apologies.acts(draft.id))
    assert act.detail == "after the limit"


async def test_a_second_re_appointment_needs_a_reason_that_is_kept(office: Office) -> None:
    await office.source_tells()
    await office.approve(await office.draft())
    office.time.now = at(10)
    second = await office.draft()

    refused = await office.approve(second)
    approved = await office.approve(second, override="bão số 3")

    assert isinstance(refused, Refused)
    assert "--override" in refused.why
    assert isinstance(approved, Apology)
    assert approved.override == "bão số 3"
    assert approved.old_at == at(11, 17)
    assert (await office.standing()).appointment == approved.new_at


async def test_a_date_that_the_source_postponed_itself_counts_as_one(office: Office) -> None:
    await office.source_tells()
    await office.source_tells(appointment_at=at(9, 16, 30))
    draft = await office.draft()

    assert isinstance(await office.approve(draft), Refused)


async def test_a_date_that_the_source_writes_down_after_us_is_the_same_one(office: Office) -> None:
    await office.source_tells()
    await office.approve(await office.draft())
    before = await office.apologies_told()

    await office.source_tells(appointment_at=at(11, 17))

    standing = await office.standing()
    assert (standing.appointment_at, standing.promised_at) == (at(11, 17), None)
    assert [item.id for item in await office.apologies_told()] == [item.id for item in before]
    second = await office.draft()
    assert isinstance(await office.approve(second), Refused)


async def test_nobody_is_apologised_to_who_has_the_result_meanwhile(office: Office) -> None:
    await office.source_tells()
    approved = await office.approve(await office.draft())
    assert isinstance(approved, Apology)
    await office.source_tells(status=Status.DONE, finished_at=at(3))

    told = await office.send()

    (message,) = await office.messages(approved)
    assert message.state is DeliveryState.SUPERSEDED
    assert message.id not in told


async def test_a_result_of_which_nobody_hears_keeps_the_apology_back_all_the_same(office: Office) -> None:
    await office.source_tells()
    approved = await office.approve(await office.draft())
    assert isinstance(approved, Apology)
    await office.source_tells(status=Status.RETURNED)
    waiting = [item for item in await office.messages(approved) if item.state is DeliveryState.QUEUED]

    told = await office.send()

    assert all(told[item.id] for item in waiting)


async def test_progress_in_between_does_not_keep_an_apology_back(office: Office) -> None:
    await office.source_tells(status=Status.RECEIVED)
    approved = await office.approve(await office.draft())
    assert isinstance(approved, Apology)
    await office.source_tells(status=Status.PROCESSING)

    told = await office.send()

    assert told[approved.message] == ""


async def test_followers_are_told_the_dates_and_get_no_document(storage: Storage) -> None:
    async def written(apology: Apology, dossier: Dossier) -> Sequence[File]:
        assert apology.state is ApologyState.APPROVED
        return [File("file-1", f"xin-loi-{dossier.code}.docx", "application/x-docx", b"PK")]

    office = Office(storage, Time(at(3)), documents=written)
    await office.source_tells()
    follow = Follow(Address("telegram", "77"), "office", code(1), "tg", at(2))
    await storage.write(lambda tx: tx.follows.add(follow))

    approved = await office.approve(await office.draft(reason="verification"))

    assert isinstance(approved, Apology)
    owners, followers = sorted(await office.messages(approved), key=lambda item: item.address.scheme)
    kept = await storage.read(lambda tx: tx.documents.get(["file-1"]))
    assert [file.name for file in owners.files] == [f"xin-loi-{code(1)}.docx"]
    assert followers.files == ()
    assert "17:00 11/03/2026" in followers.text
    assert "xác minh" not in followers.text
    assert kept[0].content == b"PK"


async def test_of_a_procedure_that_is_not_to_be_named_there_is_no_document(sqlite_storage: Storage) -> None:
    made: list[str] = []

    async def written(apology: Apology, dossier: Dossier) -> Sequence[File]:
        made.append(apology.id)
        return []

    office = Office(sqlite_storage, Time(at(3)), documents=written, sensitive=frozenset({"1.001776"}))
    await office.source_tells(procedure="1.001776")

    approved = await office.approve(await office.draft(reason="verification"))

    assert isinstance(approved, Apology)
    (message,) = await office.messages(approved)
    assert made == []
    assert "khai sinh" not in message.text


async def test_the_chat_names_the_form_as_it_was_called_when_it_was_drafted(office: Office) -> None:
    await office.source_tells()
    bound = Binding(Address("telegram", "5"), OWNER_PHONE, Proof.CONTACT, at(2), at(2), "tg")
    await office.storage.write(lambda tx: tx.people.bind(bound))

    approved = await office.approve(await office.draft())

    assert isinstance(approved, Apology)
    messages = await office.messages(approved)
    texts = [text for each in messages for text in (each.text, *(way.text for way in each.alternatives))]
    assert any(RULES.form in text for text in texts)
    assert [each.dedupe_key for each in messages if "|follower" in each.dedupe_key] == []


async def test_a_document_that_cannot_be_made_keeps_nobody_waiting(
    sqlite_storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(apology: Apology, dossier: Dossier) -> Sequence[File]:
        raise ValueError(f"{dossier.applicant} has no name")

    office = Office(sqlite_storage, Time(at(3)), documents=broken)
    await office.source_tells()

    approved = await office.approve(await office.draft())

    assert isinstance(approved, Apology)
    assert len(await office.messages(approved)) == 1
    assert "Ánh" not in caplog.text


async def test_a_dossier_without_a_phone_is_counted(office: Office) -> None:
    await office.source_tells(phone="")

    approved = await office.approve(await office.draft())

    assert isinstance(approved, Apology)
    (message,) = await office.messages(approved)
    assert (message.state, message.reason) == (DeliveryState.SUPPRESSED, "no phone number")


async def test_several_are_approved_one_by_one_with_a_result_each(office: Office) -> None:
    for number in (1, 2, 3):
        await office.source_tells(number)
    drafts = [await office.draft(number) for number in (1, 2, 3)]
    await office.source_tells(2, status=Status.DONE)

    answers = await office.desk.approve_all([*(each.id for each in drafts), "XL-000000-0000"], by="chín")

    assert [isinstance(each, Apology) for each in answers] == [True, False, True, False]


async def test_two_approvals_at_once_are_one(office: Office) -> None:
    await office.source_tells()
    draft = await office.draft()

    answers = await asyncio.gather(office.approve(draft, "chín"), office.approve(draft, "mười"))

    assert sorted(isinstance(each, Apology) for each in answers) == [False, True]
    assert len(await office.messages(draft)) == 1


async def test_source_and_desk_at_the_same_moment_make_one_apology(office: Office) -> None:
    await office.source_tells()
    draft = await office.draft()

    await asyncio.gather(office.approve(draft), office.source_tells(appointment_at=draft.new_at))

    assert len(await office.apologies_told()) == 1
    assert (await office.standing()).appointment == draft.new_at


async def test_what_has_no_deadline_or_is_unknown_is_not_drafted(office: Office) -> None:
    await office.source_tells(appointment_at=None)

    answers = [await office.desk.draft("office", code(number), Wishes(), by="tám") for number in (1, 9)]

    whys = [each.why for each in answers if isinstance(each, Refused)]
    assert ["no deadline" in whys[0], "no longer in the mirror" in whys[1]] == [True, True]


# Whatever the order

FIRST = at(5, 16, 30)


@dataclass(slots=True)
class _Course:
    """Source, watch, staff and sender, in whatever order."""

    office: Office
    appointment: datetime = FIRST

    async def step(self, word: str) -> None:
        office = self.office
        match word:
            case "source moves":
                self.appointment += timedelta(days=1)
                await office.source_tells(appointment_at=self.appointment)
            case "source follows":
                self.appointment = (await office.standing()).appointment or self.appointment
                await office.source_tells(appointment_at=self.appointment)
            case "works" | "asks" | "ends" | "hands over":
                status = {"works": Status.PROCESSING, "asks": Status.SUPPLEMENT, "ends": Status.DONE}.get(word)
                await office.source_tells(status=status or Status.RETURNED, appointment_at=self.appointment)
            case "time":
                office.time.pass_(hours=20)
            case "look":
                await office.watch.look()
            case "draft":
                await office.desk.draft("office", code(1), Wishes(), by="tám")
            case "reject":
                for each in await self.drafts():
                    await office.desk.reject(each.id, by="chín", why="còn kịp")
            case "approve":
                for each in await self.drafts():
                    await office.approve(each)
            case "send":
                await self.send()

    async def drafts(self) -> list[Apology]:
        return await self.office.storage.read(lambda tx: tx.apologies.listed({ApologyState.DRAFT}, set(), limit=50))

    async def send(self) -> None:
        """Nothing untrue leaves, and never after the end."""
        standing = await self.office.standing()
        for item_id, untruth in (await self.office.send()).items():
            item = await self.office.storage.read(lambda tx, one=item_id: tx.outbox.get(one))  # type: ignore[misc]
            if item and item.situation is Situation.APOLOGY and standing.status in (Status.DONE, Status.RETURNED):
                assert untruth


_WORDS = (
    "source moves", "source follows", "works", "asks", "ends", "hands over", "time", "look", "draft", "reject",
    "approve", "approve", "send",
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(words=st.lists(st.sampled_from(_WORDS), min_size=3, max_size=18))
def test_whatever_the_order_no_deadline_is_apologised_for_twice_and_nothing_is_lost(words: list[str]) -> None:
    asyncio.run(_hold(words))


async def _hold(words: list[str]) -> None:
    async with open_storage("sqlite::memory:") as storage:
        await storage.migrate()
        course = _Course(Office(storage, Time(at(3))))
        await course.office.source_tells(appointment_at=course.appointment)

        for word in words:
            await course.step(word)

        apologies = await storage.read(lambda tx: tx.apologies.listed(set(ApologyState), set(), limit=50))
        approved = [each for each in apologies if each.state is ApologyState.APPROVED]
        deadlines = [each.old_at for each in approved]
        messages = await course.office.messages(*apologies)
        assert len(deadlines) == len(set(deadlines))
        assert len(approved) <= RULES.most
        assert all(each.fate for each in approved)
        assert {item.origin for item in messages} == {each.origin for each in approved if each.fate == PLANNED}
        assert len({item.dedupe_key for item in messages}) == len(messages)
        assert (await balance(storage)).balanced
