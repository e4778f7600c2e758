"""Files that are faulty as a whole: named, left alone until they change, and nobody else waits for them."""

import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from adapters.sources.folder import Settings, read_file
from bot.model.errors import SourceError
from tests.adapters.folder.support import HEADER, batches, code, csv_text, locked_workbook, put, row, source, taken

GOOD = csv_text([row(1)])


def _sparse(path: Path) -> bytes:
    """Two cells, and between them 17 thousand million that a reader would have to make."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "MaHoSo")
        sheet.write(1_048_575, 16_383, "x")
    return path.read_bytes()


def _bomb(path: Path) -> bytes:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(3 << 20))
    return path.read_bytes()


def _empty_book(path: Path) -> bytes:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Trang 1")
    return path.read_bytes()


FAULTS = {
    "empty.csv": (b"", "rỗng"),
    "bom.csv": (b"\xef\xbb\xbf", "rỗng"),
    "column.csv": (b"MaHoSo,ChuHoSo\nx,y\n", "thiếu cột TrangThaiHoSo. Các cột tìm thấy: MaHoSo, ChuHoSo."),
    "latin.csv": (GOOD.encode() + b"x\x93y", f"byte thứ {len(GOOD.encode()) + 2} (0x93)"),
    "marked.csv": (GOOD.encode("utf-8-sig") + b"\xff", f"byte thứ {len(GOOD.encode()) + 4} (0xFF)"),
    "split.csv": (GOOD.encode().ljust((1 << 20) - 2, b" ") + b"\xe1\xba!", f"byte thứ {(1 << 20) - 1} (0xE1)"),
    "half.csv": (GOOD.encode("utf-16") + b"\x00", "UTF-16"),
    "nobom.csv": (GOOD.encode("ascii", "ignore").decode().encode("utf-16-le"), "BOM"),
    "header.csv": (b"MaHoSo,\x00TrangThaiHoSo\n", "NUL"),
    "broken.xlsx": (b"PK\x03\x04 and then nothing", "hỏng"),
    "text.xlsx": (GOOD.encode(), "hỏng"),
    "locked.xlsx": (locked_workbook(), "mật khẩu"),
    "cut.xls": (locked_workbook()[:700], "hỏng"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_faulty_file_is_named_and_holds_up_no_other(tmp_path: Path, name: str) -> None:
    content, words = FAULTS[name]
    put(tmp_path, name, content, at=1_000)
    put(tmp_path, "good.csv", GOOD, at=2_000)

    dossiers, [bad] = await taken(tmp_path)

    assert [dossier.code for dossier in dossiers] == [code(1)]
    assert (bad.source, bad.place, bad.row, bad.column) == ("mc", name, 0, "")
    assert words in bad.reason


@pytest.mark.parametrize("name", FAULTS)
async def test_an_import_of_a_faulty_file_is_an_error(tmp_path: Path, name: str) -> None:
    content, words = FAULTS[name]
    path = put(tmp_path, name, content)

    with pytest.raises(SourceError) as error:
        _ = [batch async for batch in read_file(path, Settings(path=tmp_path), "mc")]

    assert words in str(error.value)
    assert name in str(error.value)


async def test_a_workbook_that_would_burst_takes_nobody_with_it(tmp_path: Path) -> None:
    put(tmp_path, "sparse.xlsx", _sparse(tmp_path / "made.tmp"))
    put(tmp_path, "bomb.xlsx", _bomb(tmp_path / "made.tmp"), at=1_001)
    put(tmp_path, "good.csv", GOOD, at=2_000)

    dossiers, quarantined = await taken(tmp_path, workbook_unpacked_mib=2)

    assert [dossier.code for dossier in dossiers] == [code(1)]
    assert [bad.place for bad in quarantined] == ["sparse.xlsx", "bomb.xlsx"]
    assert "giới hạn bộ nhớ" in quarantined[0].reason
    assert "quá giới hạn 2 MiB" in quarantined[1].reason


async def test_an_empty_workbook_and_a_missing_sheet_are_named(tmp_path: Path) -> None:
    put(tmp_path, "a.xlsx", _empty_book(tmp_path / "made.tmp"))

    _, [empty] = await taken(tmp_path)
    _, [missing] = await taken(tmp_path, sheet="Hồ sơ")

    assert "rỗng" in empty.reason
    assert "Tìm thấy: Trang 1" in missing.reason


async def test_a_faulty_file_is_read_again_once_it_has_changed(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", b"", at=1_000)
    reader = source(tmp_path)
    [first] = await batches(reader)

    assert await batches(reader, first.cursor) == []
    put(tmp_path, "a.csv", GOOD, at=1_010)
    [second] = await batches(reader, first.cursor)

    assert [dossier.code for dossier in second.dossiers] == [code(1)]


async def test_a_header_alone_is_an_export_of_nothing(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv_text([]))

    assert await taken(tmp_path) == ([], [])


async def test_a_missing_folder_is_an_error_of_the_source(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="không-có"):
        await batches(source(tmp_path / "không-có"))


async def test_a_mapped_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", GOOD)

    _, [bad] = await taken(tmp_path, fields={"reason": "LyDoHen"})

    assert f"thiếu cột LyDoHen. Các cột tìm thấy: {', '.join(HEADER)}." in bad.reason


async def test_an_import_leaves_the_place_of_the_source_as_it_is(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", GOOD)

    [batch] = [batch async for batch in read_file(path, Settings(path=tmp_path), "mc", "the cursor")]

    assert batch.cursor == "the cursor"
    assert [dossier.code for dossier in batch.dossiers] == [code(1)]


async def test_an_import_of_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"không-có\.csv"):
        _ = [batch async for batch in read_file(tmp_path / "không-có.csv", Settings(path=tmp_path), "mc")]
