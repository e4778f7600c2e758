"""One operation of the API: how it is called, what it takes and gives. The table of them is also its description."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from bot.model.api import ApiRight
from bot.web.api.call import Call

Handler = Callable[[Call], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Paths are below `/api/v1`; `{id}` stands for one segment."""

    method: str
    path: str
    name: str
    """`operationId`."""
    handler: Handler
    right: ApiRight
    title: tuple[str, str]
    """Vietnamese and English."""
    about: tuple[str, str] = ("", "")
    takes: type[BaseModel] | None = None
    asks: type[BaseModel] | None = None
    """Of the query."""
    gives: type[BaseModel]
    status: int = 200
    id_pattern: str = ""
    """What `{id}` looks like; everything else does not exist."""
    is_repeatable: bool = False
    """Takes an Idempotency-Key."""
    asks_key_again: bool = False
    """Asks the database for the key in the transaction in which it does its work, so that the gate need not."""
    is_long: bool = False
    """May be as long as a broadcast."""
    examples: Mapping[str, Any] = field(default_factory=dict)
    """Requests by name."""
    problems: tuple[str, ...] = ()
    """Beside those that every operation has."""
