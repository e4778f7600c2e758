"""A person who asks for it is forgotten: by the command, and by what the sources tell afterwards."""

import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import pytest

from bot import privacy
from bot.comparing import ENDED
from bot.mirror import Mirror
from bot.model.dossier import Dossier, ProgressReport, Status, Step
from bot.model.erasure import digest_of
from bot.model.message import DeliveryState
from bot.model.person import Address, Binding, Consent, Proof, Purpose
from bot.ports import Batch, Storage, Transaction
from bot.reconciliation import reconcile
from bot.settings import SourceSettings
from storage.privacy import Privacy
from tests.support.desk import Desk
from tests.support.making import OWNER_PHONE, START, Time, batch, code, dossier, planner

T = TypeVar("T")

OTHER_PHONE = "+84987654321"
CHAT = Address("telegram", "770000111")


@pytest.fixture
def clock() -> Time:
    return Time(START + timedelta(hours=1))


@pytest.fixture
def mirror(sqlite_storage: Storage, clock: Time) -> Mirror:
    return Mirror("office", sqlite_storage, planner(), clock, SourceSettings(go_live=START))


async def kept(storage: Storage, number: int = 1) -> Dossier:
    [found] = await storage.read(lambda tx: tx.dossiers.find(code(number)))
    return found


def personal(of: Dossier) -> tuple[str, ...]:
    return of.phone, of.applicant, of.lookup_code, of.id_tail, of.supplement, of.reason, *(s.task for s in of.steps)


NOTHING = ("", "", "", "", "", "")
IN_WORDS: dict[str, Any] = {
    "supplement": "Bà Mai thiếu bản sao", "reason": "Bà Mai đi vắng", "lookup_code": "XK42", "id_tail": "4321",
}  # fmt: skip
"""What an office writes in its own words may name her."""
STEP = Step(agency="H56.14", holder="Phòng Tư pháp", task="Chuyển hồ sơ của bà Mai", started_at=START)


async def test_what_a_source_tells_again_comes_without_the_erased_person(
    sqlite_storage: Storage, mirror: Mirror, clock: Time
) -> None:
    record = dossier(1, updated_at=START, steps=(STEP,), **IN_WORDS)
    await mirror.apply(batch(record, dossier(2, phone=OTHER_PHONE)))

    taken = await privacy.erase(sqlite_storage, OWNER_PHONE, clock)
    clock.pass_(hours=1)
    again = await mirror.apply(batch(record))
    between = await kept(sqlite_storage)
    advanced = replace(record, status=Status.DONE, updated_at=clock() - timedelta(minutes=1))
    moved_on = await mirror.apply(batch(advanced))
    after = await kept(sqlite_storage)

    assert taken == {"dossiers": 1, "outbox": 1}
    assert (again.planned, moved_on.planned, moved_on.changed) == (0, 1, 1)
    assert personal(between) == (*NOTHING, "")
    assert (personal(after), after.status, after.steps) == ((*NOTHING, ""), Status.DONE, (replace(STEP, task=""),))
    assert (await kept(sqlite_storage, 2)).phone == OTHER_PHONE
    assert await changes_of(sqlite_storage) == ["appeared", "status"]
    assert await sendable(sqlite_storage) == [OTHER_PHONE]


async def test_a_report_on_the_progress_does_not_bring_back_what_the_office_wrote(
    sqlite_storage: Storage, mirror: Mirror, clock: Time
) -> None:
    other, report = dossier(2, phone=OTHER_PHONE), partial(ProgressReport, source="office", step=STEP)
    await mirror.apply(batch(dossier(1), other))
    await privacy.erase(sqlite_storage, OWNER_PHONE, clock)

    await mirror.apply(replace(batch(), reports=tuple(report(code=code(number), at=clock()) for number in (1, 2))))

    assert (await kept(sqlite_storage)).steps == (replace(STEP, task=""),)
    assert (await kept(sqlite_storage, 2)).steps == (STEP,)


async def test_a_source_that_never_names_anybody_may_tell_what_is_done(
    sqlite_storage: Storage, mirror: Mirror, clock: Time
) -> None:
    await privacy.erase(sqlite_storage, OWNER_PHONE, clock)
    await sqlite_storage.write(lambda tx: tx.retention.passed(ENDED, at=START))
    clock.pass_(days=1)
    nobodys = dossier(1, phone="", applicant="", received_at=clock())
    await mirror.apply(batch(nobodys))

    report = ProgressReport(source="office", code=code(1), step=STEP, at=clock())
    await mirror.apply(replace(batch(), reports=(report,)))

    assert (await kept(sqlite_storage)).steps == (STEP,)


