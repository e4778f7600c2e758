"""An id for a citizen's message, which SMPP itself does not give.

Nothing in a deliver_sm tells a repetition by the SMSC (our answer was lost) from a citizen who writes the same
words again. The rule here:

* The id is made of what stays the same in a repetition (numbers, coding, reference, octets) and of the ten
  minutes of UTC in which the message first came. So a repetition after a restart of ours has the same id.
* The same content again is the same message while it is unanswered; for three seconds after a quick answer of ours,
  for a minute after a slow one, for which the SMSC may not have waited; and for ten minutes where the link was lost
  within a minute of our answer, which may not have arrived then. After that it is a new message with an id of its
  own: people answer "1" to two questions.

What remains: a repetition that comes after a restart *and* across the border of ten minutes is answered twice;
and within ten minutes, the same words from before and after a restart are answered once.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

QUICK = timedelta(seconds=2)
"""An answer that no SMSC has given up waiting for."""
REPEAT_AFTER_QUICK_ANSWER = timedelta(seconds=3)
"""Shorter than somebody needs to read one question and answer the next."""
REPEAT_AFTER_SLOW_ANSWER = timedelta(minutes=1)
ANSWER_UNDER_WAY = timedelta(minutes=1)
"""So long after our answer a lost link may have swallowed it."""
REPEAT_AFTER_LOSS = timedelta(minutes=10)
_SLOT_SECONDS = 600
_REMEMBERED = 20_000


@dataclass(slots=True)
class _Seen:
    slot: int
    repetition: int
    until: datetime
    """Up to here the same content is the same message."""
    came_at: datetime
    answered_at: datetime | None = None


class Identity:
    """Remembers the content of recent messages, as digests only."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    def of(self, content: bytes, now: datetime) -> str:
        """The id of a message with this content that comes now."""
        digest = blake2b(content, digest_size=12).hexdigest()
        seen = self._seen.pop(digest, None)
        if seen is None or now >= seen.until:
            slot = int(now.timestamp()) // _SLOT_SECONDS
            again = seen is not None and seen.slot == slot
            seen = _Seen(slot, seen.repetition + 1 if seen and again else 0, now, now)
        seen.until = max(seen.until, now + REPEAT_AFTER_LOSS)
        self._seen[digest] = seen
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return f"{digest}-{seen.slot}-{seen.repetition}"

    def answered(self, message_id: str, now: datetime) -> None:
        """We told the SMSC that the message is ours now."""
        if seen := self._seen.get(message_id.partition("-")[0]):
            is_quick = now - seen.came_at <= QUICK
            seen.until = now + (REPEAT_AFTER_QUICK_ANSWER if is_quick else REPEAT_AFTER_SLOW_ANSWER)
            seen.answered_at = now

    def link_lost(self, now: datetime) -> None:
        """The answers of the last minute may not have arrived."""
        for seen in self._seen.values():
            is_fresh = seen.answered_at is not None and now - seen.answered_at < ANSWER_UNDER_WAY
            if is_fresh or seen.until > now:
                seen.until = max(seen.until, now + REPEAT_AFTER_LOSS)
