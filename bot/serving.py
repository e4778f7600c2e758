"""The web face of a running service: pages, chat, API, providers' callbacks, doors of one-stop software that calls."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app import App
from bot.intake import Intake
from bot.metrics import registry_of, text_of
from bot.model.errors import ConfigError
from bot.report_plan import reports_for
from bot.web.console.console import Console
from bot.web.context import DemoSettings, Door, WebContext
from bot.web.key import signing_key
from bot.web.server import build_app, serve

log = logging.getLogger(__name__)


@asynccontextmanager
async def serve_web(running: App, demo: DemoSettings | None = None) -> AsyncIterator[None]:
    """Staff's pages, the API, the calls of providers and one-stop software, and how the service fares; the pages for
    citizens where there is a web chat. Nothing where `[web] enabled` is false. Raises `MotcuaError` for a taken port.
    """
    config = running.plan.config
    web = config.web
    chat = next((channel for channel in running.channels if channel.feed), None)
    called = [f"[sources.{source.name}] kind = push" for source in running.sources if source.push]
    called += [f"[channels.{channel.name}] callback_secret" for channel in running.channels if channel.webhook]
    if called and not web.enabled:
        raise ConfigError(
            f"{called[0]}: cần [web] enabled = true để nhận cuộc gọi / "
            "needs [web] enabled = true, where the calls come in"
        )
    if not web.enabled:
        yield
        return
    if chat is None:
        log.info("no channel of kind webchat: the pages for citizens are not served, everything else is")
    registry = registry_of(running.watch)
    context = WebContext(
        storage=running.storage,
        deliver=running.deliver,
        feed=chat.feed if chat else None,
        secret=signing_key(web.key_file),
        channel=chat.name if chat else "",
        settings=web,
        lookup=config.lookup,
        conversation=config.conversation,
        links=config.links,
        example=config.texts.example,
        visitor_per_minute=web.visitor_per_minute,
        network_per_minute=web.network_per_minute,
        demo=demo,
        webhooks={channel.name: channel.webhook for channel in running.channels if channel.webhook},
        doors={
            source.name: Door(source.push, Intake(running.mirror_of(source.name)).accept)
            for source in running.sources
            if source.push
        },
        metrics=lambda: text_of(registry),
        metrics_networks=config.watch.metrics_networks,
        is_still=lambda: running.watch.is_still,
        reports=reports_for(running.plan, running.storage, running.clock)
        if config.reports.enabled and config.reports.public
        else None,
        clock=running.clock,
        new_id=running.new_id,
    )
    console = Console(app=running, secret=context.secret) if config.console.enabled else None
    async with serve(build_app(context, console, running if config.api.enabled else None), web.host, web.port):
        yield
