"""The composition root: configuration → database, adapters, flows; starts them together and stops them in order."""

import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from adapters.callbacks import callback_door
from adapters.channels import zalo
from adapters.heartbeats import heart_door
from adapters.registry import CHANNELS, SIMULATORS, SOURCES, ChannelKind, SourceKind
from adapters.sandbox import sandboxed, stand_in
from bot.backups import key_of
from bot.config import Config, StorageSettings, nearest, parse_table
from bot.heartbeat_settings import HeartbeatSettings
from bot.house_clock import HouseClock, kept
from bot.model.api import TRIAL
from bot.model.clock import Clock, utc_now
from bot.model.errors import ConfigError, StorageError
from bot.plan import Configured, Plan, planner_for, reach_for, routes_of, rules_of, sms_place, sms_rules
from bot.ports import Batch, Channel, HeartDoor, Source, Storage, Vault
from bot.ports.backups import CopyDatabase
from bot.roles import ALL, Role
from bot.service import App
from bot.settings import Settings, SmsSettings
from bot.text_check import open_library
from bot.vaults import vault_for
from storage import open_storage
from storage.backups import FileReceiver, copy_file, require_free
from storage.backups_postgres import DumpReceiver, facts_of, require_empty
from storage.backups_postgres import copy_database as dump_database
from storage.copying import Copied, copy_up
from storage.migrate import beside
from storage.sealing import tools as sealing

__all__ = [
    "CHANNELS",
    "SIMULATORS",
    "SOURCES",
    "App",
    "Configured",
    "Copied",
    "DumpReceiver",
    "FileReceiver",
    "Ground",
    "Plan",
    "beside",
    "copies_of",
    "copy_database",
    "facts_of",
    "open_app",
    "open_database",
    "open_ground",
    "open_library",
    "open_on",
    "planner_for",
    "reach_for",
    "read_plan",
    "require_empty",
    "require_free",
    "routes_of",
    "rules_of",
    "sealing",
    "sms_place",
    "sms_rules",
]

log = logging.getLogger(__name__)


def read_plan(config: Config) -> Plan:
    """Checks the tables of all adapters, and the routes. Raises `ConfigError` naming table and key."""
    plan = Plan(
        config,
        [_configured("channels", CHANNELS, name, table) for name, table in config.channels.items()],
        [_configured("sources", SOURCES, name, table) for name, table in config.sources.items()],
    )
    routes_of(plan)
    if config.backup.key:
        key_of(config.backup.key.get_secret_value())
    return plan


def _configured(
    family: str, kinds: Mapping[str, ChannelKind] | Mapping[str, SourceKind], name: str, table: dict[str, object]
) -> Configured:
    where = f"[{family}.{name}]"
    word = table.get("kind")
    if not isinstance(word, str) or word not in kinds:
        known = ", ".join(kinds)
        raise ConfigError(
            f"{where} kind = {word!r}: không có loại này / no such kind ({known}){nearest(str(word), kinds)}"
        )
    rest = {key: value for key, value in table.items() if key != "kind"}
    kind = kinds[word]
    settings = parse_table(_shape(kind, rest, where), rest, where)
    if isinstance(kind, ChannelKind):
        return Configured(name, word, settings, kind.scheme, kind.buttons, kind.shown)
    return Configured(name, word, settings)


def _shape(kind: ChannelKind | SourceKind, table: Mapping[str, object], where: str) -> type[Settings]:
    """The settings of a kind, or of the provider that the table names."""
    if not isinstance(kind, ChannelKind) or not kind.variants:
        return kind.settings
    word = str(table.get("provider", ""))
    if word not in kind.variants:
        known = ", ".join(kind.variants)
        raise ConfigError(
            f"{where} provider = {word!r}: không có nhà cung cấp này / no such provider ({known})"
            f"{nearest(word, kind.variants)}"
        )
    return kind.variants[word]


@asynccontextmanager
async def open_raw(config: Config) -> AsyncIterator[Storage]:
    """The database as it is, migrated or not."""
    async with open_storage(config.storage.url, keys=config.storage.ring) as storage:
        yield storage


