"""The whole service over an open database, or the part of it that one process does; starts together, stops in order."""

import asyncio
import logging
import secrets
import time
from collections.abc import Collection, Coroutine, Sequence
from typing import Any

from bot import blocked_watch
from bot.api_joining import ApiJoining
from bot.api_keys import ApiKeys
from bot.api_sending import ApiSending
from bot.beats import Beats
from bot.broadcasting import broadcasts_for
from bot.calendars import Calendars
from bot.callbacks import Callbacks
from bot.conversation import Conversation
from bot.desk import Desk
from bot.dispatch import Dispatch
from bot.following import keeping
from bot.gateway_watch import POST as GATEWAYS
from bot.guess_watch import GuessWatch
from bot.hearing import LISTENS, Hearing
from bot.heartbeat import HeartbeatCalls
from bot.leading import Posts, Work
from bot.meters import Meters
from bot.mirror import Mirror
from bot.model.api import TRIAL
from bot.model.clock import Clock
from bot.model.ids import id_maker
from bot.model.message import InboundMessage, Receipt, Situation
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
from bot.ports import CallbackDoor, Channel, HeartDoor, Source, Storage
from bot.ports.backups import CopyDatabase
from bot.quiet import QuietHours
from bot.receipts import record_in
from bot.roles import ALL, Role
from bot.sure_of_time import SureOfTime
from bot.texts import Library, library
from bot.watch import Watch
from bot.watchers import Planners, blocked_watch_for

log = logging.getLogger(__name__)

PLAN, WATCH = "plan", "watch"
"""Posts beside those of each source and each listener."""

Job = Coroutine[Any, Any, None]


