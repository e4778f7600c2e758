"""Puts the web face together and serves it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.service import App
from bot.web.api.server import mount_api
from bot.web.bodies import HELD, Held
from bot.web.chat import Chat
from bot.web.connections import Limits
from bot.web.console.console import Console
from bot.web.console.server import mount
from bot.web.context import WebContext
from bot.web.demo import Demo
from bot.web.desk import Desk, open_desk
from bot.web.documents import Documents
from bot.web.errors import readable_errors
from bot.web.feeding import Feeding
from bot.web.front import Face, Front
from bot.web.headers import protective_headers
from bot.web.health import Health
from bot.web.metering import metered
from bot.web.onestop import OneStop
from bot.web.pages import STATIC
from bot.web.performance import Performance
from bot.web.public import Public
from bot.web.rates import paced
from bot.web.status import Status
from bot.web.webhooks import Webhooks


def build_app(context: WebContext, console: Console | None = None, api: App | None = None) -> web.Application:
    """The whole web face as one application: the pages for citizens where there is a web chat, the staff's where there
    is a console, the API where there is a service to be called by it."""
    desk = open_desk(context)
    app = web.Application(middlewares=[metered(context.meters), readable_errors(desk.pages), paced(context)])
    app[HELD] = Held()
    app.on_response_prepare.append(protective_headers(context.settings))
    app.on_shutdown.append(desk.streams.end)
    for part in (Webhooks(desk), OneStop(context), Health(desk)):
        app.add_routes(part.routes())
    if context.feed is not None:
        _add_citizens(app, desk)
    if context.reports is not None:
        app.add_routes(Performance(desk, context.reports).routes())
    if context.notices is not None:
        app.add_routes(Status(desk, context.notices).routes())
    if context.demo is not None:
        demo = Demo(desk, context.demo)
        app.add_routes(demo.routes())
        app.cleanup_ctx.append(demo.phone.opened)
    app.add_routes([web.static("/static/", STATIC)])
    if console is not None:
        mount(app, console)
    if api is not None:
        mount_api(app, api)
    return app


def _add_citizens(app: web.Application, desk: Desk) -> None:
    """What lives by the web chat."""
    app.cleanup_ctx.append(desk.sightings.told)
    app.cleanup_ctx.append(Feeding(desk.context, desk.feed).told)
    for part in (Public(desk), Chat(desk), Documents(desk)):
        app.add_routes(part.routes())


@asynccontextmanager
async def serve(app: web.Application, host: str, port: int, limits: Limits | None = None) -> AsyncIterator[None]:
    """Serves until the block ends. Raises `WebError` where the address cannot be had."""
    async with Front() as front:
        front.show(await front.stage(Face(app, host, port, limits or Limits())))
        yield
