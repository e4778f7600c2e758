"""What a page is reached by, and what it asks of whoever comes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.model.staff import Right
from bot.web.console.visit import Visit

Handler = Callable[[Visit], Awaitable[web.StreamResponse]]

FORM = 256 * 1024
"""Bytes that a form may have."""
STRANGERS_FORM = 16 * 1024
"""The same of somebody who has not given a password."""
STRANGERS_SECONDS = 10.0
"""Within which it has come."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way into the console. Paths are below `/can-bo`; `{name}` stands for one segment."""

    method: str
    """GET or POST. A GET changes nothing but the record of who looked."""
    path: str
    handler: Handler
    right: Right | None
    """What somebody must have somewhere; whether it covers the thing at hand is for the handler to ask. None: whoever
    has logged in."""
    is_open: bool = False
    """For people who have not logged in: the door itself."""
    half_open: bool = False
    """For those who have given the password and not yet the second factor."""
    most: int = FORM
    """Bytes of the request's body."""
    seconds: float = 60.0
    """Within which the body has come."""
