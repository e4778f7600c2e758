"""Files that must outlast a loss of power, or that root makes for a service that is not root."""

import os
from contextlib import suppress
from pathlib import Path


def let_service_read(handle: int, folder: Path) -> None:
    """An open file that lies in `folder`: its group may read it, where root has made it for somebody else's, as
    `motcua init --user` leaves the configuration and the secrets. Else it stays its owner's alone."""
    group = folder.stat().st_gid
    if os.geteuid() == 0 and group != 0:
        os.fchown(handle, 0, group)
        os.fchmod(handle, 0o640)


def keep_names(folder: Path) -> None:
    """What was made or renamed in `folder` has its name after a loss of power too. Some network drives do not know
    how."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
