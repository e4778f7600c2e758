"""The store of the page of the day: bounded, within some agencies, page after page; on every engine."""

import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.model.apology import Apology, ApologyState
from bot.model.dossier import Dossier, Status
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, OutboxItem
from bot.model.person import Address
from bot.ports import BUDGET, QUIET, ByHand, DuesOf, Mirrored, Place, Settlement, Storage, ToldByHand
from storage import sqlite_driver
from storage.migrate import migrations
from tests.contract.storage_values import NOW, a_dossier, later
from tests.support.making import message

WARD, INSIDE, BESIDE, OTHER = "H32.15", "H32.15.02", "H32.150", "H32.20"
LONG = later(days=-30)


async def mirror(storage: Storage, *dossiers: Dossier) -> None:
    kept = [Mirrored.of(each, 1)._replace(progressed_at=each.progressed_at) for each in dossiers]
    await storage.write(lambda tx: tx.dossiers.save(kept, at=later(days=-400)))


async def dues(storage: Storage) -> list[DuesOf]:
    return await storage.read(
        lambda tx: tx.today.dues(since=LONG, now=NOW, soon=later(hours=3), next_day=later(days=1))
    )


async def test_deadlines_are_counted_by_agency_where_the_clock_runs(storage: Storage) -> None:
    working = {"status": Status.PROCESSING}
    await mirror(
        storage,
        a_dossier(1, agency=WARD, appointment_at=later(hours=2), **working),
        a_dossier(2, agency=WARD, appointment_at=later(hours=20), **working),
        a_dossier(3, agency=WARD, appointment_at=later(days=-2), **working),
        a_dossier(4, agency=OTHER, appointment_at=later(days=-40), **working),
        a_dossier(5, agency=OTHER, appointment_at=later(days=-1), paused_at=NOW, **working),
        a_dossier(6, agency=OTHER, appointment_at=later(hours=1), status=Status.DONE),
        a_dossier(7, agency=OTHER, appointment_at=later(days=3), **working),
    )

    assert await dues(storage) == [DuesOf(WARD, 1, 1, 1)]


async def test_an_agency_is_meant_with_all_below_it_and_nothing_beside(storage: Storage) -> None:
    agencies = (WARD, INSIDE, BESIDE, OTHER, "H32")
    await mirror(
        storage,
        *(
            a_dossier(number, agency=agency, appointment_at=later(hours=number), status=Status.PROCESSING)
            for number, agency in enumerate(agencies, 1)
        ),
    )

    async def of(*wanted: str, after: Place | None = None, limit: int = 10) -> list[str]:
        found = await storage.read(
            lambda tx: tx.today.due(wanted, since=NOW, until=later(days=1), after=after, limit=limit)
        )
        return [each.agency for each in found]

    first = await storage.read(lambda tx: tx.today.due((), since=NOW, until=later(days=1), after=None, limit=2))
    assert await of(WARD) == [WARD, INSIDE]
    assert await of() == list(agencies)
    assert await of(INSIDE, OTHER) == [INSIDE, OTHER]
    assert await of(after=Place.of(first[-1])) == [BESIDE, OTHER, "H32"]


def about(number: int, **changes: Any) -> OutboxItem:
    at = changes.pop("at", NOW)
    known = a_dossier(number)
    values = {"source": known.source, "code": known.code, "agency": WARD, "created_at": at, "next_at": at}
    return message(id=id_maker(lambda: at)(), expires_at=at + timedelta(days=9), **values | changes)


async def hold(storage: Storage, item: OutboxItem, why: str) -> None:
    await storage.write(lambda tx: tx.outbox.enqueue([item]))
    await storage.write(
        lambda tx: tx.outbox.claim(item.channel, owner="o", now=NOW, lease_until=later(hours=1), limit=9)
    )
    held = Settlement(
        item_id=item.id, owner="o", state=DeliveryState.HELD, at=NOW, next_at=later(hours=8), held_for=why
    )
    await storage.write(lambda tx: tx.outbox.settle([held]))


async def test_what_is_held_is_told_by_what_it_waits_for(storage: Storage) -> None:
    await hold(storage, about(1, at=later(seconds=-5)), QUIET)
    await hold(storage, about(2, agency=OTHER), QUIET)
    await hold(storage, about(3), BUDGET)

    groups = await storage.read(lambda tx: tx.today.held())
    quiet = await storage.read(lambda tx: tx.today.quiet([WARD], limit=10))
    others = await storage.read(lambda tx: tx.today.quiet((), after=quiet[0].id, situation="progress", limit=10))
    among = await storage.read(lambda tx: tx.today.quiet_among([quiet[0].id, others[0].id], [WARD]))

    assert [(each.held_for, each.agency, each.messages) for each in groups] == [
        (BUDGET, WARD, 1),
        (QUIET, WARD, 1),
        (QUIET, OTHER, 1),
    ]
    assert [each.agency for each in quiet] == [WARD]
    assert [each.agency for each in others] == [OTHER]
    assert among == quiet
    assert await storage.read(lambda tx: tx.today.quiet((), situation="result", limit=10)) == []


