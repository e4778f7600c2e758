"""What the citizens' phones show: whole texts, both ways."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

_KEPT = 50_000
_KEPT_EACH = 200
_NUMBERS = 50_000


class Phones:
    """The latest texts over all and by number."""

    def __init__(self) -> None:
        self._seq = 0
        self._all: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._each: OrderedDict[str, deque[dict[str, Any]]] = OrderedDict()
        self._news = asyncio.Event()

    def show(self, number: str, sender: str, text: str, *, state: str, at: float) -> None:
        """A whole text on the phone `number`; `sender` is the number itself where the citizen wrote it."""
        self._seq += 1
        shown = {
            "seq": self._seq,
            "number": number,
            "from": sender,
            "text": text,
            "at": at,
            "state": state,
        }
        self._all.append(shown)
        texts = self._each.get(number)
        if texts is None:
            texts = self._each[number] = deque(maxlen=_KEPT_EACH)
        texts.append(shown)
        self._each.move_to_end(number)
        if len(self._each) > _NUMBERS:
            self._each.popitem(last=False)
        self._news.set()

    async def texts(self, number: str | None, *, after: int, wait: float) -> Sequence[dict[str, Any]]:
        """Texts with a higher seq than `after`, oldest first; waits up to `wait` seconds for the first."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait
        while True:
            known = self._all if number is None else self._each.get(number, ())
            fresh = [text for text in known if text["seq"] > after]
            left = deadline - loop.time()
            if fresh or left <= 0:
                return [{**text, "at": _iso(text["at"])} for text in fresh]
            self._news.clear()
            try:
                async with asyncio.timeout(left):
                    await self._news.wait()
            except TimeoutError:
                return []

    def numbers(self, limit: int) -> list[dict[str, Any]]:
        """Phones by their latest text, latest first."""
        found: list[dict[str, Any]] = []
        for number in reversed(self._each):
            if len(found) == limit:
                break
            texts = self._each[number]
            found.append({"number": number, "seq": texts[-1]["seq"], "texts": len(texts)})
        return found


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
