"""What a whole run writes down: no phone, name, text, secret or chat of anybody, in whatever went wrong.

One run goes through every way in and out, with failures, at level DEBUG, and its lines are kept in both formats. Then
everything that it was given to keep to itself is looked for in them, in what was printed and in /metrics.
"""

import asyncio
import io
import json
import logging
import re
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar

from bot import privacy
from bot.api_keys import fresh_key
from bot.demo.processes import free_port
from bot.logs import Blotting, JsonLines, hush_libraries
from bot.model.api import ApiRight, KeyKind
from bot.model.broadcast import BroadcastState
from bot.model.clock import utc_now
from bot.model.message import DeliveryState
from bot.model.person import Address
from bot.model.staff import Role
from bot.vaults import vault_for
from bot.web.console.console import Console
from tests.adapters.sms_smpp.support import Centre, centre
from tests.adapters.telegram.support import TOKEN, Telegram
from tests.adapters.telegram.support import running as telegram_running
from tests.adapters.zalo.support import (
    ACCESS,
    APP_ID,
    APP_SECRET,
    OA_ID,
    OA_SECRET,
    REFRESH,
    TEMPLATES,
    Zalo,
    grant,
    simulated,
)  # fmt: skip
from tests.support.making import message
from tests.support.whole import GO_LIVE, KEY, Whole, whole
from tests.web.console.broadcasting import begun, ready, revision, upload
from tests.web.console.rig import PASSWORD as STAFF_PASSWORD
from tests.web.console.rig import Rig as ConsoleRig
from tests.web.office import Visitor

LAN, BINH, HOA = "Nguyễn Thị Ngọc Lan", "Trần Văn Bình", "Lê Thị Thanh Hoa"
LAN_PHONE, BINH_PHONE, HOA_PHONE = "+84912345678", "+84987654321", "+84356781234"
REFUSED, DROPPED = "+84912340001", "+84912340007"
CHAT, USER = 5_100_200_300, "8800000987654321"
CODE, SECOND = "H56.14-261122-0001", "H56.14-261122-0002"
LOOKUP, PAPER = "Kx93-Tm7Q", "079185007391"
SECRET_REASON = "Thiếu bản sao giấy chứng sinh của cháu Bảo"
FEEDBACK = "Cán bộ hướng dẫn tôi ba lần ba kiểu khác nhau"
VISITOR = "203.0.113.77"
SMSC_PASSWORD = "sm5c-p4s"
ADMIN = "Phạm Quốc Khánh"


def spellings(phone: str) -> set[str]:
    """As people, providers and programs write it."""
    national = phone.removeprefix("+84")
    spaced = f"{national[:3]} {national[3:6]} {national[6:]}"
    return {national, f"0{national}", f"84{national}", spaced, spaced.replace(" ", ".")}


def leaks(text: str, words: Collection[str]) -> list[str]:
    """Those of the words that stand in the text; what is only digits or short, as a word of its own."""
    bare = {word for word in words if len(word) < 6}
    found = [word for word in words if word not in bare and word.lower() in text.lower()]
    return sorted(found + [word for word in bare if re.search(rf"(?<![\w,.:]){re.escape(word)}(?!\w)", text)])


@dataclass
class Kept:
    """What a run wrote down, and what it had to keep to itself."""

    text: io.StringIO = field(default_factory=io.StringIO)
    json: io.StringIO = field(default_factory=io.StringIO)
    words: set[str] = field(default_factory=set)
    metrics: str = ""


@pytest.fixture
def kept() -> Iterator[Kept]:
    """Handlers as `motcua run` has them, in both formats, beside those of the tests."""
    made, root = Kept(), logging.getLogger()
    level = root.level
    handlers = []
    for stream, formatter in ((made.text, Blotting()), (made.json, JsonLines())):
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter)
        root.addHandler(handler)
        handlers.append(handler)
    root.setLevel(logging.DEBUG)
    hush_libraries()
    yield made
    root.setLevel(level)
    for handler in handlers:
        root.removeHandler(handler)


