"""One document as it goes to `sendDocument`, behind the text that it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from telegram import InputFile

from bot.model.message import File

LARGEST = 50_000_000
"""Bytes that the Bot API takes in an upload."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A document without a caption: its text is out already."""

    method: ClassVar[str] = "sendDocument"
    file: File
    is_reply: bool = False
    is_paid: bool = False
    """Goes beyond the free limit, at a price."""

    @property
    def obstacle(self) -> str:
        """Why it cannot be sent; empty where it can."""
        if not self.file.content:
            return "it is no longer kept"
        return "it is larger than 50 MB" if len(self.file.content) > LARGEST else ""

    def to(self, chat: int) -> Mapping[str, Any]:
        """The parameters of `sendDocument`."""
        given: dict[str, Any] = {"chat_id": chat, "document": InputFile(self.file.content, filename=self.file.name)}
        if self.is_paid:
            given["allow_paid_broadcast"] = True
        return given

    def simpler(self, _: str) -> None:
        """There is no simpler form of a document."""
