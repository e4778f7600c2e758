"""The service split over five processes and a spare, with real simulators; who dies is followed."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.demo.citizens import Citizens, Places
from bot.demo.processes import free_ports, simulator
from bot.ledger import balance
from bot.model.clock import utc_now
from bot.ports import Storage
from storage import open_storage
from tests.flows.test_main_way import HEADER, PHONE, TOKEN, row
from tests.support.splitting import Part, Split, script_token, until

CODE = "H32.15-261122-0001"
TAKE_OVER = 10.0
"""Seconds within which another process does what one did that was killed."""
HAND_OVER = 5.0
"""The same for one that stops in order."""
CONFLICT = "another program listens"


@dataclass
class Office:
    """The parts of the service, the world around them, and the database, to be looked into."""

    mirror: Part
    receive: Part
    web: Part
    spare: Part
    split: Split
    citizens: Citizens
    storage: Storage
    exports: Path
    smsc: str

    def export(self, name: str, line: str) -> None:
        path = self.exports / name
        path.with_suffix(".tmp").write_text(f"{HEADER}\n{line}\n", encoding="utf-8-sig")
        path.with_suffix(".tmp").rename(path)

    async def told(self, words: str, *, within: float = 20.0) -> None:
        """Once an SMS with these words is on the phone."""
        async with asyncio.timeout(within):
            while True:
                query = {"number": PHONE, "wait": "1"}
                async with self.split.http.get(f"{self.smsc}/messages", params=query) as response:
                    if any(words in each["text"] for each in await response.json()):
                        return
                await asyncio.sleep(0.1)

    async def holder(self, post: str) -> str:
        now = utc_now()
        return (await self.storage.read(lambda tx: tx.leases.holders([post], now=now))).get(post, "")


@asynccontextmanager
async def office(tmp_path: Path, url: str) -> AsyncIterator[Office]:
    exports = tmp_path / "exports"
    exports.mkdir()
    smsc, control, telegram = free_ports(3)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        storage = await stack.enter_async_context(open_storage(url))
        await storage.migrate()
        split = Split(tmp_path, {"MOTCUA_TEST_PASSWORD": "secret-1", "MOTCUA_TEST_TOKEN": TOKEN}, http)
        split.configure(f"""
            [storage]
            url = "{url}"
            [quiet]
            personal = {{ begin = "00:00", end = "00:00" }}
            [web]
            key_file = "{tmp_path / "web.key"}"
            [channels.sms]
            kind = "sms_smpp"
            host = "127.0.0.1"
            port = {smsc}
            system_id = "motcua"
            password = "env:MOTCUA_TEST_PASSWORD"
            source_addr = "8041"
            [channels.telegram]
            kind = "telegram"
            token = "env:MOTCUA_TEST_TOKEN"
            base_url = "http://127.0.0.1:{telegram}/bot"
            [channels.webchat]
            kind = "webchat"
            [sources.office]
            kind = "folder"
            path = "{exports}"
            pause = 0.1
            settle = 0.0
        """)
        smsc_settings = {"port": smsc, "control_port": control, "log": tmp_path / "smsc.jsonl", "delay": 0.05}
        await stack.enter_async_context(simulator("smsc", smsc_settings, tmp_path / "smsc.log"))
        telegram_settings = {"port": telegram, "token": TOKEN}
        await stack.enter_async_context(simulator("telegram", telegram_settings, tmp_path / "telegram.log"))
        begun = [stack.enter_async_context(split.part(each)) for each in ("mirror", "receive", "plan", "send", "web")]
        mirror, receive, _, _, web = await asyncio.gather(*begun)
        # Afterwards, so that it is known who does what at first.
        spare = await stack.enter_async_context(split.part("mirror,receive"))
        places = Places(f"http://127.0.0.1:{control}", f"http://127.0.0.1:{telegram}", web.url)
        citizens = Citizens(places, http)
        yield Office(mirror, receive, web, spare, split, citizens, storage, exports, places.smsc)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_five_processes_are_one_service_and_who_dies_is_followed(
    postgres_storage_url: str, tmp_path: Path
) -> None:
    due = utc_now() + timedelta(days=5)
    async with office(tmp_path, postgres_storage_url) as here:
        here.export("1.csv", row(1, 2, due=due))
        await here.told("da duoc tiep nhan")
        asked = await asyncio.gather(
            here.citizens._by_telegram(PHONE, CODE),
            here.citizens._by_web(PHONE, CODE),
            here.citizens._by_sms(PHONE, CODE),
        )
        streamed = await seconds_to_an_open_page(here)

        former = await here.holder("source:office")
        here.mirror.kill()
        followed = await until(lambda: moved(here, "source:office", former), within=2 * TAKE_OVER)
        here.export("2.csv", row(1, 9, due=due, place="Quầy số 3"))
        await here.told("da co ket qua")

        poller = await here.holder("listener:telegram")
        stopped = asyncio.create_task(here.receive.stop())
        handed_over = await until(lambda: moved(here, "listener:telegram", poller), within=2 * HAND_OVER)
        again = await here.citizens._by_telegram(PHONE, CODE)
        code, books = await stopped, await balance(here.storage)
        logs = here.receive.said + here.spare.said

    print(f"\nto an open page {streamed:.2f} s, after SIGKILL {followed:.1f} s, after a stop {handed_over:.1f} s")
    assert asked == [True, True, True]
    assert streamed < 5
    assert followed <= TAKE_OVER
    assert handed_over <= HAND_OVER
    assert (again, code) == (True, 0)
    assert CONFLICT not in logs
    assert books.balanced


async def moved(here: Office, post: str, former: str) -> bool:
    holder = await here.holder(post)
    return bool(holder) and holder != former


async def seconds_to_an_open_page(here: Office) -> float:
    """From a question in the chat to its answer in the stream, which the sender's process knows nothing of."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(here.web.url, cookie_jar=jar) as browser:
        async with browser.get("/") as page:
            token = script_token(await page.text())
        async with browser.get("/chat/events") as events:
            asked = {"text": f"{CODE} {PHONE[-4:]}", "id": "0123456789abcdef"}
            async with browser.post("/chat/messages", json=asked, headers={"X-Form-Token": token}) as taken:
                assert taken.status == 202, await taken.text()
            begun = time.monotonic()
            async with asyncio.timeout(20):
                async for line in events.content:
                    if line.startswith(b"data: ") and CODE in json.loads(line.removeprefix(b"data: "))["text"]:
                        break
    return time.monotonic() - begun
