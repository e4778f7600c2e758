"""A console whose service really sends: every SMS becomes a line in a file."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import FormData

from adapters.channels import log
from bot.model.broadcast import Broadcast, BroadcastState
from bot.ports import Storage
from bot.web.prefix import PREFIX
from tests.web.console.rig import Clerk, Rig, found, open_rig

TEXT = "Kính gửi Ông/Bà {{ ho_ten }}, mời tới {{ dia_diem }} nhận kết quả."
NEVER = {"begin": "00:00:00", "end": "00:00:00"}


@dataclass
class Sending:
    """The console, and what has left."""

    rig: Rig
    lines: Path

    @property
    def sent(self) -> list[str]:
        """Masked addresses of the messages that left, as the channel wrote them."""
        if not self.lines.exists():
            return []
        return [json.loads(line)["to"] for line in self.lines.read_text().splitlines()]

    async def get(self, broadcast_id: str) -> Broadcast:
        found_one = await self.rig.app.broadcasts.get(broadcast_id)
        assert found_one is not None
        return found_one

    async def comes_to(self, broadcast_id: str, state: BroadcastState) -> Broadcast:
        async with asyncio.timeout(20):
            while (seen := await self.get(broadcast_id)).state is not state:
                await asyncio.sleep(0.02)
        return seen

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The service works."""
        task = asyncio.ensure_future(self.rig.app.run())
        try:
            yield
        finally:
            self.rig.app.stop()
            await task


@asynccontextmanager
async def open_sending(storage: Storage, folder: Path, *, rate: float = 0.0, **config: Any) -> AsyncIterator[Sending]:
    """`rate`: messages a second, 0 for any number. `config` are tables of the configuration."""
    lines = folder / "tin.jsonl"
    channels = {"webchat": {"kind": "webchat"}, "tin": {"kind": "log", "path": str(lines)}}
    given = {"channels": channels, "quiet": {"bulk": NEVER, "personal": NEVER}, **config}
    async with log.open("tin", log.Settings(path=lines)) as opened:
        channel = replace(opened, limits=replace(opened.limits, rate=rate)) if rate else opened
        async with open_rig(storage, [channel], **given) as rig:
            yield Sending(rig, lines)


async def upload(clerk: Clerk, broadcast_id: str, content: bytes, *, name: str = "ds.csv", **fields: str) -> str:
    """Chooses the file on the page of the list and sends it, as a browser does."""
    await clerk.get(f"/phat-tin/{broadcast_id}/danh-sach")
    form = FormData(quote_fields=False)
    for field, value in {"token": found(r'name="token" value="([^"]+)"', clerk.page), **fields}.items():
        form.add_field(field, value)
    form.add_field("file", io.BytesIO(content), filename=name, content_type="application/octet-stream")
    async with clerk.http.post(f"{clerk.url}{PREFIX}/phat-tin/{broadcast_id}/danh-sach", data=form) as answer:
        return await clerk._see(answer)


async def begun(clerk: Clerk, *, agency: str = "", text: str = TEXT, title: str = "Mời nhận kết quả") -> str:
    """A draft with a text, for a list; its number."""
    await clerk.get("/phat-tin/moi")
    await clerk.post("/phat-tin/moi", title=title, agency=agency)
    assert clerk.where.endswith("/nguoi-nhan"), (clerk.status, clerk.words)
    broadcast_id = clerk.where.split("/")[2]
    await clerk.post(f"/phat-tin/{broadcast_id}/nguoi-nhan", revision=revision(clerk), kind="list", act="next")
    await clerk.post(f"/phat-tin/{broadcast_id}/noi-dung", revision=revision(clerk), chat=text, sms="", accented="")
    return broadcast_id


async def ready(clerk: Clerk, content: bytes, **begun_with: str) -> str:
    """A draft of which every question is answered, tested too."""
    broadcast_id = await begun(clerk, **begun_with)
    await upload(clerk, broadcast_id, content)
    assert clerk.where.endswith("/gio"), (clerk.status, clerk.words)
    await clerk.post(f"/phat-tin/{broadcast_id}/gio", revision=revision(clerk), when="now")
    await clerk.get(f"/phat-tin/{broadcast_id}/gui-thu")
    await clerk.post(f"/phat-tin/{broadcast_id}/gui-thu", phone="0912 000 111")
    return broadcast_id


async def submitted(clerk: Clerk, content: bytes, **begun_with: str) -> str:
    """The same, handed in."""
    broadcast_id = await ready(clerk, content, **begun_with)
    await clerk.post(f"/phat-tin/{broadcast_id}/gui", revision=revision(clerk))
    return broadcast_id


def revision(clerk: Clerk) -> str:
    return found(r'name="revision" value="(\d+)"', clerk.page)
