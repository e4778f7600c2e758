"""The words and files of the pages."""

import re
import string

from bot.model.message import DeliveryState, Situation
from bot.web.pages import LANGUAGES, STATIC, load_words, whole_codes


def test_both_languages_have_the_same_words_and_blanks() -> None:
    shapes = [
        {
            (table, key): {name for _, name, _, _ in string.Formatter().parse(text)}
            for table, words in load_words(language).items()
            for key, text in words.items()
        }
        for language in LANGUAGES
    ]

    assert shapes[0] == shapes[1]


def test_every_word_is_used_and_every_state_and_situation_has_one() -> None:
    web = STATIC.parent
    written = "".join(
        file.read_text(encoding="utf-8")
        for pattern in ("*.py", "templates/*.html", "static/*.js")
        for file in web.glob(pattern)
    )
    words = load_words("vi")

    assert set(words["states"]) == {state.value for state in DeliveryState}
    assert set(words["situations"]) == {situation.value for situation in Situation}
    for table in ("page", "ask", "ways", "genuine", "chat", "error", "demo", "phone"):
        for key in words[table]:
            assert re.search(rf"""[."']{key}\b""", written), f"{table}.{key} is not used"


def test_a_code_stays_whole_and_markup_beside_it_stays_text() -> None:
    shown = whole_codes('Hồ sơ H56.14-240823-0001 <b onclick="x">')

    assert shown == ('Hồ sơ <span class="code">H56.14-240823-0001</span> &lt;b onclick=&#34;x&#34;&gt;')
