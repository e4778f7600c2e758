"""What the storage promises it promises of a sealed database too."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.ports import Storage
from tests.support.storages import storage_of


@pytest.fixture(params=["memory", "sqlite", "postgres", "sealed"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    """A migrated, empty database of each kind; one of them sealed."""
    is_sealed = request.param == "sealed"
    async with storage_of(request, tmp_path, "memory" if is_sealed else request.param, is_sealed=is_sealed) as storage:
        yield storage
