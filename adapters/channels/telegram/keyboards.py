"""Options as Telegram's keyboards: buttons below the message, or in place of the letters to share one's phone."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from bot.model.message import Asks, Option

LONGEST_DATA = 64
"""Bytes of `callback_data`."""
MOST_BUTTONS = 100
_SHORT = 14
"""Characters of a label of which two stand in one line of a narrow phone."""
_REMEMBERED = 10_000

Markup = Mapping[str, Any]
"""A `reply_markup`."""

REMOVAL: Markup = {"remove_keyboard": True}


def fitting(options: Sequence[Option]) -> list[Option]:
    """Without those that Telegram would refuse: a message is worth more than its button."""
    return [each for each in islice(options, MOST_BUTTONS) if each.label.strip() and _fits(each)]


def asks_phone(options: Sequence[Option], chat: int) -> bool:
    """Whether to ask for the phone number with a button, which Telegram allows in private chats alone."""
    return chat > 0 and any(each.asks is Asks.PHONE for each in options)


def inline(options: Sequence[Option]) -> Markup | None:
    """Buttons below the message; None where none is left."""
    rows: list[list[Option]] = []
    for each in options:
        if each.asks is not Asks.WORDS:
            continue
        if rows and len(rows[-1]) == 1 and max(len(each.label), len(rows[-1][0].label)) <= _SHORT:
            rows[-1].append(each)
        else:
            rows.append([each])
    return {"inline_keyboard": [[_button(each) for each in row] for row in rows]} if rows else None


def asking_phone(options: Sequence[Option]) -> Markup:
    """A keyboard in place of the letters; its other buttons send their labels as text."""
    return {
        "keyboard": [[_phone_button(each) if each.asks is Asks.PHONE else {"text": each.label}] for each in options],
        "resize_keyboard": True,
        "one_time_keyboard": True,
    }


class Keyboards:
    """Which chats have a keyboard in place of the letters: it is taken away once it was used.

    Kept in memory. Where it is lost, or another process hears the answer, the keyboard still hides itself after use,
    and a button's label arrives in place of what it says.
    """

    def __init__(self) -> None:
        self._shown: OrderedDict[int, Mapping[str, str]] = OrderedDict()
        self._spent: OrderedDict[int, None] = OrderedDict()

    def show(self, chat: int, options: Sequence[Option]) -> None:
        self._shown[chat] = {each.label: each.says for each in options if each.asks is Asks.WORDS}
        self._spent.pop(chat, None)
        if len(self._shown) > _REMEMBERED:
            self._shown.popitem(last=False)

    def heard(self, chat: int, text: str) -> str:
        """What a message from this chat says, if it is a label; the keyboard has served its turn."""
        says = self._shown.pop(chat, None)
        if says is None:
            return text
        self._spent[chat] = None
        if len(self._spent) > _REMEMBERED:
            self._spent.popitem(last=False)
        return says.get(text, text)

    def is_spent(self, chat: int) -> bool:
        """A keyboard that was used is still there, to be taken away with the next message that has no buttons."""
        return chat in self._spent

    def removed(self, chat: int) -> None:
        self._spent.pop(chat, None)


def _fits(option: Option) -> bool:
    size = len(option.says.encode("utf-8", "surrogatepass"))
    return option.asks is Asks.PHONE or 1 <= size <= LONGEST_DATA


def _button(option: Option) -> dict[str, str]:
    return {"text": option.label, "callback_data": option.says}


def _phone_button(option: Option) -> dict[str, object]:
    return {"text": option.label, "request_contact": True}
