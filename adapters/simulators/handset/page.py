"""Serves the page on which one is a citizen; it works over the simulator's `/_control/…`."""

from importlib.resources import files

from aiohttp import web

routes = web.RouteTableDef()

_HERE = files("adapters.simulators.handset")
_KINDS = {"page.html": "text/html", "page.css": "text/css", "page.js": "text/javascript"}


@routes.get("/")
async def whole(_: web.Request) -> web.Response:
    return _file("page.html")


@routes.get(r"/_page/{name:page\.(css|js)}")
async def part(request: web.Request) -> web.Response:
    return _file(request.match_info["name"])


def _file(name: str) -> web.Response:
    return web.Response(text=_HERE.joinpath(name).read_text(encoding="utf-8"), content_type=_KINDS[name])
