"""What happened, one JSON line each: the judge when a client was killed and nobody else remembers."""

import json
import time
from collections import Counter
from pathlib import Path
from typing import IO

_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


class Journal:
    """Counts by event, and appends every event to `path` where there is one."""

    def __init__(self, path: Path | None) -> None:
        # Line-buffered: a line written is a line that outlives us.
        self._file: IO[str] | None = path.open("a", encoding="utf-8", buffering=1) if path else None
        self.counts: Counter[str] = Counter()

    def note(self, event: str, **facts: object) -> None:
        self.counts[event] += 1
        if self._file:
            self._file.write(_encode({"event": event, "at": round(time.time(), 3), **facts}) + "\n")

    def close(self) -> None:
        if self._file:
            self._file.close()
