"""Everything that comes in comes several times, at once, to two services on one database: each has one effect.

Receipts and citizens' messages by SMPP and by an HTTP gateway, updates of Telegram, events of Zalo, dossiers that are
pushed, pages and files that are read again, calls of the API, a broadcast that two clerks approve with two clicks each.
"""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from bot.api_keys import fresh_key
from bot.app import read_file
from bot.model.api import ApiRight, KeyKind
from bot.model.broadcast import Broadcast, BroadcastState, Recipient
from bot.model.clock import VIETNAM, utc_now
from bot.model.message import DeliveryState, InboundMessage, OutboxItem
from bot.model.person import Address
from bot.ports import Batch, Storage, Transaction
from bot.service import App
from tests.chaos.figures import Report, everything, journal, judged
from tests.chaos.load import WORDING
from tests.chaos.office import PUSHED, Office
from tests.chaos.pair import ASKED, FILED, GATEWAY_SECRET, KEY, OA, TELEGRAM_SECRET, Pair, pair
from tests.support.exports import Office as ExportingOffice
from tests.support.exports import row
from tests.support.making import dossier

_SOON = 30.0


@dataclass
class Echo:
    """Does everything `times` times at once, by turns at the two services."""

    services: Pair
    http: aiohttp.ClientSession
    times: int
    statuses: Counter[str] = field(default_factory=Counter)

    async def call(self, path: str, *, method: str = "POST", what: str, **given: Any) -> list[Any]:
        """The JSON of the answers, where they have any."""

        async def one(number: int) -> Any:
            url = f"{self.services.urls[number % 2]}{path}"
            async with self.http.request(method, url, **given) as answer:
                self.statuses[f"{what} {answer.status}"] += 1
                text = await answer.text()
                return json.loads(text) if "json" in answer.content_type and text else text

        return await asyncio.gather(*map(one, range(self.times)))

    async def do(self, act: Callable[[App], Awaitable[Any]]) -> list[Any]:
        apps = [self.services.apps[number % 2] for number in range(self.times)]
        return await asyncio.gather(*map(act, apps))


async def run(place: Path, url: str, *, times: int = 3, each: int = 5) -> Report:
    """`url` is an empty database; `each`: how many of every sort."""
    async with pair(place, url) as services, aiohttp.ClientSession() as http:
        echo = Echo(services, http, times)
        await services.centre.post("fault", {"kind": "duplicate-receipt"})
        events = await _dossiers(echo, place, each)
        people = await _citizens(echo, each)
        keys = await _software(echo, each)
        told = await _broadcast(echo, each)
        storage = services.apps[0].storage
        await _at_rest(storage)
        await _gateway_receipts(echo, [item for item in await everything(storage) if item.channel == "gateway"])
        items = await everything(storage)
        origins = Counter(item.origin.partition(":")[0] for item in items)
        by_sms = [item for item in items if item.channel == "sms"]
        minutes = await storage.read(lambda tx: tx.routing.minutes(since=utc_now() - timedelta(hours=1)))
        inbound = await storage.read(_heard)
        return await judged(
            f"everything {times} times", storage, by_sms, await journal(place / "smsc.jsonl"), events=events,
            statuses=dict(echo.statuses), planned_by=dict(origins),
            wanted={"change": len(events), "inbound": people, "api": keys, "broadcast": told},
            inbound=inbound,
            counted_as_accepted=sum(minute.accepted for minute in minutes if minute.gateway == "sms"),
            counted_as_delivered=sum(minute.delivered for minute in minutes if minute.gateway == "sms"),
            delivered=sum(item.state is DeliveryState.DELIVERED for item in by_sms),
        )  # fmt: skip


async def _dossiers(echo: Echo, place: Path, each: int) -> dict[tuple[str, str], int]:
    """By push, by the pages of an API and by a file; the messages that each dossier must have."""
    office, events = Office([], KEY), {}
    for number in range(each):
        record = office.receive(number + 1, PUSHED, due_in=timedelta(days=9))
        headers = {"X-Api-Key": KEY, "X-Source": PUSHED}
        await echo.call("/onestop/v1/dossiers", json=record.written(), headers=headers, what="push")
        events[PUSHED, record.code] = 1
    now = utc_now()
    today = f"{now.astimezone(VIETNAM):%y%m%d}"
    page = [
        dossier(
            number, source=ASKED, code=f"H32.18-{today}-{number:04}", phone=_phone(333, number),
            received_at=now, appointment_at=now + timedelta(days=9),
        )
        for number in range(1, each + 1)
    ]  # fmt: skip
    await echo.do(lambda app: app.mirror_of(ASKED).apply(Batch(tuple(page), "page-1")))
    ExportingOffice(place / "exports").exports(*(_row(number) for number in range(1, each + 1)))
    for _ in range(2):
        await echo.do(partial(_imported, path=place / "exports" / "day.csv"))
    filed = {(FILED, f"H32.19-{today}-{number:04}"): 1 for number in range(1, each + 1)}
    return events | {(ASKED, told.code): 1 for told in page} | filed


def _row(number: int) -> str:
    now = utc_now().astimezone(VIETNAM)
    return row(
        number, code=f"H32.19-{now:%y%m%d}-{number:04}", phone=f"0{_phone(888, number)[3:]}",
        received=f"{now:%d/%m/%Y %H:%M}", appointment=f"{now + timedelta(days=9):%d/%m/%Y %H:%M}",
        updated=f"{now:%d/%m/%Y %H:%M}",
    )  # fmt: skip


async def _imported(app: App, *, path: Path) -> None:
    """As `motcua import` does."""
    filed = next(each for each in app.plan.sources if each.name == FILED)
    async for batch in read_file(filed, path, FILED):
        await app.mirror_of(FILED).apply(batch)


