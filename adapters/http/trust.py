"""Whose certificates are believed."""

import ssl
from pathlib import Path

from bot.model.errors import ConfigError


def trust(ca_file: Path | None, *, verify: bool = True) -> ssl.SSLContext | None:
    """Whom we trust: the system's authorities and those in `ca_file`; None where the system's own rules are enough.
    Raises `ConfigError` for a file without certificates."""
    if ca_file is None and verify:
        return None
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError):
            raise ConfigError(f"ca_file: không đọc được chứng thư trong {ca_file} / holds no certificates") from None
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