@asynccontextmanager
async def open_database(config: Config, *, clock: Clock = utc_now, migrate: bool = False) -> AsyncIterator[Storage]:
    """The database, ready for use. Raises `StorageError` where migrations are missing and not asked for."""
    async with open_storage(config.storage.url, clock=clock, keys=config.storage.ring) as storage:
        if migrate:
            await storage.migrate()
        elif missing := await storage.pending_migrations():
            raise StorageError(
                f"cơ sở dữ liệu chưa sẵn sàng, xin chạy `motcua migrate` / "
                f"the database lacks {len(missing)} migration(s), run `motcua migrate`"
            )
        yield storage


async def copy_database(source: str, target: str, *, copied: Copied) -> Mapping[str, int]:
    """Copies the SQLite database at the address `source` into the migrated, empty PostgreSQL database at `target`;
    how many rows of which table. Raises `StorageError`."""
    return (await copy_up(source.removeprefix("sqlite:"), target, copied=copied)).rows


def copies_of(config: Config) -> CopyDatabase:
    """How one moment of the database is copied for a backup."""
    url = config.storage.url
    if url.startswith("sqlite:"):
        return partial(copy_file, url.removeprefix("sqlite:"))
    return partial(dump_database, url, config.backup.programs)


@dataclass(frozen=True, slots=True)
class Ground:
    """What services of one process stand on, one after the other: it stays when the configuration is read anew."""

    settings: StorageSettings
    storage: Storage
    clock: Clock


@asynccontextmanager
async def open_ground(config: Config, *, clock: Clock | None = None, migrate: bool = False) -> AsyncIterator[Ground]:
    """The database, and the time that is told beside it: without a `clock` by one that survives jumps of this
    machine's. Raises `StorageError`."""
    clock = clock or HouseClock()
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(open_database(config, clock=clock, migrate=migrate))
        if isinstance(clock, HouseClock):
            await stack.enter_async_context(kept(clock, storage))
        yield Ground(config.storage, storage, clock)


@asynccontextmanager
async def open_on(
    ground: Ground,
    plan: Plan,
    *,
    hide: Callable[[Sequence[str]], None] = lambda secrets: None,
    roles: Collection[Role] = ALL,
) -> AsyncIterator[App]:
    """Opens channels and sources for a process that does `roles`; nothing is sent or asked before the service runs.
    `hide` is told every secret that must not reach a log. Raises `ConfigError` where the plan is for another
    database."""
    if plan.config.storage.url != ground.settings.url:
        raise ConfigError(
            "[storage.url] đổi cơ sở dữ liệu thì phải khởi động lại dịch vụ / another database needs a restart"
        )
    if plan.config.storage.keys != ground.settings.keys:
        raise ConfigError("[storage.keys] đổi thì phải khởi động lại dịch vụ / another ring of keys needs a restart")
    storage, clock = ground.storage, ground.clock
    async with AsyncExitStack() as stack:
        channels = []
        for configured in plan.channels:
            channel = await stack.enter_async_context(_open_channel(configured, storage, clock))
            hide(channel.secrets)
            channels.append(channel)
        sources = []
        for configured in plan.sources:
            source = await stack.enter_async_context(open_source(configured))
            hide(source.secrets)
            sources.append(source)
        library = await open_library(plan, storage)
        door = None
        if (api := plan.config.api).enabled:
            channels.append(stand_in(TRIAL, SmsSettings(), clock=clock))
            door = await stack.enter_async_context(
                callback_door(
                    ports=api.callback_ports, timeout=api.callback_timeout, is_open_to_private=api.callback_private
                )
            )
        heart = await stack.enter_async_context(_open_heart(plan.config.heartbeat, hide))
        yield App(
            plan, storage, channels, sources, clock, texts=library, callback_door=door, heart_door=heart,
            copies=copies_of(plan.config), roles=roles,
        )  # fmt: skip


