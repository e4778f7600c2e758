"""Pure: what somebody wrote as proof beside a dossier's code, such as `AB12` in `mã tra cứu AB12`."""

from collections.abc import Sequence

from bot.conversation.wording import Word, wording
from bot.model.sms import nfc

_LETTERS = range(3, 21)
_LETTERS_ALONE = 4
"""Letters of a mã tra cứu that has no digit."""
_LONGEST_ANSWER = 80
"""Characters; a longer text is no answer to the question for a factor."""
_MOST_PIECES = 3
_LOOKUP_CODE = ("tracuu", "cuu")
"""Who writes them says that a mã tra cứu follows."""


def factor_beside(left: str, words: Sequence[Word], *, keyword: range) -> str:
    """The only word of `left`, a text without its code, that is neither keyword nor talk; empty where there is none.

    What is taken for a factor counts as a guess, so a word of the language must not be taken for one.
    """
    others = [word for index, word in enumerate(words) if index not in keyword]
    pieces = _pieces(left, others)
    if len(pieces) != 1:
        return ""
    return pieces[0] if _is_factor(pieces[0], is_sure=any(word.plain in _LOOKUP_CODE for word in words)) else ""


def factor_in(answer: str) -> str:
    """The factor in an answer to the question for one; empty where it is no answer. Keeps pieces apart: `0912 345`."""
    text = nfc(answer[: _LONGEST_ANSWER + 1])
    if len(text) > _LONGEST_ANSWER:
        return ""
    pieces = _pieces(text, wording().words(text))
    whole = "".join(pieces)
    return " ".join(pieces) if len(pieces) <= _MOST_PIECES and _is_factor(whole, is_sure=len(pieces) == 1) else ""


def _pieces(text: str, words: Sequence[Word]) -> list[str]:
    """The words that are neither polite nor the name of a factor. One abbreviation may stand for several words."""
    known = wording()
    noise = known.polite | known.labels
    spans = dict.fromkeys((word.start, word.end) for word in words if word.plain not in noise)
    pieces = [text[start:end] for start, end in spans]
    return pieces[1:] if len(pieces) > 1 and pieces[0] == "4" else pieces  # 4 số cuối


def _is_factor(word: str, *, is_sure: bool) -> bool:
    """A mã tra cứu or digits; `is_sure` where nothing else is to be expected."""
    if not (word.isascii() and word.isalnum() and len(word) in _LETTERS):
        return False
    has_digit = any(char.isdigit() for char in word)
    return has_digit or (len(word) >= _LETTERS_ALONE and (is_sure or word.isupper()))
