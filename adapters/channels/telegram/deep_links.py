"""What a link `t.me/BOT?start=PAYLOAD` carries: a dossier code, whose dots Telegram does not let through."""

import re

_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


def decode(payload: str) -> str:
    """The word that the link was made from: each `_` of the payload was a dot.

    What Telegram would not have taken as a payload was typed by hand and stays as it is.
    """
    return payload.replace("_", ".") if _PAYLOAD.fullmatch(payload) else payload
