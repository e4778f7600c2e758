"""What happened, one JSON line each: the judge when a client was killed and nobody else remembers."""

import json
import time
from collections import Counter, deque
from pathlib import Path
from typing import IO, Any

_KEPT = 10_000

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


class Journal:
    """Counts by event, keeps the latest in memory, and appends all to `path` where there is one."""

    def __init__(self, path: Path | None) -> None:
        # Line-buffered: a line written is a line that outlives us.
        self._file: IO[str] | None = path.open("a", encoding="utf-8", buffering=1) if path else None
        self.counts: Counter[str] = Counter()
        self.latest: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def note(self, event: str, **facts: object) -> None:
        self.counts[event] += 1
        line = {"event": event, "at": time.time(), **facts}
        self.latest.append(line)
        if self._file:
            self._file.write(_encode(line) + "\n")

    def close(self) -> None:
        if self._file:
            self._file.close()