async def _citizens(echo: Echo, each: int) -> int:
    """By Telegram, Zalo, an HTTP gateway and SMPP; how many messages they wrote."""
    now = utc_now()
    for number in range(1, each + 1):
        await echo.call("/webhooks/telegram", json=_update(number), headers=TELEGRAM_SECRET, what="telegram")
        body = _event(number)
        await echo.call("/webhooks/zalo", data=body, headers=_sealed(body), what="zalo")
        query = {"id": f"mo-{number}", "from": _phone(444, number)[1:], "text": "TRO GIUP"}
        await echo.call(f"/webhooks/gateway/{GATEWAY_SECRET}/mo", method="GET", params=query, what="gateway mo")
        text = InboundMessage(
            channel="sms", message_id=f"smpp-{number}", sender=Address("sms", _phone(555, number)),
            text="TRO GIUP", at=now, to="8041",
        )  # fmt: skip
        await echo.do(lambda app, text=text: app.deliver([text]))  # type: ignore[misc]
    return 4 * each


def _update(number: int) -> dict[str, Any]:
    person = {"id": 700_000 + number, "is_bot": False, "first_name": "Lan"}
    message = {
        "message_id": number, "date": int(utc_now().timestamp()), "text": "trợ giúp", "from": person,
        "chat": {"id": person["id"], "type": "private"},
    }  # fmt: skip
    return {"update_id": number, "message": message}


def _event(number: int) -> bytes:
    told = {
        "app_id": OA["app_id"], "event_name": "user_send_text", "timestamp": str(int(1000 * utc_now().timestamp())),
        "user_id_by_app": f"55{number:05}", "sender": {"id": f"88000{number:05}"}, "recipient": {"id": OA["oa_id"]},
        "message": {"msg_id": f"zalo-{number}", "text": "trợ giúp"},
    }  # fmt: skip
    return json.dumps(told).encode()


def _sealed(body: bytes) -> dict[str, str]:
    moment = json.loads(body)["timestamp"]
    mac = hashlib.sha256(OA["app_id"].encode() + body + moment.encode() + OA["secret"].encode()).hexdigest()
    return {"X-ZEvent-Signature": f"mac={mac}", "Content-Type": "application/json"}


async def _software(echo: Echo, each: int) -> int:
    """Over the API, each wish under one key; how many wishes there are."""
    fresh = fresh_key(KeyKind.LIVE, "twice", agency="", rights=list(ApiRight), by="lan", at=utc_now())
    await echo.services.apps[0].storage.write(lambda tx: tx.api.add(fresh.key))
    for number in range(each):
        values = {"code": f"H32.17-200101-{number:04}", "agency": "UBND xã Mẫu", "place": "quầy số 2"}
        wish = {"situation": "result", "to": {"kind": "phone", "phone": _phone(666, number), "values": values}}
        headers = {"Authorization": f"Bearer {fresh.shown}", "Idempotency-Key": f"wish-{number}"}
        answers = await echo.call("/api/v1/notifications", json=wish, headers=headers, what="api")
        ids = {told["id"] for answer in answers for told in answer.get("notifications", ())}
        assert len(ids) == 1, answers
    return each


async def _broadcast(echo: Echo, each: int) -> int:
    """Two clerks approve it, each with two clicks; how many people are to get it."""
    people = [
        Recipient(number=number + 2, phone=_phone(777, number), values={"ten": f"Bà {number}"})
        for number in range(each)
    ]
    broadcasts = echo.services.apps[0].broadcasts
    made = _sure(await broadcasts.begin(title="Nghỉ lễ", agency="H32.15", by="lan"))
    made = _sure(await broadcasts.change(made.id, revision=made.revision, by="lan", wording=WORDING))
    await broadcasts.take_list(made.id, people, name="ds.csv", digest="d", by="lan")
    await broadcasts.draw_up(made.id, by="lan")
    await broadcasts.test(made.id, to="0988000015", by="lan")
    await echo.do(lambda app: app.broadcasts.submit(made.id, by="lan"))
    answers = await echo.do(lambda app: app.broadcasts.approve(made.id, by="hoa"))
    assert any(isinstance(answer, Broadcast) for answer in answers), answers
    async with asyncio.timeout(_SOON):
        while not await _is_done(echo.services.apps[0].storage, made.id):
            await asyncio.sleep(0.1)
    return each


async def _is_done(storage: Storage, broadcast_id: str) -> bool:
    found = await storage.read(lambda tx: tx.broadcasts.get(broadcast_id))
    return found is not None and found.state is BroadcastState.DONE


def _phone(sort: int, number: int) -> str:
    return f"+8491{sort}{number:02}75"


def _sure(answer: object) -> Broadcast:
    assert isinstance(answer, Broadcast), answer
    return answer


async def _gateway_receipts(echo: Echo, items: Sequence[OutboxItem]) -> None:
    for item in items:
        query = {"id": item.id, "s": "1"}
        await echo.call(f"/webhooks/gateway/{GATEWAY_SECRET}/dlr", method="GET", params=query, what="gateway receipt")


async def _heard(tx: Transaction) -> dict[str, int]:
    """Citizens' messages that the ledger has, by channel."""
    totals = await tx.watch.totals()
    found: Counter[str] = Counter()
    for (channel, _), number in totals.inbound.items():
        found[channel] += number
    return dict(found)


async def _at_rest(storage: Storage) -> None:
    """Until every SMS has its receipt; what is for an account that has no tokens stays."""
    async with asyncio.timeout(_SOON):
        while True:
            counts = await storage.read(lambda tx: tx.outbox.counts())
            waits = [n for (channel, state), n in counts.items() if channel == "sms" and state in _OPEN]
            if not sum(waits):
                return
            await asyncio.sleep(0.1)


_OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.ACCEPTED)
