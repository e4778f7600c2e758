"""A file of people becomes the recipients of a broadcast, or says what must be mended in it.

The file is read by a process of its own (`bot.recipient_files.process`): the service's loop stays free, its memory
flat, and a file that was made to burst bursts alone.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from bot.model.broadcast import Recipient
from bot.model.sms import nfc
from bot.model.wording import Wording
from bot.recipient_files.columns import CODE, PHONE, Wanted
from bot.recipient_files.listing import people_in
from bot.recipient_files.trouble import RowWord, Trouble, WrongRow
from bot.texts.reading import read as read_text
from bot.texts.syntax import TextRefused

MOST_ROWS = 100_000
MOST_BYTES = 20 << 20
_MEMORY = 1 << 30
"""Bytes of address space that reading one file may take."""
_SECONDS = 120.0
_ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Listing:
    """What a file says. Holds an unnamed file on disk until it is closed."""

    headings: Mapping[str, str]
    """The columns that are used, as the file calls them, by the names of the text, `phone` and `code`."""
    letters: Mapping[str, str]
    """Of the same columns: `A`, `B`, …"""
    people: int
    """Phones, each counted once."""
    wrong_rows: int
    """Nothing may be sent unless it is 0."""
    kinds: Mapping[RowWord, int]
    """Wrong rows by what is wrong."""
    wrong: tuple[WrongRow, ...]
    """The first 50."""
    repeats: int
    """Rows whose phone stands in an earlier one; she is written to once."""
    repeated: tuple[tuple[int, int], ...]
    """The first 50: the row, and the earlier one."""
    digest: str
    """SHA-256 over phones and values in order."""
    spool: IO[str] = field(repr=False)

    def rows(self) -> Iterator[Recipient]:
        """All of them, in the file's order, from the disk."""
        self.spool.seek(0)
        return people_in(iter(self.spool))

    def close(self) -> None:
        self.spool.close()

    def __enter__(self) -> "Listing":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def wanted_by(wording: Wording) -> Wanted:
    """The columns that a text needs, in the order in which it names them; a text that cannot be read needs none."""
    shown: dict[str, bool] = {}
    for body in wording.bodies.values():
        try:
            reading = read_text(nfc(body))
        except TextRefused:
            continue
        for name in sorted(reading.names, key=lambda name: nfc(body).find(name)):
            shown[name] = shown.get(name, False) or name in reading.unguarded or name in wording.required
    named = [name for name in shown if name != PHONE]
    return Wanted(tuple(each for each in named if shown[each]), tuple(each for each in named if not shown[each]))


async def read_recipients(file: IO[bytes], wanted: Wanted, *, most: int = MOST_ROWS) -> Listing | Trouble:
    """Whoever is given a `Listing` closes it. `file` is real or spooled; it stays open."""
    return await asyncio.to_thread(read_file, file, wanted, most=most)


def read_file(file: IO[bytes], wanted: Wanted, *, most: int = MOST_ROWS) -> Listing | Trouble:
    """The same, waiting."""
    size = file.seek(0, 2)
    file.seek(0)
    if size > MOST_BYTES:
        return Trouble("too_large", {"most": MOST_BYTES >> 20})
    spool = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115 - the listing closes it
    answer = _asked(file, spool, {"required": wanted.required, "optional": wanted.optional, "most": most})
    if isinstance(answer, Trouble):
        spool.close()
        return answer
    return Listing(
        headings=answer["headings"],
        letters=answer["letters"],
        people=answer["people"],
        wrong_rows=answer["wrong_rows"],
        kinds=answer["kinds"],
        wrong=tuple(WrongRow(**each) for each in answer["wrong"]),
        repeats=answer["repeats"],
        repeated=tuple((row, earlier) for row, earlier in answer["repeated"]),
        digest=answer["digest"],
        spool=spool,
    )


def _asked(file: IO[bytes], spool: IO[str], asked: dict[str, Any]) -> dict[str, Any] | Trouble:
    """What the process says. It is given nothing of our environment, in which secrets stand."""
    command = [sys.executable, "-P", "-m", f"{__package__}.recipient_files.process"]
    try:
        ended = subprocess.run(  # noqa: S603 - our own module, no shell
            [*command, json.dumps({**asked, "memory": _MEMORY})],
            stdin=file, stdout=spool, stderr=subprocess.PIPE, timeout=_SECONDS, check=False,
            env={"PYTHONPATH": str(_ROOT), "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Trouble("slow")
    last = ended.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    if ended.returncode != 0 or not last.startswith("{"):
        # Ended by its bounds, or by something in the file that nobody has seen before.
        return Trouble("packed" if ended.returncode < 0 else "broken")
    answer: dict[str, Any] = json.loads(last)
    return Trouble(answer["trouble"], answer["values"]) if "trouble" in answer else answer


__all__ = ["CODE", "MOST_BYTES", "MOST_ROWS", "PHONE", "Listing", "Trouble", "Wanted", "read_recipients", "wanted_by"]
