"""The whole way with nothing replaced but the outside world, whose simulators speak the real protocols."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import App, open_app, read_plan
from bot.config import Config
from bot.demo.citizens import Citizens, Places
from bot.demo.processes import free_ports, simulator
from bot.ledger import balance
from bot.logs import Blotting, hush_libraries
from bot.model.clock import VIETNAM, utc_now
from bot.model.message import DeliveryState
from bot.serving import serve_web

PHONE = "+84912345678"
TOKEN = "1:abc"
HEADER = (
    "MaHoSo;TenTTHC;ChuHoSo;SoDienThoai;NgayTiepNhan;NgayHenTra;TrangThaiHoSo;DonViXuLy;NoiDungBoSung;LyDo;ThongTinTra"
)


@dataclass
class Town:
    """The service with its simulators around it."""

    app: App
    exports: Path
    citizens: Citizens
    http: aiohttp.ClientSession
    smsc: str
    log: Path

    def export(self, name: str, *rows: str) -> None:
        """Drops an export file, as the one-stop software does."""
        path = self.exports / name
        path.with_suffix(".tmp").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8-sig")
        path.with_suffix(".tmp").rename(path)

    async def texts(self, number: str = PHONE, *, at_least: int) -> list[str]:
        """The SMS on a phone, once there are so many."""
        while True:
            async with self.http.get(f"{self.smsc}/messages", params={"number": number, "wait": "1"}) as response:
                messages: list[dict[str, Any]] = await response.json()
            if len(messages) >= at_least:
                return [message["text"] for message in messages]

    async def ended(self, state: DeliveryState, number: int) -> None:
        while (await self.app.storage.read(lambda tx: tx.outbox.counts())).get(("sms", state), 0) < number:
            await asyncio.sleep(0.05)


@asynccontextmanager
async def town(tmp_path: Path, url: str = "") -> AsyncIterator[Town]:
    exports = tmp_path / "exports"
    exports.mkdir()
    smsc, control, telegram, web = free_ports(4)
    os.environ |= {"MOTCUA_TEST_PASSWORD": "secret-1", "MOTCUA_TEST_TOKEN": TOKEN}
    config = Config.model_validate(
        {
            "storage": {"url": url or f"sqlite:{tmp_path / 'motcua.db'}"},
            "quiet": {"personal": {"begin": "00:00", "end": "00:00"}},  # whatever the hour is
            "web": {"port": web, "key_file": tmp_path / "web.key"},
            "channels": {
                "sms": {
                    "kind": "sms_smpp", "host": "127.0.0.1", "port": smsc, "system_id": "motcua",
                    "password": "env:MOTCUA_TEST_PASSWORD", "source_addr": "8041", "reconnect_min": 0.05,
                },
                "telegram": {
                    "kind": "telegram", "token": "env:MOTCUA_TEST_TOKEN",
                    "base_url": f"http://127.0.0.1:{telegram}/bot",
                },
                "webchat": {"kind": "webchat"},
            },
            "sources": {"office": {"kind": "folder", "path": exports, "pause": 0.05, "settle": 0.0}},
        }
    )  # fmt: skip
    log = tmp_path / "smsc.jsonl"
    places = Places(f"http://127.0.0.1:{control}", f"http://127.0.0.1:{telegram}", f"http://127.0.0.1:{web}")
    async with AsyncExitStack() as stack:
        for word, settings in {
            "smsc": {"port": smsc, "control_port": control, "log": log, "delay": 0.05},
            "telegram": {"port": telegram, "token": TOKEN},
        }.items():
            await stack.enter_async_context(simulator(word, settings, tmp_path / f"{word}.log"))
        app = await stack.enter_async_context(open_app(read_plan(config), migrate=True))
        await stack.enter_async_context(serve_web(app))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        running = asyncio.ensure_future(app.run())
        yield Town(app, exports, Citizens(places, http), http, places.smsc, log)
        app.stop()
        await running


def row(number: int, status: int, *, due: datetime, supplement: str = "", reason: str = "", place: str = "") -> str:
    received = (utc_now() + timedelta(minutes=1)).astimezone(VIETNAM)
    return ";".join(
        (
            f"H32.15-261122-{number:04}", "Đăng ký khai sinh", "Trần Thị Ngọc Ẩn", "0912345678",
            f"{received:%Y%m%d%H%M%S}", f"{due.astimezone(VIETNAM):%d/%m/%Y %H:%M}", str(status),
            "UBND phường Vĩnh Hải", supplement, reason, place,
        )
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("storage_url", ["sqlite", "postgres"], indirect=True)
async def test_from_the_one_stop_record_to_the_phone_and_back(
    storage_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hush_libraries()
    due = utc_now() + timedelta(days=5)
    later = due + timedelta(days=3)
    async with town(tmp_path, storage_url) as here:
        here.export("1.csv", row(1, 2, due=due))
        await here.texts(at_least=1)
        here.export("2.csv", row(1, 5, due=due, supplement="Bản sao giấy chứng sinh", reason="Bản nộp bị mờ"))
        await here.texts(at_least=2)
        here.export("3.csv", row(1, 4, due=due))
        await here.texts(at_least=3)
        here.export("4.csv", row(1, 4, due=later, reason="Chờ xác minh"))
        await here.texts(at_least=4)
        here.export("5.csv", row(1, 9, due=later, place="Quầy số 3, 8:00-16:30"))
        texts = await here.texts(at_least=5)
        await here.ended(DeliveryState.DELIVERED, 5)

        asked = await asyncio.gather(
            here.citizens._by_sms(PHONE, "H32.15-261122-0001"),
            here.citizens._by_telegram(PHONE, "H32.15-261122-0001"),
            here.citizens._by_web(PHONE, "H32.15-261122-0001"),
        )
        books = await balance(here.app.storage)

    kinds = ["da duoc tiep nhan", "can bo sung", "da nhan phan bo sung", "xin loi", "da co ket qua"]
    assert [kind in text for kind, text in zip(kinds, texts, strict=True)] == [True] * 5
    assert "Ban sao giay chung sinh. Ly do: Ban nop bi mo" in texts[1]
    assert "Ly do: Cho xac minh" in texts[3]
    assert "Quay so 3, 8:00-16:30" in texts[4]
    assert asked == [True, True, True]
    assert books.balanced
    assert books.planned == 8
    leaked = [word for word in ("912345678", "Ngọc Ẩn", "chứng sinh", "secret-1", TOKEN) if word in caplog.text]
    assert leaked == []


@pytest.mark.slow
async def test_a_restart_in_the_middle_goes_on_where_it_stopped(tmp_path: Path) -> None:
    due = utc_now() + timedelta(days=5)
    async with town(tmp_path) as here:
        here.export("1.csv", *(row(number, 2, due=due) for number in range(1, 6)))
        await here.texts(at_least=5)
        await here.ended(DeliveryState.DELIVERED, 5)
        rows = [row(number, 9, due=due) for number in range(1, 6)]
    (tmp_path / "exports").rename(tmp_path / "kept")
    kept = list((tmp_path / "kept").iterdir())

    async with town(tmp_path) as here:
        for path in kept:
            path.rename(here.exports / path.name)
        here.export("2.csv", *rows)
        texts = await here.texts(at_least=5)
        await here.ended(DeliveryState.DELIVERED, 10)

        assert ["da co ket qua" in text for text in texts] == [True] * 5
        assert (await balance(here.app.storage)).balanced


def test_a_secret_never_reaches_a_log_line() -> None:
    blotting = Blotting()
    blotting.hide(["s3cr3t", ""])
    record = logging.makeLogRecord({"msg": "bound as %s with %s", "args": ("motcua", "s3cr3t"), "name": "bot.x"})

    assert "s3cr3t" not in blotting.format(record)
    assert "motcua with •••" in blotting.format(record)


@pytest.mark.slow
@pytest.mark.timeout(150)
async def test_the_demo_shows_all_kinds_and_its_books_balance(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    program = ["-m", "bot", "demo", "--for", "40", "--json", "--data", str(tmp_path / "demo"), "--port", str(port)]

    process = await asyncio.create_subprocess_exec(
        sys.executable, *program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, errors = await process.communicate()

    assert process.returncode == 0, errors.decode()
    figures = json.loads(out)
    assert figures["dossiers"] >= 500
    assert all(figures["kinds"][kind] > 0 for kind in ("progress", "supplement", "result", "apology")), figures
    assert figures["receipts"]["missing"] == 0
    # An answer by SMS that is under way when a number drops the link stays uncertain and is not sent again.
    most_unanswered = {"sms": 2, "telegram": 0, "webchat": 0}
    for channel, most in most_unanswered.items():
        assert figures["lookups"][channel]["answered"] >= 5
        assert figures["lookups"][channel]["unanswered"] <= most
    assert figures["ledger_balanced"] is True
