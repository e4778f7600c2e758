"""What a control API is asked, read from the request; a bad request is told what is expected."""

from typing import Any

from aiohttp import web


async def object_in(request: web.Request) -> dict[str, Any]:
    """The JSON object of the body."""
    try:
        body = await request.json()
    except ValueError:
        raise web.HTTPBadRequest(text="a JSON object is expected") from None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="a JSON object is expected")
    return body


def number_in(request: web.Request, name: str, default: float = 0) -> float:
    """A number of the query."""
    try:
        return float(request.query.get(name, default))
    except ValueError:
        raise web.HTTPBadRequest(text=f"{name} is a number") from None
