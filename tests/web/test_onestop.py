"""The one-stop software's calls, through a real socket: who is let in, how much is read, and when we say yes."""

import asyncio
import gzip
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, ClientTimeout

from adapters.sources.push import PushSource
from bot.ports import Accept, Applied, Batch, PushAnswer, Storage, WebhookRequest
from bot.web import onestop
from bot.web.context import Door
from bot.web.onestop import FAILURES
from tests.adapters.push.support import KEY, PASSWORD, Office, code, record, settings
from tests.web.office import Clock, open_office

GOOD = {"X-Api-Key": KEY}


@dataclass
class Caller:
    """The vendor's software."""

    http: ClientSession
    url: str
    mirror: Office
    clock: Clock
    answer: ClientResponse | None = field(default=None, repr=False)

    async def send(
        self, path: str, value: object, headers: Mapping[str, str] = GOOD, *, method: str = "POST"
    ) -> tuple[int, dict[str, Any]]:
        """`value` as JSON; bytes, and iterators of bytes, go as they are. Answers status and JSON."""
        is_stream = hasattr(value, "__aiter__")
        sent = value if is_stream else BytesIO(value if isinstance(value, bytes) else json.dumps(value).encode())
        async with self.http.request(method, f"{self.url}/onestop/v1/{path}", data=sent, headers=headers) as answer:
            self.answer = answer
            assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
            return answer.status, await answer.json()


@asynccontextmanager
async def calling(storage: Storage, mirror: Office, *names: str, **changes: Any) -> AsyncIterator[Caller]:
    """A caller of an office whose push sources have these names, with a key of its own each."""
    async with AsyncExitStack() as stack:
        push = PushSource("motcua", settings(**changes))
        doors = {name: Door(push, mirror.accept) for name in names}
        office = await stack.enter_async_context(open_office(storage, doors=doors))
        http = await stack.enter_async_context(ClientSession(timeout=ClientTimeout(total=20)))
        yield Caller(http, office.url, mirror, office.clock)


@pytest.fixture
async def caller(sqlite_storage: Storage) -> AsyncIterator[Caller]:
    async with calling(sqlite_storage, Office(), "motcua") as caller:
        yield caller


async def test_a_call_is_answered_record_by_record(caller: Caller) -> None:
    status, answer = await caller.send("dossiers", [record(1), record(2, TrangThaiHoSo="")])

    assert status == 422
    assert [each["result"] for each in answer["results"]] == ["accepted", "refused"]
    assert [dossier.code for dossier in caller.mirror.dossiers] == [code(1)]


async def test_the_national_dialect_is_spoken_at_the_same_place(caller: Caller) -> None:
    _, login = await caller.send("auth", {"username": "vnpt", "password": PASSWORD}, {})
    envelope = {"session": login["session"], "service": "DongBoHoSoMC", "isUpdating": "False", "data": [record()]}

    status, answer = await caller.send("integration", envelope, {})
    bare = await caller.send("DongBoHoSoMC?MaDinhDanhDV=000.00.01.H22&isUpdating=True", [record()])

    assert (status, answer["error_code"]) == (200, "00")
    assert bare[1]["error_code"] == "00"
    assert len(caller.mirror.dossiers) == 2


async def test_a_thousand_records_come_in_one_call(caller: Caller) -> None:
    thousand = [record(n, ThongTinTra="Quầy số 3, tầng một " * 20) for n in range(1, 1_001)]

    status, answer = await caller.send("dossiers", thousand)

    assert status == 200
    assert answer["accepted"] == 1_000
    assert len(caller.mirror.dossiers) == 1_000


async def test_nothing_is_answered_before_it_is_kept(sqlite_storage: Storage) -> None:
    reached, kept = asyncio.Event(), asyncio.Event()

    class Slow(Office):
        async def accept(self, batch: Batch) -> Applied:
            reached.set()
            await kept.wait()
            return await super().accept(batch)

    async with calling(sqlite_storage, Slow(), "motcua") as caller:
        call = asyncio.create_task(caller.send("dossiers", record()))
        await reached.wait()
        assert caller.answer is None
        kept.set()

        assert (await call)[0] == 200


async def test_what_cannot_be_kept_is_to_be_sent_again_and_is_then_taken(caller: Caller) -> None:
    caller.mirror.is_broken = True
    status, answer = await caller.send("dossiers", record())
    assert caller.answer is not None
    assert (status, answer["error"]) == (503, "unavailable")
    assert int(caller.answer.headers["Retry-After"]) > 0

    caller.mirror.is_broken = False
    again = await caller.send("dossiers", record())

    assert again[0] == 200
    assert len(caller.mirror.dossiers) == 1


async def test_a_body_that_is_announced_as_too_large_is_not_read(sqlite_storage: Storage) -> None:
    async with calling(sqlite_storage, Office(), "motcua", largest_mib=1) as caller:
        most = await caller.send("dossiers", b" " * (1 << 20))
        reader, writer = await asyncio.open_connection("127.0.0.1", int(caller.url.rpartition(":")[2]))
        head = f"POST /onestop/v1/dossiers HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\n"
        writer.write(f"{head}Content-Length: {(1 << 20) + 1}\r\n\r\n".encode())
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()

    assert most[0] == 400
    assert line.startswith(b"HTTP/1.1 413 ")


async def test_a_body_that_grows_too_large_is_read_no_further(sqlite_storage: Storage) -> None:
    async def growing() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * (64 << 10)

    async with calling(sqlite_storage, Office(), "motcua", largest_mib=1) as caller:
        status, answer = await caller.send("dossiers", growing())
        packed = await caller.send("dossiers", gzip.compress(b" " * (2 << 20)), GOOD | {"Content-Encoding": "gzip"})

    assert (status, answer["error"]) == (413, "too_large")
    assert packed[0] == 413


