"""The running API as a fixture."""

from collections.abc import AsyncIterator

import pytest

from bot.ports import Storage
from tests.web.api.rig import Rig, open_rig


@pytest.fixture
async def api(sqlite_storage: Storage) -> AsyncIterator[Rig]:
    """With its senders."""
    async with open_rig(sqlite_storage) as opened:
        yield opened


@pytest.fixture
async def quiet_api(sqlite_storage: Storage) -> AsyncIterator[Rig]:
    """Nothing leaves: what was planned waits."""
    async with open_rig(sqlite_storage, sends=False) as opened:
        yield opened
