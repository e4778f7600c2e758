"""The key and the password that the province pushes with."""

import pytest

from tests.adapters.onestop.support import KEY


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONESTOP_KEY", KEY)