async def test_a_body_that_never_ends_is_given_up(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onestop, "BODY_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(caller.url.rpartition(":")[2]))
    head = f"POST /onestop/v1/dossiers HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\n"
    writer.write(f"{head}Content-Length: 9\r\n\r\n[".encode())

    line = await asyncio.wait_for(reader.readline(), timeout=10)
    writer.close()
    await writer.wait_closed()

    assert line.startswith(b"HTTP/1.1 408 ")
    assert caller.mirror.batches == []


async def test_who_is_not_kept_in_time_is_told_to_send_again(
    sqlite_storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stuck(Office):
        async def accept(self, batch: Batch) -> Applied:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(onestop, "ANSWER_SECONDS", 0.05)
    async with calling(sqlite_storage, Stuck(), "motcua") as caller:
        status, answer = await caller.send("dossiers", record())

    assert (status, answer["error"]) == (503, "unavailable")


async def test_calls_may_not_fill_the_memory_together(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onestop, "MOST_HELD", 1_000)
    small = [await caller.send("dossiers", record()) for _ in range(5)]

    large = await caller.send("dossiers", [record(n) for n in range(1, 10)])
    small.append(await caller.send("dossiers", record()))

    assert {status for status, _ in small} == {200}
    assert (large[0], large[1]["error"]) == (503, "busy")


async def test_a_packed_body_is_unpacked_and_a_broken_one_is_refused(caller: Caller) -> None:
    packed = gzip.compress(json.dumps(record()).encode())

    whole = await caller.send("dossiers", packed, GOOD | {"Content-Encoding": "gzip"})
    broken = await caller.send("dossiers", b"no gzip at all", GOOD | {"Content-Encoding": "gzip"})

    assert whole[0] == 200
    assert (broken[0], broken[1]["error"]) == (400, "unreadable")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_only_post_is_heard(caller: Caller, method: str) -> None:
    status, answer = await caller.send("dossiers", record(), method=method)

    assert caller.answer is not None
    assert (status, answer["error"], caller.answer.headers["Allow"]) == (405, "method", "POST")
    assert caller.mirror.batches == []


@pytest.mark.parametrize("path", ["dossiers", "integration", "auth", "alive", "nowhere"])
async def test_an_unknown_source_cannot_be_told_from_a_wrong_key(caller: Caller, path: str) -> None:
    wrong_key = await caller.send(path, [], {"X-Api-Key": "wrong"})
    headers = dict(caller.answer.headers if caller.answer else {})

    unknown = await caller.send(path, [], GOOD | {"X-Source": "another"})

    assert caller.answer is not None
    assert unknown == wrong_key
    assert {**caller.answer.headers, "Date": ""} == {**headers, "Date": ""}
    assert caller.mirror.batches == []


async def test_with_several_sources_the_call_names_one(sqlite_storage: Storage) -> None:
    async with calling(sqlite_storage, Office(), "motcua", "datdai") as caller:
        nameless = await caller.send("dossiers", record())
        by_header = await caller.send("dossiers", record(), GOOD | {"X-Source": "datdai"})
        by_query = await caller.send("dossiers?source=motcua", record())

    assert (nameless[0], nameless[1]["error"]) == (400, "source_missing")
    assert (by_header[0], by_query[0]) == (200, 200)


async def test_without_a_push_source_there_is_no_door(sqlite_storage: Storage) -> None:
    async with calling(sqlite_storage, Office()) as caller:
        assert (await caller.send("dossiers", record()))[0] == 404


async def test_who_guesses_too_often_has_to_wait_and_is_then_heard(caller: Caller) -> None:
    wrong_logins = [await caller.send("auth", {"username": "vnpt", "password": str(n)}, {}) for n in range(FAILURES)]
    during = await caller.send("dossiers", record())
    assert caller.answer is not None
    wait = int(caller.answer.headers["Retry-After"])
    caller.clock.moved = timedelta(seconds=wait + 1)

    after = await caller.send("dossiers", record())

    assert {status for status, _ in wrong_logins} == {200}
    assert (during[0], during[1]["error"]) == (429, "too_many_failures")
    assert 0 < wait <= 60
    assert after[0] == 200


async def test_a_mistake_of_ours_shows_nothing_inside(sqlite_storage: Storage) -> None:
    class Faulty:
        largest = 1_000

        async def receive(self, request: WebhookRequest, accept: Accept) -> PushAnswer:
            raise ValueError(request.body.decode())

    async with open_office(sqlite_storage, doors={"motcua": Door(Faulty(), Office().accept)}) as office:
        visitor = await office.stranger()
        async with visitor.http.post(f"{office.url}/onestop/v1/dossiers", data=b"Nguyen Thi Anh") as answer:
            body = await answer.text()

    assert answer.status == 500
    assert "Anh" not in body


async def test_logs_hold_neither_keys_nor_what_was_sent(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stranger = "somebody-else-entirely"

    await caller.send("dossiers", [record(), record(2, NgayHenTra="mai")])
    await caller.send("auth", {"username": stranger, "password": PASSWORD}, {})
    await caller.send("dossiers", b"{", {"X-Api-Key": stranger, "X-Source": stranger})
    caller.mirror.is_broken = True
    await caller.send("dossiers", record())

    logged = "\n".join(each.getMessage() for each in caplog.records)
    assert "could not be kept" in logged
    for secret in (KEY, PASSWORD, stranger, "Ánh", "912345678", code(1)):
        assert secret not in logged