@dataclass
class Town:
    here: Whole
    smsc: Centre
    telegram: Telegram
    zalo: Zalo
    kept: Kept

    async def until(self, state: DeliveryState, number: int = 1) -> None:
        async with asyncio.timeout(15):
            while await self._counted(state) < number:
                await asyncio.sleep(0.05)

    async def _counted(self, state: DeliveryState) -> int:
        counts = await self.here.app.storage.read(lambda tx: tx.outbox.counts())
        return sum(number for (_, each), number in counts.items() if each is state)


@asynccontextmanager
async def town(folder: Path, monkeypatch: pytest.MonkeyPatch, kept: Kept, **more: Any) -> AsyncIterator[Town]:
    """`more`: tables of the configuration beside its own."""
    exports, port = folder / "exports", free_port()
    exports.mkdir()
    secrets = {
        "PRIVATE_SMSC": SMSC_PASSWORD, "PRIVATE_TELEGRAM": TOKEN, "PRIVATE_APP": APP_SECRET, "PRIVATE_OA": OA_SECRET,
    }  # fmt: skip
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    kept.words |= {*secrets.values(), KEY, ACCESS, REFRESH, STAFF_PASSWORD}
    async with AsyncExitStack() as stack:
        smsc = await stack.enter_async_context(centre())
        telegram = await stack.enter_async_context(telegram_running())
        zalo = await stack.enter_async_context(simulated(webhook_url=f"http://127.0.0.1:{port}/webhooks/zalo"))
        nowhere = f"http://127.0.0.1:{free_port()}"
        channels: dict[str, Any] = {
            "sms": {
                "kind": "sms_smpp", "host": "127.0.0.1", "port": smsc.port, "system_id": "motcua",
                "password": "env:PRIVATE_SMSC", "source_addr": "8041", "reconnect_min": 0.05, "response_timeout": 1,
            },
            "telegram": {
                "kind": "telegram", "token": "env:PRIVATE_TELEGRAM", "base_url": f"http://127.0.0.1:{telegram.port}/bot",
            },
            "zalo": {
                "kind": "zalo", "app_id": APP_ID, "oa_id": OA_ID, "app_secret": "env:PRIVATE_APP",
                "oa_secret": "env:PRIVATE_OA", "oauth_url": zalo.base, "api_url": zalo.base, "business_url": zalo.base,
                "templates": TEMPLATES, "spool": folder / "zalo",
            },
            "broken": {
                "kind": "sms_http", "provider": "generic", "url": f"{nowhere}/send", "sender": "MOTCUA",
                "answers": [{"verdict": "accepted"}],
            },
            "webchat": {"kind": "webchat"},
        }  # fmt: skip
        sources = {
            "office": {"kind": "push", "keys": ["env:MOTCUA_TEST_KEY"], "go_live": GO_LIVE},
            "files": {"kind": "folder", "path": exports, "pause": 0.05, "settle": 0.0, "go_live": GO_LIVE},
        }
        web = {"port": port, "key_file": folder / "web.key", "trusted_proxies": ["127.0.0.0/8"]}
        tables: dict[str, Any] = {
            "channels": channels, "sources": sources, "web": web, "routes": {"default": {"gateways": {"sms": 1}}},
            "broadcasts": {"approve_people": 5, "canary": 0}, **more,
        }  # fmt: skip
        here = await stack.enter_async_context(whole(folder, monkeypatch, **tables))
        yield Town(here, smsc, telegram, zalo, kept)


def record(code: str, name: str, phone: str, status: int, **more: str) -> dict[str, str]:
    return {
        "MaHoSo": code, "ChuHoSo": name, "SoDienThoai": phone.replace("+84", "0"), "TrangThaiHoSo": str(status),
        "TenTTHC": "Đăng ký khai sinh", "NgayTiepNhan": "20261122081500", "NgayHenTra": "20261225170000",
        "MaTraCuu": LOOKUP, "SoGiayTo": PAPER, "DonViXuLy": "UBND phường Vĩnh Hải", **more,
    }  # fmt: skip


# The ways


