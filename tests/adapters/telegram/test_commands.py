"""The menu: Telegram takes it, and the conversation understands every command of it."""

import re

import pytest

from adapters.channels.telegram.commands import MENUS, SAYS, read_start, spoken
from bot.conversation.understanding import understand
from bot.ports import ConversationState

MEANS = {
    "huongdan": "help", "hoso": "mine", "theodoi": "follow", "lienket": "bind", "gopy": "feedback", "canbo": "clerk",
    "ngonngu": "language", "ngung": "stop", "help": "help", "mine": "mine", "follow": "follow", "bind": "bind",
    "feedback": "feedback", "clerk": "clerk", "language": "language", "stop": "stop", "english": "language",
    "tiengviet": "language",
}  # fmt: skip


def test_every_command_has_a_meaning() -> None:
    assert set(MEANS) == set(SAYS)


@pytest.mark.parametrize("dialogue", ["", "bind.phone"])
@pytest.mark.parametrize("name", MEANS)
def test_the_conversation_understands_every_command_even_in_the_middle_of_a_question(name: str, dialogue: str) -> None:
    assert understand(spoken(f"/{name}"), ConversationState(dialogue=dialogue)).name == MEANS[name]


@pytest.mark.parametrize("language", MENUS)
def test_telegram_takes_the_menu(language: str) -> None:
    menu = MENUS[language]

    assert len({each.name for each in menu}) == len(menu) == 8
    assert all(re.fullmatch(r"[a-z0-9_]{1,32}", each.name) for each in menu)
    assert all(1 <= len(each.description) <= 256 for each in menu)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("/theodoi H56.14-240823-0001", "theo doi H56.14-240823-0001"),
        ("/TheoDoi@motcua_bot\nH56.14-240823-0001 ", "theo doi H56.14-240823-0001"),
        ("/gopy", "gop y"),
        ("/tracuu@motcua_bot H56.14-240823-0001", "tracuu H56.14-240823-0001"),
        ("/", "/"),
        ("H56.14/240823/0001", "H56.14/240823/0001"),
        ("/H56.14-240823-0001", "/H56.14-240823-0001"),
        ("một /hai", "một /hai"),
    ],
)
def test_a_command_becomes_words_and_nothing_else_does(typed: str, text: str) -> None:
    assert spoken(typed) == text


def test_only_start_is_a_start() -> None:
    assert read_start("/started") is None
    assert read_start("start") is None
    assert read_start(" /start  abc ") == "abc"
