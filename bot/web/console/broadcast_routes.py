"""Every page of the broadcasts."""

from collections.abc import Sequence

from bot.web.console import (
    broadcast_acts,
    broadcast_check,
    broadcast_draft,
    broadcast_list,
    broadcast_results,
    broadcasts,
)
from bot.web.console.console import Console
from bot.web.console.route import Route

_PARTS = (broadcasts, broadcast_draft, broadcast_list, broadcast_check, broadcast_acts, broadcast_results)


def routes(console: Console) -> Sequence[Route]:
    return [route for part in _PARTS for route in part.routes(console)]
