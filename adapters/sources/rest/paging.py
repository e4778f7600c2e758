"""From page to page of a list, until its end."""

from collections.abc import Sequence
from hashlib import blake2b

from pydantic import JsonValue

from adapters.sources.rest.answers import finder
from adapters.sources.rest.failures import same_page_again, too_many_pages
from adapters.sources.rest.progress import Position
from adapters.sources.rest.settings import Paging


class Pager:
    """Knows where pages stand and where the list ends."""

    def __init__(self, settings: Paging) -> None:
        self._settings = settings
        self._total_in = finder(settings.total)
        self._next_in = finder(settings.next)
        self.first = Position(settings.first)

    def values(self, at: Position) -> dict[str, str | int]:
        """What stands for {page}, {offset}, {size} and {next}."""
        values: dict[str, str | int] = {"page": at.page, "offset": at.read, "size": self._settings.size}
        return values | {"next": at.next} if at.next else values

    def place(self, at: Position) -> str:
        """How messages name the page, behind the path."""
        match self._settings.by:
            case "none":
                return ""
            case "offset":
                return f"?offset={at.read}"
            case "page" | "next":
                return f"?page={at.page}"

    def after(self, at: Position, count: int, answer: JsonValue, *, repeated: bool, place: str) -> Position | None:
        """The page after one of `count` records; None where the list ends.

        A total is not believed against a full page: some software counts to 10,000 and no further.
        Raises `SourceError` where this page was `repeated` and is not the last one, shown for any higher number.
        """
        if self._settings.by == "none":
            return None
        read, total = at.read + count, self._total(answer)
        is_full = count >= self._settings.size
        if repeated and (self._settings.by == "next" or is_full or total is not None):
            raise same_page_again(place)
        if self._settings.by == "next":
            following = self._next_in(answer)
            return Position(at.page + 1, read, str(following)) if following else None
        ends_short = self._settings.end == "short" if total is None else read >= total
        ends = repeated or count == 0 or (ends_short and not is_full)
        return None if ends else Position(at.page + 1, read)

    def _total(self, answer: JsonValue) -> int | None:
        try:
            return int(self._total_in(answer)) if self._settings.total else None
        except (ValueError, TypeError):
            return None


class Guard:
    """Sees that a round comes to an end with software that repeats a page or never stops."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pages = 0
        self._seen: set[bytes] = set()

    def repeats(self, place: str, records: Sequence[object]) -> bool:
        """This very page has been there in this round. Raises `SourceError` for one page too many."""
        self._pages += 1
        if self._pages > self._most:
            raise too_many_pages(place, self._most)
        digest = blake2b(repr(records).encode("utf-8", "surrogatepass"), digest_size=12).digest()
        if digest in self._seen:
            return True
        self._seen.add(digest)
        return False