async def changes_of(storage: Storage) -> list[str]:
    return [each.kind.value for each in await storage.read(lambda tx: tx.dossiers.changes_of("office", code(1)))]


async def sendable(storage: Storage) -> list[str]:
    queued = await storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=9))
    return [item.address.value for item in queued]


@pytest.mark.parametrize("written", ["0912 345 678", "84912345678", "0912345678 (mẹ), 0987", "+84 (0)912.345.678"])
async def test_an_erased_number_is_known_however_the_source_writes_it(
    sqlite_storage: Storage, mirror: Mirror, clock: Time, written: str
) -> None:
    await privacy.erase(sqlite_storage, OWNER_PHONE, clock)

    await mirror.apply(batch(dossier(1, phone=written)))

    assert personal(await kept(sqlite_storage)) == NOTHING


async def test_a_dossier_received_after_the_erasure_is_served_as_usual(
    sqlite_storage: Storage, mirror: Mirror, clock: Time
) -> None:
    await mirror.apply(batch(dossier(1)))
    await privacy.erase(sqlite_storage, OWNER_PHONE, clock)
    clock.pass_(days=1)

    await mirror.apply(batch(dossier(2, received_at=clock()), dossier(3), dossier(4, received_at=None)))

    assert (await kept(sqlite_storage, 2)).phone == OWNER_PHONE
    assert [personal(await kept(sqlite_storage, number)) for number in (1, 3, 4)] == [NOTHING] * 3
    assert await sendable(sqlite_storage) == [OWNER_PHONE]


