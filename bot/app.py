"""The composition root: configuration → database, adapters, flows; starts them together and stops them in order."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from adapters.registry import CHANNELS, SIMULATORS, SOURCES, ChannelKind, SourceKind
from adapters.sandbox import sandboxed
from bot.config import Config, nearest, parse_table
from bot.conversation import Conversation, Manner
from bot.dispatch import Dispatch
from bot.following import follow, reconcile_nightly, watch_freshness
from bot.ledger import watch_ledger
from bot.mirror import Mirror
from bot.model.clock import Clock, utc_now
from bot.model.errors import ConfigError, StorageError, trail
from bot.model.ids import NewId, id_maker
from bot.model.message import InboundMessage, Receipt
from bot.planning import Planner, Route
from bot.ports import Batch, Channel, Source, Storage
from bot.receipts import record, record_in
from bot.routing import Routes
from bot.settings import Settings, SmsSettings, SourceSettings
from bot.texts import Catalogue
from storage import open_storage

__all__ = ["CHANNELS", "SIMULATORS", "App", "Configured", "Plan", "open_app", "open_database", "read_plan"]

log = logging.getLogger(__name__)

LISTEN_AGAIN = 5.0
"""Seconds before a listener that failed by our own mistake begins anew."""


@dataclass(frozen=True, slots=True)
class Configured:
    """An adapter as the configuration asks for it: checked, not yet open."""

    name: str
    kind: str
    settings: Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """The configuration with every adapter's own settings checked."""

    config: Config
    channels: Sequence[Configured]
    sources: Sequence[Configured]


def read_plan(config: Config) -> Plan:
    """Checks the tables of all adapters, and the routes. Raises `ConfigError` naming table and key."""
    plan = Plan(
        config,
        [_configured("channels", CHANNELS, name, table) for name, table in config.channels.items()],
        [_configured("sources", SOURCES, name, table) for name, table in config.sources.items()],
    )
    routes_of(plan)
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
    return Configured(name, word, parse_table(_shape(kinds[word], rest, where), rest, where))


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
    async with open_storage(config.storage.url) as storage:
        yield storage


@asynccontextmanager
async def open_database(config: Config, *, clock: Clock = utc_now, migrate: bool = False) -> AsyncIterator[Storage]:
    """The database, ready for use. Raises `StorageError` where migrations are missing and not asked for."""
    async with open_storage(config.storage.url, clock=clock) as storage:
        if migrate:
            await storage.migrate()
        elif missing := await storage.pending_migrations():
            raise StorageError(
                f"cơ sở dữ liệu chưa sẵn sàng, xin chạy `motcua migrate` / "
                f"the database lacks {len(missing)} migration(s), run `motcua migrate`"
            )
        yield storage


def routes_of(plan: Plan) -> Routes:
    """Raises `ConfigError` for a route that leads nowhere."""
    sms = [each.name for each in plan.channels if CHANNELS[each.kind].scheme == "sms"]
    others = [each.name for each in plan.channels if each.name not in sms]
    return Routes(plan.config.routes, sms=sms, others=others)


def sms_rules(plan: Plan) -> dict[str, SmsSettings]:
    """The settings of the channels that carry SMS, by name."""
    return {each.name: each.settings for each in plan.channels if isinstance(each.settings, SmsSettings)}


def planner_for(plan: Plan, new_id: NewId) -> Planner:
    """What is pushed goes by SMS: by the agency's route; without routes by the first channel that reaches phones."""
    routes, texts = routes_of(plan), plan.config.texts
    route = Route(routes.plain, "sms", plain=True)
    accented = frozenset(texts.accented_sms)
    return Planner(route, Catalogue.load(texts.language), new_id, texts.hours, routes=routes, accented=accented)


