"""What a parser is to the fuzzers: bytes in; and whatever they are, a value or the error that it documents."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.model.message import InboundMessage, Receipt
from bot.ports import PushAnswer

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parser:
    """Something of ours that reads what strangers wrote."""

    name: str
    """Of its folder in `corpus/`."""
    read: Callable[[bytes], object]
    """Reads, checks what came of it, and swallows the errors that the parser documents and no other."""
    words: tuple[bytes, ...] = ()
    """Pieces that mean something to it; the fuzzers put them anywhere."""
    most: int = 16_384
    """Bytes of the longest input that is tried; what is longer never comes to the parser."""
    is_slow: bool = False
    """Starts a process, or takes a hundredth of a second: tried less often."""
    pumps: tuple[tuple[bytes, bytes, bytes], ...] = ()
    """Beside the general ones: beginning, piece to be repeated, end. What it costs may grow only as the length does."""

    def seeds(self) -> list[bytes]:
        """The inputs that are kept, every one that ever broke it among them."""
        return [path.read_bytes() for path in sorted((CORPUS / self.name).iterdir())]


def text_of(raw: bytes) -> str:
    """Text as it may reach us: broken octets become halves of surrogate pairs, which JSON can say too."""
    return raw.decode("utf-8", "surrogatepass" if b"\xed" in raw else "replace") if _is_decodable(raw) else (
        raw.decode("utf-8", "surrogateescape")
    )  # fmt: skip


def _is_decodable(raw: bytes) -> bool:
    try:
        raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def fit_to_be_kept(text: str) -> None:
    """What both databases take: no NUL, no half of a surrogate pair."""
    assert "\0" not in text, "a NUL would reach the database"
    text.encode()


def judged(events: Iterable[InboundMessage | Receipt]) -> None:
    """Whatever was heard can be kept, and says who and which."""
    parts: tuple[str, ...]
    for event in events:
        if isinstance(event, InboundMessage):
            assert event.message_id
            assert event.sender.value
            parts = (event.message_id, event.sender.value, event.text, event.to, event.phone, event.language)
        else:
            assert event.reference or event.item_id
            parts = (event.reference, event.item_id, event.reason, event.carrier)
        assert event.at.tzinfo is not None
        for part in parts:
            fit_to_be_kept(part)


def answered(answer: PushAnswer) -> None:
    """A refusal or an answer, never a mistake of ours."""
    assert answer.status in (200, 202, 400, 401, 404, 405, 408, 413, 415, 422), answer.status
    answer.body.decode()
