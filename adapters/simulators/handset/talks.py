"""What the citizens see on their phones: every message of each talk, both ways, in order."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

_KEPT_EACH = 1_000
_KEPT_USERS = 50_000


class Talks:
    """By user. Entries are `{"seq", "by", "kind", "text", "at", …}`; `by` is "office" or "citizen"."""

    def __init__(self) -> None:
        self._seq = 0
        self._by_user: OrderedDict[str, deque[dict[str, Any]]] = OrderedDict()
        self._news = asyncio.Condition()

    async def show(self, user: str, by: str, text: str, *, kind: str = "text", **more: object) -> None:
        self._seq += 1
        entry = {"seq": self._seq, "by": by, "kind": kind, "text": text, **more, "at": _now()}
        self._by_user.setdefault(user, deque(maxlen=_KEPT_EACH)).append(entry)
        self._by_user.move_to_end(user)
        if len(self._by_user) > _KEPT_USERS:
            self._by_user.popitem(last=False)
        async with self._news:
            self._news.notify_all()

    async def since(self, user: str, *, after: float, wait: float, by: str = "") -> Sequence[dict[str, Any]]:
        """Entries with a higher seq than `after`, oldest first, of both or of one side; waits up to `wait` seconds
        for the first."""

        def fresh() -> list[dict[str, Any]]:
            known = self._by_user.get(user, ())
            return [entry for entry in known if entry["seq"] > after and by in ("", entry["by"])]

        if wait and not fresh():
            try:
                async with asyncio.timeout(wait), self._news:
                    await self._news.wait_for(fresh)
            except TimeoutError:
                pass
        return fresh()

    def users(self, limit: int) -> Sequence[str]:
        """Those with the latest news first."""
        return list(reversed(self._by_user))[:limit]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
