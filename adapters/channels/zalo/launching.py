"""Starts the refresher, and waits for it as long as that makes sense."""

import asyncio
import json
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from adapters.channels.zalo import refresher
from adapters.channels.zalo.settings import Settings

log = logging.getLogger(__name__)

SECONDS = 40.0
"""The longest life of a refresher's request."""
_BEGINS_WITHIN = 10.0
"""Seconds from its order to its request; with `SECONDS` below `grant.REFRESHER_LIVES`, after which others may ask."""
_PATIENCE = SECONDS + 5
_LOOK = 0.03

_left: list[subprocess.Popen[bytes]] = []
"""Those whose end nobody waited for, because the service was stopping."""


def order_for(settings: Settings, refresh_token: str, place: Path) -> dict[str, Any]:
    """What the refresher must know; to be made before the attempt is noted."""
    return {
        "url": f"{settings.oauth_url}/v4/oa/access_token",
        "headers": {"secret_key": settings.app_secret.get_secret_value()},
        "form": {"grant_type": "refresh_token", "app_id": settings.app_id, "refresh_token": refresh_token},
        "proxy": settings.proxy,
        "ca_file": str(settings.ca_file or ""),
        "path": str(place),
        "begin_by": refresher.ticks() + _BEGINS_WITHIN,
        "seconds": SECONDS,
    }


async def launch(order: dict[str, Any]) -> bool:
    """Returns when the refresher has ended, or takes too long; False where it surely asked nothing.

    It goes on when we are cancelled, or killed: so its answer finds its place.
    """
    _left[:] = [process for process in _left if process.poll() is None]
    try:
        # By its file and isolated (-I): it depends on no folder and no variable of the service.
        process = subprocess.Popen(  # noqa: ASYNC220, S603 - our own program; asyncio's would be killed with the loop
            [sys.executable, "-I", refresher.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        log.error("the program that renews tokens cannot be started: %s", error.strerror)
        return False
    _left.append(process)
    if not _told(process, json.dumps(order).encode()):
        return False
    until = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < until:  # noqa: ASYNC110 - nothing tells us of its end
        await asyncio.sleep(_LOOK)
    return process.returncode != refresher.NOTHING_ASKED


def _told(process: subprocess.Popen[bytes], order: bytes) -> bool:
    """Shorter than what a pipe holds, so this does not wait for the reader."""
    if process.stdin is None:
        return False
    try:
        with process.stdin:
            process.stdin.write(order)
    except OSError:
        return False
    return True
