"""The letters that came, as their readers see them."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from adapters.simulators.handset.journal import Journal

_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter."""

    seq: int
    recipient: str
    message: EmailMessage
    at: datetime

    @property
    def files(self) -> list[tuple[str, str, bytes]]:
        """Name, media type and content of what is attached."""
        return [
            (part.get_filename() or "", part.get_content_type(), part.get_payload(decode=True) or b"")  # type: ignore[misc]
            for part in self.message.iter_attachments()
        ]

    def shown(self) -> dict[str, Any]:
        body = self.message.get_body(("plain",))
        return {
            "seq": self.seq,
            "to": self.recipient,
            "subject": str(self.message["Subject"] or ""),
            "from": str(self.message["From"] or ""),
            "text": body.get_content().replace("\r\n", "\n") if body else "",
            "headers": {name: str(value) for name, value in self.message.items()},
            "files": [{"name": name, "type": kind, "size": len(content)} for name, kind, content in self.files],
            "at": self.at.isoformat(timespec="milliseconds"),
        }


@dataclass
class Mailboxes:
    """All of them."""

    journal: Journal
    met: Counter[object] = field(default_factory=Counter)
    """How often a recipient has met its misfortune."""
    hang_up: Callable[[], None] = lambda: None
    """Ends all SMTP connections."""

    def __post_init__(self) -> None:
        self._letters: deque[Letter] = deque(maxlen=_KEPT)
        self._news = asyncio.Condition()

    async def take(self, recipient: str, content: bytes) -> None:
        message = message_from_bytes(content, policy=default)
        letter = Letter(self.journal.counts["message"] + 1, recipient, message, datetime.now(UTC))
        self._letters.append(letter)
        self.journal.note("message", **letter.shown())
        async with self._news:
            self._news.notify_all()

    async def since(self, after: float, *, wait: float, recipient: str = "") -> list[Letter]:
        """Letters with a higher seq, oldest first; waits up to `wait` seconds for the first."""

        def fresh() -> list[Letter]:
            return [each for each in self._letters if each.seq > after and recipient in ("", each.recipient)]

        if wait and not fresh():
            try:
                async with asyncio.timeout(wait), self._news:
                    await self._news.wait_for(fresh)
            except TimeoutError:
                pass
        return fresh()
