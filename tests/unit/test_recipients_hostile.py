"""Files that are broken, or made to do harm, are refused with a word and harm nobody."""

import io
import resource
import struct
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import recipients
from bot.recipient_files.columns import Wanted, folded, letter
from bot.recipient_files.listing import examine
from bot.recipients import Listing, Trouble, read_file
from tests.unit.lists import BINH, HEADER, LAN, WANTED, csv_of, entries_of, ods_of, read, xlsx_of, zip_of

SHEET = "xl/worksheets/sheet1.xml"
_MIB = 1 << 20


def word(found: Listing | Trouble) -> str:
    assert isinstance(found, Trouble), "it was taken"
    return found.word


def with_sheet(xml: bytes) -> bytes:
    return zip_of({**entries_of(xlsx_of(HEADER, LAN)), SHEET: xml})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n  \r\n", "empty"),
        (csv_of(HEADER), "empty"),
        (xlsx_of(), "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 20, "not_a_table"),
        (b"%PDF-1.7\n\x00\x01\x02\x03" * 50, "not_a_table"),
        (b"<html><table><tr><td>phone</td></tr></table></html>", "not_a_table"),
        (zip_of({"word/document.xml": b"<w/>"}), "not_a_table"),
        (zip_of({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<a/>"}), "not_a_table"),
        (b"PK\x03\x04" + b"\x00" * 100, "broken"),
        (xlsx_of(HEADER, LAN)[:-200], "broken"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 600, "broken"),
        (csv_of(HEADER, LAN) + b'"' + b"a" * 40_000, "quotes"),
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused_by_its_content(content: bytes, said: str, tmp_path: Path) -> None:
    assert word(read(content, tmp_path)) == said


def test_an_archive_whose_octets_cannot_be_unpacked_is_broken(tmp_path: Path) -> None:
    whole = xlsx_of(HEADER, LAN)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        first = next(each for each in archive.infolist() if each.filename.endswith(".xml"))
    start = first.header_offset + 30 + len(first.filename)

    torn = whole[:start] + b"\xff" * first.compress_size + whole[start + first.compress_size :]

    assert word(read(torn, tmp_path)) == "broken"


def test_a_bomb_is_refused_before_anything_is_unpacked(tmp_path: Path) -> None:
    bomb = with_sheet(b"<worksheet>" + b" " * (60 * _MIB))

    assert len(bomb) < _MIB
    assert word(read(bomb, tmp_path)) == "packed"


def test_a_bomb_that_lies_about_its_size_bursts_alone(tmp_path: Path) -> None:
    """The list of entries says 1,000 bytes; unpacked it is 60 MiB."""
    honest = with_sheet(b"<worksheet>" + b" " * (60 * _MIB))
    size = struct.pack("<L", 60 * _MIB + len(b"<worksheet>"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert word(read(honest.replace(size, struct.pack("<L", 1_000)), tmp_path)) in {"packed", "broken", "empty"}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 80 * 1024


def test_entries_that_overlap_are_refused(tmp_path: Path) -> None:
    """One packed stream that is listed a hundred times."""
    content = xlsx_of(HEADER, LAN)
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("a.bin", bytes(100_000), zipfile.ZIP_STORED)
        first = archive.getinfo("a.bin")
        for number in range(100):
            twin = zipfile.ZipInfo(f"b{number}.bin")
            twin.header_offset, twin.file_size, twin.compress_size = first.header_offset, 100_000, 100_000
            twin.CRC = first.CRC
            archive.filelist.append(twin)

    assert word(read(out.getvalue(), tmp_path)) == "packed"


@pytest.mark.parametrize("name", ["xl/embeddings/inner.xlsx", "a.zip", "b.GZ"])
def test_files_within_the_file_are_refused(name: str, tmp_path: Path) -> None:
    assert word(read(zip_of({**entries_of(xlsx_of(HEADER, LAN)), name: b"PK"}), tmp_path)) == "packed"


def test_too_many_entries_are_refused(tmp_path: Path) -> None:
    entries = {**entries_of(xlsx_of(HEADER, LAN)), **{f"xl/media/{number}": b"" for number in range(1_001)}}

    assert word(read(zip_of(entries), tmp_path)) == "packed"


@pytest.mark.parametrize(
    "xml", [b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>', b"<!ENTITY a SYSTEM 'file:///etc/passwd'>"]
)
def test_entities_are_refused(xml: bytes, tmp_path: Path) -> None:
    sheet = entries_of(xlsx_of(HEADER, LAN))[SHEET]

    assert word(read(with_sheet(sheet.replace(b"<worksheet", xml + b"<worksheet", 1)), tmp_path)) == "broken"


def test_a_cell_at_the_far_corner_takes_no_memory_of_ours(tmp_path: Path) -> None:
    """Between A1 and XFD1048576 there are 17 thousand million cells."""
    sheet = entries_of(xlsx_of(HEADER, LAN))[SHEET]
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'

    assert word(read(with_sheet(sheet.replace(b"</sheetData>", far)), tmp_path)) in {"packed", "broken"}


def test_an_ods_of_repeated_cells_is_refused(tmp_path: Path) -> None:
    content = entries_of(ods_of(HEADER, LAN))["content.xml"]
    many = (
        b'<table:table-row table:number-rows-repeated="1000000"><table:table-cell '
        b'table:number-columns-repeated="16000" office:value-type="string"><text:p>a</text:p></table:table-cell>'
        b"</table:table-row></table:table>"
    )
    entries = {**entries_of(ods_of(HEADER, LAN)), "content.xml": content.replace(b"</table:table>", many)}

    assert word(read(zip_of(entries), tmp_path)) in {"packed", "broken", "too_many_rows", "slow"}


def test_a_file_that_is_too_large_is_not_even_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipients, "MOST_BYTES", _MIB)

    assert read(csv_of(HEADER, LAN) * 30_000, tmp_path) == Trouble("too_large", {"most": 1})


def test_passwords_are_said_to_be_there(tmp_path: Path) -> None:
    manifest = b'<manifest><encryption-data xmlns="x"/></manifest>'
    entries = {**entries_of(ods_of(HEADER, LAN)), "META-INF/manifest.xml": manifest}

    assert word(read(zip_of(entries), tmp_path)) == "encrypted"


def test_the_process_that_reads_is_given_none_of_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, dict[str, str]] = {}
    run = subprocess.run

    def watched(*command: object, **options: object) -> object:
        given["env"] = options["env"]  # type: ignore[assignment]
        return run(*command, **options)  # type: ignore[call-overload]

    monkeypatch.setenv("MOTCUA_TOKEN", "secret")
    monkeypatch.setattr(subprocess, "run", watched)
    found = read(csv_of(HEADER, LAN), tmp_path)

    assert isinstance(found, Listing)
    found.close()
    assert set(given["env"]) == {"PYTHONPATH", "PYTHONIOENCODING"}


# Anything at all


_SEEDS = [csv_of(HEADER, LAN, BINH), xlsx_of(HEADER, LAN, BINH), ods_of(HEADER, LAN, BINH)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(_SEEDS), st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), max_size=20), st.data()
)
def test_a_damaged_file_is_read_or_refused_but_never_more(
    seed: bytes, damage: list[tuple[int, int]], more: st.DataObject
) -> None:
    broken = bytearray(seed)
    for place, value in damage:
        broken[place % len(broken)] = value
    cut = more.draw(st.integers(0, len(broken)))
    kept: list[str] = []

    answer = examine(io.BytesIO(bytes(broken[:cut])), WANTED, most=10, keep=kept.append)

    assert ("trouble" in answer) or answer["people"] + answer["repeats"] == len(kept)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=3_000))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    answer = examine(io.BytesIO(content), Wanted(), most=10, keep=lambda line: None)

    assert "trouble" in answer or answer["people"] >= 0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=20)), min_size=1, max_size=20))
def test_every_row_that_is_not_empty_is_a_person_or_a_wrong_row(rows: list[tuple[str, str]]) -> None:
    import csv

    text = io.StringIO(newline="")
    csv.writer(text).writerows([("phone", "ten"), *rows])
    kept: list[str] = []

    content = text.getvalue().encode("utf-8-sig", "replace")
    answer = examine(io.BytesIO(content), Wanted(("ten",)), most=100, keep=kept.append)

    filled = sum(any(cell.strip() for cell in row) for row in rows)
    if "trouble" not in answer:
        assert len(kept) + answer["wrong_rows"] == filled


@given(st.integers(0, 16_383))
def test_letters_of_columns_are_those_of_spreadsheets(place: int) -> None:
    value = 0
    for char in letter(place):
        value = value * 26 + ord(char) - ord("A") + 1

    assert value == place + 1


@given(st.text())
def test_folded_names_are_names_that_a_text_may_use(heading: str) -> None:
    assert set(folded(heading)) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")


def test_a_real_file_is_left_open(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv_of(HEADER, LAN))

    with path.open("rb") as file:
        found = read_file(file, WANTED)
        assert isinstance(found, Listing)
        found.close()
        assert not file.closed
