"""What /metrics exports is what the table in docs/canh-bao.md says: each metric, its type and its labels, both ways."""

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from bot.meters import Meters, Timing
from bot.model.clock import utc_now
from bot.model.message import DeliveryState, InboundMessage, Receipt
from bot.model.person import Address
from bot.model.service import Feedback, FeedbackKind
from bot.ports import Storage, Transaction
from bot.web.metering import KINDS, STATUSES
from tests.support.making import batch, dossier, message
from tests.support.watching import Guard
from tests.support.whole import Whole, whole
from tests.web.office import open_office

PAGE = Path("docs/canh-bao.md")
_ROW = re.compile(r"\| `(\w+)` \| (gauge|counter|histogram) \|([^|]*)\|")
_BESIDE = {"le"}
"""Labels that the type brings with it."""


@dataclass(frozen=True)
class Metric:
    name: str
    kind: str
    labels: frozenset[str]


def documented() -> set[Metric]:
    found = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    return {Metric(name, kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in found}


def exported(scrape: str) -> set[Metric]:
    """Those that have a value; a metric whose samples have different labels is there several times."""
    found = set()
    for family in text_string_to_metric_families(scrape):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        for sample in family.samples:
            found.add(Metric(name, family.type, frozenset(sample.labels) - _BESIDE))
    return found


async def fill(here: Whole) -> None:
    """Something of everything that is counted."""
    app, now = here.app, utc_now()
    phones = ("+84912345678", "+84912340001", "")
    dossiers = [dossier(number, phone=phone, received_at=now) for number, phone in enumerate(phones, 1)]
    await app.mirror_of("office").apply(batch(*dossiers))
    sms = Address("sms", "+84912345678")
    await app.deliver(
        [InboundMessage(channel="sms", message_id="mo-1", sender=sms, text="HS H32.15-261122-0001", at=now)]
    )
    await app.deliver([Receipt(channel="sms", reference="of nobody", state=DeliveryState.DELIVERED, at=now)])
    await app.storage.write(lambda tx: _wait(tx, sms, now))


async def _wait(tx: Transaction, sms: Address, now: datetime) -> None:
    """A message for a channel that nobody serves, one that a person is to look at, and a request that is 50 h old."""
    due = now - timedelta(minutes=20)
    held = message(channel="elsewhere", created_at=due, next_at=due, source="braked", code="H32.15-261122-0009")
    await tx.outbox.enqueue([held])
    await tx.outbox.hold("braked", since=due, reason="too many at once", at=now)
    await tx.outbox.enqueue([message(channel="elsewhere", created_at=now, next_at=due)])
    asked_at = now - timedelta(hours=50)
    wish = Feedback(kind=FeedbackKind.ERASURE, address=sms, channel="webchat", text="xin xóa", at=asked_at)
    await tx.service.add_feedback(wish, day="261121", prefix="YC")


async def seen(here: Whole) -> set[Metric]:
    await here.app.watch.look()
    await here.app.watch.count()
    await here.app.watch.prove()
    await here.app.watch.look()
    return exported(await here.text("/metrics"))


async def test_the_table_names_what_is_exported_with_its_labels_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = documented()
    async with whole(tmp_path, monkeypatch) as here:
        await fill(here)
        await here.text("/")
        found = await seen(here)
        for _ in range(60):
            if table <= found:
                break
            await asyncio.sleep(0.2)
            found = await seen(here)

    assert found == table
    assert len(table) > 30


async def test_whatever_is_asked_for_only_a_few_words_of_ours_become_labels(guard: Guard) -> None:
    meters = Meters()
    async with open_office(guard.storage, meters=meters) as office, ClientSession() as http:
        for path in (
            "/",
            "/nowhere/0912345678",
            "/x" * 50,
            "/webhooks/none",
            "/static/page.css",
            "/tai-lieu/a/b",
            "/healthz",
        ):
            async with http.get(office.url + path) as answer:
                await answer.read()

    assert {route for route, _ in meters.web} == {"public", "unknown", "webhook", "static", "health"}
    assert {route for route, _ in meters.web} <= KINDS
    assert {status for _, status in meters.web} <= set(STATUSES)
    assert sum(sum(timing.counts) for timing in meters.web.values()) == 7


@pytest.fixture
async def guard(sqlite_storage: Storage) -> Guard:
    return Guard(sqlite_storage)


def test_a_time_belongs_to_the_first_bucket_that_holds_it() -> None:
    timing = Timing((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 7.0):
        timing.note(seconds)

    assert timing.buckets() == [("0.1", 2.0), ("1.0", 3.0), ("+Inf", 4.0)]
    assert timing.seconds == pytest.approx(7.65)
