"""Puts the API together, and mounts it beside the public pages."""

import json

from aiohttp import web

from bot.service import App
from bot.web.api import broadcasts, dossiers, notifications
from bot.web.api.gate import Gate
from bot.web.api.openapi import describe
from bot.web.api.page import Page
from bot.web.api.problems import BASE, problems
from bot.web.api.route import Operation
from bot.web.console.show import CONSOLE_STATIC

OPERATIONS: tuple[Operation, ...] = (*notifications.OPERATIONS, *dossiers.OPERATIONS, *broadcasts.OPERATIONS)
"""All that needs a key."""


def build_api(running: App) -> web.Application:
    """An application to be mounted at `/api/v1`. Open to all are its description and the page made of it."""
    app, gate = web.Application(middlewares=[problems]), Gate(running)
    for each in OPERATIONS:
        app.router.add_route(each.method, each.path, gate.guarded(each))
    office, settings = running.plan.config.web.office, running.plan.config.api
    document = describe(OPERATIONS, office=office, settings=settings)
    written = json.dumps(document, ensure_ascii=False).encode()
    page = Page(document, OPERATIONS, office=office, settings=settings)

    async def openapi(request: web.Request) -> web.Response:
        return web.Response(body=written, content_type="application/json")

    app.router.add_get("/openapi.json", openapi)
    app.router.add_get("/docs", page.show)
    app.router.add_static("/static/", CONSOLE_STATIC)
    return app


def mount_api(app: web.Application, running: App) -> None:
    """Serves the API beside the public pages."""
    app.add_subapp(f"{BASE}/", build_api(running))
