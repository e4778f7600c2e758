"""The process that reads one file: whatever the file is made to do, it happens here, within bounds, and not in the
service.

The file is its standard input; the people go to its standard output, a line of JSON each; what is to be said about the
file as a whole is one line of JSON on its standard error. The argument says what is asked for.
"""

import json
import sys
from typing import IO, Any

from bot.recipient_files.columns import Wanted
from bot.recipient_files.listing import examine

_CPU_SECONDS = 90
_FILES = 1 << 30
"""Bytes that may be written."""


def main(asked: dict[str, Any], file: IO[bytes], out: IO[str], said: IO[str]) -> None:
    """Reads the file and answers."""
    _confine(asked["memory"])
    wanted = Wanted(tuple(asked["required"]), tuple(asked["optional"]))

    def keep(line: str) -> None:
        out.write(line + "\n")

    answer = examine(file, wanted, most=asked["most"], keep=keep)
    out.flush()
    print(json.dumps(answer, ensure_ascii=False), file=said)


def _confine(memory: int) -> None:
    try:
        import resource  # not on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILES, _FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.stdin.buffer, sys.stdout, sys.stderr)
