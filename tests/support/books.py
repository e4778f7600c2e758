"""A small fake province over some weeks, in the database by way of the mirror; and its figures, counted by hand."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from adapters.simulators.onestop import Province, Record, Settings
from bot.calendars import Calendars
from bot.mirror import Mirror
from bot.model.apology import Act, Apology, ApologyState
from bot.model.clock import VIETNAM
from bot.model.course import SupplementClock, waited
from bot.model.dossier import ChangeKind, Dossier, Handing, Status
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, InboundMessage, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.model.service import Feedback, FeedbackKind, Score, Survey
from bot.ports import Batch, Settlement, Storage, Transaction
from bot.settings import SourceSettings
from tests.support.making import Time, planner

FIRST = date(2026, 11, 2)
"""A Monday."""
DAYS = 21
CLOCKS = {"office": SupplementClock.SOURCE, "national": SupplementClock.SUBTRACT}
CALENDARS = Calendars()
_ENDED = (Status.REFUSED, Status.STOPPED, Status.DONE, Status.RETURNED)
_FATES = (DeliveryState.DELIVERED, DeliveryState.DELIVERED, DeliveryState.ACCEPTED, DeliveryState.FAILED)


@dataclass
class Books:
    """What was put in."""

    clock: Time
    surveys: list[Survey] = field(default_factory=list)
    feedback: list[Feedback] = field(default_factory=list)
    heard: list[tuple[datetime, str, str]] = field(default_factory=list)
    keys: set[tuple[str, str]] = field(default_factory=set)
    """(source, code)."""


async def written(storage: Storage, *, per_day: float = 16, days: int = DAYS) -> Books:
    """Lets the province work for so many days."""
    opening = datetime.combine(FIRST, time(7), VIETNAM)
    books = Books(Time(opening))
    new_id = id_maker(books.clock)
    settings = Settings(dossiers_per_day=per_day, late=0.2, untold=0.5, backlog=30)
    province = Province(settings, opening)
    mirrors = {
        name: Mirror(name, storage, planner(new_id), books.clock, rules_for(name), calendars=CALENDARS)
        for name in CLOCKS
    }
    for number in range(days):
        for hour in (11, 16, 18):
            books.clock.now = datetime.combine(FIRST + timedelta(days=number), time(hour), VIETNAM)
            records = province.advance(books.clock.now)
            for name, mirror in mirrors.items():
                dossiers = [each for each in map(_dossier, records) if each.source == name]
                books.keys |= {(each.source, each.code) for each in dossiers}
                await mirror.apply(Batch(tuple(dossiers), f"{number}-{hour}"))
        await _send(storage, books)
        await _hear(storage, books, number)
    await _apologise(storage, books, new_id)
    await _ask(storage, books)
    return books


def rules_for(source: str) -> SourceSettings:
    """Nothing is braked, and nothing too old to be told."""
    return SourceSettings(
        go_live=datetime(2025, 1, 1, tzinfo=VIETNAM),
        brake_messages=0,
        brake_percent=0,
        supplement_clock=CLOCKS[source],
    )


def _dossier(record: Record) -> Dossier:
    return Dossier(
        source="office" if record.code[-1] in "0123456" else "national",
        code=record.code,
        status=record.status,
        agency=record.agency.id,
        agency_name=record.agency.name,
        procedure=record.procedure.code,
        procedure_name=record.procedure.name,
        applicant=record.applicant,
        phone=record.phone,
        received_at=record.received_at,
        appointment_at=record.appointment_at,
        finished_at=record.finished_at,
        supplement=record.supplement,
        reason=record.reason,
        filed_by=record.filed_by,
        updated_at=record.updated_at,
    )


async def _send(storage: Storage, books: Books) -> None:
    now = books.clock()
    claimed = await storage.write(
        lambda tx: tx.outbox.claim("sms", owner="t", now=now, lease_until=now + timedelta(minutes=1), limit=500)
    )
    settled = [
        Settlement(
            item_id=each.item.id, owner="t", state=_FATES[n % 4], at=now, cost=300 * each.item.parts, reason="said so"
        )
        for n, each in enumerate(claimed)
        if n % 5
    ]
    await storage.write(lambda tx: tx.outbox.settle(settled))


async def _hear(storage: Storage, books: Books, number: int) -> None:
    outcomes = ["lookup", "help", "lookup", "mine", "denied"][: number % 6]
    for n, outcome in enumerate(outcomes):
        at = datetime.combine(FIRST + timedelta(days=number), time(0 if n else 23, 30), VIETNAM)
        name = f"in-{number}-{n}"
        message = InboundMessage(channel="sms", message_id=name, sender=Address("sms", "+84912345678"), text="", at=at)

        async def work(tx: Transaction, message: InboundMessage = message, outcome: str = outcome) -> None:
            await tx.conversations.first_time(message)
            await tx.conversations.finish(message, outcome=outcome)

        await storage.write(work)
        books.heard.append((at, "sms", outcome))


async def _apologise(storage: Storage, books: Books, new_id: Any) -> None:
    """To every third dossier with a deadline in the past that is late or was."""
    known = await dossiers_of(storage, books)
    late = sorted((each for each in known if each.due_at and each.due_at < books.clock()), key=lambda each: each.code)[
        ::3
    ]
    for number, each in enumerate(late[:40]):
        assert each.due_at is not None
        limit = each.due_at - timedelta(days=1)
        draft = Apology(
            id="", source=each.source, code=each.code, agency=each.agency, agency_name=each.agency_name,
            reason="overload", old_at=each.due_at, new_at=each.due_at + timedelta(days=3), limit_at=limit,
            form="Mẫu 04", drafted_at=limit,
        )  # fmt: skip
        (added,) = await storage.write(lambda tx, draft=draft: tx.apologies.add([draft], reopen=()))  # type: ignore[misc]
        if number % 4 == 3:
            continue
        sent = limit + timedelta(hours=5 * (number % 3) - 5)
        delivered = number % 2 == 0
        told = OutboxItem(
            id=new_id(), dedupe_key=f"apology-{added.id}", origin=added.origin, channel="sms",
            address=Address("sms", "+84912345678"), lane=Lane.PUSH, situation=Situation.APOLOGY, text="Xin loi",
            source=each.source, code=each.code, agency=each.agency, created_at=books.clock(), next_at=sent,
            expires_at=books.clock() + timedelta(days=1), sent_at=sent if number % 5 else None,
            state=DeliveryState.DELIVERED if delivered and number % 5 else DeliveryState.FAILED,
        )  # fmt: skip
        approved = replace(added, state=ApologyState.APPROVED, decided_at=sent, decided_by="chín", message=told.id)
        await storage.write(lambda tx, told=told: tx.outbox.enqueue([told]))  # type: ignore[misc]
        await storage.write(lambda tx, a=approved, at=sent: tx.apologies.save(a, Act(at, "approved", "chín")))  # type: ignore[misc]


async def _ask(storage: Storage, books: Books) -> None:
    returned = [each for each in await dossiers_of(storage, books) if each.status is Status.RETURNED]
    for number, each in enumerate(sorted(returned, key=lambda each: each.code)):
        at = each.progressed_at or books.clock()
        score = [None, *Score][number % 4]
        books.surveys.append(
            Survey(source=each.source, code=each.code, address=Address("telegram", f"7{number}"), agency=each.agency,
                   asked_at=at, score=score, answered_at=at if score else None)
        )  # fmt: skip
    await storage.write(lambda tx: tx.service.ask_survey(books.surveys))
    for number in range(9):
        at = datetime.combine(FIRST + timedelta(days=number), time(9), VIETNAM)
        answered = at + timedelta(days=number * 2) if number % 3 else None
        feedback = Feedback(
            kind=FeedbackKind.PROPOSAL, address=Address("sms", "+84912345678"), channel="sms",
            agency=f"H32.2{number % 3}", text="Ý kiến", at=at, answer="Đã xem" if answered else "",
            answered_at=answered,
        )  # fmt: skip
        books.feedback.append(feedback)
        await storage.write(lambda tx, f=feedback, n=number: tx.service.add_feedback(f, day=f"2611{n:02}", prefix="PA"))  # type: ignore[misc]


async def dossiers_of(storage: Storage, books: Books) -> list[Dossier]:
    found: list[Dossier] = []
    for source in CLOCKS:
        codes = [code for name, code in books.keys if name == source]
        known = await storage.read(lambda tx, s=source, c=codes: tx.dossiers.get_many(s, c))  # type: ignore[misc]
        found += known.values()
    return found


Cell = tuple[date, str, str, str]
"""Day, agency, procedure, what is counted."""


async def counted_by_hand(storage: Storage, books: Books) -> Counter[Cell]:
    """Every cell of the figures, dossier by dossier in plain Python, from what the stores give back."""
    cells: Counter[Cell] = Counter()
    dossiers = await dossiers_of(storage, books)
    procedures = {(each.source, each.code): each.procedure for each in dossiers}
    for each in dossiers:
        place = (each.agency, each.procedure)
        if each.received_at:
            cells[_day(each.received_at), *place, "received"] += 1
            way = {Handing.COUNTER: "counter", Handing.ONLINE: "online", Handing.POST: "post"}.get(each.filed_by)  # type: ignore[arg-type]
            if way:
                cells[_day(each.received_at), *place, way] += 1
        end = each.finished_at or each.progressed_at
        if each.status in _ENDED and end:
            cells[_day(end), *place, _judged(each, end)] += 1
        changes = await storage.read(lambda tx, e=each: tx.dossiers.changes_of(e.source, e.code))  # type: ignore[misc]
        asked = [
            change.at
            for change in changes
            if change.kind in (ChangeKind.APPEARED, ChangeKind.STATUS) and change.status_after is Status.SUPPLEMENT
        ]
        for number, at in enumerate(sorted(asked)):
            cells[_day(at), *place, "supplements"] += 1
            cells[_day(at), *place, "supplements_again"] += number > 0
    for apology in await storage.read(lambda tx: tx.apologies.listed([ApologyState.APPROVED], (), limit=1000)):
        key = (_day(apology.old_at), apology.agency, procedures[apology.source, apology.code])
        items = await storage.read(lambda tx, a=apology: tx.outbox.of_origins([a.origin]))  # type: ignore[misc]
        sent = [item.sent_at for item in items if item.sent_at]
        assert apology.decided_at is not None
        cells[*key, "apologies"] += 1
        cells[*key, "apologies_after_limit"] += apology.decided_at > apology.limit_at
        cells[*key, "apologies_sent"] += bool(sent)
        cells[*key, "apologies_in_time"] += bool(sent) and min(sent) <= apology.limit_at
        cells[*key, "apologies_reached"] += any(item.state is DeliveryState.DELIVERED for item in items)
    words = {Score.VERY_SATISFIED: "very_satisfied", Score.SATISFIED: "satisfied", Score.NOT_SATISFIED: "not_satisfied"}
    for survey in books.surveys:
        place = (_day(survey.asked_at), survey.agency, procedures[survey.source, survey.code])  # type: ignore[assignment]
        cells[*place, "asked"] += 1  # type: ignore[index]
        if survey.score:
            cells[*place, words[survey.score]] += 1  # type: ignore[index]
    for feedback in books.feedback:
        key = (_day(feedback.at), feedback.agency, "")
        cells[*key, "feedback"] += 1
        if feedback.answered_at:
            days = CALENDARS.of("").working_days(_day(feedback.at), _day(feedback.answered_at))
            cells[*key, "feedback_answered"] += 1
            cells[*key, "feedback_in_time"] += days <= 5
    return +cells


async def messages_by_hand(storage: Storage) -> dict[tuple[date, str, str, str, str, str], tuple[int, int, int]]:
    """(day, agency, scheme, channel, situation, state) → messages, parts, đồng."""
    sums: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
    for state in DeliveryState:
        for item in await storage.read(lambda tx, s=state: tx.outbox.listed(s, limit=100_000)):  # type: ignore[misc]
            channel = item.gateway or item.channel
            way = (item.agency, item.address.scheme, channel)
            found = sums[(_day(item.created_at), *way, str(item.situation), str(state))]
            found[0] += 1
            found[1] += item.parts
            found[2] += item.cost or 0
    return {key: (a, b, c) for key, (a, b, c) in sums.items()}


def _judged(dossier: Dossier, end: datetime) -> str:
    due = dossier.due_at
    if due is None:
        return "undated"
    if len(dossier.waits) > 1:
        return "late"
    if CLOCKS[dossier.source] is SupplementClock.SUBTRACT and (span := waited(dossier, CALENDARS.of(""), until=end)):
        due = CALENDARS.of("").add_hours(due, span)
    if _day(end) < _day(due):
        return "early"
    whole_day = due.astimezone(VIETNAM).time() == time()
    return "on_time" if end <= due or (whole_day and _day(end) == _day(due)) else "late"


def _day(moment: datetime) -> date:
    return moment.astimezone(VIETNAM).date()
