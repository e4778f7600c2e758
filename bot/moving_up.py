"""Moving up from SQLite to PostgreSQL: only when nobody works on the one, and proven by the books of both."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from bot.command_record import command_entry
from bot.keeping import month_begin
from bot.ledger import Ledger, balance
from bot.model.clock import Clock
from bot.model.errors import StorageError
from bot.ports import Storage

_ALIVE = timedelta(minutes=1)
"""A process that gave a sign of life so lately may still be writing."""
_TABLES = ("outbox", "parts", "changes")
"""Which lie in one table a month on PostgreSQL."""

Copying = Callable[[], Awaitable[Mapping[str, int]]]
"""Copies every table; how many rows of which."""


async def move_up(source: Storage, target: Storage, copy: Copying, *, clock: Clock) -> tuple[Mapping[str, int], Ledger]:
    """Rows by table, and the books that both databases have now.

    The source is not changed. It is to be put away afterwards, for what waits in it waits in the
    target too. Raises `StorageError` where a process works on the source, where its books do not balance, and where
    the target's are not the same afterwards.
    """
    await _require_silence(source, clock)
    before = await balance(source)
    if not before.balanced:
        raise StorageError(
            "sổ cái của nguồn không cân, xin xem `motcua ledger` trước / the source's ledger does not balance, "
            "see `motcua ledger` first"
        )
    await target.migrate()
    await _make_months(source, target, clock())
    rows = await copy()
    await _require_silence(source, clock)
    after, there = await balance(source), await balance(target)
    if not before == after == there:
        raise StorageError(
            "sổ cái của hai bên khác nhau sau khi chép: có tiến trình đã ghi vào nguồn? Xin bỏ cơ sở dữ liệu đích và "
            "chép lại / the ledgers differ after the copy: did a process write to the source? Drop the target and "
            "copy again"
        )
    entry = command_entry("db.copied", after={"rows": sum(rows.values()), "messages": there.planned})
    await target.write(lambda tx: tx.audit.add([entry]))
    return rows, there


async def _require_silence(source: Storage, clock: Clock) -> None:
    beats = await source.read(lambda tx: tx.watch.beats())
    alive = sorted({beat.owner for beat in beats if beat.at > clock() - _ALIVE})
    if alive:
        raise StorageError(
            f"dịch vụ đang chạy trên nguồn ({', '.join(alive)}): xin dừng rồi chép; nếu nó vừa bị giết, xin chờ "
            "một phút / the service runs on the source: stop it first; wait a minute if it was killed"
        )


async def _make_months(source: Storage, target: Storage, now: datetime) -> None:
    """So that old messages lie by month there too, and can be dropped by month later."""
    oldest = await source.read(lambda tx: tx.keeping.oldest())
    for table in _TABLES:
        first = month_begin((oldest.changed_at if table == "changes" else oldest.planned_at) or now)
        while (until := month_begin(first, 1)) <= month_begin(now):
            await _make_month(target, table, first, until)
            first = until


async def _make_month(target: Storage, table: str, first: datetime, until: datetime) -> None:
    await target.write(lambda tx: tx.keeping.make(table, first, until))
