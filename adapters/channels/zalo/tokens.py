"""Keeps the pair of tokens alive: renewed well before its end, by one process of all, and stored before it is used."""

import asyncio
import logging
import platform
from datetime import datetime, timedelta

from adapters.channels.zalo.grant import Grant
from adapters.channels.zalo.launching import launch, order_for
from adapters.channels.zalo.settings import Settings
from adapters.channels.zalo.spool import Spool
from bot.model.clock import Clock
from bot.model.errors import StorageError
from bot.model.message import ChannelDown, Outcome, Retry
from bot.ports import Vault

log = logging.getLogger(__name__)

_PATIENCE = 8.0
"""Seconds that a message waits for a token; the renewal goes on without it."""
_SOON = 2.0
_WARNED_AGAIN = timedelta(hours=1)
_NEAR_THE_END = timedelta(days=14)


class Keeper:
    """The tokens of one channel. All changes of the vault are made by who has the turn."""

    def __init__(self, name: str, settings: Settings, vault: Vault, *, clock: Clock) -> None:
        self._name = name
        self._settings = settings
        self._vault = vault
        self._clock = clock
        self._spool = Spool(settings.spool)
        self._login = f"motcua zalo login {name}".rstrip()
        self._before = timedelta(seconds=settings.refresh_before)
        self._grant: Grant | None = None
        self._refused = ""
        self._is_anothers = False
        self._look: asyncio.Task[None] | None = None
        self._warned: dict[str, datetime] = {}

    async def current(self) -> str | Outcome:
        """The access token, or why there is none; nothing was sent then."""
        if not self._is_good():
            try:
                async with asyncio.timeout(_PATIENCE):
                    await asyncio.shield(self._looking())
            except TimeoutError:
                return Retry("the access token is being renewed", _SOON, counts=False)
            except StorageError:
                return Retry("the vault cannot be read", _SOON, counts=False)
        return self._grant.access_token if self._grant and self._is_good() else self._obstacle()

    async def renewed(self, refused: str) -> str | Outcome:
        """Another token than `refused`, which Zalo no longer takes."""
        self._refused = refused
        return await self.current()

    async def tend(self) -> None:
        """To be called every now and then: takes answers in, renews what is due, warns. Raises `StorageError`."""
        await asyncio.shield(self._looking())
        self._warn()

    @property
    def waits(self) -> bool:
        """Another process has the turn, or died of it: what it leaves is to be taken up soon."""
        return self._is_anothers or bool(self._grant and self._grant.may_be_answered(self._clock()))

    async def grant(self) -> Grant | None:
        """What the vault has. Raises `StorageError`."""
        return Grant.read(await self._vault.read())

    async def close(self) -> None:
        """A refresher that is at work goes on, and its answer is taken in by the next who looks."""
        if self._look and not self._look.done():
            self._look.cancel()
            await asyncio.wait([self._look])

    def _is_good(self) -> bool:
        grant = self._grant
        return grant is not None and grant.access_token != self._refused and grant.lives(self._clock())

    def _looking(self) -> asyncio.Task[None]:
        """One look at a time, whoever waits for it."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._look_after())
            self._look.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._look

    async def _look_after(self) -> None:
        self._is_anothers = False
        self._grant = await self.grant()
        if self._grant is None or not self._wants_care(self._grant):
            return
        async with self._vault.turn() as ours:
            # While it is another's, its pair is in the vault as soon as there is one.
            self._grant = await (self._cared_for(ours) if ours else self.grant())
            self._is_anothers = ours is None

    def _wants_care(self, grant: Grant) -> bool:
        is_due = grant.is_due(self._clock(), before=self._before)
        return is_due or grant.attempt is not None or grant.access_token == self._refused

    async def _cared_for(self, ours: Vault) -> Grant | None:
        """`ours` keeps nothing once the turn is another's: so of what follows each step is known before the next."""
        grant = await self.grant()
        if grant is None:
            return None
        grant = await self._taken_in(grant, ours)
        now = self._clock()
        is_dead = not grant.lives(now) or grant.access_token == self._refused
        is_wanted = is_dead or grant.is_due(now, before=self._before)
        return await self._exchanged(grant, ours) if is_wanted and grant.may_renew(now, is_dead=is_dead) else grant

    async def _exchanged(self, grant: Grant, ours: Vault) -> Grant:
        """The pair after an exchange, which is noted before it begins. Who was held up in between asks nothing: others
        know from the note by when the exchange is over."""
        try:
            self._spool.prepare()
        except OSError:
            return await _kept(grant.nothing_asked(self._clock()), ours)
        self._spool.sweep(grant.refresh_token)
        order = order_for(self._settings, grant.refresh_token, self._spool.place(grant.refresh_token))
        grant = await _kept(grant.begun(self._clock(), platform.node()), ours)
        if not await launch(order):
            return await _kept(grant.nothing_asked(self._clock()), ours)
        return await self._taken_in(grant, ours)

    async def _taken_in(self, grant: Grant, ours: Vault) -> Grant:
        """With the answer that a refresher has left, ours or that of a process that died."""
        written = self._spool.answer(grant.refresh_token)
        if written is None:
            return grant
        after = await _kept(grant.after(written, now=self._clock()), ours)
        self._spool.discard(grant.refresh_token)
        if after.trouble:
            log.error("%s: the tokens were not renewed: %s", self._name, after.trouble)
        else:
            log.info("%s: the tokens were renewed, good until %s", self._name, after.expires_at.isoformat())
        return after

    def _obstacle(self) -> Outcome:
        grant = self._grant
        if grant is None:
            return ChannelDown(f"chưa được OA cấp quyền, xin chạy `{self._login}` / the account has not consented yet")
        if grant.trouble or grant.attempt:
            return ChannelDown(
                f"token hết hạn mà chưa gia hạn được, nếu còn mãi xin chạy `{self._login}` / "
                f"the tokens could not be renewed: {grant.trouble or 'no answer yet'}"
            )
        if grant.access_token == self._refused and grant.is_fresh(self._clock()):
            return ChannelDown(
                "Zalo không nhận cả token mới: xem quyền của ứng dụng với OA / Zalo refuses a token that is new"
            )
        return Retry("the access token is being renewed", _SOON, counts=False)

    def _warn(self) -> None:
        """In the log, once an hour each."""
        grant, now = self._grant, self._clock()
        if grant is None:
            self._say("no consent", "chưa được OA cấp quyền / no consent yet: " + self._login)
            return
        if grant.attempt and now - grant.attempt.begun_at > timedelta(minutes=2):
            self._say("unknown", "a renewal was begun and its answer is not known; the old token is used to its end")
        if grant.failures > 1:
            self._say("failing", f"the tokens are not renewed: {grant.trouble}; good until {grant.expires_at}")
        if grant.refresh_token_ends_at - now < _NEAR_THE_END:
            self._say("old", f"the refresh token ends about {grant.refresh_token_ends_at:%d/%m/%Y}: {self._login}")

    def _say(self, subject: str, words: str) -> None:
        now = self._clock()
        if now - self._warned.get(subject, datetime.min.replace(tzinfo=now.tzinfo)) >= _WARNED_AGAIN:
            self._warned[subject] = now
            log.error("%s: %s", self._name, words)


async def _kept(grant: Grant, ours: Vault) -> Grant:
    await ours.keep(grant.text)
    return grant
