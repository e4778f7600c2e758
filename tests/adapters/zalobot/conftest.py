"""A simulator for each test that asks for one."""

from collections.abc import AsyncIterator

import pytest

from tests.adapters.zalobot.support import Platform, running


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with running() as simulated:
        yield simulated
