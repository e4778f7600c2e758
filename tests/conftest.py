"""For every test: databases on demand, and no connection to anywhere but this machine."""

import sys
from ipaddress import ip_address
from typing import Any

from hypothesis import settings

# How long an example takes says nothing on a machine with other work.
settings.register_profile("motcua", deadline=None)
settings.load_profile("motcua")

pytest_plugins = ["tests.support.storages"]


def _stay_at_home(event: str, values: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(values[1], tuple):
        host = values[1][0]
        if host != "localhost" and not ip_address(host.partition("%")[0]).is_loopback:
            raise RuntimeError(f"a test tried to leave this machine: {host}")


sys.addaudithook(_stay_at_home)
