"""What became of everyone whom a broadcast was for: page by page, and as a file."""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import xlsxwriter
from aiohttp import web

from bot.model.broadcast import OVER, Broadcast, BroadcastState, Result
from bot.model.clock import VIETNAM
from bot.model.message import DeliveryState
from bot.model.staff import Right
from bot.sentences import explained
from bot.spreadsheet import SEPARATOR, cell
from bot.web.console.broadcast_desk import ROOT, address, meant
from bot.web.console.broadcast_list import XLSX
from bot.web.console.broadcasts import GROUPS
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.visit import Visit

SHOWN = 50
_PAGE = 1_000
"""Rows that are in memory at once."""
_LOOKED_THROUGH = 5_000
"""Rows that one request of a filtered page goes through."""
_CHUNK = 256 * 1024
_UNPLANNED = frozenset({BroadcastState.DRAFT, BroadcastState.SUBMITTED})
LEFT_OUT = "ngoai"


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", f"{ROOT}/{{id}}/ket-qua", results, Right.SEE),
        Route("GET", f"{ROOT}/{{id}}/tai-ve", download, Right.SEE),
    ]


async def results(visit: Visit) -> web.Response:
    """`?loc=` is one of the tiles; `?sau=` the number after which the page begins."""
    broadcast = await meant(visit)
    if broadcast.state in _UNPLANNED:
        return await visit.redirect(address(broadcast))
    wish, after = visit.asked("loc"), visit.asked("sau", most=9)
    wish = wish if wish in GROUPS or wish == LEFT_OUT else ""
    found, last, is_more = await _found(visit, broadcast, wish, int(after) if after.isdecimal() else 0)
    await visit.looked("broadcast.results", broadcast.id, agency=broadcast.agency, rows=len(found))
    return visit.page(
        "broadcasts_results.html",
        broadcast=broadcast,
        results=[(each, said(visit, broadcast, each), _colour(each), why(visit, each), *_way(each)) for each in found],
        wish=wish,
        wishes=[*GROUPS, LEFT_OUT],
        older=f"?loc={wish}&sau={last}" if is_more else "",
    )


