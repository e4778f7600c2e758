"""What others wrote, made ready once."""

from pathlib import Path

import pytest

from tests.interop.node import install, version


@pytest.fixture(scope="session")
def node_packages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In pytest's cache, which outlives a run."""
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    name = f"node-smpp-{version()}"
    return install(cache.mkdir(name) if cache else tmp_path_factory.mktemp(name))
