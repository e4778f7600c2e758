"""The HTTP server of one process. Its address and its connections outlive the application behind them, so that one can
take another's place and no call is refused, cut off or lost."""

import asyncio
import errno
import logging
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import StreamReader, web, web_app
from aiohttp.abc import AbstractStreamWriter

from bot.model.errors import MotcuaError
from bot.web.connections import Connection, GuardedServer, Limits

_SHUTDOWN_SECONDS = 3.0
"""What calls under way have for their answers when their application, or the process, ends."""


class WebError(MotcuaError):
    """The pages cannot be served where they were meant to be."""


@dataclass(frozen=True, slots=True)
class Face:
    """What is served, and where."""

    application: web.Application
    host: str
    port: int
    limits: Limits = field(default_factory=Limits)


@dataclass(slots=True, eq=False)
class Staged:
    """A face that is ready to be shown, is shown, or was."""

    face: Face
    runner: web.AppRunner
    site: web.TCPSite
    under_way: set[asyncio.Task[Any]] = field(default_factory=set)
    """The calls that it is answering."""

    @property
    def server(self) -> web.Server:
        """Raises `RuntimeError` after its end."""
        if self.runner.server is None:
            raise RuntimeError("the application has ended")
        return self.runner.server


class Front:
    """Open connections belong to it, each call to the face that is shown when the call comes in.

    An async context manager: at its end it stops listening, and calls under way have a few seconds.
    """

    def __init__(self) -> None:
        self._shown: Staged | None = None
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        server = GuardedServer(self._answer, limits=self._limits, request_factory=self._request, **_silently())
        self._runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_SECONDS)
        await self._runner.setup()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def stage(self, face: Face) -> Staged:
        """Makes everything ready, a new address too; what is shown stays. Raises `WebError` where the address cannot be
        had. What was staged is to be given to `show`, or to `drop`."""
        runner = web.AppRunner(face.application, shutdown_timeout=_SHUTDOWN_SECONDS, **_silently())
        await runner.setup()
        try:
            return Staged(face, runner, await self._site(face))
        except BaseException:
            await runner.cleanup()
            raise

    def show(self, staged: Staged | None) -> Staged | None:
        """From this moment on it has every call that comes in. What was shown until now is returned, and is to be given
        to `drop`. None: nothing is served any more."""
        before, self._shown = self._shown, staged
        return before

    async def drop(self, staged: Staged | None) -> None:
        """Ends what is shown no longer, or never was: pages that stay open end and come back to what is shown now,
        calls under way are answered if that takes no longer than a few seconds."""
        if staged is None:
            return
        if self._shown is None or self._shown.site is not staged.site:
            await staged.site.stop()
        await staged.runner.shutdown()
        if staged.under_way:
            _, late = await asyncio.wait(staged.under_way, timeout=_SHUTDOWN_SECONDS)
            for each in late:
                each.cancel()
            if late:
                await asyncio.wait(late, timeout=_SHUTDOWN_SECONDS)
        await staged.runner.cleanup()
        _forget_handlers()

    async def close(self) -> None:
        """No more calls; connections end when theirs are answered. A second time it does nothing."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        shown = self._shown
        if shown is not None:
            await shown.site.stop()
            # What has been accepted by now begins to be answered.
            await asyncio.sleep(0)
            await shown.runner.shutdown()
        await runner.cleanup()
        if shown is not None:
            await shown.runner.cleanup()

    async def _site(self, face: Face) -> web.TCPSite:
        """The one that listens there already, or a new one."""
        shown = self._shown
        if shown is not None and (shown.face.host, shown.face.port) == (face.host, face.port):
            return shown.site
        if self._runner is None:
            raise RuntimeError("the front is closed")
        site = web.TCPSite(self._runner, face.host, face.port)
        try:
            await site.start()
        except OSError as error:
            await site.stop()
            if error.errno == errno.EADDRINUSE and shown is not None and shown.face.port == face.port:
                raise WebError(
                    "[web.host] đổi địa chỉ nghe mà giữ nguyên cổng thì phải khởi động lại dịch vụ / "
                    "another address at the same port needs a restart"
                ) from error
            raise WebError(_why(error, face.host, face.port)) from error
        return site

    def _request(
        self,
        message: Any,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        """As the application that is shown would make it; another one may come to answer it, which is the same."""
        if isinstance(protocol, Connection):
            protocol.head_came()
            protocol.is_asking = True
        if self._shown is None:
            return web.Request(message, payload, protocol, writer, task, asyncio.get_running_loop())
        return self._shown.server.request_factory(message, payload, protocol, writer, task)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._answered(request)
        finally:
            if isinstance(request.protocol, Connection):
                request.protocol.is_asking = False

    async def _answered(self, request: web.BaseRequest) -> web.StreamResponse:
        shown, task = self._shown, asyncio.current_task()
        if shown is None or task is None:
            raise web.HTTPServiceUnavailable
        shown.under_way.add(task)
        try:
            return await shown.server.request_handler(request)
        finally:
            shown.under_way.discard(task)

    def _limits(self) -> Limits:
        return self._shown.face.limits if self._shown else Limits()


def _forget_handlers() -> None:
    """aiohttp remembers the last thousand handlers of all applications, and through them a whole service that has
    ended, with its secrets. Those of the one that is shown it makes again when they are called."""
    remembered = getattr(web_app, "_cached_build_middleware", None)
    if remembered is not None:
        remembered.cache_clear()


def _silently() -> dict[str, Any]:
    """No access log, and no word about broken requests: both would hold the addresses of citizens."""
    silence = logging.getLogger(f"{__name__}.silence")
    silence.disabled = True
    return {"access_log": None, "logger": silence}


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"cổng {port} đang bận: một chương trình khác đang dùng {host}:{port}. Hãy dừng chương trình đó, "
            f"hoặc chọn cổng khác (port {port} is taken: stop the program that uses it, or choose another port)"
        )
    if error.errno == errno.EACCES:
        return f"không được phép mở cổng {port}: hãy chọn cổng từ 1024 trở lên (not allowed to open port {port})"
    return f"không mở được {host}:{port}: {error.strerror or error} (cannot listen on {host}:{port})"
