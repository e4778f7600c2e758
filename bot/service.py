"""The whole service: flows, senders, listeners and watchers over an open database; starts together, stops in order."""

import asyncio
import logging
import secrets
from collections.abc import Coroutine, Sequence
from typing import Any

from bot import blocked_watch, broadcast_watch, callbacks, fallback_watch, quiet_watch, session_watch
from bot.api_keys import ApiKeys
from bot.api_sending import ApiSending
from bot.beats import Beat, Beats, unheard
from bot.broadcast_watch import BroadcastWatch
from bot.broadcasting import broadcasts_for, handing_out_for
from bot.calendars import Calendars
from bot.callbacks import Callbacks
from bot.conversation import Conversation
from bot.deadlines import DeadlineWatch
from bot.desk import Desk
from bot.dispatch import Dispatch
from bot.fallback_watch import FallbackWatch
from bot.following import follow, reconcile_nightly
from bot.guess_watch import GuessWatch
from bot.mirror import Mirror
from bot.model.api import TRIAL
from bot.model.clock import Clock
from bot.model.errors import StorageError, trail
from bot.model.ids import id_maker
from bot.model.message import Heard, InboundMessage, OutboxItem, Receipt, Situation
from bot.naming import name_once
from bot.phattin import Phattin
from bot.plan import (
    Plan,
    contacts_for,
    manner_for,
    planner_for,
    reach_for,
    routes_of,
    rules_of,
    sms_place,
    sms_rules,
    templates_for,
)
from bot.ports import CallbackDoor, Channel, Source, Storage
from bot.quiet import QuietHours
from bot.receipts import record, record_in
from bot.report_plan import report_watch_for
from bot.text_check import log_findings
from bot.text_check import rules_of as text_rules_of
from bot.texts import Library, library
from bot.watch import Watch
from bot.watchers import blocked_watch_for, quiet_watch_for

log = logging.getLogger(__name__)

TALKS_EVERY = 300.0
"""Seconds between two looks for conversations that no clerk answers."""

_BY_PHONE = frozenset({"sms", "zalophone"})
"""Addresses at which a provider's refusal is not the citizen's own act."""

LISTENS = 60.0
"""Seconds between two signs of life of a listener."""

COMPARED_WITHIN = 26 * 3600.0
"""Seconds between two nightly comparisons, with room for a long one."""

LISTEN_AGAIN = 5.0
"""Seconds before a listener that failed by our own mistake begins anew."""


