"""The house, open, for every test here."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.attack.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    async with open_house(tmp_path, monkeypatch) as opened:
        yield opened
