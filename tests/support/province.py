"""The demo's province at an office's pace, where something falls due today and something is late: what the pictures of
the manuals show. `python -m tests.support.province FOLDER PORT` runs it until it is stopped."""

import argparse
import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from bot.demo import stage
from bot.demo.processes import end, free_port

_PACE = {"dossiers_per_day": 600, "speed": 60, "late": 0.1, "untold": 0.9, "supplements": 0.1}
"""Of the one-stop office: an hour a minute. The demo's own pace is weeks ahead before anybody has looked."""
_DOORS = "log in:"
_START_SECONDS = 60.0


class ProvinceError(Exception):
    """It did not start; the message holds what it said."""


@dataclass(frozen=True, slots=True)
class Province:
    """One that runs."""

    url: str
    passwords: Mapping[str, str]
    """Of the console, by login."""


@asynccontextmanager
async def open_province(folder: Path) -> AsyncIterator[Province]:
    """A process of its own, ended afterwards; its data goes into `folder`. Raises `ProvinceError`."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.province", str(folder), str(port),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1"},
    )  # fmt: skip
    try:
        yield Province(f"http://127.0.0.1:{port}", await _passwords(process))
    finally:
        await end(process)


async def _passwords(process: asyncio.subprocess.Process) -> dict[str, str]:
    assert process.stdout is not None
    said = ""
    try:
        async with asyncio.timeout(_START_SECONDS):
            while line := (await process.stdout.readline()).decode():
                said += line
                if _DOORS in line:
                    return dict(re.findall(r"(\w+) ([\w-]+)", line.partition(_DOORS)[2]))
    except TimeoutError:
        pass
    raise ProvinceError(f"the demo did not start: {said[-500:]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    with patch.dict(stage._CALM, _PACE):
        asyncio.run(stage.run(data=given.folder, port=given.port, seconds=None, silent=False))


if __name__ == "__main__":
    main()
