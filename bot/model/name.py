"""Names as they are looked for: without accents and in small letters, so that `nguyen lan` finds `Nguyễn Thị Lan`."""

import unicodedata
from functools import lru_cache

LONGEST = 200
"""Characters of a name that are looked at."""


def name_words(name: str) -> str:
    """The words of a name with single spaces: `Nguyễn Thị  LAN` → `nguyen thi lan`; only letters and digits."""
    return " ".join(filter(None, map(_word, name[:LONGEST].split())))


def given_name(words: str) -> str:
    """The last word, by which people in Vietnam are called; of `name_words`."""
    return words.rpartition(" ")[2]


@lru_cache(maxsize=8_192)
def _word(word: str) -> str:
    """Remembered: a province's names are made of some hundreds of words."""
    plain = unicodedata.normalize("NFKD", word.casefold()).replace("đ", "d")
    return "".join(char for char in plain if char.isalnum())
