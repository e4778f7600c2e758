"""What one process of the service does; all of them in one process, or split over processes and machines."""

from collections.abc import Collection
from enum import StrEnum

from bot.model.errors import ConfigError


class Role(StrEnum):
    """A part of the service that can run apart from the others (`motcua run --roles`)."""

    MIRROR = "mirror"
    """Asks the one-stop software and keeps the mirror; each source in one process at a time."""
    PLAN = "plan"
    """Deadlines, broadcasts, quiet hours, fallbacks, reports, callbacks: what makes or moves messages by itself."""
    SEND = "send"
    """Sends, and hears what comes back on the same connections (SMPP)."""
    RECEIVE = "receive"
    """Hears citizens and providers: polling (Telegram, mailboxes), web hooks, one-stop software that pushes."""
    WEB = "web"
    """Pages for citizens and staff, and the API."""


ALL = frozenset(Role)

SAID = {
    Role.MIRROR: "đọc phần mềm Một cửa",
    Role.PLAN: "hạn trả, đợt tin, báo cáo, tự lập tin",
    Role.SEND: "gửi tin",
    Role.RECEIVE: "nhận tin và cuộc gọi tới",
    Role.WEB: "trang web, bàn làm việc, API",
}
"""Each in a few Vietnamese words, for the command line."""


def roles_of(words: str) -> frozenset[Role]:
    """From `mirror,plan`; empty: all. Raises `ConfigError` naming the word that is no role."""
    names = [word.strip() for word in words.split(",") if word.strip()]
    unknown = [name for name in names if name not in set(Role)]
    if unknown:
        known = ", ".join(Role)
        raise ConfigError(f"“{unknown[0]}”: không có vai này / there is no such role ({known})")
    return frozenset(map(Role, names)) or ALL


def shown(roles: Collection[Role]) -> str:
    """In the order in which a message goes through them."""
    return ",".join(role for role in Role if role in roles)
