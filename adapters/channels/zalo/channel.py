"""Puts the Zalo channel together, and tells how an account stands."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from adapters.channels.zalo.api import Api
from adapters.channels.zalo.client import connected
from adapters.channels.zalo.grant import Grant
from adapters.channels.zalo.quota import Quota
from adapters.channels.zalo.sender import LONGEST, ZaloSender
from adapters.channels.zalo.settings import Settings
from adapters.channels.zalo.signature import Seal
from adapters.channels.zalo.tokens import Keeper
from adapters.channels.zalo.verdicts import Reply, outcome_of
from adapters.channels.zalo.watch import EVERY, Watch
from adapters.channels.zalo.webhook import ZaloWebhook
from bot.model.clock import Clock, utc_now
from bot.model.errors import ChannelError, StorageError
from bot.model.message import Outcome
from bot.ports import AccountState, Channel, Limits, Vault

_NO_CONSENT = "chưa được OA cấp quyền, xin chạy `motcua zalo login` / no consent yet"


@asynccontextmanager
async def open(  # noqa: A001 - the name every adapter offers
    name: str, settings: Settings, *, vault: Vault, clock: Clock = utc_now, every: float = EVERY
) -> AsyncIterator[Channel]:
    """Opens without a call to Zalo. `every`: seconds between two looks at the tokens."""
    async with _asking(name, settings, vault, clock=clock) as (keeper, api):
        quota = Quota(clock)
        yield Channel(
            name=name,
            sender=ZaloSender(name, settings, api, quota, clock=clock),
            listener=Watch(name, keeper, api, quota, every=every),
            webhook=ZaloWebhook(name, _seal(settings), oa_id=settings.oa_id, clock=clock),
            limits=Limits(
                longest=LONGEST,
                rate=settings.rate,
                window=settings.window,
                receipts=settings.receipts,
                arrives_when_accepted=False,
                files=True,
            ),
            secrets=await _secrets(settings, keeper),
            account=OfficialAccount(settings, vault, clock=clock),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How an account stands."""

    account: str = ""
    """Its name; empty where Zalo was not asked or did not tell."""
    renewed_at: datetime | None = None
    """None: there has been no consent."""
    token_ends_at: datetime | None = None
    consent_ends_at: datetime | None = None
    """When, without a renewal before, a person must consent again."""
    trouble: str = ""
    """What stands against it now."""
    remaining: int | None = None
    """Template messages that are left today."""
    daily: int | None = None


async def status(settings: Settings, vault: Vault, *, clock: Clock = utc_now) -> Status:
    """Asks the vault and Zalo; sends nothing. Raises `StorageError`."""
    async with _asking("", settings, vault, clock=clock) as (keeper, api):
        grant = await keeper.grant()
        if grant is None:
            return Status(trouble=_NO_CONSENT)
        account, quota = await api.account(), Quota(clock)
        left = await api.quota()
        if isinstance(left, Reply) and left.code == 0:
            quota.read(left.content)
        grant = await keeper.grant() or grant
    name = account.text("name") if isinstance(account, Reply) else ""
    return Status(
        account=name,
        renewed_at=grant.refreshed_at,
        token_ends_at=grant.expires_at,
        consent_ends_at=grant.refresh_token_ends_at,
        trouble=_trouble(account, now=clock()) or grant.trouble,
        remaining=quota.remaining,
        daily=quota.daily,
    )


class OfficialAccount:
    """`bot.ports.Account` of an official account. Zalo takes no money in advance that it tells of."""

    def __init__(self, settings: Settings, vault: Vault, *, clock: Clock) -> None:
        self._settings = settings
        self._vault = vault
        self._clock = clock

    async def kept(self) -> AccountState:
        grant = Grant.read(await self._vault.read())
        if grant is None:
            return AccountState(trouble=_NO_CONSENT)
        return AccountState(
            renewed_at=grant.refreshed_at,
            token_ends_at=grant.expires_at,
            consent_ends_at=grant.refresh_token_ends_at,
            trouble=grant.trouble,
        )

    async def asked(self) -> AccountState:
        found = await status(self._settings, self._vault, clock=self._clock)
        return AccountState(
            name=found.account,
            renewed_at=found.renewed_at,
            token_ends_at=found.token_ends_at,
            consent_ends_at=found.consent_ends_at,
            remaining=found.remaining,
            daily=found.daily,
            trouble=found.trouble,
        )


async def check(settings: Settings, vault: Vault) -> str:
    """Asks Zalo who we are; one line for the operator, or `ChannelError` saying what is wrong."""
    try:
        found = await status(settings, vault)
    except StorageError as error:
        raise ChannelError(f"không đọc được token trong cơ sở dữ liệu / cannot read the tokens: {error}") from None
    if found.trouble:
        raise ChannelError(found.trouble)
    left = "?" if found.remaining is None else f"{found.remaining}/{found.daily or '?'}"
    return f"OA {found.account or '?'}: kết nối được (connected), ZBS hôm nay còn / template messages left: {left}"


def _trouble(account: Reply | Outcome, *, now: datetime) -> str:
    if not isinstance(account, Reply):
        return account.reason
    return "" if account.code == 0 else outcome_of(account.code, now=now, expires_at=now).reason


@asynccontextmanager
async def _asking(name: str, settings: Settings, vault: Vault, *, clock: Clock) -> AsyncIterator[tuple[Keeper, Api]]:
    async with connected(settings) as caller:
        keeper = Keeper(name, settings, vault, clock=clock)
        try:
            yield keeper, Api(settings, caller, keeper, clock=clock)
        finally:
            await keeper.close()


def _seal(settings: Settings) -> Seal:
    secret = settings.oa_secret or settings.app_secret
    return Seal(secret.get_secret_value(), (settings.app_id, settings.oa_id))


async def _secrets(settings: Settings, keeper: Keeper) -> tuple[str, ...]:
    """With the tokens of this moment; those that follow are logged nowhere."""
    try:
        grant = await keeper.grant()
    except StorageError:
        grant = None
    kept = (settings.app_secret, settings.oa_secret)
    tokens = (grant.access_token, grant.refresh_token) if grant else ()
    given = (secret.get_secret_value() for secret in kept if secret)
    return tuple(filter(None, (*given, *tokens, urlsplit(settings.proxy).password)))
