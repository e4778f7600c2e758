"""The web face of a running service: pages, chat, API, providers' callbacks, doors of one-stop software that calls."""

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.app import App
from bot.intake import Intake
from bot.metrics import registry_of, text_of
from bot.model.errors import ConfigError
from bot.plan import public_ways
from bot.ports import Webhook, WebhookRequest, WebhookResult
from bot.public_status import Notices
from bot.report_plan import reports_for
from bot.roles import Role
from bot.web.connections import Limits
from bot.web.console.console import Console
from bot.web.context import SHORTEST_SECRET, DemoSettings, Door, WebContext
from bot.web.front import Face
from bot.web.key import signing_key
from bot.web.server import build_app, serve

log = logging.getLogger(__name__)


@asynccontextmanager
async def serve_web(running: App, demo: DemoSettings | None = None, *, port: int | None = None) -> AsyncIterator[None]:
    """Serves the `face_of` a service until the block ends. Raises `MotcuaError` for a taken port."""
    face = face_of(running, demo, port=port)
    if face is None:
        yield
        return
    async with serve(face.application, face.host, face.port, face.limits):
        yield


def face_of(running: App, demo: DemoSettings | None = None, *, port: int | None = None) -> Face | None:
    """What the process's roles serve: with `web` staff's pages, the API, and the pages for citizens where there is a
    web chat; with `receive` the calls of providers and one-stop software; always how the service fares. `port` takes
    the place of the configured one.

    None where there is neither role, unless a port is given or `[web] health_port` is; nor where `[web] enabled` is
    false. Raises `ConfigError` where calls are asked for that could not come in.
    """
    web = running.plan.config.web
    _require_a_way_in(running)
    is_served = web.enabled and not running.roles.isdisjoint({Role.WEB, Role.RECEIVE})
    if not is_served:
        port = port or web.health_port
        if not port:
            return None
    context = _context(running, demo)
    has_web = web.enabled and Role.WEB in running.roles
    config = running.plan.config
    console = Console(app=running, secret=context.secret) if has_web and config.console.enabled else None
    api = running if has_web and config.api.enabled else None
    limits = Limits(web.connections, web.address_connections, web.head_seconds, web.trusted_proxies)
    return Face(build_app(context, console, api), web.host, port or web.port, limits)


def _require_a_way_in(running: App) -> None:
    if Role.RECEIVE not in running.roles or running.plan.config.web.enabled:
        return
    called = [f"[sources.{source.name}] kind = push" for source in running.sources if source.push]
    called += [f"[channels.{channel.name}] callback_secret" for channel in running.channels if channel.webhook]
    if called:
        raise ConfigError(
            f"{called[0]}: cần [web] enabled = true để nhận cuộc gọi / "
            "needs [web] enabled = true, where the calls come in"
        )


def _context(running: App, demo: DemoSettings | None) -> WebContext:
    config, registry = running.plan.config, registry_of(running.watch, running.meters)
    web = config.web
    context = WebContext(
        storage=running.storage,
        deliver=running.deliver,
        feed=None,
        secret=secrets.token_bytes(SHORTEST_SECRET),
        settings=web,
        lookup=config.lookup,
        conversation=config.conversation,
        links=config.links,
        example=config.texts.example,
        visitor_per_minute=web.visitor_per_minute,
        network_per_minute=web.network_per_minute,
        network_streams=web.network_streams,
        metrics=lambda: text_of(registry),
        metrics_networks=config.watch.metrics_networks,
        meters=running.meters,
        is_still=lambda: running.watch.is_still,
        still=lambda: running.watch.still,
        is_stopping=lambda: running.is_stopping,
        is_unwritten=lambda: running.watch.writable.is_failing,
        clock=running.clock,
        new_id=running.new_id,
    )
    if not web.enabled:
        return context
    if Role.RECEIVE in running.roles:
        context = _with_ways_in(context, running)
    return _with_pages(context, running, demo) if Role.WEB in running.roles else context


def _with_ways_in(context: WebContext, running: App) -> WebContext:
    webhooks = {channel.name: channel.webhook for channel in running.channels if channel.webhook}
    if Role.SEND not in running.roles:
        webhooks = {name: _Unanswering(webhook) for name, webhook in webhooks.items()}
    return replace(
        context,
        webhooks=webhooks,
        doors={
            source.name: Door(source.push, Intake(running.mirror_of(source.name)).accept)
            for source in running.sources
            if source.push
        },
    )


def _with_pages(context: WebContext, running: App, demo: DemoSettings | None) -> WebContext:
    config = running.plan.config
    chat = next((channel for channel in running.channels if channel.feed), None)
    if chat is None:
        log.info("no channel of kind webchat: the pages for citizens are not served, everything else is")
    reports = None
    if config.reports.enabled and config.reports.public:
        reports = reports_for(running.plan, running.storage, running.clock)
    return replace(
        context,
        feed=chat.feed if chat else None,
        channel=chat.name if chat else "",
        secret=signing_key(config.web.key_file),
        demo=demo,
        reports=reports,
        notices=Notices(running.watch, public_ways(running.plan)) if config.web.status else None,
    )


class _Unanswering:
    """A `Webhook` where the reply to the citizen leaves from another process: nobody here waits for it."""

    def __init__(self, webhook: Webhook) -> None:
        self._webhook = webhook

    def parse(self, request: WebhookRequest) -> WebhookResult:
        return replace(self._webhook.parse(request), answer=None)
