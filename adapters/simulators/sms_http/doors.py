"""The port at which all providers listen, which can be closed for a while."""

from aiohttp import web

from adapters.simulators.sms_http.exchange import Exchange
from adapters.simulators.sms_http.faults import remembering

_LONGEST_BODY = 1024 * 1024


class Doors:
    """While they are closed, connections are refused and the old ones are gone."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        if self._runner is None:
            settings = self._exchange.settings
            # Clients that gave up free their handler: a silent number would hold it for ever.
            self._runner = web.AppRunner(
                self._application(), access_log=None, shutdown_timeout=0.1, handler_cancellation=True
            )
            await self._runner.setup()
            await web.TCPSite(self._runner, settings.host, settings.port).start()

    async def close(self) -> None:
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[remembering], client_max_size=_LONGEST_BODY)
        for name, stand in self._exchange.stands.items():
            app.add_routes(stand.routes(self._exchange, self._exchange.accounts[name]))
        return app