@asynccontextmanager
async def open_app(
    plan: Plan,
    *,
    clock: Clock | None = None,
    migrate: bool = False,
    hide: Callable[[Sequence[str]], None] = lambda secrets: None,
    roles: Collection[Role] = ALL,
) -> AsyncIterator[App]:
    """The service on a ground of its own; see `open_ground` and `open_on`."""
    async with (
        open_ground(plan.config, clock=clock, migrate=migrate) as ground,
        open_on(ground, plan, hide=hide, roles=roles) as app,
    ):
        yield app


@asynccontextmanager
async def _open_heart(
    settings: HeartbeatSettings, hide: Callable[[Sequence[str]], None]
) -> AsyncIterator[HeartDoor | None]:
    url, alarm_url = (each.get_secret_value() if each else "" for each in (settings.url, settings.alarm_url))
    hide([url, alarm_url])
    if not url:
        yield None
        return
    async with heart_door(
        url=url,
        alarm_url=alarm_url,
        method=settings.method,
        timeout=settings.timeout,
        proxy=settings.proxy,
        ca_file=settings.ca_file,
    ) as door:
        yield door


def _open_channel(configured: Configured, storage: Storage, clock: Clock) -> AbstractAsyncContextManager[Channel]:
    """With `sandbox = true` a stand-in takes the provider's place, and nothing leaves the house."""
    if isinstance(configured.settings, SmsSettings) and configured.settings.sandbox:
        return sandboxed(configured.name, configured.settings, clock=clock)
    kind = CHANNELS[configured.kind]
    given: dict[str, object] = {"clock": clock} if kind.tells_time else {}
    if kind.keeps_tokens:
        given["vault"] = vault_for(storage, configured.name, clock=clock)
    return kind.open(configured.name, configured.settings, **given)


@asynccontextmanager
async def open_source(configured: Configured) -> AsyncIterator[Source]:
    async with SOURCES[configured.kind].open(configured.name, configured.settings) as source:
        yield source


async def check_channel(plan: Plan, configured: Configured) -> str:
    """Tries the provider once. Raises `ChannelError`."""
    if isinstance(configured.settings, SmsSettings) and configured.settings.sandbox:
        return "chế độ thử: không gửi gì ra ngoài / sandbox: nothing leaves the house"
    kind = CHANNELS[configured.kind]
    if kind.check is None:
        return "không cần kết nối / nothing to connect to"
    if not kind.keeps_tokens:
        return await kind.check(configured.settings)
    async with open_database(plan.config) as storage:
        return await kind.check(configured.settings, vault_for(storage, configured.name, clock=utc_now))


def zalo_consent(configured: Configured) -> zalo.Consent:
    """What an administrator of the official account is to open. Raises `ConfigError`."""
    return zalo.consent(_zalo_settings(configured))


async def zalo_exchange(configured: Configured, vault: Vault, code: str, verifier: str) -> zalo.Grant:
    """The account's first tokens, kept in the vault. Raises `ChannelError`, `StorageError`."""
    return await zalo.exchange(_zalo_settings(configured), vault, code=code, verifier=verifier)


async def zalo_status(configured: Configured, vault: Vault) -> zalo.Status:
    """How the account stands. Raises `StorageError`."""
    return await zalo.status(_zalo_settings(configured), vault)


def _zalo_settings(configured: Configured) -> zalo.Settings:
    if not isinstance(configured.settings, zalo.Settings):
        raise TypeError(f"the settings of {configured.kind} are not those of an official account")
    return configured.settings


def read_file(configured: Configured | None, path: Path, name: str) -> AsyncIterator[Batch]:
    """One export file as batches, read as the source `name` reads its files."""
    from adapters.sources import folder

    settings = configured.settings if configured else folder.Settings(path=path.parent)
    if not isinstance(settings, folder.Settings):
        raise ConfigError(f"[sources.{name}] không đọc tệp / does not read files")
    return folder.read_file(path, settings, name)


async def simulate(word: str, table: Mapping[str, object], ready: Callable[[], None]) -> None:
    """Runs a simulator until cancelled."""
    kind = SIMULATORS[word]
    await kind.run(parse_table(kind.settings, table, word), ready)
