"""A stand-in for an SMS centre: an SMPP 3.4 server on localhost, with phones that can be read and written from.

The last four digits of a number choose how it behaves; `fates.Fate` lists them. What it was sent and what it
delivered is in its log; the control API is in `control`.
"""

from adapters.simulators.smsc.server import run
from adapters.simulators.smsc.settings import Settings

__all__ = ["Settings", "run"]
