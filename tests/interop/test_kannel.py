"""Kannel as the client of our simulated centre: that it speaks SMPP as the world understands it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

from aiohttp import web

from bot.demo.processes import free_ports
from tests.adapters.sms_smpp.support import Centre, centre, number
from tests.adapters.smsc.support import certificate
from tests.interop.kannel import DLR, MO, PATIENCE, Kannel, kannel

ACCENTED = "Hồ sơ H56.14-240823-0001 của ông/bà đã có kết quả; mời đến nhận tại bộ phận Một cửa. " * 3
PLAIN = "Ho so [H56.14-240823-0001] co ket qua, le phi 10.000 d {bien lai}. " * 4
DELIVERED, FAILED, TAKEN, REFUSED = "1", "2", "8", "16"


@dataclass
class Callbacks:
    """What Kannel calls out to us."""

    port: int
    called: list[dict[str, str]] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def hear(self, request: web.Request) -> web.Response:
        # Texts of citizens come in the phone's own coding, which no URL library expects.
        fields = parse_qs(request.rel_url.raw_query_string, encoding="latin-1")
        async with self._news:
            self.called.append({"path": request.path} | {key: values[0] for key, values in fields.items()})
            self._news.notify_all()
        return web.Response(text="")

    async def until(self, true: Callable[[list[dict[str, str]]], bool]) -> list[dict[str, str]]:
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: true(self.called))
        return self.called

    def url(self, path: str, fields: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}?{fields}"


@asynccontextmanager
async def callbacks() -> AsyncIterator[Callbacks]:
    (port,) = free_ports(1)
    heard = Callbacks(port)
    application = web.Application()
    application.router.add_get("/{path}", heard.hear)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield heard
    finally:
        await runner.cleanup()


@dataclass
class Bench:
    """A centre, Kannel bound to it, and what Kannel tells."""

    smsc: Centre
    kannel: Kannel
    heard: Callbacks

    async def send(self, to: str, text: str) -> None:
        query = {
            "username": self.kannel.user, "password": self.kannel.password, "from": "SOTNMT", "to": to, "text": text,
            "charset": "UTF-8", "coding": "0" if text.isascii() else "2", "dlr-mask": "31",
            "dlr-url": self.heard.url("dlr", f"to={to[1:]}&{DLR}"),
        }  # fmt: skip
        async with self.smsc.http.get(self.kannel.sendsms, params=query) as answer:
            assert (answer.status, await answer.text()) == (202, "0: Accepted for delivery")

    async def told_of(self, to: str, *states: str) -> list[dict[str, str]]:
        """The reports about a number, once there are so many."""

        def about(called: list[dict[str, str]]) -> list[dict[str, str]]:
            return [call for call in called if call["path"] == "/dlr" and call["to"] == to[1:]]

        called = about(await self.heard.until(lambda called: len(about(called)) >= len(states)))
        assert [call["state"] for call in called] == list(states)
        return called


@asynccontextmanager
async def bench(
    place: Path, *, separate: bool = False, smsc_lines: str = "", **settings: object
) -> AsyncIterator[Bench]:
    async with callbacks() as heard, centre(place / "smsc.jsonl", **settings) as smsc:
        mo = f'get-url = "{heard.url("mo", MO)}"'
        async with kannel(place, smsc_port=smsc.port, mo=mo, separate=separate, smsc_lines=smsc_lines) as gateway:
            yield Bench(smsc, gateway, heard)


async def test_it_sends_long_texts_and_hears_what_became_of_them(tmp_path: Path) -> None:
    async with bench(tmp_path) as each:
        for text in (ACCENTED, PLAIN):
            to = number()
            await each.send(to, text)

            _, report = await each.told_of(to, TAKEN, DELIVERED)
            [shown] = await each.smsc.texts(to)
            assert (shown["text"], shown["from"]) == (text, "SOTNMT")
            assert f"id:{report['reference']} " in report["answer"]
        undeliverable, refused = number("0002"), number("0001")
        await each.send(undeliverable, "Ho so")
        await each.send(refused, "Ho so")
        await each.told_of(undeliverable, TAKEN, FAILED)
        await each.told_of(refused, REFUSED)
        stats = await each.smsc.stats()
        assert (stats["malformed"], stats["rejected"], stats["receipt_refused"]) == (0, 1, 0)


async def test_it_joins_what_citizens_write(tmp_path: Path) -> None:
    async with bench(tmp_path, unknown_tlvs=True) as each:
        for place, text in enumerate((ACCENTED, PLAIN, "HS 8041"), 1):
            sender = number()

            status, _ = await each.smsc.write(sender, text, wait=True)

            assert status == 202
            call = (await each.heard.until(lambda called, place=place: len(called) == place))[-1]  # type: ignore[misc]
            assert (call["from"], call["to"]) == (sender, "8041")
            assert call["text"].encode("latin-1").decode(call["charset"]) == text


async def test_two_links_with_ids_in_two_bases_and_receipts_of_few_words(tmp_path: Path) -> None:
    lines = "msg-id-type = 0x01"
    dialect = {"ids": "hex-decimal", "receipts": "minimal"}
    async with bench(tmp_path, separate=True, smsc_lines=lines, **dialect) as each:
        to = number()

        await each.send(to, ACCENTED)

        taken, delivered = await each.told_of(to, TAKEN, DELIVERED)
        assert int(taken["reference"]) == int(delivered["reference"])
        assert (await each.smsc.stats())["links"] == 2


async def test_over_tls(tmp_path: Path) -> None:
    made, key = certificate(tmp_path)
    async with bench(tmp_path, smsc_lines="use-ssl = true", tls_cert=made, tls_key=key) as each:
        to = number()

        await each.send(to, ACCENTED)

        await each.told_of(to, TAKEN, DELIVERED)
