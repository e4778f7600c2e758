"""Pure: whether a text mentions a phone number or an address, however the number is written."""

import re
from collections.abc import Collection

_GAP = r"[ .()\-\u00a0]*"


class Mentions:
    """Knows one phone and the addresses that belong to it."""

    def __init__(self, phone: str, keys: Collection[str]) -> None:
        """`phone` in E.164."""
        digits = phone.removeprefix("+84").removeprefix("+")
        self.spread = f"%{'%'.join(digits)}%"
        """For SQL's LIKE: fits whatever mentions the phone, and a little more."""
        before = rf"(?:(?:\+|00)?84{_GAP}0?|0)" if phone.startswith("+84") else r"(?:\+|00)"
        self._written = re.compile(rf"(?<!\d)(?:{before}{_GAP})?{_GAP.join(digits)}(?!\d)")
        # In keys a number stands in full: ids of chats and messages are made of digits too.
        names = "|".join(re.escape(name) for name in sorted({phone, *keys}))
        self._named = re.compile(rf"(?<![\w+])(?:{names})(?!\w)")

    def are_in(self, text: str) -> bool:
        """Somebody wrote the number there, or our own words name an address."""
        return bool(self._written.search(text) or self._named.search(text))

    def are_in_key(self, key: str) -> bool:
        """`key` is one of ours: a dedupe key or an origin."""
        return bool(self._named.search(key))
