"""What happened, one JSON line each: the judge when a client was killed and nobody else remembers."""

import asyncio
import json
import os
from collections import Counter
from pathlib import Path
from typing import IO, Any

_FLUSH = 0.02
"""Seconds that lines may stay in memory."""


class Journal:
    """Appends to `path` (None: only counts). The file is flushed in batches, so it outlives any client, and the
    death of the simulator but for its last moments; with `flush` 0 these too."""

    def __init__(self, path: Path | None, *, flush: float = _FLUSH) -> None:
        self._file: IO[str] | None = path.open("a", encoding="utf-8") if path else None
        self._flush_after = flush
        self._lines: list[dict[str, Any]] = []
        self._flushing: asyncio.TimerHandle | None = None
        self.writes = self._file is not None
        self.counts: Counter[str] = Counter()

    def note(self, event: str, at: float, **facts: object) -> None:
        """`at` in seconds since 1970."""
        self.counts[event] += 1
        if self._file is None:
            return
        self._lines.append({"event": event, "at": at, **facts})
        if not self._flush_after:
            self.flush()
        elif self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(self._flush_after, self.flush)

    def flush(self) -> None:
        self._flushing = None
        if self._file:
            self._file.write("".join(_line(facts) for facts in self._lines))
            self._file.flush()
            self._lines.clear()

    def close(self) -> None:
        if self._flushing:
            self._flushing.cancel()
        self.flush()
        if self._file:
            os.fsync(self._file.fileno())
            self._file.close()


_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


def _line(facts: dict[str, Any]) -> str:
    return _encode(facts) + "\n"