async def pushed(town: Town) -> None:
    """Good records, one that cannot be read, a wrong key, garbage."""
    url = f"{town.here.url}/onestop/v1/dossiers"
    good = [
        record(CODE, LAN, LAN_PHONE, 2),
        record(SECOND, BINH, BINH_PHONE, 5, NoiDungBoSung="Bản sao", LyDo=SECRET_REASON),
        record("H56.14-261122-0003", HOA, REFUSED, 2),
    ]
    bad = record("H56.14-261122-0005", HOA, "0356 781 234 gọi sau giờ làm", 2, NgayHenTra=f"ngày mai, hỏi {LAN}")
    dropped = record("H56.14-261122-0004", HOA, DROPPED, 2)
    for body, key in (
        (json.dumps([*good, bad]), KEY), ("[]", "a wrong key of somebody"), (f"{{{LAN_PHONE}", KEY),
        (json.dumps(dropped), KEY),
    ):  # fmt: skip
        async with town.here.http.post(url, data=body.encode(), headers={"X-Api-Key": key}) as answer:
            await answer.read()
        if "0003" in body:
            await town.until(DeliveryState.FAILED)


async def read_from_files(town: Town, folder: Path) -> None:
    head = "MaHoSo;TenTTHC;ChuHoSo;SoDienThoai;NgayTiepNhan;NgayHenTra;TrangThaiHoSo;DonViXuLy"
    rows = [
        f"H56.14-261122-0011;Khai sinh;{HOA};{HOA_PHONE.replace('+84', '0')};20261122081500;25/12/2026 17:00;2;UBND",
        f"H56.14-261122-0012;Khai sinh;{BINH};không có;hôm qua {LAN};;chín;UBND",
    ]
    path = folder / "exports" / f"ho so {LAN}.csv"
    path.with_suffix(".tmp").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8-sig")
    path.with_suffix(".tmp").rename(path)


async def texted(town: Town) -> None:
    for sender, text in (
        (LAN_PHONE, f"HS {CODE}"), (BINH_PHONE, f"PA {FEEDBACK}"), (LAN_PHONE, "STOP"), (HOA_PHONE, f"la {HOA} day"),
    ):  # fmt: skip
        await town.smsc.write(sender, text)


async def asked_by_chats(town: Town) -> None:
    await town.telegram.say(CHAT, f"{CODE} {PAPER[-4:]}", name=LAN)
    await town.telegram.share(CHAT, LAN_PHONE)
    await town.telegram.say(CHAT, FEEDBACK, name=LAN)
    await town.telegram.inject({"message": {"chat": {"id": CHAT}, "text": LAN_PHONE, "odd": [LAN]}})
    await town.zalo.post(f"users/{USER}/say", {"text": f"{SECOND} {LOOKUP}", "name": BINH})
    await town.zalo.post(f"users/{USER}/submit", {"phone": BINH_PHONE, "name": BINH})
    for path, body in (("zalo", {"event_name": LAN, "sender": {"id": USER}}), ("nobody", {"text": LAN_PHONE})):
        async with town.here.http.post(f"{town.here.url}/webhooks/{path}", json=body) as answer:
            await answer.read()
    await town.telegram.messages(CHAT, wait=5)


async def asked_on_the_page(town: Town) -> None:
    headers = {"X-Forwarded-For": VISITOR, "User-Agent": f"{HOA_PHONE} browser", "Referer": f"https://{LOOKUP}.vn"}
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), headers=headers) as http:
        visitor = Visitor(http, town.here.url)
        await visitor.come()
        await visitor.submit(CODE, factor=PAPER[-4:])
        await visitor.submit(f"tôi là {HOA}, số {HOA_PHONE}")
        town.kept.words |= {cookie.value for cookie in http.cookie_jar if len(cookie.value) > 8}
        for path in (f"/tra-cuu/{LAN_PHONE}", f"/tai-lieu/{LOOKUP}/{PAPER}", f"/?ma={LAN_PHONE}", f"/static/{HOA}"):
            async with http.get(town.here.url + path) as answer:
                await answer.read()


