"""Pure: goes through a file from top to bottom; says what is wrong with it, or passes on its people one by one."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from typing import IO, Any

from bot.model.broadcast import Recipient
from bot.model.list_digest import ListDigest
from bot.recipient_files.columns import SEARCHED, Columns, Wanted, columns_in, letter
from bot.recipient_files.packages import content_of
from bot.recipient_files.rows import RowReader
from bot.recipient_files.texts import rows_of_text
from bot.recipient_files.trouble import TroubleError, WrongRow
from bot.recipient_files.workbooks import rows_of_workbook

SHOWN = 50
"""Wrong rows, and repeated phones, that are shown."""


@dataclass
class Tally:
    """What was seen so far."""

    digest: ListDigest
    people: int = 0
    wrong_rows: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    """Rows by what is wrong with them; a row may count for several."""
    wrong: list[WrongRow] = field(default_factory=list)
    repeats: int = 0
    repeated: list[tuple[int, int]] = field(default_factory=list)
    """The row, and the earlier one with the same phone."""
    seen: dict[int, int] = field(default_factory=dict, repr=False)
    """The row of every phone."""


def examine(file: IO[bytes], wanted: Wanted, *, most: int, keep: Callable[[str], None]) -> dict[str, Any]:
    """What is to be said about the file, ready for JSON: `trouble`, or the columns and counts.

    `keep` is given every good row as a line of JSON (number, phone, code, values), those too whose phone came before.
    """
    try:
        return _examined(file, wanted, most, keep)
    except TroubleError as error:
        return {"trouble": error.trouble.word, "values": dict(error.trouble.values)}
    except MemoryError:
        return {"trouble": "packed", "values": {}}


def _examined(file: IO[bytes], wanted: Wanted, most: int, keep: Callable[[str], None]) -> dict[str, Any]:
    is_workbook = content_of(file) == "workbook"
    rows = rows_of_workbook(file) if is_workbook else rows_of_text(file, wanted)
    head = list(islice(rows, SEARCHED))
    columns = columns_in(head, wanted)
    below = enumerate(chain(head[columns.row :], rows), columns.row + 1)
    tally = Tally(ListDigest(wanted.names))
    reader = RowReader(columns, wanted)
    count = 0
    for number, cells in below:
        result = reader.read(number, cells)
        if result is None:
            continue
        count += 1
        if count <= most:
            _take(result, tally, keep)
    if count > most:
        raise TroubleError("too_many_rows", most=most, count=count)
    if not count:
        raise TroubleError("empty")
    return _answer(columns, tally)


def _take(result: Recipient | WrongRow, tally: Tally, keep: Callable[[str], None]) -> None:
    if isinstance(result, WrongRow):
        tally.wrong_rows += 1
        tally.kinds.update(set(result.faults.values()))
        if len(tally.wrong) < SHOWN:
            tally.wrong.append(result)
        return
    phone = int(result.phone)
    if first := tally.seen.get(phone):
        tally.repeats += 1
        if len(tally.repeated) < SHOWN:
            tally.repeated.append((result.number, first))
    else:
        tally.seen[phone] = result.number
        tally.people += 1
    content = [result.phone, result.code, dict(result.values)]
    tally.digest.add(result)
    keep(json.dumps([result.number, *content], ensure_ascii=False))


def _answer(columns: Columns, tally: Tally) -> dict[str, Any]:
    return {
        "headings": columns.headings,
        "letters": {name: letter(place) for name, place in columns.places.items()},
        "people": tally.people,
        "wrong_rows": tally.wrong_rows,
        "kinds": dict(tally.kinds),
        "wrong": [asdict(each) for each in tally.wrong],
        "repeats": tally.repeats,
        "repeated": tally.repeated,
        "digest": tally.digest.hexdigest(),
    }


def people_in(lines: Iterator[str]) -> Iterator[Recipient]:
    """The people that were kept."""
    for line in lines:
        number, phone, code, values = json.loads(line)
        yield Recipient(number=number, phone=phone, code=code, values=values)
