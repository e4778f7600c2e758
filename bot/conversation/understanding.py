"""Pure: what a citizen wants, from what was typed: any way, with or without accents, also in a forwarded text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.conversation.factors import factor_beside
from bot.conversation.intents import Intent
from bot.conversation.wording import Group, Phrase, Word, Wording, accents, plain_words, wording
from bot.model.code import READ_LIMIT, read_around
from bot.model.code import Found as ReadCode
from bot.model.phone import parse_phone
from bot.model.sms import nfc
from bot.ports import ConversationState

_SHORT = 12
"""Words of a text with a code, beside it, up to which a question may stand in its middle. A longer one is forwarded: it
is about the code, whatever words it has."""
_SHORT_WITHOUT_CODE = 30
_ANSWER_WORDS = 4
"""A longer text is no plain yes or no."""
_WORD_LETTERS = 40
"""Characters of a text that `Intent.word` shows."""
_LONGEST_NUMBER = 8
"""Digits; more are a phone or the number of a paper."""
_WEAK = ("lookup", "status")
"""They say of which dossier something is asked; what is asked stands elsewhere in the text."""
_ABOUT_DOSSIERS = ("lookup", "follow", "next", "who", "days", "bring", "history")
"""Beside these a second factor may be written."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that is being understood."""

    typed: str
    left: str
    """Without its codes."""
    codes: tuple[ReadCode, ...]
    words: Sequence[Word]
    wording: Wording
    in_dialogue: bool
    is_about_something: bool

    @property
    def is_short(self) -> bool:
        return len(self.words) <= (_SHORT if self.codes else _SHORT_WITHOUT_CODE)

    @property
    def names_dossier(self) -> bool:
        return any(each.kind == "dossier" for each in self.codes)


@dataclass(frozen=True, slots=True)
class _Match:
    """Words of a text that have a meaning."""

    group: Group
    start: int
    after: int
    """Indices of words."""

    @property
    def length(self) -> int:
        return self.after - self.start


def understand(text: str, state: ConversationState) -> Intent:
    """What `text` asks for. Never raises; linear in the first `READ_LIMIT` characters, which are all that is read.

    A number that stands for an option of the last reply says what the option says.
    """
    read = _read(text, state)
    if not read.codes:
        if number := _number(read, state):
            return number
        if not read.words:
            return _intent(read, "help")
        if answer := _answer_in_dialogue(read):
            return _intent(read, answer)
    match = _match(read)
    if match is None:
        return _without_keyword(read)
    return _with_keyword(read, match)


def _read(text: str, state: ConversationState) -> _Text:
    around, words = read_around(_GLUED.sub(r"\g<0> ", text, count=1)), wording()
    left = nfc(around.rest)[:READ_LIMIT]
    return _Text(
        typed=text,
        left=left,
        codes=around.codes,
        words=words.words(left),
        wording=words,
        in_dialogue=bool(state.dialogue),
        is_about_something=bool(state.about),
    )


_GLUED = re.compile(r"\A\s{0,9}(?:hs|hoso|tracuu|theodoi)(?=[a-z][0-9]{2}\b|[0-9]{3}\.[0-9])", re.IGNORECASE)
"""A keyword and a code without the space between them."""


def _intent(read: _Text, name: str, rest: str = "") -> Intent:
    word = " ".join(plain_words(nfc(read.typed[:_WORD_LETTERS])))[:_WORD_LETTERS]
    return Intent(name, read.typed, read.codes, rest.strip(), word)


# Numbers and plain answers


def _number(read: _Text, state: ConversationState) -> Intent | None:
    """A bare number: an option, a phone, or digits that somebody was asked for."""
    digits = "".join(char for char in read.left if char in "0123456789")
    if not digits or not set(read.left) <= _OF_NUMBERS:
        return None
    if len(digits) <= 2 and 0 < int(digits) <= len(state.options):
        return understand(state.options[int(digits) - 1], replace(state, options=()))
    if phone := parse_phone(read.left):
        return _intent(read, "phone", phone.e164)
    return _intent(read, "number", digits) if len(digits) <= _LONGEST_NUMBER else _intent(read, "unknown")


_OF_NUMBERS = frozenset("0123456789 .,-+()/\n\t\u00a0")


