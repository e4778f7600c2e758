"""The word before a citizen's text that only steers it to us on a shared short code."""

from collections.abc import Iterable, Mapping

from bot.model.sms import unaccented


class Keywords:
    """Those of one account, each of one word or several; case and accents do not matter. A mapping names them by the
    short code that is written to."""

    def __init__(self, keywords: Iterable[str] | Mapping[str, Iterable[str]]) -> None:
        by_code = keywords if isinstance(keywords, Mapping) else {"": keywords}
        self._by_code = {code: _longest_first(words) for code, words in by_code.items()}

    def without(self, text: str, short_code: str = "") -> str:
        """`text` without the longest keyword that it begins with; empty where it is nothing else."""
        for keyword in self._by_code.get(short_code) or self._by_code.get("") or []:
            *words, rest = [*text.split(None, len(keyword)), ""][: len(keyword) + 1]
            if tuple(map(_folded, words)) == keyword:
                return rest
        return text


def _longest_first(keywords: Iterable[str]) -> list[tuple[str, ...]]:
    split = {tuple(_folded(keyword).split()) for keyword in keywords}
    return sorted(filter(None, split), key=len, reverse=True)


def _folded(text: str) -> str:
    return unaccented(text).casefold()
