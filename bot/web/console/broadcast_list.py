"""The list of a broadcast: what the file must look like, an example of it, the upload, and what must be mended."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from bot.model.broadcast import Broadcast, Refusal
from bot.model.staff import Right
from bot.recipient_example import example_csv, example_of, example_xlsx
from bot.recipients import MOST_BYTES, MOST_ROWS, Listing, Trouble, read_recipients, wanted_by
from bot.web.console.broadcast_desk import ROOT, acting, draft, next_of, refused
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.show import fill
from bot.web.console.visit import Visit

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UPLOAD_SECONDS = 300.0
"""For 20 MB over a slow line: about 70 KB a second."""
_LONGEST_NAME = 120


def routes(console: Console) -> Sequence[Route]:
    lists = Lists()
    return [
        Route("GET", f"{ROOT}/{{id}}/danh-sach", ask, Right.WORK),
        Route("POST", f"{ROOT}/{{id}}/danh-sach", lists.take, Right.WORK, most=3 * MOST_BYTES, seconds=UPLOAD_SECONDS),
        Route("GET", f"{ROOT}/{{id}}/tep-mau", example, Right.WORK),
    ]


async def ask(visit: Visit) -> web.Response:
    broadcast = await draft(visit)
    if isinstance(broadcast, web.Response):
        return broadcast
    return _page(visit, broadcast)


def _page(visit: Visit, broadcast: Broadcast, *, status: int = 200, **seen: Any) -> web.Response:
    wanted = wanted_by(broadcast.wording)
    shown = {"trouble": None, "listing": None, "file_name": "", **seen}
    return visit.page(
        "broadcasts_list.html", status=status, broadcast=broadcast, wanted=wanted, example=example_of(wanted),
        most=MOST_ROWS, mib=MOST_BYTES >> 20, **shown,
    )  # fmt: skip


async def example(visit: Visit) -> web.Response:
    """A file that would be taken, with the columns that this text needs."""
    broadcast = await draft(visit)
    if isinstance(broadcast, web.Response):
        return broadcast
    wanted = wanted_by(broadcast.wording)
    if visit.asked("dang") == "csv":
        return visit.download(example_csv(wanted), name="danh-sach-mau.csv", media_type="text/csv")
    content = await asyncio.to_thread(example_xlsx, wanted)
    return visit.download(content, name="danh-sach-mau.xlsx", media_type=XLSX)


class Lists:
    """Takes files, one at a time: two large ones at once would only make both slower."""

    def __init__(self) -> None:
        self._one = asyncio.Semaphore(1)

    async def take(self, visit: Visit) -> web.Response:
        """The file becomes the list of the draft, or says what must be mended. Nothing of a wrong file is kept."""
        broadcast = await draft(visit)
        if isinstance(broadcast, web.Response):
            return broadcast
        if broadcast.audience is not None:
            return await refused(visit, Refusal("state"))
        file = visit.form.get("file")
        if not isinstance(file, FileField):
            return _page(visit, broadcast, status=400, trouble=Trouble("no_file"))
        name = _name(file.filename)
        async with self._one:
            found = await read_recipients(file.file, wanted_by(broadcast.wording))
        if isinstance(found, Trouble):
            return _page(visit, broadcast, status=422, trouble=found, file_name=name)
        with found:
            return await self._taken(visit, broadcast, found, name)

    async def _taken(self, visit: Visit, broadcast: Broadcast, listing: Listing, name: str) -> web.Response:
        if listing.wrong_rows:
            return _page(visit, broadcast, status=422, listing=listing, file_name=name)
        result = await acting(visit, "listed", broadcast, repeats=listing.repeats).take_list(
            broadcast.id, listing.rows(), name=name, digest=listing.digest, by=visit.me.login
        )
        if isinstance(result, Refusal):
            return await refused(visit, result)
        note = visit.words["broadcasts"]["list_taken_twice" if listing.repeats else "list_taken"]
        told = fill(note, people=listing.people, repeats=listing.repeats)
        return await visit.redirect(next_of(visit, result, "danh-sach"), told)


def _name(said: str) -> str:
    """A file's name as it is shown and kept: without folders, control characters and what turns writing around."""
    last = said.replace("\\", "/").rpartition("/")[2]
    kept = "".join(char for char in last if char.isprintable() and not 0x202A <= ord(char) <= 0x202E)
    return kept.strip()[:_LONGEST_NAME] or "danh-sach"
