"""Files and texts that people bring: exports, lists of recipients, workbooks, templates, the configuration."""

import csv
import io
import tempfile
from functools import cache
from itertools import count
from pathlib import Path

from adapters.sources.folder import Settings
from adapters.sources.folder.reading import Reading
from bot.app import read_plan
from bot.config import load_config
from bot.documents import TemplateError
from bot.documents.template import load_template
from bot.model.errors import MotcuaError, SourceError
from bot.model.message import Situation
from bot.model.wording import TextKey, Wording
from bot.recipient_files.columns import Wanted
from bot.recipient_files.listing import examine
from bot.recipients import Listing, read_file
from bot.spreadsheet import csv_bytes
from bot.texts.filling import fillable
from bot.texts.linting import lint
from bot.texts.reading import read as read_text
from bot.texts.syntax import Empty, MissingValueError, TextRefused, refusals
from tests.fuzz.parser import Parser, fit_to_be_kept, text_of

WANTED = Wanted(required=("ten",), optional=("ngay",))
_numbers = count(1)
_TABLE = (
    b",", b";", b"\t", b"|", b'"', b'""', b"\r\n", b"\n", b"\r", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0",
    b"=1+1", b"+84912345678",
    b"-1", b"@SUM(A1)", b"sep=;\n", "điện thoại".encode(), b"phone", b"0912345678", b"\x85", b"\xe2\x80\xa8",
    b"\xd0\xca", b"20261122081500",
)  # fmt: skip
_LONG = (
    (b'"', b"a", b""),
    (b"", b'"', b""),
    (b"phone,ten\n", b"0912345678,a\n", b""),
    (b"", b"phone,", b"\n"),
    (b"phone,ten\n", b",", b"\n"),
)


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="fuzz-", dir=_kept_until_the_end().name))


@cache
def _kept_until_the_end() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="motcua-fuzz-")


def _export(raw: bytes, name: str) -> None:
    path = _folder() / name
    path.write_bytes(raw)
    try:
        with Reading(path, Settings(path=path.parent, batch_rows=50), source="mc") as reading:
            rows, last = 1, False
            while not last:
                dossiers, quarantined, row, last = reading.piece()
                assert len(dossiers) <= row - rows
                for note in quarantined:
                    fit_to_be_kept(note.column + note.reason + note.code)
                for dossier in dossiers:
                    fit_to_be_kept(dossier.code + dossier.applicant + dossier.phone + dossier.reason)
                rows = row
    except SourceError as error:
        assert name in str(error)  # noqa: PT017


def _export_csv(raw: bytes) -> None:
    _export(raw, "a.csv")


def _export_xlsx(raw: bytes) -> None:
    _export(raw, "a.xlsx")


def _recipients_csv(raw: bytes) -> None:
    """In this process; a workbook is never read in it."""
    if raw[:2] == b"PK" or raw[:4] == bytes.fromhex("d0cf11e0"):
        return
    lines: list[str] = []
    answer = examine(io.BytesIO(raw), WANTED, most=1_000, keep=lines.append)
    if "trouble" not in answer:
        assert answer["people"] <= len(lines) <= 1_000
        assert answer["people"] + answer["wrong_rows"] > 0


def _recipients_file(raw: bytes) -> None:
    """As the console reads it: in a process of its own."""
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        found = read_file(file, WANTED, most=1_000)
    if isinstance(found, Listing):
        assert sum(1 for _ in found.rows()) >= found.people
        found.close()


_VALUES = {"code": "H56.14-240823-0001", "name": "{{ 7*7 }}", "agency": "UBND xã Mẫu", "a": "b", "place": ""}


