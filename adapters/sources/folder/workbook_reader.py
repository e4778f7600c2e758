"""The process that opens one workbook: prints a sheet as CSV, or one line on stderr that says what is wrong.

Run by path, so that it needs nothing but the standard library and python-calamine.
Arguments: file, sheet (empty: the first visible one), bytes of address space.
"""

import csv
import io
import sys
from datetime import date, datetime

import python_calamine as calamine

_CPU_SECONDS = 300


def main(path: str, sheet_name: str, memory: int) -> None:
    _confine(memory)
    try:
        book = calamine.CalamineWorkbook.from_path(path)
        names = [sheet.name for sheet in book.sheets_metadata if sheet.visible is calamine.SheetVisibleEnum.Visible]
        if sheet_name not in book.sheet_names if sheet_name else not names:
            raise SystemExit(_say("sheet", ", ".join(book.sheet_names)))
        sheet = book.get_sheet_by_name(sheet_name or names[0])
    except calamine.PasswordError:
        raise SystemExit(_say("password", "")) from None
    except (calamine.CalamineError, OSError) as error:
        raise SystemExit(_say("broken", str(error))) from None
    _print(sheet)


def _print(sheet: calamine.CalamineSheet) -> None:
    """Empty rows above the first cell come too, empty columns before it do not."""
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", write_through=False)
    write = csv.writer(out, lineterminator="\n").writerow
    for cells in sheet.iter_rows():
        write([_text(cell) for cell in cells])
    out.flush()


def _text(cell: object) -> str:
    match cell:
        case str():
            return cell.encode("utf-8", "replace").decode()
        case bool():
            return str(int(cell))
        case float() if cell.is_integer() and abs(cell) < 1e17:
            return str(int(cell))
        case datetime():
            return cell.isoformat(" ", "seconds")
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def _confine(memory: int) -> None:
    try:
        import resource  # not on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _say(kind: str, detail: str) -> int:
    print(f"{kind}:{' '.join(detail.split())}", file=sys.stderr)  # noqa: T201 - this is how a process answers
    return 1


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
