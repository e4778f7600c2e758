"""The HTTP side of python-telegram-bot over aiohttp: cheap, and exact about what may have left us."""

from types import SimpleNamespace
from typing import Any

from aiohttp import (
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    FormData,
    TCPConnector,
    TraceConfig,
    TraceRequestHeadersSentParams,
)
from telegram.request import BaseRequest, RequestData

from adapters.channels.telegram.failures import UnansweredError, answer_in, failure_of, judge


class AiohttpRequest(BaseRequest):
    """One pool of connections. Each call ends within its connect and read time-outs (seconds) together."""

    def __init__(
        self,
        *,
        connections: int,
        connect_timeout: float,
        read_timeout: float,
        proxy: str = "",
        proxy_headers: dict[str, str] | None = None,
    ) -> None:
        self._connections = connections
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._proxy = proxy or None
        self._proxy_headers = proxy_headers
        self._session: ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return self._read_timeout

    async def initialize(self) -> None:
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(limit=self._connections),
                cookie_jar=DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
                trace_configs=[_departures()],
            )

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """The status and body of an answer that may be Telegram's; else an error of `failures`.

        Time to write counts as time for the answer, time in the queue of the pool as time to connect. No time-out
        can be switched off: None means the default.
        """
        if self._session is None:
            raise RuntimeError("this request object is not initialised")
        trip = SimpleNamespace(departed=False)
        try:
            async with self._session.request(
                method,
                url,
                timeout=self._timeout(connect_timeout, read_timeout),
                proxy=self._proxy,
                proxy_headers=self._proxy_headers,
                # A redirect would carry token and text to an address that nobody chose.
                allow_redirects=False,
                trace_request_ctx=trip,
                **_body(request_data),
            ) as response:
                payload = await response.read()
        except Exception as error:  # whatever it is, what counts is whether the request had left us
            failure = failure_of(error, departed=trip.departed)
        else:
            judge(response.status, payload)
            return response.status, payload
        # Raised outside of the handler, so that aiohttp's error, which holds the URL, is not even its context.
        raise failure

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """python-telegram-bot's own would write into the log what it cannot read, whatever it holds."""
        answer = answer_in(payload)
        if answer is None:
            raise UnansweredError("the answer is not in Telegram's form")
        # PTB looks for the result of every 2xx; one that says `ok: false` must not end in a KeyError.
        answer.setdefault("result", None)
        return answer

    def _timeout(self, connect: object, read: object) -> ClientTimeout:
        to_connect = connect if isinstance(connect, int | float) else self._connect_timeout
        to_read = read if isinstance(read, int | float) else self._read_timeout
        return ClientTimeout(total=to_connect + to_read, connect=to_connect, sock_read=to_read)


def _departures() -> TraceConfig:
    """Notes on `trip` that aiohttp has begun to write the request to a connection."""

    async def departed(_: ClientSession, context: SimpleNamespace, __: TraceRequestHeadersSentParams) -> None:
        context.trace_request_ctx.departed = True

    trace = TraceConfig()
    trace.on_request_headers_sent.append(departed)
    return trace


def _body(request_data: RequestData | None) -> dict[str, Any]:
    if request_data is None:
        return {}
    if not request_data.contains_files:
        return {"json": request_data.parameters}
    form = FormData()
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime_type) in request_data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=mime_type)
    return {"data": form}
