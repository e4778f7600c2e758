"""`motcua check`: everything that can be tried before the service runs, a line each."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path

from bot import app, show
from bot.model.errors import MotcuaError

PATIENCE = 15.0
"""Seconds that one check may take."""

_SHOWN = 5


async def check_all(plan: app.Plan, path: Path) -> bool:
    """Prints what works and what does not, goes on after a failure; True if all works."""
    _good("cấu hình / configuration", str(path))
    results = [await _try("cơ sở dữ liệu / database", _database(plan))]
    if not plan.channels:
        _bad("kênh / channels", "chưa có kênh nào trong cấu hình / none is configured")
        results.append(False)
    tries = [(f"kênh / channel {each.name} ({each.kind})", app.check_channel(each)) for each in plan.channels]
    tries += [(f"nguồn / source {each.name} ({each.kind})", _source(each)) for each in plan.sources]
    results += [await _try(what, attempt) for what, attempt in tries]
    if results[0]:
        await _show_troubles(plan)
    return all(results)


async def _try(what: str, attempt: Awaitable[str]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            _good(what, await attempt)
    except MotcuaError as error:
        _bad(what, str(error))
        return False
    except TimeoutError:
        _bad(what, f"không trả lời trong {PATIENCE:g} giây / no answer within {PATIENCE:g} s")
        return False
    return True


async def _database(plan: app.Plan) -> str:
    async with app.open_database(plan.config) as storage:
        dossiers, changes = await storage.read(lambda tx: tx.dossiers.count())
        return f"{dossiers:,} hồ sơ / dossiers, {changes:,} thay đổi / changes"


async def _source(configured: app.Configured) -> str:
    """Reads the first batch and throws it away: the cursor does not move."""
    async with app.open_source(configured) as source:
        async for batch in source.source.batches(None):
            return (
                f"đọc được {len(batch.dossiers):,} hồ sơ, {len(batch.quarantined):,} dòng lỗi ở lô đầu / "
                f"first batch: {len(batch.dossiers):,} dossiers, {len(batch.quarantined):,} rows not understood"
            )
    return "chưa có gì để đọc / nothing to read yet"


async def _show_troubles(plan: app.Plan) -> None:
    async with app.open_database(plan.config) as storage:
        rows = await storage.read(lambda tx: tx.sources.quarantined(limit=_SHOWN))
        number = await storage.read(lambda tx: tx.sources.count_quarantined())
        words = await storage.read(lambda tx: tx.sources.unknown_statuses())
    if number:
        show.console.print(f"\nDòng không đọc được / rows not understood: {number:,}")
    for row in rows:
        show.console.print(f"  {row.source}: {row.place}, dòng {row.row}, cột {row.column or '—'}: {row.reason}")
    if words:
        show.console.print("\nTrạng thái chưa được ánh xạ / status words not mapped:")
    for source, word, times in words[:_SHOWN]:
        show.console.print(f"  {source}: “{word}” × {times:,}", soft_wrap=True)


def _good(what: str, detail: str) -> None:
    show.console.print(f"✓ {what}: {detail}", soft_wrap=True)


def _bad(what: str, detail: str) -> None:
    show.console.print(f"✗ {what}: {detail}", style="red", soft_wrap=True)
