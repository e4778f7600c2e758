"""Sees that something in a folder has changed, sooner than the next look. A hint: looking is the truth."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

from watchfiles import Change, awatch

logger = logging.getLogger(__name__)

_GATHER = 400
"""Milliseconds for which a run of changes is gathered into one."""


async def until_changed(folder: Path, is_export: Callable[[str], bool]) -> None:
    """Returns once an export in `folder` itself was added or written to. Where the folder cannot be watched, or lies
    on a share whose server tells nothing, it never returns."""

    def tells(change: Change, path: str) -> bool:
        return change is not Change.deleted and is_export(Path(path).name)

    try:
        watcher = awatch(folder, watch_filter=tells, recursive=False, debounce=_GATHER, ignore_permission_denied=True)
        async with aclosing(watcher) as changes:
            async for _ in changes:
                return
    except (OSError, RuntimeError) as error:
        logger.info("the folder %s cannot be watched (%s): it is looked at after each pause", folder, error)
    await asyncio.Event().wait()
