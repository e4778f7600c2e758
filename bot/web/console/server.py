"""Puts the console together: every part's routes behind the gate."""

from collections.abc import Callable, Sequence

from aiohttp import web

from bot.web.console import (
    apologies,
    broadcast_routes,
    channels,
    door,
    dossiers,
    entry,
    entry_openid,
    inbox,
    keys,
    messages,
    mine,
    record,
    reports,
    sources,
    staff,
    texts,
    today,
)
from bot.web.console.console import Console
from bot.web.console.gate import gated
from bot.web.console.route import Route
from bot.web.console.show import CONSOLE_STATIC
from bot.web.console.visit import Visit, missing
from bot.web.prefix import PREFIX

Part = Callable[[Console], Sequence[Route]]
"""What a module of pages has to offer: its function `routes`."""

PARTS: tuple[Part, ...] = (
    door.routes,
    today.routes,
    apologies.routes,
    texts.routes,
    dossiers.routes,
    messages.routes,
    broadcast_routes.routes,
    entry.routes,
    entry_openid.routes,
    mine.routes,
    keys.routes,
    staff.routes,
    reports.routes,
    inbox.routes,
    record.routes,
    channels.routes,
    sources.routes,
)
"""Every part."""


def routes_of(console: Console) -> list[Route]:
    """All of them, as the table that the tests go through."""
    return [route for part in PARTS for route in part(console)]


def build_console(console: Console) -> web.Application:
    """An application to be mounted at `PREFIX`."""
    app = web.Application()
    app.on_response_prepare.append(_never_framed)
    for route in routes_of(console):
        app.router.add_route(route.method, route.path or "/", gated(console, route))
    app.router.add_static("/static/", CONSOLE_STATIC)
    app.router.add_get("/{rest:.*}", gated(console, Route("GET", "/{rest}", _nowhere, None)))
    return app


def mount(app: web.Application, console: Console) -> None:
    """Serves the console beside the public pages."""
    app.add_subapp(f"{PREFIX}/", build_console(console))
    app.router.add_get(PREFIX, _home)


async def _nowhere(visit: Visit) -> web.Response:
    """An address without a page says so as the console does, with the way on."""
    raise missing()


async def _home(request: web.Request) -> web.Response:
    return web.Response(status=303, headers={"Location": f"{PREFIX}/"})


async def _never_framed(request: web.Request, response: web.StreamResponse) -> None:
    """Whatever the public pages allow a portal: nobody puts the console into a frame."""
    policy = response.headers.get("Content-Security-Policy", "")
    kept = [each for each in policy.split("; ") if each and not each.startswith("frame-ancestors")]
    response.headers["Content-Security-Policy"] = "; ".join([*kept, "frame-ancestors 'none'"])
    response.headers["X-Frame-Options"] = "DENY"
