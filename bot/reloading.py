"""A process of the service from its start to its end, over changes of its configuration (docs/adr/0026-reload.md).

What lasts is the database's connections, the clock, the address that is listened on and the connections to it. All else
is made anew of the file, completely, before anything of the old is touched.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from bot.app import Ground, Plan, open_ground, open_on, read_plan
from bot.config import Config
from bot.looks import CONFIG
from bot.model.errors import MotcuaError, told, trail
from bot.roles import Role
from bot.service import App
from bot.serving import face_of
from bot.supervision import Status, Supervisor
from bot.web.front import Front, Staged

log = logging.getLogger(__name__)

_STARTING: Status = "đang khởi động", "starting"
_RUNNING: Status = "đang chạy", "running"
_RELOADING: Status = "đang nạp cấu hình mới", "reading the configuration anew"
_STOPPING: Status = "đang dừng: gửi nốt, trả lại việc", "stopping: finishing what is under way"
_REFUSED: Status = (
    "cấu hình mới không dùng được, dịch vụ đang chạy theo bản cũ: xem nhật ký, sửa tệp rồi nạp lại",
    "the new configuration cannot be used, the service goes on with the old one: see the log, mend the file, reload",
)
_TOLD_EVERY = 60.0


@dataclass(slots=True, kw_only=True)
class _Tenant:
    """A service that is open: ready to run, running, or drained."""

    app: App
    staged: Staged | None
    """Its pages; None: it serves none."""
    stack: AsyncExitStack


@dataclass(kw_only=True)
class Process:
    """`run` works until `stop`. After `reload` another service takes the place of the one that runs: in the same
    process, with the same roles, behind the same open connections."""

    read: Callable[[], Config]
    """The configuration as it is now. Raises `ConfigError`."""
    roles: Collection[Role]
    port: int | None = None
    migrate: bool = False
    hide: Callable[[Sequence[str]], None] = lambda secrets: None
    """Is told every secret that must not reach a log."""
    started: Callable[[App], Awaitable[None]] | None = None
    """Is told of each service that has begun to run."""
    supervisor: Supervisor = field(default_factory=Supervisor)
    app: App | None = field(default=None, init=False)
    """The one that runs."""
    reloads: int = field(default=0, init=False)
    refused: int = field(default=0, init=False)
    """Times that a configuration could not be taken over."""
    _is_refused: bool = field(default=False, init=False)
    """That was so the last time."""
    _stop: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _again: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def stop(self) -> None:
        """Asks everything to finish, also while another service is just being opened."""
        self._stop.set()

    def reload(self) -> None:
        """Asks for the configuration to be read anew. Asked several times before that begins, it is done once; asked
        while it is under way, once more afterwards; asked at a stop, not at all."""
        if self._stop.is_set():
            log.warning("the service is stopping: its configuration is not read anew")
            return
        self._again.set()

    async def run(self) -> None:
        """Raises `MotcuaError` where it cannot start, and what a service fails with."""
        config = self.read()
        plan = read_plan(config)
        self.supervisor.starting(_STARTING)
        async with (
            open_ground(config, migrate=self.migrate) as ground,
            Front() as front,
        ):
            tenant: _Tenant | None = await self._first(ground, front, plan)
            telling = asyncio.create_task(self.supervisor.keep(self._still, self._status))
            try:
                while tenant is not None:
                    tenant = await self._house(tenant, ground, front)
            finally:
                telling.cancel()
                await asyncio.wait([telling])

    async def _first(self, ground: Ground, front: Front, plan: Plan) -> _Tenant:
        tenant = await self._open(ground, front, plan)
        front.show(tenant.staged)
        return tenant

    async def _house(self, tenant: _Tenant, ground: Ground, front: Front) -> _Tenant | None:
        """Lets it run until its end. Who takes its place, with the pages in its hands already; None: nobody does."""
        heir = None
        working = asyncio.create_task(self._work(tenant.app))
        try:
            heir = await self._heir(working, ground, front)
            if heir is not None:
                await front.drop(front.show(heir.staged))
            else:
                self.supervisor.stopping(_STOPPING)
            tenant.app.stop()
            await working
        except BaseException:
            working.cancel()
            if heir is not None:
                await heir.stack.aclose()
            raise
        finally:
            if heir is None:
                await front.close()
            await tenant.stack.aclose()
        return heir

    async def _work(self, service: App) -> None:
        """From its first task to its last."""
        if self._stop.is_set():
            return
        telling = asyncio.create_task(self._tell_of(service))
        try:
            await service.run()
        finally:
            telling.cancel()

    async def _tell_of(self, service: App) -> None:
        await service.begun.wait()
        self.app = service
        self.supervisor.ready(_RUNNING)
        try:
            if self.started is not None:
                await self.started(service)
        except Exception as error:
            log.error("after the start: %s", told(error))

    async def _heir(self, working: asyncio.Task[None], ground: Ground, front: Front) -> _Tenant | None:
        """Waits until another service is open to take over; None at the stop, or when the one that runs has ended."""
        stopped = asyncio.create_task(self._stop.wait())
        try:
            while True:
                again = asyncio.create_task(self._again.wait())
                await asyncio.wait([stopped, again, working], return_when=asyncio.FIRST_COMPLETED)
                again.cancel()
                if stopped.done() or working.done():
                    return None
                self._again.clear()
                if (heir := await self._opened(stopped, ground, front)) is not None:
                    return heir
        finally:
            stopped.cancel()

    async def _opened(self, stopped: asyncio.Task[Any], ground: Ground, front: Front) -> _Tenant | None:
        """A service of the configuration as it is now. None where it cannot be used, and at the stop."""
        self.supervisor.reloading(_RELOADING)
        opening = asyncio.create_task(self._open_anew(ground, front))
        await asyncio.wait([stopped, opening], return_when=asyncio.FIRST_COMPLETED)
        if not opening.done():
            opening.cancel()
            await asyncio.wait([opening])
        if opening.cancelled():
            return None
        if error := opening.exception():
            self._refuse(error)
            return None
        heir = opening.result()
        if stopped.done():
            await front.drop(heir.staged)
            await heir.stack.aclose()
            return None
        self.reloads, self._is_refused = self.reloads + 1, False
        log.info("the configuration was read anew: a service that follows it takes over")
        return heir

    async def _open_anew(self, ground: Ground, front: Front) -> _Tenant:
        return await self._open(ground, front, read_plan(self.read()))

    async def _open(self, ground: Ground, front: Front, plan: Plan) -> _Tenant:
        """Everything that can go wrong does so here; nothing is sent or asked yet."""
        async with AsyncExitStack() as stack:
            service = await stack.enter_async_context(open_on(ground, plan, hide=self.hide, roles=self.roles))
            face = face_of(service, port=self.port)
            staged = await front.stage(face) if face else None
            return _Tenant(app=service, staged=staged, stack=stack.pop_all())

    def _refuse(self, error: BaseException) -> None:
        """The one that runs goes on, and says so: at its next start it would not start."""
        self.refused, self._is_refused = self.refused + 1, True
        why = str(error).replace("\n", "; ") if isinstance(error, MotcuaError) else trail(error)
        log.error("%s / %s: %s", *_REFUSED, why)
        if self.app is not None:
            self.app.beats.complain(f"{CONFIG}file", *_REFUSED, every=_TOLD_EVERY)
        self.supervisor.ready(_REFUSED)

    # What the supervisor is told

    def _still(self) -> Sequence[str]:
        return self.app.watch.still if self.app is not None else ()

    def _status(self) -> Status | None:
        """Counts, and nothing else; None: what was said last stands."""
        if self.app is None or self.app.is_stopping or self._again.is_set():
            return None
        if self._is_refused:
            return _REFUSED
        if (readings := self.app.watch.readings) is None:
            return None
        waiting, alarms = sum(each.items for each in readings.waiting), len(self.app.watch.alarms)
        vietnamese, english = _RUNNING
        return (
            f"{vietnamese}: {waiting} tin chờ gửi, {alarms} báo động",
            f"{english}: {waiting} messages wait, {alarms} alarms",
        )
