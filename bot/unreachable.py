"""Citizens whom no message reaches: read page by page, newest first, each dossier once."""

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial

from bot.model.message import DeliveryState
from bot.ports import Storage, Transaction
from bot.ports.watching import Unreached
from bot.texts import show_moment

_PAGE = 1000
HEADER = (
    "mã hồ sơ", "nguồn", "mã cơ quan", "cơ quan", "họ tên", "điện thoại", "loại tin", "lúc", "kênh cuối", "lý do",
)  # fmt: skip


async def unreachable(storage: Storage, *, since: datetime) -> AsyncIterator[Unreached]:
    """Owners of dossiers to whom a message of that time came by no way, and none did after it."""
    seen: set[tuple[str, str]] = set()
    before, more = "", True
    while more:
        page = await storage.read(partial(_page, before=before, since=since))
        for each in page:
            if (each.source, each.code) not in seen:
                seen.add((each.source, each.code))
                yield each
        more = len(page) == _PAGE
        before = page[-1].id if page else ""


async def _page(tx: Transaction, *, before: str, since: datetime) -> list[Unreached]:
    return await tx.watch.unreached(before=before, since=since, limit=_PAGE)


def row_of(each: Unreached) -> tuple[object, ...]:
    """A line of the file, with name and phone."""
    return (
        each.code, each.source, each.agency, each.agency_name, each.name, each.phone, each.situation,
        show_moment(each.at), each.channel, why(each),
    )  # fmt: skip


def why(each: Unreached) -> str:
    """In words for a clerk; the provider's own are kept."""
    word = {DeliveryState.EXPIRED: "quá hạn", DeliveryState.SUPPRESSED: "không có số nhận được"}.get(
        each.state, "không gửi được"
    )
    return f"{word}: {each.reason}" if each.reason else word
