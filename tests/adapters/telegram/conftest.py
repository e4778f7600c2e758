"""A simulator for each test that asks for one, and an ear for what the poller logs."""

import logging
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.adapters.telegram.support import POLLER, Said, Telegram, running


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with running() as simulator:
        yield simulator


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[Said]:
    caplog.set_level(logging.DEBUG, POLLER)
    handler = Said()
    logging.getLogger(POLLER).addHandler(handler)
    yield handler
    logging.getLogger(POLLER).removeHandler(handler)