@dataclass(slots=True)
class Interrupted:
    """A database in which something happens between the next reading and the writing after it."""

    storage: Storage
    between: Callable[[], Awaitable[object]] | None

    async def read(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        result = await self.storage.read(work)
        if self.between:
            between, self.between = self.between, None
            await between()
        return result

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        return await self.storage.write(work)


async def test_an_erasure_while_a_batch_is_worked_out_is_heeded(sqlite_storage: Storage, clock: Time) -> None:
    await Mirror("office", sqlite_storage, planner(), clock).apply(batch(dossier(1)))
    interrupted = Interrupted(sqlite_storage, lambda: privacy.erase(sqlite_storage, OWNER_PHONE, clock))
    mirror = Mirror("office", interrupted, planner(), clock)  # type: ignore[arg-type]

    applied = await mirror.apply(batch(dossier(1, status=Status.DONE), dossier(2)))

    assert applied.changed == 2
    assert [personal(await kept(sqlite_storage, number)) for number in (1, 2)] == [NOTHING] * 2
    assert await sendable(sqlite_storage) == []


async def test_where_nobody_was_erased_a_mirror_asks_for_erasures_once(
    sqlite_storage: Storage, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, erased = [], Privacy.erased

    async def noted(store: Privacy) -> dict[str, datetime]:
        asked.append(store)
        return await erased(store)

    monkeypatch.setattr(Privacy, "erased", noted)
    await mirror.apply(batch(dossier(1)))
    asked.clear()

    for number in range(2, 6):
        await mirror.apply(batch(dossier(number)))

    assert asked == []


@dataclass(slots=True)
class Shelf:
    """A source that has these dossiers."""

    dossiers: tuple[Dossier, ...]

    async def batches(self, _cursor: str | None) -> AsyncIterator[Batch]:
        yield batch(*self.dossiers)


async def test_a_comparison_does_not_miss_what_was_erased(sqlite_storage: Storage, mirror: Mirror, clock: Time) -> None:
    records = (dossier(1, updated_at=START, steps=(STEP,), **IN_WORDS), dossier(2, phone=OTHER_PHONE, updated_at=START))
    await mirror.apply(Batch(records, "c", as_of=clock()))
    await privacy.erase(sqlite_storage, OWNER_PHONE, clock)
    await mirror.apply(batch(*records))

    report = await reconcile("office", Shelf(records), sqlite_storage, clock)

    assert (report.agrees, report.compared) == (True, 2)


async def test_the_log_tells_that_somebody_was_erased_and_not_who(
    sqlite_storage: Storage, mirror: Mirror, clock: Time, caplog: pytest.LogCaptureFixture
) -> None:
    await mirror.apply(batch(dossier(1)))

    with caplog.at_level(logging.INFO):
        await privacy.erase(sqlite_storage, OWNER_PHONE, clock, by="chi.lan")
        await privacy.erase(sqlite_storage, OTHER_PHONE, clock)

    assert caplog.messages == [
        "a person was erased on request by chi.lan: dossiers 1, outbox 1",
        "a person was erased on request: nothing was found",
    ]


def test_a_digest_needs_the_salt_and_tells_numbers_apart() -> None:
    digests = {digest_of(phone, salt) for phone in (OWNER_PHONE, OTHER_PHONE) for salt in (b"one", b"two")}

    assert len(digests) == 4
    assert digest_of(OWNER_PHONE, b"one") in digests
    assert all(re.fullmatch("[0-9a-f]{32}", digest) for digest in digests)


def remember(service: Desk) -> None:
    """A citizen with a dossier, a message, a bound chat and two consents, one of them taken back."""
    bound = Binding(CHAT, OWNER_PHONE, Proof.CODE, START, START, "telegram")
    given = [Consent(CHAT, purpose, "bind/1", START) for purpose in (Purpose.UPDATES, Purpose.SURVEY)]

    async def fill(storage: Storage) -> None:
        await Mirror("office", storage, planner(), Time()).apply(batch(dossier(1)))
        await storage.write(lambda tx: tx.people.bind(bound))
        await storage.write(lambda tx: tx.people.agree(given))
        await storage.write(lambda tx: tx.people.withdraw(CHAT, [Purpose.SURVEY], at=START + timedelta(days=1)))

    service.in_database(fill)


def test_an_operator_erases_a_person_and_sees_what_was_taken_from_where(service: Desk) -> None:
    remember(service)

    done = service.types("erase", "0912 345 678", "--by", "chi.lan", answer="y\n")
    left = service.in_database(lambda storage: storage.read(lambda tx: tx.dossiers.find(code(1))))

    shown = " ".join(done.out.split())
    assert done.code == 0
    assert "Xóa dữ liệu của sms:+8491•••678, không lấy lại được?" in shown
    assert "phone, name and codes on dossiers │ 1 │" in shown
    assert "lần đồng ý / consents │ 2 │" in shown
    assert "bản sao lưu không thay đổi" in shown
    assert personal(left[0]) == NOTHING
    assert "a person was erased on request by chi.lan: dossiers 1, outbox 1" in done.err
    assert "345678" not in re.sub(r"\D", "", done.out + done.err)


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_without_a_yes_nobody_is_erased(service: Desk, answer: str) -> None:
    remember(service)

    done = service.types("erase", "0912345678", answer=answer)
    left = service.in_database(lambda storage: storage.read(lambda tx: tx.dossiers.find(code(1))))

    assert done.code == 1
    assert left[0].phone == OWNER_PHONE


def test_a_program_erases_without_being_asked_and_nothing_found_is_said(service: Desk) -> None:
    remember(service)

    taken = service.json("erase", "84912345678", "--yes")
    again = service.said("erase", "0912345678", "--yes")

    assert taken == {"taken": {"dossiers": 1, "outbox": 1, "bindings": 1, "consents": 2}}
    assert "Không có dữ liệu nào của số này" in again
    assert "Nothing is kept of this number" in " ".join(again.split())


@pytest.mark.parametrize("command", ["erase", "consents"])
def test_what_is_no_phone_number_is_said_to_be_none(service: Desk, command: str) -> None:
    refused = service.refused(command, "không phải số")

    assert "“không phải số” không phải số điện thoại / is no phone number" in refused


def test_an_operator_sees_consents_and_bindings_of_a_phone(service: Desk) -> None:
    remember(service)

    shown = " ".join(service.said("consents", "0912345678").split())
    listed = service.json("consents", "0912345678")
    nothing = service.said("consents", "0987654321")

    assert "nhận tin về hồ sơ / updates │ bind/1 │ 08:00 22/11/2026 │ chưa / no" in shown
    assert "hỏi mức hài lòng / survey │ bind/1 │ 08:00 22/11/2026 │ 08:00 23/11/2026" in shown
    assert "telegram │ mã dùng một lần / one-time code │ 08:00 22/11/2026 │ 08:00 22/11/2026" in shown
    assert CHAT.value not in shown
    assert {each["purpose"]: each["withdrawn_at"] for each in listed["consents"]} == {
        "updates": None,
        "survey": "2026-11-23T01:00:00+00:00",
    }
    assert [(each["channel"], each["proof"]) for each in listed["bindings"]] == [("telegram", "code")]
    assert "Số này chưa đồng ý điều gì, không gắn với kênh chat nào." in nothing
