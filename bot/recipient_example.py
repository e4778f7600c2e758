"""A file of people that would be taken for a given text: shown on the page, and downloaded to be filled in."""

import csv
import io
from dataclasses import dataclass

import xlsxwriter

from bot.recipient_files.columns import CODE, PHONE, Wanted, letter
from bot.spreadsheet import SEPARATOR, cell
from bot.texts.samples import ORDINARY

PHONE_HEADING = "Số điện thoại"
CODE_HEADING = "Mã hồ sơ"
_PHONES = ("0912 345 678", "0987 654 321")
_PEOPLE = ("Nguyễn Thị Lan", "Trần Văn Bình")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the example."""

    letter: str
    heading: str
    name: str
    is_required: bool
    values: tuple[str, ...]


def example_of(wanted: Wanted) -> list[Column]:
    """The phone, the dossier's code, and what the text names."""
    required, names = {PHONE, *wanted.required}, [PHONE, *wanted.names]
    if CODE not in names:
        names.insert(1, CODE)
    headings = {PHONE: PHONE_HEADING, CODE: CODE_HEADING}
    return [
        Column(letter(place), headings.get(name, name), name, name in required, _values(name))
        for place, name in enumerate(names)
    ]


def example_csv(wanted: Wanted) -> bytes:
    """As Excel opens it here: UTF-8 with a mark, semicolons."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=SEPARATOR)
    writer.writerows([cell(value) for value in row] for row in _rows(wanted))
    return text.getvalue().encode("utf-8-sig")


def example_xlsx(wanted: Wanted) -> bytes:
    """With cells that are text, so that Excel leaves the zero before a phone number."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        sheet = book.add_worksheet("Danh sách")
        sheet.freeze_panes(1, 0)
        columns = example_of(wanted)
        sheet.set_column(0, len(columns) - 1, 24, text)
        for number, row in enumerate(_rows(wanted)):
            sheet.write_row(number, 0, row, text if number else bold)
    return out.getvalue()


def _rows(wanted: Wanted) -> list[tuple[str, ...]]:
    columns = example_of(wanted)
    people = [tuple(column.values[number] for column in columns) for number in range(len(_PHONES))]
    return [tuple(column.heading for column in columns), *people]


def _values(name: str) -> tuple[str, ...]:
    if name == PHONE:
        return _PHONES
    if name in ("ten", "ho_ten", "ho_va_ten", "name"):
        return _PEOPLE
    return (ORDINARY.get(name, "…"),) * len(_PHONES)
