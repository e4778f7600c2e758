"""Files of people, as offices write them and as nobody should."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import xlsxwriter

from bot.recipients import Listing, Trouble, Wanted
from bot.recipients import read_file as read_in_process

HEADER = ("Họ tên", "Số điện thoại", "Địa điểm")
LAN = ("Nguyễn Thị Lan", "0912345678", "Phường Nha Trang")
BINH = ("Trần Văn Bình", "0987654321", "Phường Vĩnh Hải")
WANTED = Wanted(("ho_ten", "dia_diem"))

Rows = Iterable[Sequence[Any]]


def csv_of(*rows: Sequence[str], separator: str = ",", encoding: str = "utf-8") -> bytes:
    """Without quotes: the tests that need them write them."""
    return "".join(separator.join(row) + "\r\n" for row in rows).encode(encoding)


def xlsx_of(*rows: Sequence[Any], **options: Any) -> bytes:
    """Numbers stay numbers, what begins with `=` is a formula."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **options}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def ods_of(*rows: Sequence[str]) -> bytes:
    """As LibreOffice writes it, as far as a reader cares."""
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="A">{cells}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return zip_of(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content.encode(),
            "META-INF/manifest.xml": manifest.encode(),
        }
    )


def zip_of(entries: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def entries_of(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def read(content: bytes, folder: Any, wanted: Wanted = WANTED, **limits: int) -> Listing | Trouble:
    """By way of a real file and the real process."""
    path = folder / "list"
    path.write_bytes(content)
    with path.open("rb") as file:
        return read_in_process(file, wanted, **limits)
