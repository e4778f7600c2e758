"""The word before a citizen's text that only steers it to us on a shared short code."""

from collections.abc import Iterable

from bot.model.sms import unaccented


class Keywords:
    """Those of one account, each of one word or several; case and accents do not matter."""

    def __init__(self, keywords: Iterable[str]) -> None:
        split = {tuple(_folded(keyword).split()) for keyword in keywords}
        self._keywords = sorted(filter(None, split), key=len, reverse=True)

    def without(self, text: str) -> str:
        """`text` without the longest keyword that it begins with; empty where it is nothing else."""
        for keyword in self._keywords:
            *words, rest = [*text.split(None, len(keyword)), ""][: len(keyword) + 1]
            if tuple(map(_folded, words)) == keyword:
                return rest
        return text


def _folded(text: str) -> str:
    return unaccented(text).casefold()
