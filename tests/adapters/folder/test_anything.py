"""Whatever bytes lie in the folder: dossiers, quarantine or a named error, never anything else."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.sources.folder import Settings
from adapters.sources.folder.reading import Reading
from bot.model.errors import SourceError
from tests.adapters.folder.support import HEADER, csv_text, row

_CELLS = st.one_of(
    st.sampled_from([cell for cell in row(1) if cell]),
    st.sampled_from(['"', '""', "\0", "\r", "\n", ",", ";", "a\u0301", "\ufeff", "٣", "1e308", "46181.5", "-" * 70]),
    st.text(max_size=12),
)
_TABLES = st.lists(st.lists(_CELLS, max_size=16), max_size=12)
_SPLICES = st.tuples(st.integers(0, 2_000), st.binary(max_size=8))


def _fault(content: bytes, name: str = "a.csv") -> str:
    """Reads the file to its end; the words of the error where it is faulty as a whole."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        try:
            with Reading(path, Settings(path=path.parent, batch_rows=5), source="mc") as reading:
                _read(reading)
        except SourceError as error:
            return str(error)
    return ""


def _read(reading: Reading) -> None:
    rows, last = 1, False
    while not last:
        dossiers, quarantined, row, last = reading.piece()
        assert all(rows < bad.row <= row for bad in quarantined)
        assert len(dossiers) <= row - rows
        rows = row


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400), st.sampled_from(["a.xlsx", "a.xls", "a.ods"]), st.sampled_from([b"", b"PK\x03\x04"]))
def test_random_workbooks_are_named_as_broken(content: bytes, name: str, start: bytes) -> None:
    assert name in _fault(start + content, name)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400))
def test_random_bytes_are_never_a_crash(content: bytes) -> None:
    fault = _fault(content)

    assert "a.csv" in fault or not fault


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_TABLES, st.sampled_from([",", ";", "\t", "|"]), st.booleans())
def test_random_rows_under_a_good_header_are_never_a_crash(rows: list[list[str]], delimiter: str, quoted: bool) -> None:
    if quoted:
        text = csv_text(rows, delimiter=delimiter)
    else:
        text = "\n".join(delimiter.join(cells) for cells in ([*HEADER], *rows))

    assert _fault(text.encode("utf-8", "replace")) == ""


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_SPLICES, max_size=5))
def test_a_damaged_export_is_never_a_crash(splices: list[tuple[int, bytes]]) -> None:
    content = bytearray(csv_text([row(number) for number in range(1, 8)]).encode())
    for at, wrong in splices:
        content[at : at + len(wrong)] = wrong

    fault = _fault(bytes(content))

    assert "a.csv" in fault or not fault
