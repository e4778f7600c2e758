"""An open console for every test of it."""

from collections.abc import AsyncIterator

import pytest

from bot.ports import Storage
from tests.web.console.rig import Rig, open_rig


@pytest.fixture
async def rig(sqlite_storage: Storage) -> AsyncIterator[Rig]:
    async with open_rig(sqlite_storage) as opened:
        yield opened