def _template(raw: bytes) -> None:
    """A text of the staff's: refused, or words; the same by the quick way and by the engine."""
    source = text_of(raw)
    found = refusals(source)
    lint(TextKey(Situation.RESULT, "vi"), Wording(chat=source, sms=source, sms_accented=source))
    try:
        made = fillable(source)
        read_text(source)
    except TextRefused as refused:
        assert found == refused.refusals  # noqa: PT017
        return
    assert not found
    values = {name: Empty(name) for name in read_text(source).names} | _VALUES
    try:
        said = made.render(values)
    except MissingValueError:
        return
    assert isinstance(said, str)
    assert len(said) <= len(source) + source.count("{") * 40
    assert "49" not in said or "49" in source


def _docx(raw: bytes) -> None:
    path = _folder() / f"{next(_numbers)}.docx"
    path.write_bytes(raw)
    try:
        load_template(str(path))
    except TemplateError as error:
        assert path.name in str(error)  # noqa: PT017
    finally:
        path.unlink()


def _config(raw: bytes) -> None:
    path = _folder() / "config.toml"
    path.write_bytes(raw)
    try:
        read_plan(load_config(path))
    except MotcuaError as error:
        assert str(error)  # noqa: PT017


_DANGEROUS = tuple("=+-@\t\r\n＝＋－＠")
"""With what programs of spreadsheets begin a formula, or skip to get to one (OWASP, CSV Injection)."""


def _formula(raw: bytes) -> None:
    """No cell of a table that we make begins as a formula does, and what it says can be read again."""
    cells = text_of(raw).encode("utf-8", "ignore").decode().split("\x1e")
    written = csv_bytes(cells[:3], [[each] for each in cells]).decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(written, newline=""), delimiter=";"))
    assert len(read) == len(cells) + 1
    for kept in (cell for row in read for cell in row):
        assert not kept.startswith(_DANGEROUS)
    assert all(was in row[0] for was, row in zip(cells, read[1:], strict=True) if row)


PARSERS = (
    Parser(name="export_csv", read=_export_csv, words=_TABLE, pumps=_LONG),
    Parser(name="export_xlsx", read=_export_xlsx, words=(b"PK\3\4", b"PK\1\2", b"\0\0", b"\xff\xff", b"<c ",
        b"<!ENTITY"), is_slow=True),
    Parser(name="recipients_csv", read=_recipients_csv, words=_TABLE, pumps=_LONG),
    Parser(name="recipients_file", read=_recipients_file, words=(*_TABLE, b"PK\3\4", b"PK\5\6"), is_slow=True),
    Parser(name="template", read=_template, most=4_000,
           words=(b"{{", b"}}", b"{%", b"%}", b"if ", b"endif", b"for x in y", b"code", b"|upper", b"|default('x')",
               b"__class__", b"[", b"(",
                  b"7*7", b"'", b"9" * 50, b"{#", b"elif ", b" and ", b"not ", b"self", b"cycler", b"\\N{",
                  b"{{ name }}", b"-%}"),
           pumps=((b"{{", b"(", b"}}"), (b"", b"{{a}}", b""), (b"", b"{% if a %}", b""), (b"{{'", b"a.a", b"'}}"),
               (b"{{a", b"|upper", b"}}"),
                  (b"{{", b"not ", b"a}}"), (b"{{a", b" or a", b"}}"), (b"", b"{#", b""), (b"", b"a.", b"")),),
    Parser(name="docx", read=_docx, words=(b"PK\3\4", b"{{ code }}", b"{% for x in range(9) %}", b"<w:t>", b"\0\0"),
        is_slow=True),
    Parser(name="config", read=_config, words=(b"[channels.sms]\n", b'kind = "log"\n', b"[sources.a]\n", b"=", b'"',
        b"[[", b"env:X", b"file:/x",
                                               b"true", b"1e400", b"nan", b"-1", b"{", b"}", b"\xff", b"1979-05-27"),
                                               is_slow=True, most=4_096),
    Parser(name="formula", read=_formula, words=(b"=", b"+", b"-", b"@", b"\t", b"\r", b"\x1e", b'"', b"'",
        b"\xef\xbc\x9d", b" =")),
)  # fmt: skip
