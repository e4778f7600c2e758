"""The estate, open, for every test here that does not open one of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.defence.estate import Estate, open_estate


@pytest.fixture
async def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Estate]:
    async with open_estate(tmp_path, monkeypatch) as opened:
        yield opened
