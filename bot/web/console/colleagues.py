"""What pages call those who did something: by name, as colleagues do."""

from collections import Counter
from collections.abc import Mapping

from bot.ports import Storage

_KEY = "api:"
"""Begins what stands for an API key where else a login stands."""


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """By login; who shares a name with somebody has the login beside it: `Trần Văn Hùng (hung.2)`."""
    many = Counter(name.casefold() for name in names.values())
    return {login: f"{name} ({login})" if many[name.casefold()] > 1 else name for login, name in names.items() if name}


async def colleagues(storage: Storage) -> dict[str, str]:
    """As they are now."""
    return told_apart(await storage.read(lambda tx: tx.staff.names()))


def called(names: Mapping[str, str], by: str, key: str) -> str:
    """`names` as `told_apart` has them. Who is no member stays as written: the server's user of a command, a contact
    in a chat. `key`: the words for an API key. Empty for nobody."""
    if by.startswith(_KEY):
        return f"{key} {by.removeprefix(_KEY)}"
    return names.get(by) or names.get(by.casefold()) or by