def _answer_in_dialogue(read: _Text) -> str:
    """While a question waits `dung` is đúng and no dừng; so is `dung roi` at any time. Empty for neither."""
    first, *others = (word.plain for word in read.words[: _ANSWER_WORDS + 1])
    if first == "dung" and read.wording.particles.issuperset(others) and not accents(read.left):
        return "yes" if read.in_dialogue or others else ""
    if not read.in_dialogue:
        return ""
    match = _match(read)
    if match and match.group.intent not in _WEAK:
        return ""
    # Beside `mã tra cứu` stands what was asked for.
    asked = match is not None and match.group.intent == "lookup" and match.length < len(read.words)
    return _yes_or_no(read) or ("unknown" if asked else "")


def _yes_or_no(read: _Text) -> str:
    """`dung roi a` is a yes, `da khong phai` is a no; anything else is neither."""
    plain = tuple(word.plain for word in read.words[: _ANSWER_WORDS + 1])
    if len(plain) > _ANSWER_WORDS:
        return ""
    if not read.wording.no.isdisjoint(plain):
        return "no"
    return "yes" if any(_begins_with_yes(read, plain[:length]) for length in (1, 2)) else ""


def _begins_with_yes(read: _Text, phrase: Phrase) -> bool:
    """`da` is dạ and `đã` is not; beside words with accents `Dung` is a name."""
    spellings = read.wording.yes.get(phrase)
    if spellings is None:
        return False
    typed = accents(read.left[: read.words[len(phrase) - 1].end])
    return typed in spellings or (not typed and (phrase != ("dung",) or not accents(read.left)))


# Keywords


def _match(read: _Text) -> _Match | None:
    """The keyword that the text begins with; where that only names a dossier, the question in a short text."""
    begins = _beginning(read)
    if begins and begins.group.intent not in _WEAK:
        return begins
    questions = _questions(read) if read.is_short else ()
    longest = max(questions, key=lambda each: (each.group.intent != "status", each.length), default=None)
    return longest or begins


def _beginning(read: _Text) -> _Match | None:
    """Behind polite words, which may also belong to a keyword: `co` to `co phai`."""
    for at, word in enumerate(read.words):
        if match := _longest_at(read, at):
            return match
        if word.plain not in read.wording.polite:
            return None
    return None


def _questions(read: _Text) -> Iterator[_Match]:
    for at in range(len(read.words)):
        if (match := _longest_at(read, at)) and match.group.anywhere:
            yield match


def _longest_at(read: _Text, at: int) -> _Match | None:
    for length in range(min(read.wording.longest, len(read.words) - at), 0, -1):
        phrase = tuple(word.plain for word in read.words[at : at + length])
        for meaning in read.wording.meanings.get(phrase, ()):
            match = _Match(meaning.group, at, at + length)
            if _allows(meaning.group, read, match) and _is_spelled(meaning.accents, read, match):
                return match
    return None


def _allows(group: Group, read: _Text, match: _Match) -> bool:
    return (
        (not group.most or len(read.words) <= group.most)
        and (not group.first or match.start == 0)
        and (group.code is None or group.code is read.names_dossier)
    )


def _is_spelled(spelling: str, read: _Text, match: _Match) -> bool:
    """With the accents of an `exact` phrase, or without any in a text that has none."""
    if not match.group.exact:
        return True
    typed = read.left[read.words[match.start].start : read.words[match.after - 1].end]
    return accents(typed) == spelling or not accents(read.left)


def _with_keyword(read: _Text, match: _Match) -> Intent:
    group = match.group
    name = (group.in_dialogue if read.in_dialogue else "") or group.intent
    if name == "status":
        name = "lookup" if read.codes or read.is_about_something else "mine"
    if name == "mine" and read.names_dossier:
        name = "lookup"
    if group.rest is not None:
        return _intent(read, name, read.left if group.takes_whole_text else group.rest)
    if name in _ABOUT_DOSSIERS:
        return _intent(read, name, _factor(read, match))
    return _intent(read, name, read.left[read.words[match.after - 1].end :].lstrip(" :,.;-–—\n\t"))


def _without_keyword(read: _Text) -> Intent:
    if read.codes:
        return _intent(read, "lookup", _factor(read, None))
    return _intent(read, _yes_or_no(read) or "unknown")


def _factor(read: _Text, match: _Match | None) -> str:
    if not read.is_short or not read.names_dossier:
        return ""
    keyword = range(match.start, match.after) if match else range(0)
    return factor_beside(read.left, read.words, keyword=keyword)
