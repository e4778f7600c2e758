"""A stand-in for the SMS providers that are reached over HTTP, each in its own format, with phones to read and write.

The last four digits of a number choose what becomes of its messages (`adapters.fates`); the control API is in
`control`, the providers are under `providers`.
"""

from adapters.simulators.sms_http.server import run
from adapters.simulators.sms_http.settings import Settings

__all__ = ["Settings", "run"]
