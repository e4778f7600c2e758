"""A DOCX as PDF, by LibreOffice where it is installed: one at a time, in a folder of its own, within a time-out."""

import asyncio
import logging
import os
import shutil
import signal
from asyncio.subprocess import DEVNULL, Process
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from weakref import WeakKeyDictionary

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds for one document; LibreOffice needs up to ten for its first."""
_PROGRAMS = ("soffice", "libreoffice")

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


def libreoffice() -> str:
    """Where LibreOffice is; empty where it is not installed."""
    return next((found for name in _PROGRAMS if (found := shutil.which(name))), "")


async def as_pdf(docx: bytes, *, patience: float = PATIENCE) -> bytes:
    """The PDF; empty where LibreOffice is not installed or makes none in time, which is logged."""
    program = libreoffice()
    if not program:
        return b""
    turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    async with turn:
        # Its profile and its lock files are in here too: a run that was killed spoils no later one.
        with TemporaryDirectory(prefix="motcua-pdf-", ignore_cleanup_errors=True) as folder:
            return await _converted(program, Path(folder), docx, patience)


async def _converted(program: str, folder: Path, docx: bytes, patience: float) -> bytes:
    source, made = folder / "document.docx", folder / "document.pdf"
    await asyncio.to_thread(source.write_bytes, docx)
    try:
        process = await _started(program, folder, source)
    except OSError as error:
        log.error("no PDF: LibreOffice cannot be started (%s)", error.strerror)
        return b""
    try:
        async with asyncio.timeout(patience):
            status = await process.wait()
    except TimeoutError:
        log.error("no PDF: LibreOffice took longer than %g s", patience)
        return b""
    finally:
        await _ended(process)
    pdf = await asyncio.to_thread(made.read_bytes) if made.is_file() else b""
    if not pdf.startswith(b"%PDF-"):
        log.error("no PDF: LibreOffice ended with status %d", status)
        return b""
    return pdf


async def _started(program: str, folder: Path, source: Path) -> Process:
    return await asyncio.create_subprocess_exec(
        program,
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--headless",
        "--norestore",
        "--convert-to",
        "pdf",
        "--outdir",
        str(folder),
        str(source),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
        # Nothing of ours but where programs are: secrets stand in the environment.
        env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LANG": "C.UTF-8"},
        start_new_session=True,
    )


async def _ended(process: Process) -> None:
    """With what it has started: `soffice` is a script around the program."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
