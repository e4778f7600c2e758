"""Starts and stops the simulated HTTP providers."""

import asyncio
import random
from collections.abc import Callable

from aiohttp import web

from adapters.simulators.sms_http.accounts import ACCOUNTS
from adapters.simulators.sms_http.callbacks import Callbacks
from adapters.simulators.sms_http.control import application
from adapters.simulators.sms_http.doors import Doors
from adapters.simulators.sms_http.exchange import Exchange
from adapters.simulators.sms_http.faults import Weather
from adapters.simulators.sms_http.journal import Journal
from adapters.simulators.sms_http.providers import STANDS
from adapters.simulators.sms_http.settings import Settings


async def run(settings: Settings, ready: Callable[[], None]) -> None:
    """Serves until cancelled; calls `ready` once both ports listen."""
    journal = Journal(settings.log)
    callbacks = Callbacks(journal, repeat_after=settings.repeat_after)
    stands = {stand.name: stand for stand in STANDS}
    accounts = {name: settings.accounts.get(name, ACCOUNTS.get(name, {})) for name in stands}
    exchange = Exchange(
        settings, stands, accounts, journal=journal, callbacks=callbacks, weather=Weather(random.Random())
    )
    doors = Doors(exchange)
    control = web.AppRunner(application(exchange, doors), access_log=None, shutdown_timeout=0.1)
    try:
        await control.setup()
        await web.TCPSite(control, settings.host, settings.control_port).start()
        await doors.open()
        ready()
        await asyncio.Event().wait()
    finally:
        exchange.close()
        await doors.close()
        await control.cleanup()
        await callbacks.close()
        journal.close()
