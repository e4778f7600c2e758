"""Puts the web face together and serves it."""

import errno
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.model.errors import MotcuaError
from bot.service import App
from bot.web.api.server import mount_api
from bot.web.chat import Chat
from bot.web.console.console import Console
from bot.web.console.server import mount
from bot.web.context import WebContext
from bot.web.demo import Demo
from bot.web.desk import Desk, open_desk
from bot.web.documents import Documents
from bot.web.errors import readable_errors
from bot.web.feeding import Feeding
from bot.web.headers import protective_headers
from bot.web.health import Health
from bot.web.onestop import OneStop
from bot.web.pages import STATIC
from bot.web.performance import Performance
from bot.web.public import Public
from bot.web.webhooks import Webhooks

_SHUTDOWN_SECONDS = 3.0


class WebError(MotcuaError):
    """The pages cannot be served where they were meant to be."""


def build_app(context: WebContext, console: Console | None = None, api: App | None = None) -> web.Application:
    """The whole web face as one application: the pages for citizens where there is a web chat, the staff's where there
    is a console, the API where there is a service to be called by it."""
    desk = open_desk(context)
    app = web.Application(middlewares=[readable_errors(desk.pages)])
    app.on_response_prepare.append(protective_headers(context.settings))
    app.on_shutdown.append(desk.streams.end)
    for part in (Webhooks(desk), OneStop(context), Health(desk)):
        app.add_routes(part.routes())
    if context.feed is not None:
        _add_citizens(app, desk)
    if context.reports is not None:
        app.add_routes(Performance(desk, context.reports).routes())
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
async def serve(app: web.Application, host: str, port: int) -> AsyncIterator[None]:
    """Serves until the block ends. Raises `WebError` where the address cannot be had."""
    # No access log, and no word about broken requests: both would hold the addresses of citizens.
    silence = logging.getLogger(f"{__name__}.silence")
    silence.disabled = True
    runner = web.AppRunner(app, access_log=None, logger=silence, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise WebError(_why(error, host, port)) from error
        yield
    finally:
        await runner.cleanup()


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"cổng {port} đang bận: một chương trình khác đang dùng {host}:{port}. Hãy dừng chương trình đó, "
            f"hoặc chọn cổng khác (port {port} is taken: stop the program that uses it, or choose another port)"
        )
    if error.errno == errno.EACCES:
        return f"không được phép mở cổng {port}: hãy chọn cổng từ 1024 trở lên (not allowed to open port {port})"
    return f"không mở được {host}:{port}: {error.strerror or error} (cannot listen on {host}:{port})"