async def test_failures_are_counted_by_reason_no_further_than_asked(storage: Storage) -> None:
    lost = {"state": DeliveryState.FAILED, "settled_at": NOW}
    items = [
        *(about(number, reason="off", **lost) for number in (1, 2, 3)),
        about(4, reason="gone", state=DeliveryState.EXPIRED, settled_at=NOW),
        about(5, reason="off", agency=OTHER, **lost),
        about(6, reason="off", at=later(days=-2), **lost),
        about(7, reason="no phone number", state=DeliveryState.SUPPRESSED, settled_at=NOW),
    ]
    await storage.write(lambda tx: tx.outbox.enqueue(items))

    async def told(*agencies: str, most: int = 100) -> list[tuple[str, str, int]]:
        found = await storage.read(lambda tx: tx.today.failed(agencies, since=later(days=-1), most=most))
        return [(each.state.value, each.reason, each.messages) for each in found]

    assert await told() == [("failed", "off", 4), ("expired", "gone", 1)]
    assert await told(WARD) == [("failed", "off", 3), ("expired", "gone", 1)]
    assert sum(number for _, _, number in await told(most=2)) == 2


async def test_whom_no_message_reached_waits_until_somebody_calls_and_again_after_the_next_failure(
    storage: Storage,
) -> None:
    known = a_dossier(1, agency=WARD)
    address = Address("sms", known.phone)
    lost = {"state": DeliveryState.FAILED, "reason": "off", "settled_at": NOW, "address": address}
    await mirror(storage, known)
    await storage.write(lambda tx: tx.outbox.enqueue([about(1, at=later(hours=-5), **lost)]))
    await storage.write(lambda tx: tx.outbox.enqueue([about(1, at=later(hours=-4), **lost)]))
    call = ToldByHand(source=known.source, code=known.code, way=ByHand.CALL, by="lan", at=later(hours=-3))

    async def unheard(*agencies: str) -> list[ToldByHand | None]:
        found = await storage.read(lambda tx: tx.today.unheard(agencies, since=LONG, limit=10))
        return [each.told for each in found]

    before = await unheard(WARD)
    await storage.write(lambda tx: tx.today.told_by_hand([call]))
    after, elsewhere = await unheard(), await unheard(OTHER)
    await storage.write(lambda tx: tx.outbox.enqueue([about(1, at=later(hours=-2), **lost)]))
    again = await unheard(WARD)
    reached = about(1, at=later(hours=-1), state=DeliveryState.DELIVERED, settled_at=NOW, address=address)
    await storage.write(lambda tx: tx.outbox.enqueue([reached]))

    assert before == [None]
    assert after == [call]
    assert elsewhere == []
    assert again == [None]
    assert await unheard() == []


def a_draft(number: int, **changes: Any) -> Apology:
    values: dict[str, Any] = {
        "id": "", "source": "s", "code": f"C{number}", "agency": WARD, "agency_name": "", "reason": "system",
        "old_at": later(days=number // 2), "new_at": later(days=20), "limit_at": NOW, "form": "f", "drafted_at": NOW,
    }  # fmt: skip
    return Apology(**values | changes)


@pytest.mark.parametrize("state", [ApologyState.DRAFT, ApologyState.WITHDRAWN])
async def test_apologies_come_page_after_page_though_deadlines_are_the_same(
    storage: Storage, state: ApologyState
) -> None:
    drafts = [a_draft(number, state=state, agency=OTHER if number == 9 else WARD) for number in range(1, 10)]
    await storage.write(lambda tx: tx.apologies.add(drafts, reopen=()))

    async def page(beyond: Apology | None, *agencies: str) -> list[Apology]:
        place = (beyond.old_at, beyond.id) if beyond else None
        return await storage.read(lambda tx: tx.today.apologies(state, agencies, beyond=place, limit=5))

    first = await page(None)
    second = await page(first[-1])
    own = await page(None, WARD)

    order = [each.old_at for each in [*first, *second]]
    assert len({each.id for each in [*first, *second]}) == 9
    assert order == sorted(order, reverse=state is not ApologyState.DRAFT)
    assert {each.agency for each in own} == {WARD}


@pytest.fixture(scope="module")
def tables() -> Iterator[sqlite3.Connection]:
    """As a new release finds them: nobody has counted what they hold."""
    connection = sqlite3.connect(":memory:")
    for migration in migrations():
        for statement in migration.statements("sqlite"):
            connection.execute(statement)
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("query", "step"),
    [
        ("today_dues", "SEARCH d USING COVERING INDEX dossiers_deadline (due_at>? AND due_at<?)"),
        ("today_due", "SEARCH d USING INDEX dossiers_deadline ("),
        ("today_held", "USING COVERING INDEX outbox_held_of"),
        ("today_quiet", "USING INDEX outbox_quiet_ids (id>?)"),
        ("today_failed", "USING INDEX outbox_unreached (id>?)"),
        ("today_unheard", "SEARCH o USING INDEX outbox_unreached (id>? AND id<?)"),
        ("today_drafts", "USING INDEX apologies_open"),
        ("today_apologies", "SEARCH apologies USING INDEX apologies_by_state (state=?"),
    ],
)
def test_what_the_page_asks_is_found_by_an_index_whatever_lies_beside_it(
    tables: sqlite3.Connection, query: str, step: str
) -> None:
    sql = getattr(sqlite_driver.queries(), query).sql
    values = dict.fromkeys(re.findall(r"(?<![:\w]):([a-z]\w*)", sql), "{}")

    steps = [row[3] for row in tables.execute(f"EXPLAIN QUERY PLAN {sql}", values)]

    assert [each for each in steps if step in each], steps
