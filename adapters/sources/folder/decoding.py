"""The text of an export: its encoding, proved for the whole file before any of it is taken."""

import codecs
import io
from typing import BinaryIO, NamedTuple

from bot.model.errors import SourceError

_BLOCK = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class _Encoding(NamedTuple):
    name: str
    mark: int
    """Bytes of the byte order mark before the text."""


def text_of(file: BinaryIO, configured: str, place: str) -> io.TextIOWrapper:
    """`file` as text, line ends untouched. Closing the text closes the file; it is closed too where this fails.

    Raises `SourceError` naming the position of the first byte that does not fit. Reads in blocks: a file of any
    size takes the same memory.
    """
    try:
        encoding = _encoding_of(file.read(4), configured)
        file.seek(encoding.mark)
        _prove(file, encoding, place)
        file.seek(encoding.mark)
    except BaseException:
        file.close()
        raise
    return io.TextIOWrapper(file, encoding=encoding.name, newline="")


def _encoding_of(head: bytes, configured: str) -> _Encoding:
    for mark, name in _MARKS:
        if head.startswith(mark):
            return _Encoding(name, len(mark))
    return _Encoding("utf-8" if configured == "auto" else configured, 0)


def _prove(file: BinaryIO, encoding: _Encoding, place: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding.name)("strict")
    position = encoding.mark
    while True:
        block = file.read(_BLOCK)
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise SourceError(_misfit(error, encoding, position - waiting, place)) from None
        if not block:
            return
        position += len(block)


def _misfit(error: UnicodeDecodeError, encoding: _Encoding, position: int, place: str) -> str:
    wrong = error.object[error.start] if error.start < len(error.object) else 0
    return (
        f"Tệp {place} không phải văn bản {encoding.name.upper()}: byte thứ {position + error.start + 1} "
        f"(0x{wrong:02X}) không hợp lệ. Hãy xuất lại tệp dạng CSV UTF-8, hoặc khai báo encoding trong cấu hình."
    )
