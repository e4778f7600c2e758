"""Flow: everything that is kept of a person, in a file for her: JSON for machines, a page in Vietnamese for her."""

import json
import os
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from bot.model.clock import VIETNAM, Clock, from_millis
from bot.model.errors import MotcuaError
from bot.person_words import COLUMNS, INTRODUCTION, TABLES
from bot.ports import Storage
from bot.ports.personal import Personal, Whose

PAGE = 200
"""Rows in memory at once."""
_JSON, _PAGE_NAME = "du-lieu.json", "tom-tat.html"
_HIDDEN = frozenset({
    "owner", "lease_until", "fence", "name_words", "given", "attempts", "way", "paid_way", "last_number",
    "left_late", "number", "next_at", "held_for", "route", "lane", "nonce", "tries", "slots", "options", "attached",
    "steps", "waits", "terms", "contents", "dedupe_key", "origin", "content",
})  # fmt: skip
"""What the page leaves to the JSON: of use to machines alone."""
_LONGEST_PAGE = 500
"""Rows of a table on the page; all of them are in the JSON."""

Before = Callable[[Mapping[str, int]], Awaitable[object]]
"""Is told how many rows of each table the file has, before it can be opened."""


async def export(storage: Storage, phone: str, path: Path, clock: Clock, *, before: Before) -> Mapping[str, int]:
    """Writes the file: `.zip` with both and the documents, or `.json` alone; for its owner's eyes. Rows by table.

    It is there once it is whole; an older one of the name is replaced. Raises `MotcuaError`.
    """
    if path.suffix.lower() not in (".zip", ".json"):
        raise MotcuaError(f"{path}: chỉ ghi được .zip hoặc .json / only .zip or .json can be written")
    addresses = await storage.read(lambda tx: tx.privacy.addresses_of(phone))
    whose = Whose(phone, addresses)
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                write = _write_zip if path.suffix.lower() == ".zip" else _write_json
                rows = await write(storage, whose, file, clock())
            await before(rows)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise MotcuaError(f"{path}: không ghi được / cannot be written: {error.strerror}") from None
    return rows


async def _write_zip(storage: Storage, whose: Whose, file: IO[bytes], at: datetime) -> Mapping[str, int]:
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        with archive.open(_JSON, "w") as entry:
            rows = await _write_json(storage, whose, entry, at)
        with archive.open(_PAGE_NAME, "w") as entry:
            await _write_page(storage, whose, entry, at, rows)
        async for row in _rows(storage, whose, "documents"):
            # Names are ours: a code and an ending.
            archive.writestr(f"van-ban/{row['id']}-{Path(row['name']).name}", row["content"])
    return rows


async def _write_json(storage: Storage, whose: Whose, file: IO[bytes], at: datetime) -> Mapping[str, int]:
    taken: Counter[str] = Counter()

    def write(text: str) -> None:
        file.write(text.encode())

    head = {"phone": whose.phone, "addresses": [each.key for each in whose.addresses], "made_at": at.isoformat()}
    write(f'{json.dumps(head, ensure_ascii=False)[:-1]}, "tables": {{')
    for number, table in enumerate(await _tables(storage)):
        write(f"{',' if number else ''}\n{json.dumps(table)}: [")
        async for row in _rows(storage, whose, table):
            write(f"{',' if taken[table] else ''}\n{json.dumps(row, ensure_ascii=False, default=_plain)}")
            taken[table] += 1
        write("]")
    write("}}\n")
    return dict(taken)


async def _write_page(
    storage: Storage, whose: Whose, file: IO[bytes], at: datetime, counted: Mapping[str, int]
) -> None:
    def write(text: str) -> None:
        file.write(text.encode())

    write(INTRODUCTION.format(phone=escape(_national(whose.phone)), at=f"{at.astimezone(VIETNAM):%H:%M %d/%m/%Y}"))
    for table in await _tables(storage):
        write(f"<h2>{escape(TABLES[table])}</h2>\n")
        if not counted.get(table):
            write("<p>Không có.</p>\n")
            continue
        shown = 0
        write("<table>\n")
        async for row in _rows(storage, whose, table):
            if shown == _LONGEST_PAGE:
                break
            names = [name for name in row if name not in _HIDDEN]
            if not shown:
                write(_line("th", [COLUMNS.get(name, name) for name in names]))
            write(_line("td", [_said(name, row[name]) for name in names]))
            shown += 1
        write("</table>\n")
        if counted[table] > shown:
            write(f"<p>Và {counted[table] - shown} dòng nữa, trong {_JSON}.</p>\n")
    write("</body></html>\n")


async def _tables(storage: Storage) -> list[str]:
    async def read(tx: Any) -> list[str]:
        return list(tx.personal.tables)

    return await storage.read(read)


async def _rows(storage: Storage, whose: Whose, table: str) -> AsyncIterator[Mapping[str, Any]]:
    """Page by page: each a transaction of its own."""
    skip = 0
    while True:
        page: Personal = await storage.read(
            lambda tx, skip=skip: tx.personal.page(table, whose, skip=skip, limit=PAGE)  # type: ignore[misc]
        )
        for row in page.rows:
            yield row
        skip = page.read
        if not skip:
            return


def _plain(value: object) -> str:
    """Of a document its content."""
    return b64encode(bytes(value)).decode() if isinstance(value, bytes | memoryview) else str(value)


def _line(cell: str, texts: list[str]) -> str:
    return f"<tr>{''.join(f'<{cell}>{escape(text)}</{cell}>' for text in texts)}</tr>\n"


def _said(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    is_moment = name.endswith(("_at", "_until")) or name in ("at", "since")
    if is_moment and isinstance(value, int):
        return f"{from_millis(value).astimezone(VIETNAM):%H:%M %d/%m/%Y}"
    return str(value)


def _national(phone: str) -> str:
    return f"0{phone[3:]}" if phone.startswith("+84") else phone
