"""Checks `reply_markup` as the Bot API does."""

from typing import Any

from adapters.simulators.telegram.answers import Refusal

_KINDS = ("inline_keyboard", "keyboard", "remove_keyboard", "force_reply")
_MOST_BUTTONS = 100
_LONGEST_DATA = 64
_ACTIONS = ("callback_data", "url", "web_app", "login_url", "switch_inline_query", "pay", "copy_text")


def checked(markup: Any, *, is_private: bool) -> dict[str, Any]:
    """The markup, if it is one. Raises Refusal 400."""
    if not isinstance(markup, dict) or not any(kind in markup for kind in _KINDS):
        raise Refusal(400, "Bad Request: object expected as reply markup")
    if "inline_keyboard" in markup:
        for button in _buttons(markup["inline_keyboard"], "inline keyboard"):
            _inline(button)
    elif "keyboard" in markup:
        for button in _buttons(markup["keyboard"], "reply keyboard"):
            _reply(button, is_private=is_private)
    return markup


def _buttons(rows: Any, what: str) -> list[Any]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Refusal(400, f"Bad Request: can't parse {what} markup JSON object")
    buttons = [button for row in rows for button in row]
    if len(buttons) > _MOST_BUTTONS:
        raise Refusal(400, "Bad Request: reply markup is too long")
    return buttons


def _inline(button: Any) -> None:
    if not isinstance(button, dict) or not str(button.get("text", "")).strip():
        raise Refusal(400, 'Bad Request: can\'t parse inline keyboard button: Field "text" must be of type String')
    if sum(action in button for action in _ACTIONS) != 1:
        raise Refusal(400, "Bad Request: can't parse inline keyboard button: Text buttons are unallowed")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= _LONGEST_DATA:
        raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")


def _reply(button: Any, *, is_private: bool) -> None:
    text = button if isinstance(button, str) else button.get("text", "") if isinstance(button, dict) else ""
    if not str(text).strip():
        raise Refusal(400, 'Bad Request: can\'t parse keyboard button: Field "text" must be of type String')
    if isinstance(button, dict) and button.get("request_contact") and not is_private:
        raise Refusal(400, "Bad Request: phone number can be requested in private chats only")