async def called_by_software(town: Town) -> None:
    now = utc_now()
    fresh = fresh_key(KeyKind.LIVE, "phan-mem", agency="", rights=frozenset(ApiRight), by="lan", at=now)
    assert await town.here.app.storage.write(lambda tx: tx.api.add(fresh.key))
    town.kept.words |= {fresh.shown, fresh.shown.rpartition("_")[2]}
    values = {"code": CODE, "agency": "UBND xã Mẫu", "place": f"gặp {ADMIN}"}
    body = {"situation": "result", "to": {"kind": "phone", "phone": HOA_PHONE, "values": values}}
    for shown, sent in ((fresh.shown, body), (fresh.shown, {"to": LAN_PHONE}), (f"mc_live_{LOOKUP}x{PAPER}", body)):
        headers = {"Authorization": f"Bearer {shown}", "Idempotency-Key": f"key-{len(shown)}-{len(str(sent))}"}
        async with town.here.http.post(f"{town.here.url}/api/v1/notifications", json=sent, headers=headers) as answer:
            await answer.read()


async def looked_up_by_staff(town: Town, folder: Path) -> None:
    """Log-ins good and bad, look-ups, a broadcast with a file that is approved and sent."""
    app = town.here.app
    async with AsyncExitStack() as stack:
        console = Console(app=app, secret=(folder / "web.key").read_bytes())
        rig = ConsoleRig(town.here.url, app.storage, app.clock, app, console, stack)  # type: ignore[arg-type]
        first = await rig.login(*Role, login="khanh", name=ADMIN)
        second = await rig.login(*Role, login="mai")
        for clerk in (first, second):
            assert clerk.phone is not None
            town.kept.words |= {clerk.phone.secret, clerk.phone.code()}
            town.kept.words |= {cookie.value for cookie in clerk.http.cookie_jar if len(cookie.value) > 8}
        stranger = await rig.stranger()
        await stranger.get("/dang-nhap")
        await stranger.post("/dang-nhap", login=f"{ADMIN} {LAN_PHONE}", password=STAFF_PASSWORD)
        for path in (f"/ho-so?ten={LAN}", f"/ho-so?sdt={LAN_PHONE}", f"/tin-nhan?sdt={HOA_PHONE}", "/hop-thu"):
            await first.get(path)
        rows = ["ho_ten,so_dien_thoai,dia_diem", f"{LAN},{LAN_PHONE},Quầy 1", f"{HOA},{HOA_PHONE},Quầy 2"]
        bad = "\r\n".join([*rows, f"{BINH},12,{BINH_PHONE}"])
        await upload(first, await begun(first, title=f"Báo {BINH}"), bad.encode())
        assert first.status == 422, first.words
        broadcast = await ready(first, "\r\n".join(rows).encode(), title=f"Mời {LAN}")
        await first.post(f"/phat-tin/{broadcast}/gui", revision=revision(first))
        state = (await app.storage.read(lambda tx: tx.broadcasts.get(broadcast))).state  # type: ignore[union-attr]
        assert state is not BroadcastState.DRAFT