class App:
    """The whole service, open. `run` works until `stop`."""

    def __init__(
        self, plan: Plan, storage: Storage, channels: Sequence[Channel], sources: Sequence[Source], clock: Clock
    ) -> None:
        self.plan = plan
        self.storage = storage
        self.channels = channels
        self.sources = sources
        self.rules = {each.name: rules_of(each) for each in plan.sources}
        self.clock = clock
        self.new_id = id_maker(clock)
        config = plan.config
        self.planner = planner_for(plan, self.new_id)
        plain = {channel.name: channel.limits.plain for channel in channels}
        stale = {name: timedelta(seconds=rules.stale_after) for name, rules in self.rules.items()}
        manner = Manner(config.lookup.strangers, config.texts.example, plain, stale)
        self.conversation = Conversation(storage, manner, clock=clock, new_id=self.new_id)
        self._stopping = asyncio.Event()
        self.dispatch = Dispatch(
            config,
            channels,
            sms_rules(plan),
            storage,
            routes=routes_of(plan),
            clock=clock,
            owner=secrets.token_hex(8),
            record_receipts=record_in,
        )

    def mirror_of(self, source: str) -> Mirror:
        return Mirror(source, self.storage, self.planner, self.clock, self.rules[source])

    async def deliver(self, events: Sequence[Receipt | InboundMessage]) -> None:
        """What the channels heard, made durable: receipts together, messages one transaction each."""
        receipts = [event for event in events if isinstance(event, Receipt)]
        messages = [event for event in events if isinstance(event, InboundMessage)]
        if receipts:
            await record(self.storage, receipts)
        if messages:
            await self.conversation.handle(messages)

    async def run(self) -> None:
        """Runs channels, sources and watchers until `stop`, then drains what is under way."""
        async with asyncio.TaskGroup() as tasks:
            watchers = [
                tasks.create_task(self.dispatch.watch()),
                tasks.create_task(watch_ledger(self.storage)),
                tasks.create_task(watch_freshness(self.rules, self.storage, self.clock)),
                *(tasks.create_task(self._listen(channel)) for channel in self.channels),
            ]
            readers = []
            for source in self.sources:
                rules = self.rules[source.name]
                mirror = self.mirror_of(source.name)
                readers.append(tasks.create_task(follow(source, mirror, self.storage, rules, self.clock)))
                watchers.append(tasks.create_task(reconcile_nightly(source, self.storage, rules, self.clock)))
            await self._send_until_stopped(readers)
            for watcher in watchers:
                watcher.cancel()

    async def _listen(self, channel: Channel) -> None:
        """A mistake in one adapter must not silence the others: it is logged, and the listener begins anew."""
        while channel.listener:
            try:
                await channel.listener.listen(self.deliver)
            except Exception as error:
                log.error("channel %s: the listener failed: %s", channel.name, trail(error))
            await asyncio.sleep(LISTEN_AGAIN)

    async def _send_until_stopped(self, readers: Sequence[asyncio.Task[None]]) -> None:
        """Sends until `stop`; then first stops reading, then lets the senders finish what they hold."""
        sending = asyncio.ensure_future(self.dispatch.send())
        stopped = asyncio.ensure_future(self._stopping.wait())
        try:
            # Senders that end before the stop have failed; the second `await` then tells why.
            await asyncio.wait([stopped, sending], return_when=asyncio.FIRST_COMPLETED)
            for reader in readers:
                reader.cancel()
            async with asyncio.timeout(self.plan.config.outbox.drain):
                await sending
        except TimeoutError:
            log.warning("some messages were still under way at the stop: they will be uncertain")
        finally:
            for task in (stopped, sending):
                task.cancel()

    def stop(self) -> None:
        """Asks everything to finish; `run` returns when the messages under way are settled."""
        self._stopping.set()
        self.dispatch.stop()


@asynccontextmanager
async def open_app(
    plan: Plan,
    *,
    clock: Clock = utc_now,
    migrate: bool = False,
    hide: Callable[[Sequence[str]], None] = lambda secrets: None,
) -> AsyncIterator[App]:
    """Opens database and channels; `hide` is told every secret that must not reach a log."""
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(open_database(plan.config, clock=clock, migrate=migrate))
        channels = []
        for configured in plan.channels:
            channel = await stack.enter_async_context(_open_channel(configured))
            hide(channel.secrets)
            channels.append(channel)
        sources = []
        for configured in plan.sources:
            source = await stack.enter_async_context(open_source(configured))
            hide(source.secrets)
            sources.append(source)
        yield App(plan, storage, channels, sources, clock)


def _open_channel(configured: Configured) -> AbstractAsyncContextManager[Channel]:
    """With `sandbox = true` a stand-in takes the provider's place, and nothing leaves the house."""
    if isinstance(configured.settings, SmsSettings) and configured.settings.sandbox:
        return sandboxed(configured.name, configured.settings)
    return CHANNELS[configured.kind].open(configured.name, configured.settings)


@asynccontextmanager
async def open_source(configured: Configured) -> AsyncIterator[Source]:
    async with SOURCES[configured.kind].open(configured.name, configured.settings) as source:
        yield source


def rules_of(configured: Configured) -> SourceSettings:
    """What the mirror must know of this source."""
    if not isinstance(configured.settings, SourceSettings):
        raise TypeError(f"the settings of {configured.kind} are not those of a source")
    return configured.settings


async def check_channel(configured: Configured) -> str:
    """Tries the provider once. Raises `ChannelError`."""
    if isinstance(configured.settings, SmsSettings) and configured.settings.sandbox:
        return "chế độ thử: không gửi gì ra ngoài / sandbox: nothing leaves the house"
    check = CHANNELS[configured.kind].check
    return await check(configured.settings) if check else "không cần kết nối / nothing to connect to"


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
