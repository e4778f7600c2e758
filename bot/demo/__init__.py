"""`motcua demo`: a whole province on one machine, on simulators that speak the real protocols."""

from bot.demo.stage import run

__all__ = ["run"]
