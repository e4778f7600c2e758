"""The configuration is read anew beneath traffic: nothing is lost, sent twice or refused; a mistake changes nothing."""

import asyncio
import gc
import itertools
import logging
import weakref
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo.processes import free_port
from bot.ledger import balance
from bot.model.message import DeliveryState
from bot.web import front
from tests.flows.reloading import KEY, House, house, until
from tests.web.office import Visitor

RELOADS = 4


async def push_for_ever(here: House, numbers: Iterator[int], *, keep: bool) -> None:
    """One-stop software that keeps its connection, or makes one for each call. It never calls again by itself."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=not keep)) as http:
        for number in numbers:
            await here.push(http, number)
            await asyncio.sleep(0.01)


async def look_up_for_ever(here: House) -> None:
    """A visitor without JavaScript. A browser does not send a form again by itself."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        visitor = Visitor(http, here.url)
        await visitor.come()
        while True:
            answer = await visitor.submit("H56.14-240823-0001")
            here.statuses[answer.status] += 1
            await asyncio.sleep(0.01)


async def watch_for_ever(here: House, heard: set[int]) -> None:
    """An open chat: its stream ends at a reload, and it comes back as browsers do."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        visitor = Visitor(http, here.url)
        await visitor.come()
        while True:
            with suppress(aiohttp.ClientPayloadError):
                async with visitor.stream() as stream:
                    heard.add(here.process.reloads)
                    await stream.answer.content.read()
            await asyncio.sleep(0.01)


def is_broken(traffic: Sequence[asyncio.Task[None]]) -> bool:
    return any(task.done() for task in traffic)


async def all_ended(here: House) -> None:
    assert here.process.app
    storage, arrived = here.process.app.storage, 0
    async with asyncio.timeout(20):
        while arrived < len(here.pushed):
            await asyncio.sleep(0.02)
            arrived = (await storage.read(lambda tx: tx.outbox.counts())).get(("sms", DeliveryState.DELIVERED), 0)


@pytest.mark.parametrize("storage_url", ["sqlite", "postgres"], indirect=True)
async def test_beneath_traffic_every_message_is_sent_once_and_no_call_is_refused(
    storage_url: str, tmp_path: Path
) -> None:
    numbers, heard, pages = iter(range(1, 10_000)), set[int](), []
    async with house(tmp_path, storage_url) as here, aiohttp.ClientSession() as http:
        doing: list[Coroutine[Any, Any, None]] = [look_up_for_ever(here), look_up_for_ever(here)]
        doing += [push_for_ever(here, numbers, keep=keep) for keep in (True, True, False)]
        doing.append(watch_for_ever(here, heard))
        traffic = [asyncio.create_task(each) for each in doing]
        await until(lambda: len(here.pushed) > 10)
        for number in range(1, RELOADS + 1):
            enough = len(here.pushed) + 10
            await here.reloaded(office=f"Office {number}")
            pages.append(await here.page(http))
            await until(lambda enough=enough: len(here.pushed) > enough or is_broken(traffic))  # type: ignore[misc]
        await until(lambda: len(heard) == RELOADS + 1 or is_broken(traffic))
        broken = [task for task in traffic if task.done()]
        for task in traffic:
            task.cancel()
        await asyncio.wait(traffic)
        await all_ended(here)
        assert here.process.app
        sent, books = await here.sent(), await balance(here.process.app.storage)

    assert broken == []
    assert set(here.statuses) == {200}
    assert here.statuses[200] > len(here.pushed)
    assert [f"Office {number}" in page for number, page in enumerate(pages, 1)] == [True] * RELOADS
    assert {number: times for number, times in sent.items() if times > 1} == {}
    assert set(here.pushed) <= sent.keys()
    assert books.balanced
    assert books.uncertain == ()


async def test_a_call_that_is_being_answered_is_answered_and_its_connection_stays(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.settings["port"])
        body = b'{"MaHoSo": "H56.14-261122-0001", "TrangThaiHoSo": "2"}'
        head = f"POST /onestop/v1/dossiers HTTP/1.1\r\nHost: a\r\nX-Api-Key: {KEY}\r\nContent-Length: {len(body)}"
        writer.write(head.encode() + b"\r\n\r\n" + body[:10])
        await writer.drain()
        await asyncio.sleep(0.05)
        reloading = asyncio.create_task(here.reloaded(office="Office 1"))
        await until(lambda: here.process.reloads == 1)
        writer.write(body[10:])
        answers = [await reader.readuntil(b"\r\n\r\n")]
        await reader.readexactly(int(answers[0].lower().partition(b"content-length: ")[2].split()[0]))
        await reloading

        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        answers.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    assert [answer.split()[1] for answer in answers] == [b"200", b"200"]


async def test_a_call_that_takes_too_long_does_not_hold_a_reload_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "_SHUTDOWN_SECONDS", 0.2)
    async with house(tmp_path) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.settings["port"])
        writer.write(b"POST /tra-cuu HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\ntext=")
        await asyncio.sleep(0.05)

        await here.reloaded(office="Office 1")
        rest = await asyncio.wait_for(reader.read(), 5)
        writer.close()

    assert rest == b""


WRONG = {
    "no TOML": ("[web", "không đúng TOML"),
    "a key that is none": ("[web]\nprot = 1", "prot"),
    "a channel's key": ('[channels.sms]\nkind = "sms_smpp"\nhots = "x"', "hots"),
    "no such kind": ('[channels.sms]\nkind = "pigeon"', "pigeon"),
    "a secret that is gone": ('[channels.sms]\nkind = "telegram"\ntoken = "file:/nowhere/token"', "/nowhere/token"),
    "calls without a way in": ("[web]\nenabled = false", "enabled = true"),
    "another database": ("[storage]\nurl = 'sqlite:other.db'", "storage.url"),
    "another address at the same port": ('[web]\nhost = "0.0.0.0"', "web.host"),
    "a route that leads nowhere": ("[routes.default.gateways]\nnone = {}", "none"),
    "a key file that cannot be": ('[web]\nkey_file = "/dev/null/web.key"', "key_file"),
}


async def test_what_is_wrong_is_named_and_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with house(tmp_path) as here, aiohttp.ClientSession() as http:
        good, app = here.file.read_text("utf-8"), here.process.app
        assert app
        named = []
        for change, _ in WRONG.values():
            caplog.clear()
            here.file.write_text(with_change(good, change), "utf-8")
            await here.refused()
            named.append("; ".join(each.getMessage() for each in caplog.records if each.levelno == logging.ERROR))
        taken = free_port()
        blocking = await asyncio.start_server(lambda *_: None, "127.0.0.1", taken)
        here.write(port=taken)
        await here.refused()
        here.settings["port"] = int(good.partition("port = ")[2].split()[0])
        blocking.close()
        await here.push(http, 1)
        page = await here.page(http)
        await until(lambda: any(each.name == "config" for each in app.watch.alarms))
        health = await status(http, f"{here.url}/readyz")

        here.file.write_text(good, "utf-8")
        here.process.reload()
        await until(lambda: here.process.app is not app)
        mended = here.process.app
        assert mended
        await until(lambda: mended.watch.looked_at is not None and not mended.watch.alarms)
        await all_ended(here)

    assert {kind: word in line for (kind, (_, word)), line in zip(WRONG.items(), named, strict=True)} == dict.fromkeys(
        WRONG, True
    )
    assert here.process.reloads == 1
    assert "Office 0" in page
    assert health == 200
    assert here.pushed


def with_change(good: str, change: str) -> str:
    """The file with one of its tables written otherwise, or one more."""
    head, _, rest = change.partition("\n")
    if head not in good or not rest:
        return f"{good}\n{change}\n"
    if head.startswith(("[channels", "[storage")):
        begin = good.index(head)
        end = good.index("\n[", begin)
        return f"{good[:begin]}{change}{good[end:]}"
    key = rest.split(" = ")[0]
    begin = good.index(head) + len(head)
    end = good.index("\n[", begin) if "\n[" in good[begin:] else len(good)
    lines = [line for line in good[begin:end].splitlines() if not line.startswith(f"{key} =")]
    return "\n".join((good[:begin], rest, *lines, good[end:]))


async def status(http: aiohttp.ClientSession, url: str) -> int:
    async with http.get(url) as answer:
        return answer.status


async def test_secrets_in_files_and_the_level_of_the_log_are_read_anew(tmp_path: Path) -> None:
    async with house(tmp_path) as here, aiohttp.ClientSession() as http:
        (tmp_path / "key").write_text("another key of that software")
        await here.reloaded()
        await here.push(http, 1)
        await here.push(http, 2, "another key of that software")
        await all_ended(here)

    assert dict(here.statuses) == {401: 1, 200: 1}


async def test_another_port_is_opened_before_the_old_one_is_shut(tmp_path: Path) -> None:
    async with house(tmp_path) as here, aiohttp.ClientSession() as http:
        old = here.url
        assert await status(http, f"{old}/healthz") == 200
        await here.reloaded(port=free_port())
        found = await status(http, f"{here.url}/healthz")
        kept = await status(http, f"{old}/healthz")  # on the connection that was there
        async with aiohttp.ClientSession() as stranger:
            with pytest.raises(aiohttp.ClientConnectorError):
                await status(stranger, f"{old}/healthz")

    assert (found, kept) == (200, 200)


async def test_orders_that_come_together_are_one_and_one_that_comes_meanwhile_is_another(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        first = here.process.app
        here.write(office="Office 1")
        for _ in range(5):
            here.process.reload()
        await until(lambda: here.process.app is not first)
        second, once = here.process.app, here.process.reloads
        here.write(office="Office 2")
        here.process.reload()
        await until(lambda: here.process.reloads == 2)
        here.write(office="Office 3")
        here.process.reload()  # the second one has not begun to run yet, or just has
        await until(lambda: here.process.reloads == 3 and here.process.app is not second)
        async with aiohttp.ClientSession() as http:
            page = await here.page(http)

    assert once == 1
    assert "Office 3" in page


async def test_a_stop_in_the_middle_of_a_reload_is_a_stop(tmp_path: Path) -> None:
    """At every stretch of a reload, by the turns of the event loop that it has had."""
    for turns in itertools.chain(range(0, 12, 3), range(20, 140, 40)):
        place = tmp_path / str(turns)
        place.mkdir()
        async with house(place) as here, aiohttp.ClientSession() as http:
            await here.push(http, 1)
            here.process.reload()
            for _ in range(turns):
                await asyncio.sleep(0)
            here.process.stop()
            here.process.reload()
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection("127.0.0.1", here.settings["port"])


async def test_what_was_replaced_is_forgotten(tmp_path: Path) -> None:
    async with house(tmp_path) as here, aiohttp.ClientSession() as http:
        await here.push(http, 1)
        replaced = weakref.ref(here.process.app)
        await here.reloaded(office="Office 1")
        await here.push(http, 2)
        await all_ended(here)
        gc.collect()

    assert replaced() is None
