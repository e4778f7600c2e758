"""What a file is by its content, whatever its name says; and whether a zipped one may be opened at all."""

import lzma
import re
import zipfile
import zlib
from typing import IO, Literal

from bot.recipient_files.trouble import TroubleError

Content = Literal["workbook", "text"]

_MIB = 1 << 20
UNPACKED = 400 * _MIB
"""Bytes of all entries. 100,000 rows of 20 columns make about 150 MiB of XML."""
RATIO = 150
"""Times that an archive may grow. Spreadsheets of the most monotonous rows grow sixtyfold."""
SMALL = 8 * _MIB
"""Unpacked, below which the ratio says nothing."""
ENTRIES = 1_000

_COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
"""How XLS files begin, and XLSX files under a password."""
_ARCHIVES = (".zip", ".gz", ".7z", ".rar", ".xz", ".bz2", ".tar", ".xlsx", ".xlsm", ".xlsb", ".ods", ".docx", ".jar")
_DECLARED = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_HEAD = 4_096


def content_of(file: IO[bytes]) -> Content:
    """Leaves the file at its beginning. Raises `TroubleError`."""
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise TroubleError("empty")
    if head.startswith(_COMPOUND):
        return "workbook"
    if head.startswith(b"PK"):
        _examine(file)
        file.seek(0)
        return "workbook"
    return "text"


def _examine(file: IO[bytes]) -> None:
    """Looks at the list of entries and the first bytes of each; unpacks nothing else."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _measure(entries, file.seek(0, 2))
            names = {entry.filename for entry in entries}
            if not any(name.startswith("xl/workbook.") for name in names) and not _is_ods(archive, names):
                raise TroubleError("not_a_table")
            for entry in entries:
                _refuse_entities(archive, entry)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        ValueError,
        NotImplementedError,
        OverflowError,
        OSError,
        EOFError,
        zlib.error,
        lzma.LZMAError,
    ):
        raise TroubleError("broken") from None
    except RuntimeError:
        raise TroubleError("encrypted") from None


def _measure(entries: list[zipfile.ZipInfo], size: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    bursts = unpacked > UNPACKED or (unpacked > SMALL and unpacked > RATIO * size)
    # Entries that overlap are counted again and again: more packed bytes than the file has.
    if bursts or len(entries) > ENTRIES or packed > size:
        raise TroubleError("packed")
    if any(entry.filename.lower().endswith(_ARCHIVES) for entry in entries):
        raise TroubleError("packed")
    if any(entry.flag_bits & 1 for entry in entries):
        raise TroubleError("encrypted")


def _is_ods(archive: zipfile.ZipFile, names: set[str]) -> bool:
    if "mimetype" not in names or "content.xml" not in names:
        return False
    with archive.open("mimetype") as entry:
        kind = entry.read(100).strip()
    if kind == b"application/vnd.oasis.opendocument.spreadsheet":
        _refuse_encrypted_ods(archive, names)
        return True
    return False


def _refuse_encrypted_ods(archive: zipfile.ZipFile, names: set[str]) -> None:
    """A password on an OpenDocument file leaves the archive open and encrypts what is in it."""
    if "META-INF/manifest.xml" not in names:
        return
    with archive.open("META-INF/manifest.xml") as entry:
        if b"encryption-data" in entry.read(_MIB):
            raise TroubleError("encrypted")


def _refuse_entities(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """No office program writes a document type into its XML; who declares entities means ill."""
    if not entry.filename.lower().endswith((".xml", ".rels")):
        return
    with archive.open(entry) as file:
        if _DECLARED.search(file.read(_HEAD)):
            raise TroubleError("broken")