class App:
    """What one process does of the service, open. `run` works until `stop`."""

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
        heart_door: HeartDoor | None = None,
        copies: CopyDatabase | None = None,
        roles: Collection[Role] = ALL,
    ) -> None:
        """Without `texts` in the words that are shipped; without `callback_door` no software is told by itself;
        without `heart_door` no watch outside of the house is; without `copies` no backup is made."""
        self.plan = plan
        self.storage = storage
        self.channels, self.sources, self.copies = channels, sources, copies
        self.clock, self.meters = clock, Meters()
        self.roles = frozenset(roles)
        self.owner = secrets.token_hex(8)
        self.beats = Beats(clock, self.owner)
        self.posts = Posts(storage, clock=clock, owner=self.owner, beats=self.beats)
        self._stopping = asyncio.Event()
        self.begun = asyncio.Event()
        """Everything that this process is to do has been started."""
        self._make_words(texts or Library())
        self._make_flows(callback_door)
        self._dispatch = self._make_dispatch() if Role.SEND in self.roles else None
        self.watch = self._make_watch()
        self._heartbeat = self._make_heartbeat(heart_door) if heart_door else None

    def _make_words(self, library: Library) -> None:
        """What every part speaks and reckons with."""
        plan = self.plan
        self.rules = {each.name: rules_of(each) for each in plan.sources}
        self.new_id = id_maker(self.clock)
        self.calendars = Calendars(plan.config.calendar)
        self.library = library
        self.planner = planner_for(plan, self.new_id, library)
        self.reach = reach_for(plan, self.planner)
        self.contacts = contacts_for(plan, self.planner)

    def _make_flows(self, callback_door: CallbackDoor | None) -> None:
        """What citizens, staff and other software do with the service."""
        plan, storage, clock, config = self.plan, self.storage, self.clock, self.plan.config
        self.guess_watch = GuessWatch(
            storage, config.lookup, config.conversation, clock=clock, documents_days=config.apologies.keep_days,
            beats=self.beats, sure=SureOfTime(storage, clock=clock),
        )  # fmt: skip
        self.desk = Desk(
            storage, config.conversation, clock, self.new_id, place=sms_place(plan, self.planner),
            is_accented=Situation.ANSWER in config.texts.accented_sms,
        )  # fmt: skip
        manner = manner_for(plan, self.channels, self.planner, is_tightened=self._is_tightened)
        self.conversation = Conversation(storage, manner, clock=clock, new_id=self.new_id)
        self.broadcasts = broadcasts_for(plan, storage, self.reach, clock)
        self.phattin = Phattin(self.broadcasts, self.contacts, self.new_id)
        self.hearing = Hearing(storage, self.conversation, self.phattin, clock=clock)
        self.api_keys = ApiKeys(storage, clock)
        sending = ApiSending(
            storage=storage, reach=self.reach, library=self.library, templates=templates_for(plan, self.library),
            quiet=QuietHours(config.quiet), clock=clock,
        )  # fmt: skip
        self.api_sending = ApiJoining(sending)
        self.callbacks: Callbacks | None = None
        if callback_door:
            self.callbacks = Callbacks(
                storage=storage, door=callback_door, settings=config.api, clock=clock, new_id=self.new_id
            )

    def _make_dispatch(self) -> Dispatch:
        return Dispatch(
            self.plan.config,
            self.channels,
            sms_rules(self.plan),
            self.storage,
            routes=routes_of(self.plan),
            clock=self.clock,
            owner=self.owner,
            record_receipts=record_in,
            on_blocked=self.hearing.note_as_left,
            beats=self.beats,
            posts=self.posts,
            meters=self.meters,
        )

    def _make_watch(self) -> Watch:
        return Watch(
            self.storage,
            self.plan.config.watch,
            self.beats,
            sources=self.rules,
            receipts={each.name: each.limits.receipts for each in self.channels if each.name != TRIAL},
            senders=self._dispatch.senders if self._dispatch else (),
            contacts=self.contacts,
            clock=self.clock,
            posts=self._all_posts(),
            leads=lambda: self.posts.holds(WATCH),
        )

    def _make_heartbeat(self, door: HeartDoor) -> HeartbeatCalls:
        return HeartbeatCalls(
            door,
            self.plan.config.heartbeat,
            self.watch,
            leads=lambda: self.posts.holds(WATCH),
            monotonic=time.monotonic,
        )

    def _all_posts(self) -> list[str]:
        """The jobs that some process has to do, this one or another."""
        sources = [_post_of(each) for each in self.sources if each.source]
        listeners = [_post_to(each) for each in self.channels if each.listener and each.heard_once]
        weighed = [GATEWAYS] if any(route.ways for route in routes_of(self.plan)) else []
        return [WATCH, PLAN, *sources, *listeners, *weighed]

    @property
    def dispatch(self) -> Dispatch:
        """What sends. Raises `RuntimeError` in a process that does not."""
        if self._dispatch is None:
            raise RuntimeError("this process does not send")
        return self._dispatch

    def mirror_of(self, source: str, storage: Storage | None = None) -> Mirror:
        """Writes in `storage`, if not in the one that all may write in."""
        return Mirror(
            source,
            storage or self.storage,
            self.planner,
            self.clock,
            self.rules[source],
            reach=self.reach,
            calendars=self.calendars,
            contacts=self.contacts,
        )

    async def deliver(self, events: Sequence[Receipt | InboundMessage]) -> None:
        """What the channels heard, made durable. Raises `StorageError`."""
        await self.hearing.deliver(events)

    async def run(self) -> None:
        """Does what the roles ask for until `stop`; then hands back what others can do, drains what is under way."""
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(each) for each in self._beside()]
            posts = [tasks.create_task(each) for each in self._posts()]
            try:
                self.begun.set()
                await self._work_until_stopped(posts)
            finally:
                for each in (*posts, *beside):
                    # Who is ending already is left to it: a second word would tear that off.
                    if not each.cancelling():
                        each.cancel()

    def _beside(self) -> list[Job]:
        """What runs in every process, and what belongs to those that send."""
        beat = self.beats.of
        jobs = [
            self.watch.run(),
            self.meters.watch_loop(),
            self.guess_watch.run(beat("guessing", every=10)),
            self.library.watch(self.storage, beat=beat("texts", every=library.LOOK_EVERY)),
        ]
        if self._heartbeat:
            jobs.append(self._heartbeat.run(beat("heartbeat", every=60)))
        return [*jobs, *self._beside_senders(self._dispatch)] if self._dispatch else jobs

    def _beside_senders(self, dispatch: Dispatch) -> list[Job]:
        """Watches over sending, and what comes in on the connections by which messages leave."""
        blocked = blocked_watch_for(self.plan, self.storage, dispatch, self.planner, self.clock)
        listen, beat = self.hearing.listen, self.beats.of
        heard = [(each, each.listener) for each in self.channels if each.listener and not each.heard_once]
        aside = [(each, each.aside) for each in self.channels if each.aside]
        return [
            dispatch.watch(),
            blocked.run(beat("blocked", every=blocked_watch.EVERY)),
            self.hearing.hear_who_left(),
            *(listen(each.name, listener, beat(_post_to(each), every=LISTENS)) for each, listener in heard),
            *(listen(each.name, listener, beat(f"aside:{each.name}", every=LISTENS)) for each, listener in aside),
        ]

    def _posts(self) -> list[Job]:
        """What one process of all does, and this one where the post is free."""
        roles, hold = self.roles, self.posts.hold
        jobs = [self.posts.stand(WATCH)]
        if Role.MIRROR in roles:
            jobs += [hold(_post_of(each), self._keeping(each)) for each in self.sources if each.source]
        if Role.PLAN in roles:
            jobs.append(hold(PLAN, self._planners().work))
        if Role.RECEIVE in roles:
            once = [each for each in self.channels if each.listener and each.heard_once]
            jobs += [hold(_post_to(each), self.hearing.listening(each)) for each in once]
        return jobs

    def _keeping(self, source: Source) -> Work:
        name = source.name
        return keeping(source, lambda storage: self.mirror_of(name, storage), self.rules[name], self.clock)

    def _planners(self) -> Planners:
        return Planners(
            plan=self.plan,
            planner=self.planner,
            contacts=self.contacts,
            calendars=self.calendars,
            broadcasts=self.broadcasts,
            desk=self.desk,
            callbacks=self.callbacks,
            copies=self.copies,
            clock=self.clock,
        )

    def _is_tightened(self) -> bool:
        """Codes are being guessed just now, and strangers learn nothing meanwhile."""
        return self.plan.config.lookup.tighten and self.guess_watch.is_on

    async def _work_until_stopped(self, posts: Sequence[asyncio.Task[None]]) -> None:
        """Sends, where that is our business, until `stop`; then first gives back what others can do at once, then lets
        the senders finish what they hold."""
        stopped = asyncio.ensure_future(self._stopping.wait())
        sending = [asyncio.ensure_future(self._dispatch.send())] if self._dispatch else []
        try:
            # Senders that end before the stop have failed; the `gather` then tells why.
            await asyncio.wait([stopped, *sending], return_when=asyncio.FIRST_COMPLETED)
            for post in posts:
                post.cancel()
            async with asyncio.timeout(self.plan.config.outbox.drain):
                await asyncio.gather(*sending)
        except TimeoutError:
            log.warning("some messages were still under way at the stop: they will be uncertain")
        finally:
            for task in (stopped, *sending):
                task.cancel()

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def stop(self) -> None:
        """Asks everything to finish; `run` returns when the messages under way are settled."""
        self._stopping.set()
        if self._dispatch:
            self._dispatch.stop()


def _post_of(source: Source) -> str:
    return f"source:{source.name}"


def _post_to(channel: Channel) -> str:
    return f"listener:{channel.name}"