class App:
    """The whole service, open. `run` works until `stop`."""

    def __init__(
        self,
        plan: Plan,
        storage: Storage,
        channels: Sequence[Channel],
        sources: Sequence[Source],
        clock: Clock,
        *,
        texts: Library | None = None,
        callback_door: CallbackDoor | None = None,
    ) -> None:
        """Without `texts` in the words that are shipped; without `callback_door` no software is told by itself."""
        self.plan = plan
        self.storage = storage
        self.channels = channels
        self.sources = sources
        self.rules = {each.name: rules_of(each) for each in plan.sources}
        self.clock = clock
        self.new_id = id_maker(clock)
        config = plan.config
        self.calendars = Calendars(config.calendar)
        self.library = texts or Library()
        self.planner = planner_for(plan, self.new_id, self.library)
        self.reach = reach_for(plan, self.planner)
        self.guess_watch = GuessWatch(
            storage, config.lookup, config.conversation, clock=clock, documents_days=config.apologies.keep_days
        )
        self.desk = Desk(
            storage,
            config.conversation,
            clock,
            self.new_id,
            place=sms_place(plan, self.planner),
            is_accented=Situation.ANSWER in config.texts.accented_sms,
        )
        manner = manner_for(plan, channels, self.planner, is_tightened=self._is_tightened)
        self.conversation = Conversation(storage, manner, clock=clock, new_id=self.new_id)
        self.contacts = contacts_for(plan, self.planner)
        self.broadcasts = broadcasts_for(plan, storage, self.reach, clock)
        self.phattin = Phattin(self.broadcasts, self.contacts, self.new_id)
        owner = secrets.token_hex(8)
        self.beats = Beats(clock, owner)
        self._stopping = asyncio.Event()
        self._left: asyncio.Queue[InboundMessage] = asyncio.Queue()
        self.dispatch = Dispatch(
            config,
            channels,
            sms_rules(plan),
            storage,
            routes=routes_of(plan),
            clock=clock,
            owner=owner,
            record_receipts=record_in,
            on_blocked=self._note_as_left,
            beats=self.beats,
        )
        self.deadlines = DeadlineWatch(
            storage,
            self.contacts,
            self.calendars,
            config.deadlines,
            config.apologies,
            clock=clock,
            owner=owner,
            new_id=self.new_id,
            clocks={name: rules.supplement_clock for name, rules in self.rules.items()},
        )
        self.api_keys = ApiKeys(storage, clock)
        self.api_sending = ApiSending(
            storage=storage, reach=self.reach, library=self.library, templates=templates_for(plan, self.library),
            quiet=QuietHours(config.quiet), clock=clock,
        )  # fmt: skip
        self.callbacks: Callbacks | None = None
        if callback_door:
            self.callbacks = Callbacks(
                storage=storage, door=callback_door, settings=config.api, clock=clock, new_id=self.new_id, owner=owner
            )
        self.report_watch = report_watch_for(plan, storage, clock=clock, owner=owner)
        self.watch = Watch(
            storage,
            config.watch,
            self.beats,
            sources=self.rules,
            receipts={each.name: each.limits.receipts for each in channels if each.name != TRIAL},
            senders=self.dispatch.senders,
            contacts=self.contacts,
            clock=clock,
        )

    def mirror_of(self, source: str) -> Mirror:
        return Mirror(
            source,
            self.storage,
            self.planner,
            self.clock,
            self.rules[source],
            reach=self.reach,
            calendars=self.calendars,
            contacts=self.contacts,
        )

    async def deliver(self, events: Sequence[Receipt | InboundMessage]) -> None:
        """What the channels heard, made durable: receipts together, messages one transaction each."""
        receipts = [event for event in events if isinstance(event, Receipt)]
        messages = [event for event in events if isinstance(event, InboundMessage)]
        if receipts:
            await record(self.storage, receipts)
        messages = [each for each in messages if not await self.phattin.takes(each)]
        if messages:
            await self.conversation.handle(messages)

    async def run(self) -> None:
        """Runs channels, sources and watchers until `stop`, then drains what is under way."""
        async with asyncio.TaskGroup() as tasks:
            watchers = [
                *(tasks.create_task(each) for each in self._watchers()),
                *(tasks.create_task(self._listen(channel)) for channel in self.channels if channel.listener),
                *(tasks.create_task(self._compare(source)) for source in self.sources),
            ]
            readers = [tasks.create_task(self._follow(source)) for source in self.sources]
            await self._send_until_stopped(readers)
            for watcher in watchers:
                watcher.cancel()

    def _watchers(self) -> list[Coroutine[Any, Any, None]]:
        """What looks after the rest, each with the sign of life that the watch waits for."""
        beat, config = self.beats.of, self.plan.config
        watchers = [
            self.watch.run(),
            self.dispatch.watch(),
            self.guess_watch.run(beat("guessing", every=10)),
            blocked_watch_for(self.plan, self.storage, self.dispatch, self.planner, self.clock).run(
                beat("blocked", every=blocked_watch.EVERY)
            ),
            FallbackWatch(self.storage, clock=self.clock).run(beat("fallback", every=fallback_watch.EVERY)),
            quiet_watch_for(self.plan, self.storage, self.library, self.new_id, self.clock).run(
                beat("quiet", every=quiet_watch.EVERY)
            ),
            BroadcastWatch(self.storage, handing_out_for(self.broadcasts)).run(
                beat("broadcasts", every=broadcast_watch.BEATS_WITHIN)
            ),
            session_watch.watch_sessions(
                self.storage, self.clock, config.console, beat("sessions", every=session_watch.EVERY)
            ),
            self.library.watch(self.storage, beat=beat("texts", every=library.LOOK_EVERY)),
            self._talk_watch(beat("talks", every=TALKS_EVERY)),
            self._hear_who_left(),
            name_once(self.storage),
            log_findings(self.storage, text_rules_of(self.plan), config.texts.language),
        ]
        if self.callbacks:
            watchers.append(self.callbacks.run(beat("callbacks", every=callbacks.LONGEST)))
        if config.deadlines.watch:
            watchers.append(self.deadlines.run(beat("deadlines", every=config.deadlines.every)))
        if config.reports.enabled:
            watchers.append(self.report_watch.run(beat("reports", every=max(60.0, config.reports.every))))
        return watchers

    async def _follow(self, source: Source) -> None:
        rules = self.rules[source.name]
        beat = self.beats.of(f"source:{source.name}", every=rules.pause) if source.source else unheard
        await follow(source, self.mirror_of(source.name), self.storage, rules, self.clock, beat)

    async def _compare(self, source: Source) -> None:
        rules = self.rules[source.name]
        is_compared = source.source is not None and rules.reconcile_at is not None
        beat = self.beats.of(f"comparison:{source.name}", every=COMPARED_WITHIN) if is_compared else unheard
        await reconcile_nightly(source, self.storage, rules, self.clock, beat)

    def _is_tightened(self) -> bool:
        """Codes are being guessed just now, and strangers learn nothing meanwhile."""
        return self.plan.config.lookup.tighten and self.guess_watch.is_on

    def _note_as_left(self, item: OutboxItem) -> None:
        """A chat that takes nothing any more is as if its reader had left: what follows goes another way at once."""
        if item.address.scheme in _BY_PHONE:
            return
        name, at = f"blocked:{item.id}", self.clock()
        gateway = item.gateway or item.channel
        self._left.put_nowait(
            InboundMessage(channel=gateway, message_id=name, sender=item.address, text="", at=at, kind=Heard.LEFT)
        )

    async def _hear_who_left(self) -> None:
        while True:
            message = await self._left.get()
            try:
                await self.conversation.handle([message])
            except StorageError as error:
                # The next message to that chat is refused again, and comes here again.
                log.warning("channel %s: a chat that was shut is not noted: %s", message.channel, error)

    async def _talk_watch(self, beat: Beat) -> None:
        """Conversations that a clerk has left alone for too long come back to the bot."""
        while True:
            try:
                await self.desk.close_idle()
                beat()
            except Exception as error:
                log.error("idle conversations could not be closed: %s", trail(error))
            await asyncio.sleep(TALKS_EVERY)

    async def _listen(self, channel: Channel) -> None:
        """A mistake in one adapter must not silence the others: it is logged, and the listener begins anew."""
        name = f"listener:{channel.name}"
        self.beats.beat(name, every=LISTENS)
        while channel.listener:
            sign = asyncio.ensure_future(self._listens(name))
            try:
                await channel.listener.listen(self.deliver)
            except Exception as error:
                log.error("channel %s: the listener failed: %s", channel.name, trail(error))
            finally:
                sign.cancel()
            await asyncio.sleep(LISTEN_AGAIN)

    async def _listens(self, name: str) -> None:
        """A listener that falls again and again within a minute gives no sign of life."""
        while True:
            await asyncio.sleep(LISTENS)
            self.beats.beat(name, every=LISTENS)

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