async def broken(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mistakes of ours, each with a citizen's values in the error's words."""
    app = town.here.app

    def fails(*args: Any, **named: Any) -> Any:
        raise ValueError(f"{LAN} {LAN_PHONE} {args} {named}")

    with monkeypatch.context() as patched:
        patched.setattr(app.conversation, "_answer", fails)
        await town.smsc.write(HOA_PHONE, f"HS {CODE} cua {HOA}")
        await town.telegram.say(CHAT, f"{CODE} {LAN}", name=LAN)
        await town.zalo.post(f"users/{USER}/say", {"text": LAN_PHONE, "name": BINH})
        await said(town, "is unanswered", 3)
    with monkeypatch.context() as patched:
        patched.setattr("bot.web.pages.Pages.page", fails)
        async with town.here.http.get(f"{town.here.url}/cong-khai?ma={LAN_PHONE}") as answer:
            await answer.read()

    async def forgotten(name: str) -> None:
        raise RuntimeError(name)

    task = asyncio.ensure_future(forgotten(f"{HOA}, {HOA_PHONE}"))
    await asyncio.wait([task])
    del task
    odd = {"message": "odd", "exception": ValueError(LAN), "who": LAN_PHONE}
    asyncio.get_running_loop().call_exception_handler(odd)
    logging.getLogger("aiohttp.server").error("Error handling request of %s", LAN, exc_info=ValueError(HOA_PHONE))
    logging.getLogger("asyncpg").warning(f"could not store {LAN_PHONE}")
    now = utc_now()
    lost = message(channel="broken", address=Address("sms", HOA_PHONE), text=FEEDBACK, created_at=now, next_at=now)
    await app.storage.write(lambda tx: tx.outbox.enqueue([lost]))
    await town.smsc.drop()
    await said(town, "channel broken is down")


async def said(town: Town, words: str, times: int = 1) -> None:
    """Returns when the log has it so often."""
    async with asyncio.timeout(20):
        while town.kept.text.getvalue().count(words) < times:
            await asyncio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_nothing_of_anybody_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Kept, capfd: pytest.CaptureFixture[str]
) -> None:
    kept.words |= {LAN, BINH, HOA, ADMIN, "Ngọc Lan", "ngoc lan", "Thanh Hoa"}
    kept.words |= {str(CHAT), USER, LOOKUP, PAPER, PAPER[-4:]}
    kept.words |= {SECRET_REASON, "chứng sinh", "chung sinh", FEEDBACK, "ba kieu khac nhau", VISITOR}
    for phone in (LAN_PHONE, BINH_PHONE, HOA_PHONE, REFUSED, DROPPED):
        kept.words |= spellings(phone)
    async with town(tmp_path, monkeypatch, kept) as place:
        await vault_for(place.here.app.storage, "zalo", clock=utc_now).keep(grant(utc_now()).text)
        await pushed(place)
        await read_from_files(place, tmp_path)
        await place.until(DeliveryState.DELIVERED, 2)
        await place.until(DeliveryState.DELIVERED, 3)
        await texted(place)
        await asked_by_chats(place)
        await asked_on_the_page(place)
        await called_by_software(place)
        await looked_up_by_staff(place, tmp_path)
        await broken(place, monkeypatch)
        await privacy.erase(place.here.app.storage, LAN_PHONE, utc_now)
        for _ in range(2):
            await place.here.app.watch.look()
        kept.metrics = await place.here.text("/metrics")
    printed = capfd.readouterr()
    written = {
        "text": kept.text.getvalue(), "json": kept.json.getvalue(), "out": printed.out, "err": printed.err,
        "metrics": kept.metrics,
    }  # fmt: skip

    assert {where: leaks(text, kept.words) for where, text in written.items() if leaks(text, kept.words)} == {}
    # It was a run worth looking at, and each line of it is one event.
    expected = (
        "webhook zalo: refused", "records could not be read", "is unanswered: ValueError at", "a person was erased",
        "Task exception was never retrieved", "failed: ValueError", "Error handling request of <str>",
    )  # fmt: skip
    assert [each for each in expected if each not in written["text"]] == []
    lines = [json.loads(line) for line in written["json"].splitlines()]
    assert len(lines) == len(written["text"].splitlines())
    assert len(lines) > 20


def test_the_looking_finds_what_is_there(kept: Kept) -> None:
    """A planted line is found in both formats; a phone is masked on its way there, and found where it is not."""
    words = {LAN, PAPER[-4:], FEEDBACK, *spellings(LAN_PHONE)}
    for word in (LAN, PAPER[-4:], FEEDBACK):
        logging.getLogger("bot.x").warning("failed for %s", word)
    logging.getLogger("bot.x").warning("failed for %s", LAN_PHONE)

    for written in (kept.text.getvalue(), kept.json.getvalue()):
        assert leaks(written, words) == sorted([LAN, PAPER[-4:], FEEDBACK])
        assert written.count("•••") == 1
    for spelling in spellings(LAN_PHONE):
        assert leaks(f'motcua_alarm{{subject="{spelling}"}} 1', words)
