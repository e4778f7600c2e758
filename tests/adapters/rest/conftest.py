"""The one-stop software of every test of the source `rest`."""

from collections.abc import AsyncIterator

import pytest

from tests.adapters.rest.support import Api, api


@pytest.fixture
async def software() -> AsyncIterator[Api]:
    async with api() as running:
        yield running