async def _found(visit: Visit, broadcast: Broadcast, wish: str, after: int) -> tuple[list[Result], int, bool]:
    """Up to a page of those that are wished for, the last number looked at, and whether there may be more."""
    found: list[Result] = []
    for _ in range(_LOOKED_THROUGH // _PAGE):
        page = await visit.app.broadcasts.results(broadcast.id, after=after, limit=_PAGE if wish else SHOWN)
        for each in page:
            after = each.number
            if _is_wished(broadcast, each, wish):
                found.append(each)
            if len(found) == SHOWN:
                return found, after, True
        if len(page) < (_PAGE if wish else SHOWN):
            return found, after, False
    return found, after, True


def _is_wished(broadcast: Broadcast, result: Result, wish: str) -> bool:
    if not wish:
        return True
    if wish == LEFT_OUT:
        return bool(result.left_out)
    if result.state is None:
        return not result.left_out and wish == ("huy" if broadcast.state in OVER else "cho")
    return result.state in GROUPS[wish]


def said(visit: Visit, broadcast: Broadcast, result: Result) -> str:
    """One sentence about one person."""
    words = visit.words["broadcasts"]
    if result.left_out:
        return str(words["left_out"].get(result.left_out, result.left_out))
    if result.state is None:
        unplanned = "never" if broadcast.state in OVER else "unplanned"
        return str(words["result"][unplanned if result.address else "forgotten"])
    return str(words["result"][result.state.value])


def why(visit: Visit, result: Result) -> str:
    """The provider's or our reason in words; of a message that arrived there is nothing to explain."""
    return "" if result.state is DeliveryState.DELIVERED else explained(result.reason, visit.language)


def _way(result: Result) -> tuple[str, str]:
    """The scheme and the masked rest of its address."""
    scheme, _, masked = result.address.partition(":")
    return scheme, masked


def _colour(result: Result) -> str:
    if result.state in GROUPS["hong"]:
        return "wrong"
    if result.state is DeliveryState.DELIVERED:
        return "good"
    return "warn" if result.left_out or result.state is DeliveryState.HELD else "calm"


# As a file


async def download(visit: Visit) -> web.StreamResponse:
    """Everyone, as CSV or XLSX. Whole phone numbers are for those who work with them."""
    broadcast = await meant(visit)
    if broadcast.state in _UNPLANNED:
        return await visit.redirect(address(broadcast))
    is_csv = visit.asked("dang") == "csv"
    with_phones = visit.me.may(Right.WORK, broadcast.agency)
    await visit.looked(
        "broadcast.downloaded", broadcast.id, agency=broadcast.agency, people=broadcast.people, phones=with_phones
    )
    pages = _pages(visit, broadcast, with_phones=with_phones)
    name = f"{broadcast.id}-ket-qua".lower()
    if is_csv:
        return await _as_csv(visit, pages, f"{name}.csv")
    return await _as_xlsx(visit, pages, f"{name}.xlsx")


Row = list[str | int]


async def _pages(visit: Visit, broadcast: Broadcast, *, with_phones: bool) -> AsyncIterator[list[Row]]:
    """The header, then everyone, a page at a time."""
    flow, after = visit.app.broadcasts, 0
    words = visit.words["broadcasts"]["download"]
    yield [[words[each] for each in ("row", "phone", "code", "state", "reason", "at")]]
    while page := await flow.results(broadcast.id, after=after, limit=_PAGE):
        phones: Mapping[int, str] = {}
        if with_phones:
            phones = {each.number: each.phone for each in await flow.rows(broadcast.id, after=after, limit=_PAGE)}
        yield [_row(visit, broadcast, each, phones) for each in page]
        after = page[-1].number


def _row(visit: Visit, broadcast: Broadcast, result: Result, phones: Mapping[int, str]) -> Row:
    at = f"{result.at.astimezone(VIETNAM):%H:%M %d/%m/%Y}" if result.at else ""
    phone = _dialled(phones.get(result.number, "")) or result.address
    return [result.number, phone, result.code, said(visit, broadcast, result), why(visit, result), at]


def _dialled(phone: str) -> str:
    """`0912345678`: what stands in a cell must not begin with a plus sign."""
    return f"0{phone[3:]}" if phone.startswith("+84") else phone


async def _as_csv(visit: Visit, pages: AsyncIterator[list[Row]], name: str) -> web.StreamResponse:
    """Written out while it is read."""
    response = web.StreamResponse(headers=_headers(name))
    response.content_type, response.charset = "text/csv", "utf-8"
    await response.prepare(visit.request)
    await response.write(b"\xef\xbb\xbf")
    async for page in pages:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=SEPARATOR).writerows([cell(each) for each in row] for row in page)
        await response.write(text.getvalue().encode())
    await response.write_eof()
    return response


async def _as_xlsx(visit: Visit, pages: AsyncIterator[list[Row]], name: str) -> web.StreamResponse:
    """Written to the disk row by row, and sent from there."""
    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, options)
        try:
            sheet, number = book.add_worksheet(), 0
            async for page in pages:
                await asyncio.to_thread(_write, sheet, number, page)
                number += len(page)
        finally:
            await asyncio.to_thread(book.close)
        response = web.StreamResponse(headers=_headers(name))
        response.content_type, response.content_length = XLSX, file.tell()
        file.seek(0)
        await response.prepare(visit.request)
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            await response.write(chunk)
        await response.write_eof()
        return response


def _write(sheet: Any, first: int, rows: list[Row]) -> None:
    for number, row in enumerate(rows, first):
        for place, value in enumerate(row):
            # As text whatever it begins with: a guarding apostrophe would only be in the way here.
            sheet.write_number(number, place, value) if isinstance(value, int) else sheet.write_string(
                number, place, value
            )


def _headers(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
