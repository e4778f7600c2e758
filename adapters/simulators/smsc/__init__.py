"""A stand-in for an SMS centre: an SMPP 3.4 server on localhost, with phones that can be read and written from.

The last four digits of a number choose how it behaves; `adapters.fates.Fate` lists them. Greater misfortunes are
ordered over the control API (`control`), `faults.Kind` lists those. What it was sent and what it delivered is in its
log.
"""

from adapters.simulators.smsc.server import run
from adapters.simulators.smsc.settings import Settings

__all__ = ["Settings", "run"]
